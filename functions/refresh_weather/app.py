"""On schedule: fetch the weather of the cells that have visitors."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.errors import DependencyFailed
from vitrine.settings import Settings
from vitrine.wiring.weather import WeatherDesk, build_weather_desk

logger = Logger(service="refresh_weather")


def service() -> WeatherDesk:
    """Places, table and weather service, found anew at each run: a release may have come between."""
    return build_weather_desk(Settings.from_env(os.environ))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point; a run that learned nothing at all raises, so that the schedule tries again, then reports."""
    report = service().refresh(lambda *_: None)
    logger.info(report.summary)
    for cell, outcome in report.cells.items():
        if outcome.kind == "failed":
            logger.warning(f"cell {cell}: {outcome.reason}")
    if report.is_outage:
        raise DependencyFailed("weather", report.summary)
    return {kind: report.count(kind) for kind in ("fetched", "unchanged", "failed", "skipped")}

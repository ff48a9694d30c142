"""On schedule: rebuild all lists from the lake and publish them as a release with the ranker in use."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.refresh.jobs import Workshop, refresh_recommendations
from vitrine.settings import Settings
from vitrine.wiring.refresh import build_workshop, log_stages

logger = Logger(service="refresh_recommendations")


def service() -> Workshop:
    """Table, buckets, store and default ranker, found anew at each run: they come once a day or less."""
    return build_workshop(Settings.from_env(os.environ))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point; what fails is raised, so that the schedule tries again and then reports."""
    published = refresh_recommendations(service(), log_stages(logger.info))
    logger.info(published.summary)
    return {
        "release": published.pointer.release,
        "rows": published.rows,
        "cards": published.cards,
        "model": published.model,
        "report": published.report_name,
    }

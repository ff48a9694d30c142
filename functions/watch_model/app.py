"""On schedule: judge the challenger on trial by what was decided and done, and roll it back or take it further."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.api.metrics import count_watched
from vitrine.refresh.watch import Watch
from vitrine.settings import Settings
from vitrine.wiring.model import build_model_desk

logger = Logger(service="watch_model")


def service() -> Watch:
    """The watch over the stack's trial, found anew at each run."""
    return build_model_desk(Settings.from_env(os.environ)).watch


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point; what fails is raised, so that the schedule tries again and then reports."""
    watched = service().run()
    logger.info(watched.summary)
    count_watched(watched.action)
    return {"model": watched.model, "stage": watched.stage, "action": watched.action, "reason": watched.reason}

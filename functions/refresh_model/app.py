"""On schedule: train a challenger for the ranker; it goes on trial if it beats the one in use."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.refresh.jobs import Workshop, refresh_model
from vitrine.settings import Settings
from vitrine.wiring.refresh import build_workshop, log_stages

logger = Logger(service="refresh_model")


def service() -> Workshop:
    """Table, buckets, store and default ranker, found anew at each run: they come once a day or less."""
    return build_workshop(Settings.from_env(os.environ))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point; what fails is raised, so that the schedule tries again and then reports."""
    trained = refresh_model(service(), log_stages(logger.info))
    logger.info(trained.summary)
    return {"model": trained.model, "is_champion": trained.is_champion, "objections": trained.objections}

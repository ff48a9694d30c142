"""On schedule: fetch the catalogue's feed and, if it passes the gates, make it the catalogue; then its cards."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.errors import InvalidSource
from vitrine.refresh.feeds import FeedDesk
from vitrine.settings import Settings
from vitrine.wiring.feeds import build_feed_desk
from vitrine.wiring.refresh import log_stages

logger = Logger(service="refresh_catalogue")


def service() -> FeedDesk | None:
    """The feed's desk, made anew at each run: store files may have been published in between. None without a feed."""
    return build_feed_desk(Settings.from_env(os.environ))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point; a feed that goes into quarantine raises, so that somebody hears of it."""
    desk = service()
    if desk is None:
        logger.info("the store declares no feed")
        return {"outcome": "none"}
    account = desk.take(log_stages(logger.info))
    if account.outcome == "quarantined":
        raise InvalidSource(account.summary)
    logger.info(account.summary)
    return {"outcome": account.outcome, "id": account.id, "cards": account.cards}

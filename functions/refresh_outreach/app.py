"""On schedule: note what concerns people and is in no profile: goods cheaper, back in stock, needed again."""

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.refresh.outreach_notes import NotesDesk
from vitrine.settings import Settings
from vitrine.wiring.notes import build_notes_desk
from vitrine.wiring.refresh import log_stages

logger = Logger(service="refresh_outreach")


def service() -> NotesDesk:
    """Table and lake, found anew at each run: they come once an hour or less."""
    return build_notes_desk(Settings.from_env(os.environ))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point; what fails is raised, so that the schedule tries again and then reports."""
    planned = service().plan(log_stages(logger.info))
    logger.info(planned.summary)
    return {"notes": planned.notes, "people": planned.people, "joined": planned.joined}

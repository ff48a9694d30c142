"""The queue of who is due: work each person off, one message at most."""

import os
from functools import cache, partial
from typing import Any

from vitrine.api.outreach_metrics import count_outcomes
from vitrine.api.queue import Delivery, answer_batch, work_person
from vitrine.service.outreach import OutreachService
from vitrine.settings import Settings
from vitrine.wiring.init import at_init
from vitrine.wiring.outreach import build_outreach_service


@cache
def service() -> OutreachService:
    """The wired service, built once per execution environment."""
    return build_outreach_service(Settings.from_env(os.environ))


def take(outcomes: list[str], context: Any, delivery: Delivery) -> None:  # noqa: ANN401 - Lambda's
    """Work one person off."""
    outcomes.append(work_person(service(), delivery, context.get_remaining_time_in_millis()))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """AWS's entry point."""
    outcomes: list[str] = []
    answer = answer_batch(event, partial(take, outcomes, context))
    count_outcomes(outcomes)
    return answer


at_init(service, os.environ)

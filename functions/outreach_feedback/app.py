"""What mail and push services tell of messages: bounces, complaints, deliveries."""

import os
from functools import cache, partial
from typing import Any

from vitrine.api.feedback import parse_feedback
from vitrine.api.outreach_metrics import count_heard
from vitrine.api.queue import Delivery, answer_batch
from vitrine.service.feedback import FeedbackService, Heard
from vitrine.settings import Settings
from vitrine.wiring.feedback import build_feedback_service
from vitrine.wiring.init import at_init


@cache
def service() -> FeedbackService:
    """The wired service, built once per execution environment."""
    return build_feedback_service(Settings.from_env(os.environ))


def take(heard: list[tuple[str, Heard]], delivery: Delivery) -> None:
    """Take note of one notification."""
    for feedback in parse_feedback(delivery.body.encode()):
        heard.append((feedback.kind, service().hear(feedback)))


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """AWS's entry point."""
    heard: list[tuple[str, Heard]] = []
    answer = answer_batch(event, partial(take, heard))
    count_heard(heard)
    return answer


at_init(service, os.environ)

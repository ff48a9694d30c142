"""POST /v1/events: take note of what a visitor did."""

import os
from collections.abc import Mapping
from functools import cache

from vitrine.api.events import EventsBody, answer_body
from vitrine.api.http import Answer, Event, json_answer, read_body
from vitrine.api.routes import Routes
from vitrine.service.collect import CollectService
from vitrine.settings import Settings
from vitrine.wiring.collect import build_collect_service
from vitrine.wiring.init import at_init


@cache
def service() -> CollectService:
    """The wired service, built once per execution environment."""
    return build_collect_service(Settings.from_env(os.environ))


def collect(event: Event, _: Mapping[str, str]) -> Answer:
    """Check the batch, know the visitor by their token, keep what is good."""
    request = EventsBody.from_body(read_body(event))
    visitor = service().visitor_of(request.visitor)
    return json_answer(answer_body(service().collect(request.to_domain(visitor), service().clock())))


routes = Routes({("POST", "/v1/events"): collect})


def handler(event: Event, context: object) -> Answer:
    """AWS's entry point."""
    return routes.answer(event)


at_init(service, os.environ)

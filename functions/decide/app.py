"""POST /v1/decide: choose what one visitor sees on one page."""

import gc

gc.disable()  # imports leave no garbage; looking for it among all that they make is a fourteenth of a cold start

import os
from collections.abc import Mapping
from functools import cache

from vitrine.api.decide import DecideBody
from vitrine.api.decide_answer import answer_body
from vitrine.api.http import HEADERS, Answer, Event, json_answer, packed, read_body, read_headers
from vitrine.api.metrics import Meter
from vitrine.api.routes import Routes
from vitrine.api.server_timing import timing_headers
from vitrine.api.viewer import viewer_of
from vitrine.service.decide import DecideService
from vitrine.settings import Settings, allowed_origins
from vitrine.wiring.decide import build_decide_service
from vitrine.wiring.init import at_init

gc.enable()


@cache
def service() -> DecideService:
    """The wired service, built once per execution environment."""
    return build_decide_service(Settings.from_env(os.environ))


@cache
def meter() -> Meter:
    """Counts the decisions of this execution environment."""
    return Meter()


def decide(event: Event, _: Mapping[str, str]) -> Answer:
    """Answer one page view."""
    body = DecideBody.from_body(read_body(event))
    request = body.to_domain(None, viewer=viewer_of(read_headers(event)))
    outcome = service().decide(body.visitor, request, body.device.visitor)
    meter().count(outcome)
    timings = timing_headers(outcome.timings_ms, allowed_origins(os.environ))
    return packed(json_answer(answer_body(outcome), headers={**HEADERS, **timings}), event)


routes = Routes({("POST", "/v1/decide"): decide})


def handler(event: Event, context: object) -> Answer:
    """AWS's entry point."""
    return routes.answer(event)


at_init(service, os.environ)

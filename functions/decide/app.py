"""POST /v1/decide: choose what one visitor sees on one page."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.api.decide import DecideBody
from vitrine.api.decide_answer import answer_body
from vitrine.api.errors import answer_errors
from vitrine.api.http import json_response, read_body
from vitrine.api.metrics import count_degraded, count_trial
from vitrine.api.viewer import viewer_of
from vitrine.service.decide import DecideService
from vitrine.settings import Settings
from vitrine.wiring.decide import build_decide_service
from vitrine.wiring.init import at_init

app = APIGatewayHttpResolver()
answer_errors(app)


@cache
def service() -> DecideService:
    """The wired service, built once per execution environment."""
    return build_decide_service(Settings.from_env(os.environ))


@app.post("/v1/decide")
def decide() -> Response[str]:
    """Answer one page view."""
    body = DecideBody.from_body(read_body(app.current_event.raw_event))
    request = body.to_domain(None, viewer=viewer_of(app.current_event.headers))
    outcome = service().decide(body.visitor, request, body.device.visitor)
    count_degraded(outcome.decision)
    count_trial(outcome.trial)
    return json_response(answer_body(outcome))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point."""
    return app.resolve(event, context)


at_init(service, os.environ)

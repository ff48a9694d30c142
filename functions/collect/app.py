"""POST /v1/events: take note of what a visitor did."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.api.errors import answer_errors
from vitrine.api.events import EventsBody, answer_body
from vitrine.api.http import json_response, read_body
from vitrine.service.collect import CollectService
from vitrine.settings import Settings
from vitrine.wiring.collect import build_collect_service
from vitrine.wiring.init import at_init

app = APIGatewayHttpResolver()
answer_errors(app)


@cache
def service() -> CollectService:
    """The wired service, built once per execution environment."""
    return build_collect_service(Settings.from_env(os.environ))


@app.post("/v1/events")
def collect() -> Response[str]:
    """Check the batch, know the visitor by their token, keep what is good."""
    request = EventsBody.from_body(read_body(app.current_event.raw_event))
    visitor = service().visitor_of(request.visitor)
    return json_response(answer_body(service().collect(request.to_domain(visitor), service().clock())))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point."""
    return app.resolve(event, context)


at_init(service, os.environ)

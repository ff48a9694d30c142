"""For operators: POST /v1/explain, GET /v1/decisions/{id} and its replay. An authorizer stands before all of them."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from vitrine.api.errors import answer_errors
from vitrine.api.explain import ExplainBody
from vitrine.api.http import json_response, read_body
from vitrine.api.operate import answer_damaged_records, decision_response, explained_body, replay_response
from vitrine.api.viewer import viewer_of
from vitrine.settings import Settings
from vitrine.wiring.init import at_init
from vitrine.wiring.operate import Operations, build_operations

app = APIGatewayHttpResolver()
answer_errors(app)
answer_damaged_records(app)


@cache
def service() -> Operations:
    """The wired services, built once per execution environment."""
    return build_operations(Settings.from_env(os.environ))


@app.post("/v1/explain")
def explain() -> Response[str]:
    """What a page would be shown, perhaps under supposed circumstances, and why; nothing is counted or recorded."""
    body = ExplainBody.from_body(read_body(app.current_event.raw_event))
    request = body.to_domain(None, viewer=viewer_of(app.current_event.headers))
    return json_response(explained_body(service().decisions.explain(body.visitor, request, body.device.visitor)))


@app.get("/v1/decisions/<decision>")
def decision(decision: str) -> Response[str]:
    """What was recorded of a decision, and why it was made."""
    return decision_response(service().replay.replay(decision, explain=True))


@app.get("/v1/decisions/<decision>/replay")
def replay(decision: str) -> Response[str]:
    """The decision made again, and whether it is the same."""
    return replay_response(service().replay.replay(decision))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """AWS's entry point."""
    return app.resolve(event, context)


at_init(service, os.environ)

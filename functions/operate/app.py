"""For operators: POST /v1/explain, GET /v1/decisions/{id} and its replay. An authorizer stands before all of them."""

import os
from collections.abc import Mapping
from functools import cache

from vitrine.api.explain import ExplainBody
from vitrine.api.http import Answer, Event, json_answer, read_body, read_headers
from vitrine.api.operate import decision_answer, explained_body, replay_answer
from vitrine.api.routes import Routes
from vitrine.api.viewer import viewer_of
from vitrine.settings import Settings
from vitrine.wiring.init import at_init
from vitrine.wiring.operate import Operations, build_operations


@cache
def service() -> Operations:
    """The wired services, built once per execution environment."""
    return build_operations(Settings.from_env(os.environ))


def explain(event: Event, _: Mapping[str, str]) -> Answer:
    """What a page would be shown, perhaps under supposed circumstances, and why; nothing is counted or recorded."""
    body = ExplainBody.from_body(read_body(event))
    request = body.to_domain(None, viewer=viewer_of(read_headers(event)))
    return json_answer(explained_body(service().decisions.explain(body.visitor, request, body.device.visitor)))


def decision(_: Event, path: Mapping[str, str]) -> Answer:
    """What was recorded of a decision, and why it was made."""
    return decision_answer(service().replay.replay(path["decision"], explain=True))


def replay(_: Event, path: Mapping[str, str]) -> Answer:
    """The decision made again, and whether it is the same."""
    return replay_answer(service().replay.replay(path["decision"]))


routes = Routes(
    {
        ("POST", "/v1/explain"): explain,
        ("GET", "/v1/decisions/{decision}"): decision,
        ("GET", "/v1/decisions/{decision}/replay"): replay,
    }
)


def handler(event: Event, context: object) -> Answer:
    """AWS's entry point."""
    return routes.answer(event)


at_init(service, os.environ)

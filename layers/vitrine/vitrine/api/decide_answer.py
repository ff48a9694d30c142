"""The body that answers POST /v1/decide: the decision's canonical JSON with the token and the timings around it."""

import orjson

from vitrine.decisions.body import decision_body
from vitrine.service.decide import Outcome


def answer_body(outcome: Outcome) -> bytes:
    """JSON of an outcome. The decision is encoded already, unless proofs of countdowns belong into it; what differs
    from call to call stands before it."""
    body = decision_body(outcome.decision, outcome.proofs) if outcome.proofs else outcome.body
    around = orjson.dumps({"visitor": outcome.token, "timings_ms": outcome.timings_ms})
    return around[:-1] + b"," + body[1:]

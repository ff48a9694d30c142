"""The body that answers POST /v1/decide: the decision's canonical JSON with the token and the timings around it."""

import orjson

from vitrine.service.decide import Outcome


def answer_body(outcome: Outcome) -> bytes:
    """JSON of an outcome. The decision is encoded already; what differs from call to call stands before it."""
    around = orjson.dumps({"visitor": outcome.token, "timings_ms": outcome.timings_ms})
    return around[:-1] + b"," + outcome.body[1:]

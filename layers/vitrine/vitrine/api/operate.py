"""What operators' calls answer: why a decision was made, and what it is when it is made again."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import ApiGatewayResolver

from vitrine.api.http import HEADERS, json_response
from vitrine.decisions.record import digest_of_answer
from vitrine.errors import InvalidRecord
from vitrine.service.decide import Outcome
from vitrine.service.replay import Replayed

DIGEST_HEADER: Final = "x-answer-sha256"
"""SHA-256 of `answer` as it stands in a replay's body: the recorded one, if the replay is identical."""


def answer_damaged_records(app: ApiGatewayResolver) -> None:
    """Let the app say what is wrong with a record that cannot be read, instead of a fault of its own."""
    app.exception_handler(InvalidRecord)(damaged_record)


def damaged_record(error: InvalidRecord) -> Response[str]:
    """422: the record is there, and no code can do anything with it."""
    body = {"error": {"code": "invalid_record", "message": str(error), "field": "decision"}}
    return json_response(orjson.dumps(body), 422)


def explained_body(outcome: Outcome) -> bytes:
    """The answer that a page would get, without the visitor's token, and its explanation."""
    around = {"explanation": outcome.decision.explanation, "timings_ms": outcome.timings_ms}
    return _joined(around, outcome.body)


def decision_response(replayed: Replayed) -> Response[str]:
    """The readable record and the explanation, which is that of the replay: null when it could not be made again."""
    body = {
        "record": replayed.recorded,
        "identical": replayed.identical,
        "gone": replayed.gone,
        "differs": replayed.differs,
        "explanation": replayed.explanation,
    }
    return json_response(orjson.dumps(body))


def replay_response(replayed: Replayed) -> Response[str]:
    """The answer made again, as it was sent but for token and timings; null when it could not be made."""
    around = {"identical": replayed.identical, "gone": replayed.gone, "differs": replayed.differs}
    digest = {DIGEST_HEADER: digest_of_answer(replayed.body)} if replayed.body else {}
    return json_response(_joined(around, replayed.body or b"null"), headers={**HEADERS, **digest})


def _joined(around: Mapping[str, Any], answer: bytes) -> bytes:
    """An object of these fields and `answer`, whose bytes stay as they are."""
    return orjson.dumps(around)[:-1] + b',"answer":' + answer + b"}"

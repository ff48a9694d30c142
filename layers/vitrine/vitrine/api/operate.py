"""What operators' calls answer: why a decision was made, and what it is when it is made again."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from vitrine.api.http import HEADERS, Answer, json_answer
from vitrine.decisions.record import digest_of_answer
from vitrine.service.decide import Outcome
from vitrine.service.replay import Replayed

DIGEST_HEADER: Final = "x-answer-sha256"
"""SHA-256 of `answer` as it stands in a replay's body: the recorded one, if the replay is identical."""


def explained_body(outcome: Outcome) -> bytes:
    """The answer that a page would get, without the visitor's token, and its explanation."""
    around = {"explanation": outcome.decision.explanation, "timings_ms": outcome.timings_ms}
    return _joined(around, outcome.body)


def decision_answer(replayed: Replayed) -> Answer:
    """The readable record and the explanation, which is that of the replay: null when it could not be made again."""
    body = {
        "record": replayed.recorded,
        "identical": replayed.identical,
        "gone": replayed.gone,
        "differs": replayed.differs,
        "explanation": replayed.explanation,
    }
    return json_answer(orjson.dumps(body))


def replay_answer(replayed: Replayed) -> Answer:
    """The answer made again, as it was sent but for token and timings; null when it could not be made."""
    around = {"identical": replayed.identical, "gone": replayed.gone, "differs": replayed.differs}
    digest = {DIGEST_HEADER: digest_of_answer(replayed.body)} if replayed.body else {}
    return json_answer(_joined(around, replayed.body or b"null"), headers={**HEADERS, **digest})


def _joined(around: Mapping[str, Any], answer: bytes) -> bytes:
    """An object of these fields and `answer`, whose bytes stay as they are."""
    return orjson.dumps(around)[:-1] + b',"answer":' + answer + b"}"

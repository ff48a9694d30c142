"""What is kept of a decision: readable enough to say later why, and complete enough to decide again.

One JSON line. Its readable part is for people and for queries over the lake; `inputs` holds the whole request and the
tape, packed, from which the very same answer can be made, and `answer_sha256` says whether it was.

A request is recorded as it was decided, without what its consent withholds. What a region was found by may be among
that, so the region that was found is recorded with it.
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from vitrine.decisions.answers import Decision
from vitrine.decisions.context import Context, DecisionRequest, Whereabouts
from vitrine.decisions.packing import pack, unpack
from vitrine.decisions.plain import from_plain
from vitrine.decisions.readable import placements_of, readable_request
from vitrine.decisions.rollout import Trial
from vitrine.decisions.tape import Tape
from vitrine.errors import InvalidRecord
from vitrine.types import ReleaseId, VisitorId

RECORD_FORMAT: Final = 3
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record that was read again. `plain` is the readable part, `now` the instant that the decision was made for.

    `whereabouts` is where the visitor was before their profile named a home region.
    """

    plain: Mapping[str, Any]
    decision: str
    release: ReleaseId
    now: datetime
    answer_sha256: str
    request: DecisionRequest
    whereabouts: Whereabouts
    tape: Tape


def digest_of_answer(body: bytes) -> str:
    """SHA-256 of a decision's body, in hexadecimal: two answers with one digest are the same, byte for byte."""
    return sha256(body).hexdigest()


def record_of(
    context: Context,
    decision: Decision,
    visitor: VisitorId | None,
    tape: Tape,
    answer_sha256: str,
    trial: Trial | None = None,
) -> bytes:
    """One JSON line for the decisions stream: only for a visitor who agreed to be recognised.

    `context` is the one that the decision was made from, `visitor` is who will see it, also on their first call. What
    it told of a challenger stands under `trial`, and under `model` whose scores were shown.
    """
    request = context.request
    at_ms, rest = divmod(context.now - EPOCH, timedelta(milliseconds=1))
    inputs = {
        "request": orjson.dumps(request, default=_plain),
        "whereabouts": {"region": context.region, "source": context.region_source},
        "at_us": rest.microseconds,
        "tape": tape.to_plain(),
    }
    return orjson.dumps(
        {
            "format": RECORD_FORMAT,
            "decision": decision.id,
            "at_ms": at_ms,
            "visitor": visitor,
            "returning": request.visitor is not None and not request.is_first,
            "release": decision.release,
            "model": decision.model,
            "region": decision.region,
            "region_source": decision.region_source,
            "locale": context.locale,
            "seeds": decision.seeds,
            "elapsed_days": decision.elapsed_days,
            "request": readable_request(request),
            "placements": placements_of(decision),
            "skipped": decision.skipped,
            "answer_sha256": answer_sha256,
            "inputs": b64encode(pack(inputs)).decode(),
            **({} if trial is None else {"trial": trial}),
        },
        default=_plain,
    )


def parse_record(line: bytes) -> Recorded:
    """The record in a line of the lake.

    Raises:
        InvalidRecord: it is damaged, or of another format.
    """
    plain = _parse_json(line)
    if plain.get("format") != RECORD_FORMAT:
        raise InvalidRecord(f"the record is of format {plain.get('format')!r}; only {RECORD_FORMAT} can be replayed")
    inputs = _inputs(plain)
    match plain:
        case {"decision": str(decision), "release": str(release), "at_ms": int(at_ms), "answer_sha256": str(digest)}:
            now = EPOCH + timedelta(milliseconds=at_ms, microseconds=_at_us(inputs))
            return Recorded(
                plain=_without_inputs(plain),
                decision=decision,
                release=release,
                now=now,
                answer_sha256=digest,
                request=_request(inputs),
                whereabouts=from_plain(Whereabouts, inputs.get("whereabouts")),
                tape=Tape.from_plain(inputs.get("tape")),
            )
    raise InvalidRecord("the record lacks its decision, release, instant or digest")


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON of what orjson does not know
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Sequence):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _parse_json(line: bytes) -> dict[str, Any]:
    try:
        plain = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidRecord(f"the record is not JSON: {error}") from error
    if not isinstance(plain, dict):
        raise InvalidRecord("the record is not a JSON object")
    return plain


def _inputs(record: Mapping[str, Any]) -> Mapping[str, Any]:
    text = record.get("inputs")
    if not isinstance(text, str):
        raise InvalidRecord("the record holds no inputs")
    try:
        return unpack(b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidRecord(f"the recorded inputs are damaged: {error}") from error


def _request(inputs: Mapping[str, Any]) -> DecisionRequest:
    data = inputs.get("request")
    if not isinstance(data, bytes):
        raise InvalidRecord("the recorded inputs lack the request")
    return from_plain(DecisionRequest, _parse_json(data))


def _at_us(inputs: Mapping[str, Any]) -> int:
    at_us = inputs.get("at_us")
    if not isinstance(at_us, int) or not 0 <= at_us < 1000:
        raise InvalidRecord("the recorded instant is damaged")
    return at_us


def _without_inputs(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in plain.items() if name != "inputs"}

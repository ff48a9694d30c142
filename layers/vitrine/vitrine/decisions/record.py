"""What is kept of a decision: readable enough to say later why, and complete enough to decide again.

One JSON line. Its readable part is for people and for queries over the lake; `inputs` holds the whole request and the
tape, packed, from which the very same answer can be made, and `answer_sha256` says whether it was. A line that would
begin a second of the steps in which a delivery stream is billed has most of its readable part compressed, in `packed`.

A request is recorded as it was decided, without what its consent withholds. What a region was found by may be among
that, so the region that was found is recorded with it.
"""

import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from vitrine.decisions.answers import Decision
from vitrine.decisions.context import Context, DecisionRequest, Whereabouts
from vitrine.decisions.packing import pack, unpack
from vitrine.decisions.plain import from_plain, to_plain
from vitrine.decisions.readable import placements_of
from vitrine.decisions.rollout import Trial
from vitrine.decisions.tape import Tape
from vitrine.errors import InvalidRecord
from vitrine.types import ReleaseId, VisitorId
from vitrine.values import dataclass

RECORD_FORMAT: Final = 5
PLAIN_FORMAT: Final = 4
"""Records of this format are read as well: nothing of them is in `packed`."""

STEP_BYTES: Final = 5 << 10
"""Firehose bills each record by 5 KB begun."""

ALWAYS_PLAIN: Final = ("format", "decision", "at_ms", "inputs")
MAX_PACKED_BYTES: Final = 1 << 20
PACKING_LEVEL: Final = 4  # zlib's

UNREADABLE: Final = ("visitor", "is_first", "device_visitor", "listing", "viewer", "preview", "options")
"""Parts of the request that only a replay needs. `viewer` is among them: people and queries get the country of the
caller's place, and rounded coordinates that were agreed to."""

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
    request = to_plain(context.request)
    at_ms, rest = divmod(context.now - EPOCH, timedelta(milliseconds=1))
    inputs = {
        "request": {name: request.pop(name) for name in UNREADABLE if name in request},
        "whereabouts": [context.region, context.region_source],
        "at_us": rest.microseconds,
        "tape": tape.to_plain(),
    }
    told = {
        "format": RECORD_FORMAT,
        "decision": decision.id,
        "at_ms": at_ms,
        "visitor": visitor,
        "returning": context.request.visitor is not None and not context.request.is_first,
        "release": decision.release,
        "model": decision.model,
        "region": decision.region,
        "region_source": decision.region_source,
        "locale": context.locale,
        "seeds": decision.seeds,
        "elapsed_days": decision.elapsed_days,
        "request": request,
        "placements": placements_of(decision),
        "skipped": decision.skipped,
        "answer_sha256": answer_sha256,
        "inputs": b2a_base64(pack(inputs), newline=False).decode(),
    }
    rare = {"country": context.request.viewer.country, "n_listing": len(context.request.listing), "trial": trial}
    told.update((name, value) for name, value in rare.items() if value)
    line = orjson.dumps(told, default=_plain)
    return line if len(line) < STEP_BYTES else _squeezed(told)  # a line feed is added to it


def _squeezed(told: Mapping[str, Any]) -> bytes:
    rest = orjson.dumps({name: value for name, value in told.items() if name not in ALWAYS_PLAIN}, default=_plain)
    packed = b2a_base64(zlib.compress(rest, PACKING_LEVEL), newline=False).decode()
    return orjson.dumps({**{name: told[name] for name in ALWAYS_PLAIN}, "packed": packed})


def plain_record(line: bytes) -> dict[str, Any]:
    """The record in a line, all of its readable part opened.

    Raises:
        InvalidRecord: it is no JSON object, or its packed part is damaged.
    """
    return opened(record_line(line))


def opened(line: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a line's values, all of its readable part opened.

    Raises:
        InvalidRecord: its packed part is damaged.
    """
    plain = dict(line)
    if "packed" not in plain:
        return plain
    try:
        unpacked = zlib.decompressobj().decompress(b64decode(plain.pop("packed"), validate=True), MAX_PACKED_BYTES)
        rest = orjson.loads(unpacked)
    except (Base64Error, TypeError, ValueError, zlib.error) as error:
        raise InvalidRecord(f"the packed part of the record is damaged: {error!r}") from error
    if not isinstance(rest, dict):
        raise InvalidRecord("the packed part of the record is no JSON object")
    return {**rest, **plain}


def parse_record(line: bytes) -> Recorded:
    """The record in a line of the lake.

    Raises:
        InvalidRecord: it is damaged, or of another format.
    """
    plain = plain_record(line)
    if plain.get("format") not in (RECORD_FORMAT, PLAIN_FORMAT):
        raise InvalidRecord(f"the record is of format {plain.get('format')!r}; only {RECORD_FORMAT} can be replayed")
    inputs = _inputs(plain)
    match plain:
        case {"decision": str(decision), "release": str(release), "at_ms": int(at_ms), "answer_sha256": str(digest)}:
            now = _instant(at_ms, _at_us(inputs))
            return Recorded(
                plain=_without_inputs(plain),
                decision=decision,
                release=release,
                now=now,
                answer_sha256=digest,
                request=_request(plain, inputs),
                whereabouts=_whereabouts(inputs),
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


def record_line(line: bytes) -> dict[str, Any]:
    """The values of a line; what stands under ALWAYS_PLAIN is among them.

    Raises:
        InvalidRecord: it is no JSON object.
    """
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
    except (Base64Error, ValueError) as error:
        raise InvalidRecord(f"the recorded inputs are damaged: {error}") from error


def _request(record: Mapping[str, Any], inputs: Mapping[str, Any]) -> DecisionRequest:
    """The request, of which the readable part of the record and its inputs hold a part each."""
    readable, rest = record.get("request"), inputs.get("request")
    if not isinstance(readable, dict) or not isinstance(rest, dict):
        raise InvalidRecord("the record lacks the request")
    return from_plain(DecisionRequest, {**readable, **rest})


def _whereabouts(inputs: Mapping[str, Any]) -> Whereabouts:
    match inputs.get("whereabouts"):
        case [region, source]:
            return from_plain(Whereabouts, {"region": region, "source": source})
    raise InvalidRecord("the recorded inputs lack the whereabouts")


def _instant(at_ms: int, at_us: int) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=at_ms, microseconds=at_us)
    except OverflowError as error:
        raise InvalidRecord("the recorded instant is in no calendar") from error


def _at_us(inputs: Mapping[str, Any]) -> int:
    at_us = inputs.get("at_us")
    if not isinstance(at_us, int) or not 0 <= at_us < 1000:
        raise InvalidRecord("the recorded instant is damaged")
    return at_us


def _without_inputs(plain: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in plain.items() if name != "inputs"}

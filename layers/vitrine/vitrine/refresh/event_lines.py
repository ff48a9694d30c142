"""Lines of the stream, as they lie in `events/raw/`: what they must be to count, and what is wrong with the others.

The API has checked each event before it went into the stream, but anybody who may write into the bucket can leave
anything there. A line is refused when it does not say who did what and when; a lesser field that is wrong is null.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Final, get_args

import orjson

from vitrine.types import EventKind
from vitrine.values import dataclass

KINDS: Final = frozenset(get_args(EventKind))
GZIP: Final = b"\x1f\x8b"
CHUNK: Final = 1 << 20
MOST_INT: Final = 2**31 - 1
MOST_BIGINT: Final = 2**63 - 1
STAMP: Final = re.compile(r"-(\d{4}(?:-\d\d){5})-")  # in the name of every object that Firehose writes, in UTC
STAMP_FORMAT: Final = "%Y-%m-%d-%H-%M-%S"

NOT_JSON: Final = "not a JSON object"
INCOMPLETE: Final = "a field is missing or of the wrong type"
UNKNOWN_KIND: Final = "unknown kind"
TOO_EARLY: Final = "before 1970"


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line that counts, or the reason why it does not. `event` has exactly the columns of `event_files.SCHEMA`."""

    event: Mapping[str, Any] | None
    reason: str = ""


def unpack(data: bytes) -> tuple[bytes, bool]:
    """An object's lines and whether it is damaged: then those before the damage."""
    if not data.startswith(GZIP):
        return data, False
    lines = bytearray()
    try:
        with gzip.GzipFile(fileobj=BytesIO(data)) as packed:
            while chunk := packed.read1(CHUNK):
                lines += chunk
    except (OSError, EOFError, zlib.error):
        return bytes(lines), True
    return bytes(lines), False


def read_lines(lines: bytes) -> Iterator[tuple[bytes, EventLine]]:
    """Every line that is not blank with what it says."""
    for line in lines.split(b"\n"):
        if line and not line.isspace():
            yield line, read_line(line)


def read_line(line: bytes) -> EventLine:
    """What one line says."""
    try:
        plain = orjson.loads(line)
    except orjson.JSONDecodeError:
        return EventLine(None, NOT_JSON)
    if not isinstance(plain, dict):
        return EventLine(None, NOT_JSON)
    event = {name: read(plain.get(name)) for name, read in READERS.items()}
    if event["id"] is None or event["visitor"] is None or event["at_ms"] is None or event["kind"] is None:
        return EventLine(None, INCOMPLETE)
    if event["kind"] not in KINDS:
        return EventLine(None, UNKNOWN_KIND)
    if event["at_ms"] < 0:
        return EventLine(None, TOO_EARLY)
    return EventLine(event)


def arrival_ms(name: str) -> int | None:
    """When the first line of an object arrived, as Firehose wrote into its name; None when somebody else named it."""
    stamp = STAMP.search(name)
    if stamp is None:
        return None
    try:
        return int(datetime.strptime(stamp[1], STAMP_FORMAT).replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


def _text(value: object) -> str | None:
    """A text that is not empty. NUL ends a text in some of the systems that read the lake."""
    return value if isinstance(value, str) and value and "\0" not in value else None


def _instant(value: object) -> int | None:
    return value if type(value) is int and value <= MOST_BIGINT else None


def _count(value: object) -> int | None:
    return value if type(value) is int and 0 <= value <= MOST_INT else None


def _answers(value: object) -> str | None:
    return orjson.dumps(value).decode() if isinstance(value, dict) and value else None


READERS: Final[Mapping[str, Callable[[object], Any]]] = {
    "id": _text,
    "visitor": _text,
    "kind": _text,
    "at_ms": _instant,
    "item": _text,
    "quantity": _count,
    "price": _count,
    "session": _text,
    "region": _text,
    "query": _text,
    "decision": _text,
    "placement": _text,
    "slot": _count,
    "answers": _answers,
}

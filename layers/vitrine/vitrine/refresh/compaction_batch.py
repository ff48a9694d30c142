"""Reading a batch of the stream's objects: good lines into one file, bad ones with their reasons into another."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from vitrine.ports import Objects
from vitrine.refresh.event_lines import EventLine, arrival_ms, read_lines, unpack
from vitrine.types import DAY_MS

READERS: Final = 8
FUTURE: Final = "in the future"
TOO_OLD: Final = "older than is kept"
LATE: Final = {"over a week": 7 * DAY_MS, "over a day": DAY_MS, "over an hour": DAY_MS // 24}
"""How late an event can be, the latest first: from the event to the arrival of the first line of its object."""


@dataclass(frozen=True, slots=True)
class Span:
    """Instants of events that are kept, both included."""

    from_ms: int = 0
    to_ms: int = 2**63 - 1


@dataclass(slots=True)
class BatchRead:
    """Lines that were good, and what was wrong with the others. An object that is damaged gives its first lines."""

    good: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    late: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    def count(self, line: EventLine, arrived_ms: int | None) -> None:
        """Count one line."""
        if line.event is None:
            self.left_out[line.reason] += 1
            return
        self.good += 1
        behind = 0 if arrived_ms is None else arrived_ms - line.event["at_ms"]
        late = next((name for name, ms in LATE.items() if behind > ms), None)
        if late is not None:
            self.late[late] += 1


def read_batch(objects: Objects, names: Sequence[str], span: Span, lines: Path, damaged: Path) -> BatchRead:
    """Write the good lines of the objects to one file and the bad ones to another; the counts.

    An object that is gone gives nothing. A bad line is kept with its object, its number there and the reason.
    """
    read = BatchRead()
    with ThreadPoolExecutor(READERS) as readers, lines.open("wb") as good, damaged.open("wb") as bad:
        for name, data in zip(names, readers.map(objects.get, names), strict=True):
            _read_object(name, data or b"", span, read, good, bad)
    return read


def _read_object(name: str, data: bytes, span: Span, read: BatchRead, good: BinaryIO, bad: BinaryIO) -> None:
    whole, is_damaged = unpack(data)
    if is_damaged:
        read.unreadable.append(name)
    arrived_ms = arrival_ms(name)
    for number, (text, line) in enumerate(read_lines(whole), 1):
        kept = _within(line, span)
        read.count(kept, arrived_ms)
        if kept.event is not None:
            good.write(orjson.dumps(kept.event) + b"\n")
        else:
            told = {"object": name, "line": number, "reason": kept.reason}
            bad.write(orjson.dumps({**told, "text": text.decode("utf-8", "backslashreplace")}) + b"\n")


def _within(line: EventLine, span: Span) -> EventLine:
    """The line, refused when its instant is out of the span."""
    if line.event is None or span.from_ms <= line.event["at_ms"] <= span.to_ms:
        return line
    return EventLine(None, FUTURE if line.event["at_ms"] > span.to_ms else TOO_OLD)

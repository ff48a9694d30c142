"""Decision records in the lake, found by the instant that a decision's id begins with.

Firehose gathers records for some minutes and names each object by the arrival of its oldest one, so a record lies in an
object of about its own time: those are looked into first, the nearest before the others.
"""

import gzip
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from vitrine.adapters.clock import instant_of
from vitrine.errors import InvalidField, InvalidRecord
from vitrine.ports import Clock, Objects

PREFIX: Final = "decisions/"
DAY: Final = "%Y/%m/%d/"
NEAR: Final = timedelta(minutes=20)
"""Firehose's longest buffering is 15 minutes; ours is 5, and clocks differ a little."""

LOOK_BACK: Final = timedelta(days=400)  # no record is kept longer
STAMP: Final = re.compile(r"-(\d{4}(?:-\d\d){5})-")  # in the name of every object that Firehose writes, in UTC
STAMP_FORMAT: Final = "%Y-%m-%d-%H-%M-%S"
GZIP: Final = b"\x1f\x8b"


class LakeDecisionLog:
    """ports.DecisionLog over the lake's bucket."""

    def __init__(self, lake: Objects, clock: Clock) -> None:
        self._lake = lake
        self._clock = clock

    def find(self, decision: str) -> bytes | None:
        """See ports.DecisionLog."""
        try:
            at = instant_of(decision)
        except ValueError as error:
            raise InvalidField(f"is not the id of a decision: {error}", "decision") from error
        mark = f'"decision":"{decision}"'.encode()
        for name in self._near(at):
            data = self._read(name)
            place = data.find(mark)
            if place >= 0:
                return data[data.rfind(b"\n", 0, place) + 1 :].partition(b"\n")[0]
        return None

    def recent(self, n: int, since: datetime | None = None) -> Iterator[bytes]:
        """See ports.DecisionLog."""
        now = self._clock()
        day, first = now, max(since or now - LOOK_BACK, now - LOOK_BACK)
        while n > 0 and day.date() >= first.date():
            for _, name in sorted(self._written_on(day), reverse=True):
                for line in reversed(self._read(name).splitlines()):
                    if n == 0:
                        return
                    n -= 1
                    yield line
            day -= timedelta(days=1)

    def _near(self, at: datetime) -> list[str]:
        """Names of the objects of about that instant, the nearest first."""
        days = {day.date(): day for day in (at - NEAR, at, at + NEAR)}
        apart = [(abs(stamp - at), name) for day in days.values() for stamp, name in self._written_on(day)]
        return [name for distance, name in sorted(apart) if distance <= NEAR]

    def _written_on(self, day: datetime) -> Iterator[tuple[datetime, str]]:
        """Objects of a day, with the arrival of their oldest record; what Firehose did not write is none of ours."""
        for name in self._lake.names(PREFIX + day.strftime(DAY)):
            stamp = STAMP.search(name)
            if stamp is not None:
                yield datetime.strptime(stamp[1], STAMP_FORMAT).replace(tzinfo=UTC), name

    def _read(self, name: str) -> bytes:
        """The lines of an object; none, when it expired a moment ago."""
        data = self._lake.get(name) or b""
        try:
            return gzip.decompress(data) if data.startswith(GZIP) else data
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidRecord(f"{name} in the lake is damaged: {error}") from error

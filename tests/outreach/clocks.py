"""When the clocks of a zone are changed, found from outside, and what quiet hours a walk along the minutes sees."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitrine.outreach.messages import QuietHours

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Change(NamedTuple):
    """The clocks of a zone are set at an instant (ms) from so far ahead of UTC to so far ahead."""

    at_ms: int
    before: timedelta | None
    after: timedelta | None


def instant_ms(text: str) -> int:
    """An ISO instant, in UTC if it names no other offset, as ms of the epoch."""
    found = datetime.fromisoformat(text)
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def changes(zone: tzinfo, start: datetime, end: datetime, step: timedelta) -> Iterator[Change]:
    """The changes between two instants in order of time. Two within a step of each other may be missed."""
    while start < end:
        later = min(start + step, end)
        if _ahead(start, zone) != _ahead(later, zone):
            yield _first_change(start, later, zone)
        start = later


def _ahead(at: datetime, zone: tzinfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()


def _first_change(start: datetime, end: datetime, zone: tzinfo) -> Change:
    """Bisection to the second."""
    before, after = _ahead(start, zone), _ahead(end, zone)
    while end - start > timedelta(seconds=1):
        middle = start + timedelta(seconds=(end - start) // timedelta(seconds=2))
        if _ahead(middle, zone) == before:
            start = middle
        else:
            end = middle
    return Change(round(end.timestamp() * 1000), before, after)


class Walk:
    """Minutes of UTC one after the other, and what the clocks of some zones show in each: the slow and plain way.

    Right where zones are whole minutes ahead of UTC, as all are since 1972.
    """

    def __init__(self, zones: Sequence[tzinfo], start_ms: int, n_minutes: int) -> None:
        self.start_ms = start_ms - start_ms % MINUTE_MS
        self._shown = [_shown(zone, self.start_ms, n_minutes) for zone in zones]

    def nights(self, quiet: QuietHours) -> "Nights":
        """Which of the minutes are quiet in any of the zones."""
        is_quiet = np.zeros(1440, dtype=bool)
        for minute in range(quiet.begin, quiet.end + (1440 if quiet.begin > quiet.end else 0)):
            is_quiet[minute % 1440] = True
        return Nights(self.start_ms, np.any([is_quiet[shown] for shown in self._shown], axis=0))


class Nights:
    """Minutes that are quiet, and for each the next that is not."""

    def __init__(self, start_ms: int, quiet: NDArray[np.bool_]) -> None:
        self._start_ms = start_ms
        self._quiet = quiet
        places = np.where(quiet, quiet.size, np.arange(quiet.size))
        self._loud = np.minimum.accumulate(places[::-1])[::-1]

    def is_quiet(self, at_ms: int) -> bool:
        """Whether the walk saw quiet hours at an instant."""
        return bool(self._quiet[(at_ms - self._start_ms) // MINUTE_MS])

    def next_loud_ms(self, at_ms: int) -> int | None:
        """Where the walk came out of them; None if it was too short for that."""
        loud = int(self._loud[(at_ms - self._start_ms) // MINUTE_MS])
        return None if loud == self._quiet.size else max(at_ms, self._start_ms + loud * MINUTE_MS)

    def edges(self) -> list[int]:
        """Instants at which it becomes quiet or loud."""
        places = np.flatnonzero(self._quiet[1:] != self._quiet[:-1]) + 1
        return [self._start_ms + int(place) * MINUTE_MS for place in places]


def _shown(zone: tzinfo, start_ms: int, n_minutes: int) -> NDArray[np.int16]:
    """Minutes of the day that the clock on the wall shows, one after the other. [n_minutes]"""
    start, minute = EPOCH + timedelta(milliseconds=start_ms), timedelta(minutes=1)
    walls = ((start + n * minute).astimezone(zone) for n in range(n_minutes))
    return np.array([wall.hour * 60 + wall.minute for wall in walls], dtype=np.int16)

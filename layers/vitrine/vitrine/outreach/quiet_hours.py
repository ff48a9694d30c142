"""When nobody is disturbed: quiet hours of the wall clock, over every change of the clocks.

All arithmetic is in UTC; a zone is only asked how far its wall clock is ahead at an instant. So a night is as long as
it is, of a fold both passes count, and an hour that a clock skips is neither quiet nor loud.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from vitrine.outreach.messages import QuietHours
from vitrine.types import DAY_MS

MINUTE_MS: Final = 60_000
SEARCHED_MS: Final = 8 * DAY_MS
"""How far a loud instant is looked for: what is quiet for so long is quiet until the clocks are set again at best."""

ONE_MS: Final = timedelta(milliseconds=1)


def zones_of(names: Sequence[str]) -> tuple[ZoneInfo, ...]:
    """The zones of these names, each once; a name that the zone data does not know is left out."""
    found = (_zone(name) for name in dict.fromkeys(names))
    return tuple(zone for zone in found if zone is not None)


def is_quiet(at_ms: int, quiet: QuietHours, zones: Sequence[tzinfo]) -> bool:
    """Whether it is quiet at an instant (ms of the epoch, years 1970-9998) in any of the zones."""
    return any(_quiet_for_ms(at_ms, quiet, zone) > 0 for zone in zones)


def next_loud_ms(at_ms: int, quiet: QuietHours, zones: Sequence[tzinfo]) -> int | None:
    """The first instant from `at_ms` on at which it is quiet in none of the zones.

    None when there is none within 8 days: the quiet hours of the zones together cover the day.
    """
    loud = at_ms
    while loud <= at_ms + SEARCHED_MS:
        later = max((_quiet_until(loud, quiet, zone) for zone in zones), default=loud)
        if later == loud:
            return loud
        loud = later
    return None


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown; no name of a file; the name of a folder of zones
        return None


def _ahead_ms(at_ms: int, zone: tzinfo) -> int:
    """How far the wall clock of the zone is ahead of UTC at an instant. Zones change on whole seconds."""
    ahead = datetime.fromtimestamp(at_ms // 1000, zone).utcoffset()
    return 0 if ahead is None else ahead // ONE_MS


def _quiet_for_ms(at_ms: int, quiet: QuietHours, zone: tzinfo) -> int:
    """How long the wall clock has to go until the quiet hours end that it shows; 0 when it shows none."""
    clock = (at_ms + _ahead_ms(at_ms, zone)) % DAY_MS
    begin, end = quiet.begin * MINUTE_MS, quiet.end * MINUTE_MS
    shows_quiet = begin <= clock < end if begin <= end else clock >= begin or clock < end
    return (end - clock - 1) % DAY_MS + 1 if shows_quiet else 0


def _quiet_until(at_ms: int, quiet: QuietHours, zone: tzinfo) -> int:
    """An instant up to which it is quiet in the zone from `at_ms` on: where the quiet hours end, or the clocks change
    before. `at_ms` itself when it is loud."""
    until = at_ms + _quiet_for_ms(at_ms, quiet, zone)
    return _first_change(at_ms, until, zone) or until


def _first_change(start_ms: int, end_ms: int, zone: tzinfo) -> int | None:
    """The instant after `start_ms` and up to `end_ms`, at most a day later, at which the clock is set; None when it is
    not. The soonest that any zone ever set its clock again was four days later (Freetown, 1939)."""
    ahead = _ahead_ms(start_ms, zone)
    if _ahead_ms(end_ms, zone) == ahead:
        return None
    while end_ms - start_ms > 1:
        middle = (start_ms + end_ms) // 2
        if _ahead_ms(middle, zone) == ahead:
            start_ms = middle
        else:
            end_ms = middle
    return end_ms

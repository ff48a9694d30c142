"""Quiet hours over every way in which clocks are set, against a walk along the minutes.

The whole sweep, every zone and change, is `python -m tests.outreach.quiet`.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from itertools import chain
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outreach.clocks import DAY_MS, HOUR_MS, MINUTE_MS, Walk, instant_ms
from tests.outreach.quiet import NIGHTS, NextLoud, one_of_each, violations
from vitrine.outreach.messages import QuietHours
from vitrine.outreach.quiet_hours import SEARCHED_MS, is_quiet, next_loud_ms, zones_of

BERLIN: Final = zones_of(["Europe/Berlin"])
NIGHT: Final = QuietHours(21 * 60, 9 * 60)


KINDS: Final = one_of_each()


def wrong_in_a_sample(kinds: Sequence[tuple[str, tuple[int, ...]]], next_loud: NextLoud) -> list[str]:
    """What is answered wrong around a few changes of these zones."""
    rng = Random(5)
    sample = [(name, at_ms) for name, found in kinds for at_ms in rng.sample(found, min(4, len(found)))]
    tried = chain.from_iterable(violations(*one, rng.sample(NIGHTS, 5), 5, next_loud) for one in sample)
    return [wrong for _, wrong in tried if wrong]


@pytest.mark.no_cover
def test_around_changes_of_the_clocks_nights_end_where_a_walk_ends() -> None:
    """Loud, the first such instant, and quiet until then, in every kind of zone."""
    assert len(KINDS) > 40
    assert not wrong_in_a_sample(KINDS, next_loud_ms)


def on_the_wall(at_ms: int, quiet: QuietHours, zones: Sequence[tzinfo]) -> int | None:
    """The sabotage: hours are counted on the wall, as if nobody set the clock."""
    if not is_quiet(at_ms, quiet, zones):
        return at_ms
    wall = datetime.fromtimestamp(at_ms // 1000, zones[0]).replace(tzinfo=None)
    to_go = timedelta(minutes=quiet.end) - (wall - datetime.combine(wall, time()))
    return at_ms - at_ms % 1000 + to_go % timedelta(days=1) // timedelta(milliseconds=1)


def never_quiet(at_ms: int, quiet: QuietHours, zones: Sequence[tzinfo]) -> int | None:
    """The sabotage: nobody asks for the time."""
    return at_ms


@pytest.mark.parametrize("sabotaged", [on_the_wall, never_quiet])
def test_the_walk_sees_what_is_wrong(sabotaged: NextLoud) -> None:
    """Negative control of the test above."""
    assert wrong_in_a_sample(KINDS[:8], sabotaged)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([name for name, _ in KINDS]), min_size=1, max_size=4),
    st.integers(instant_ms("2020-01-02"), instant_ms("2030-12-20")),
    st.integers(0, 1439),
    st.integers(0, 1440),
    st.randoms(use_true_random=False),
)
def test_where_somebody_may_be_it_is_loud_everywhere(
    names: list[str], start_ms: int, begin: int, end: int, random: Random
) -> None:
    """Quiet in any zone is quiet; and what ends within eight days is found, as the walk finds it."""
    zones, quiet = zones_of(names), QuietHours(begin, end)
    nights = Walk(zones, start_ms, (SEARCHED_MS + 3 * DAY_MS) // MINUTE_MS).nights(quiet)
    for at_ms in (start_ms, *nights.edges()[:8], *(start_ms + random.randrange(DAY_MS) for _ in range(20))):
        assert is_quiet(at_ms, quiet, zones) == nights.is_quiet(at_ms)
        loud_ms = nights.next_loud_ms(at_ms)
        is_near = loud_ms is not None and loud_ms <= at_ms + SEARCHED_MS
        assert next_loud_ms(at_ms, quiet, zones) == (loud_ms if is_near else None)


@pytest.mark.parametrize(
    ("zone", "quiet", "at", "loud"),
    [
        pytest.param("Europe/Berlin", (1260, 540), "2026-06-01T19:00", "2026-06-02T07:00", id="an ordinary night"),
        pytest.param("Europe/Berlin", (1260, 540), "2026-03-28T20:00", "2026-03-29T07:00", id="11 hours in spring"),
        pytest.param("Europe/Berlin", (1260, 540), "2026-10-24T19:00", "2026-10-25T08:00", id="13 hours in autumn"),
        pytest.param("Europe/Berlin", (60, 150), "2026-03-29T00:30", "2026-03-29T01:00", id="ends left out"),
        pytest.param("Europe/Berlin", (150, 210), "2026-03-29T01:00", "2026-03-29T01:30", id="begins left out"),
        pytest.param("Europe/Berlin", (120, 180), "2026-03-29T00:59:59", "2026-03-29T00:59:59", id="wholly left out"),
        pytest.param("Europe/Berlin", (120, 150), "2026-10-25T00:00", "2026-10-25T00:30", id="2:00 for the first time"),
        pytest.param("Europe/Berlin", (120, 150), "2026-10-25T01:00", "2026-10-25T01:30", id="and for the second"),
        pytest.param("Europe/Berlin", (150, 180), "2026-10-25T00:45", "2026-10-25T01:00", id="2:59 goes back to 2:00"),
        pytest.param("Australia/Lord_Howe", (60, 120), "2026-04-04T14:00", "2026-04-04T15:30", id="half an hour back"),
        pytest.param("Antarctica/Troll", (0, 180), "2026-03-29T00:00", "2026-03-29T01:00", id="two hours on"),
        pytest.param("Asia/Kathmandu", (1260, 540), "2026-01-01T20:00", "2026-01-02T03:15", id="5:45 ahead"),
        pytest.param("Pacific/Apia", (1260, 540), "2011-12-30T09:00", "2011-12-30T19:00", id="a day left out"),
        pytest.param("Pacific/Kwajalein", (600, 720), "1993-08-20T22:30", "1993-08-21T00:00", id="a day again"),
        pytest.param("America/Nuuk", (1260, 540), "2023-03-26T00:00", "2023-03-26T11:00", id="for good, in the night"),
    ],
)
def test_nights_by_the_calendar(zone: str, quiet: tuple[int, int], at: str, loud: str) -> None:
    """Worked out by hand, in UTC."""
    assert next_loud_ms(instant_ms(at), QuietHours(*quiet), zones_of([zone])) == instant_ms(loud)


def test_a_night_ends_to_the_millisecond() -> None:
    """One before nine is quiet, nine is not; and nine in the evening is."""
    nine = instant_ms("2026-06-02T09:00+02:00")
    assert is_quiet(nine - 1, NIGHT, BERLIN)
    assert next_loud_ms(nine - 1, NIGHT, BERLIN) == nine == next_loud_ms(nine, NIGHT, BERLIN)
    evening = nine + 12 * HOUR_MS
    assert next_loud_ms(evening - 1, NIGHT, BERLIN) == evening - 1
    assert next_loud_ms(evening, NIGHT, BERLIN) == evening + 12 * HOUR_MS


@pytest.mark.parametrize("minute", [0, 540, 1260])
def test_a_night_without_length_is_none(minute: int) -> None:
    """Equal minutes: always loud."""
    assert next_loud_ms(0, QuietHours(minute, minute), BERLIN) == 0


@pytest.mark.parametrize(
    ("quiet", "names"),
    [(QuietHours(0, 1440), ["UTC"]), (NIGHT, ["UTC", "Etc/GMT+12"]), (NIGHT, ["UTC", "Asia/Kamchatka"])],
)
def test_nights_that_cover_the_day_never_end(quiet: QuietHours, names: list[str]) -> None:
    """There is no instant to wait for, and the search for it ends."""
    assert next_loud_ms(instant_ms("2026-11-02T12:00"), quiet, zones_of(names)) is None


def test_without_zones_it_is_never_quiet() -> None:
    """Who asks for nobody's night gets none."""
    assert next_loud_ms(7, NIGHT, ()) == 7


def test_unknown_zones_are_left_out() -> None:
    """Whatever a name looks like: of a folder, of a path, of nothing."""
    odd = ["", "America", "../etc/passwd", "/etc/passwd", "zone.tab", "a\0b", "\udc00", "Nowhere/At_All", "x" * 300]
    assert zones_of(["Europe/Berlin", *odd, "Europe/Berlin"]) == (ZoneInfo("Europe/Berlin"),)

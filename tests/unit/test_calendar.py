"""What clock and calendar say at a place."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.places.calendar import DAYPARTS, daypart, is_open, local_day, season
from vitrine.places.regions import Region, Shop

OHIO = Region("north", "America/New_York", lat=40.0, lon=-83.0, holidays={date(2026, 7, 4): "Independence Day"})
SYDNEY = Region("south", "Australia/Sydney", lat=-33.9, lon=151.2)


def at(text):
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_day_is_the_place_s_own():
    """Late on Friday in UTC it is Friday evening in Ohio and Saturday morning in Sydney."""
    ohio, sydney = (local_day(at("2026-07-03T22:30"), region) for region in (OHIO, SYDNEY))
    assert (ohio.at.hour, ohio.daypart, ohio.weekday, ohio.is_weekend) == (18, "evening", "fri", False)
    assert (sydney.at.hour, sydney.daypart, sydney.weekday, sydney.is_weekend) == (8, "morning", "sat", True)
    assert (ohio.season, sydney.season) == ("summer", "winter")


@pytest.mark.parametrize(
    ("hour", "name"),
    [(0, "night"), (5, "night"), (6, "morning"), (10, "morning"), (11, "midday"), (13, "midday"), (14, "afternoon"),
     (17, "afternoon"), (18, "evening"), (23, "evening")],
)  # fmt: skip
def test_parts_of_the_day(hour, name):
    """Each hour has one, also the last."""
    assert daypart(hour) == name
    assert DAYPARTS[-1][0] == 24


@pytest.mark.parametrize(
    ("month", "northern", "southern"),
    [(1, "winter", "summer"), (2, "winter", "summer"), (3, "spring", "autumn"), (6, "summer", "winter"),
     (9, "autumn", "spring"), (11, "autumn", "spring"), (12, "winter", "summer")],
)  # fmt: skip
def test_seasons_are_whole_months(month, northern, southern):
    """And the other way round south of the equator."""
    assert (season(month, 40.0), season(month, -40.0)) == (northern, southern)


def test_without_a_latitude_there_is_no_season():
    """Missing is not the north."""
    assert local_day(at("2026-07-03T12:00"), Region("r", "UTC")).season is None


@pytest.mark.parametrize(
    ("day", "holiday", "days"),
    [("2026-06-19", None, None), ("2026-06-20", None, 14), ("2026-07-03", None, 1),
     ("2026-07-04", "Independence Day", 0), ("2026-07-05", None, None)],
)  # fmt: skip
def test_holidays_today_and_to_come(day, holiday, days):
    """Counted in local days, up to a fortnight ahead."""
    found = local_day(at(f"{day}T16:00"), OHIO)
    assert (found.holiday, found.days_to_holiday) == (holiday, days)
    assert found.next_holiday == (None if days is None else "Independence Day")


def test_a_holiday_begins_at_the_place_s_midnight():
    """Two hours after midnight in UTC it is still the day before in Ohio."""
    assert local_day(at("2026-07-04T02:00"), OHIO).holiday is None
    assert local_day(at("2026-07-05T02:00"), OHIO).holiday == "Independence Day"


DAY = (8 * 60, 22 * 60)
NIGHT = (20 * 60, 26 * 60)


@pytest.mark.parametrize(
    ("hours", "instant", "is_it"),
    [
        ((DAY,) * 7, "2026-07-06T12:00", True),
        ((DAY,) * 7, "2026-07-06T08:00", True),
        ((DAY,) * 7, "2026-07-06T07:59", False),
        ((DAY,) * 7, "2026-07-06T22:00", False),
        ((None,) + (DAY,) * 6, "2026-07-06T12:00", False),  # a Monday
        ((NIGHT,) + (None,) * 6, "2026-07-07T01:59", True),  # Monday's night goes on
        ((NIGHT,) + (None,) * 6, "2026-07-07T02:00", False),
        ((None,) * 6 + (NIGHT,), "2026-07-06T01:00", True),  # Sunday's, too
        (((0, 1440),) * 7, "2026-07-06T00:00", True),
        ((), "2026-07-06T12:00", None),
    ],
)
def test_opening_hours(hours, instant, is_it):
    """By the minute, over midnight, and unknown when nobody said."""
    assert is_open(Shop("s", {}, 0, 0, hours=hours), at(instant), "UTC") is is_it


def test_hours_follow_the_wall_clock_over_a_change_of_time():
    """At eight on the wall, the day before and on the day that summer time begins."""
    shop = Shop("s", {}, 0, 0, hours=(DAY,) * 7)
    assert is_open(shop, at("2026-03-07T13:00"), "America/New_York")
    assert not is_open(shop, at("2026-03-07T12:59"), "America/New_York")
    assert is_open(shop, at("2026-03-08T12:00"), "America/New_York")


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), st.sampled_from([OHIO, SYDNEY]))  # noqa: DTZ001
def test_any_instant_has_a_day(naive, region):
    """Also those inside a change of time; an hour later it is never an earlier instant."""
    now = naive.replace(tzinfo=UTC)
    day = local_day(now, region)
    assert day.at == now
    assert local_day(now + timedelta(hours=1), region).at > day.at

"""Rows of weather in memory."""

from datetime import UTC, datetime, timedelta

from vitrine import keys
from vitrine.service.weather_rows import TTL, WeatherRows
from vitrine.types import Absent

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HERE, THERE, NOWHERE = (keys.weather(cell) for cell in ("40.0_-83.0", "40.5_-83.0", "41.0_-83.0"))


def test_weather_is_held_for_some_seconds_and_its_absence_too() -> None:
    """What could not be read is not; nor is any other row."""
    rows = WeatherRows()
    rows.keep({HERE: {"a": 1}, THERE: Absent.MISSING, NOWHERE: Absent.NOT_READ, keys.card("a"): {}}, NOW)
    wanted = [HERE, THERE, NOWHERE, keys.card("a")]
    assert rows.find(wanted, NOW + TTL - timedelta(seconds=1)) == {HERE: {"a": 1}, THERE: Absent.MISSING}
    assert rows.find(wanted, NOW + TTL) == {}
    assert rows.find(wanted, NOW - timedelta(seconds=1)) == {}


def test_the_longest_held_go_first() -> None:
    """What is kept anew counts as new."""
    rows = WeatherRows(size=2)
    for key in (HERE, THERE, HERE, NOWHERE):
        rows.keep({key: {}}, NOW)
    assert set(rows.find([HERE, THERE, NOWHERE], NOW)) == {HERE, NOWHERE}

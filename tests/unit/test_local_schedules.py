"""When rate and cron expressions fire."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import LocalStackError
from vitrine.local.schedules import parse_schedule

NOW = datetime(2024, 2, 28, 12, 30, tzinfo=UTC)  # a Wednesday in a leap year


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", (2024, 2, 28, 12, 31)),
        ("rate(5 hours)", (2024, 2, 28, 17, 30)),
        ("rate(7 days)", (2024, 3, 6, 12, 30)),
        ("cron(0 3 * * ? *)", (2024, 2, 29, 3, 0)),
        ("cron(0/15 * * * ? *)", (2024, 2, 28, 12, 45)),
        ("cron(30 12 * * ? *)", (2024, 2, 29, 12, 30)),
        ("cron(0 1 ? * SUN *)", (2024, 3, 3, 1, 0)),
        ("cron(0 1 ? * MON-FRI *)", (2024, 2, 29, 1, 0)),
        ("cron(0 0 L * ? *)", (2024, 2, 29, 0, 0)),
        ("cron(0 0 1 JAN,JUL ? *)", (2024, 7, 1, 0, 0)),
        ("cron(0 0 29 2 ? *)", (2024, 2, 29, 0, 0)),
        ("cron(0 8-10/2 1 1 ? 2030)", (2030, 1, 1, 8, 0)),
    ],
)
def test_next_firing(expression, expected):
    """The first firing lies strictly after now."""
    assert parse_schedule(expression)(NOW) == datetime(*expected, tzinfo=UTC)


def test_cron_follows_its_zone():
    """Three in the morning in Berlin is one in the morning UTC in summer and two in winter."""
    next_after = parse_schedule("cron(0 3 * * ? *)", "Europe/Berlin")
    assert next_after(datetime(2024, 7, 1, 12, tzinfo=UTC)) == datetime(2024, 7, 2, 1, tzinfo=UTC)
    assert next_after(datetime(2024, 1, 1, 12, tzinfo=UTC)) == datetime(2024, 1, 2, 2, tzinfo=UTC)


def test_unknown_zone_is_refused():
    """The error names the schedule and the zone."""
    with pytest.raises(LocalStackError, match="Europe/Nowhere"):
        parse_schedule("cron(0 3 * * ? *)", "Europe/Nowhere")


@pytest.mark.parametrize(
    "expression",
    [
        "every day",
        "rate(0 hours)",
        "rate(1 week)",
        "at(2030-01-01T00:00:00)",
        "cron(0 3 * * *)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(61 3 * * ? *)",
        "cron(0 3 15W * ? *)",
        "cron(0 3 ? * FRI#2 *)",
        "cron(0/0 3 * * ? *)",
        "cron(0 10-8 * * ? *)",
    ],
)
def test_what_is_not_understood_is_refused(expression):
    """A schedule that would never fire as meant is an error at start, not silence at night."""
    with pytest.raises(LocalStackError, match="schedule"):
        parse_schedule(expression)


@given(st.integers(0, 4_000_000_000), st.integers(0, 59), st.integers(0, 23))
def test_daily_cron_fires_within_a_day(now_s, minute, hour):
    """A daily schedule fires at its minute and hour, after now and within 24 hours."""
    aware = datetime.fromtimestamp(now_s, UTC)
    firing = parse_schedule(f"cron({minute} {hour} * * ? *)")(aware)
    assert (firing.minute, firing.hour) == (minute, hour)
    assert 0 < (firing - aware).total_seconds() <= 24 * 3600

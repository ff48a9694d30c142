"""The weather of a cell: its row, its time, its normal."""

import csv
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine import keys
from vitrine.errors import TooLittleData
from vitrine.places.normals import Normals, normals_of, normals_row, parse_normals
from vitrine.places.traffic import RENEW_MS, TRAFFIC_MS, is_busy, mark_traffic
from vitrine.places.weather import (
    CONDITIONS,
    HOUR_MS,
    MAX_AHEAD_MS,
    MAX_LIFE_MS,
    TTL_MS,
    Weather,
    faults_of,
    parse_stored,
    parse_weather,
    weather_row,
)
from vitrine.types import Absent

BEIJING = Path("../shared/data/weather/beijing_hourly_2010_2014.csv.gz")
NOW = datetime(2026, 7, 4, 18, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOT = Weather(33.4, 35.1, 0.0, 12.3, 20, 1, 8.6, True, NOW_MS, "open-meteo")

recorded = pytest.mark.skipif(not BEIJING.exists(), reason=f"the recorded hours are not there: {BEIJING}")


def row_of(weather=HOT, expires_ms=NOW_MS + TTL_MS, **changes):
    """A sound row with some attributes changed."""
    return {**weather_row(weather, expires_ms, rev=3, validator="abc"), **changes}


def test_what_is_written_is_read():
    """In tenths, and with everything that a refresh needs to go on."""
    assert parse_weather(row_of(), NOW) == HOT
    stored = parse_stored(row_of())
    assert (stored.expires_ms, stored.rev, stored.validator) == (NOW_MS + TTL_MS, 3, "abc")
    assert all(type(value) in (str, int, bytes, bool) for value in row_of().values())
    assert row_of()["ttl"] == (NOW_MS + TTL_MS) // 1000 + 86_400


def test_an_unknown_anomaly_stays_unknown():
    """No normal is not normal."""
    weather = Weather(33.4, 35.1, 0.0, 12.3, 20, 1, None, True, NOW_MS, "open-meteo")
    assert parse_weather(row_of(weather), NOW).anomaly_c is None


@pytest.mark.parametrize(
    "row",
    [
        Absent.MISSING,
        Absent.NOT_READ,
        {},
        row_of(temperature_dc="334"),
        row_of(temperature_dc=True),
        row_of(temperature_dc=9_999),
        row_of(code=42),
        row_of(is_day=1),
        row_of(source=b"open-meteo"),
        row_of(cloud_pct=101),
        row_of(anomaly_dc=-999),
        {**row_of(), "expires_ms": NOW_MS + MAX_LIFE_MS + 1},
        {**row_of(), "expires_ms": "9999999999999"},
        row_of(observed_ms=NOW_MS + MAX_AHEAD_MS + 1, expires_ms=NOW_MS + HOUR_MS),
        {**row_of(), "rev": None},
    ],
)
def test_what_is_missing_or_damaged_is_unknown(row):
    """Never an exception, never a guess."""
    assert parse_weather(row, NOW) is None


@given(age_ms=st.integers(0, 10 * 24 * HOUR_MS), ttl_ms=st.integers(1, MAX_LIFE_MS))
def test_a_row_past_its_time_is_never_used(age_ms, ttl_ms):
    """Whatever its age and life: used exactly until it expires."""
    weather = Weather(20.0, 20.0, 0.0, 5.0, 0, 0, 0.0, True, NOW_MS, "open-meteo")
    row = weather_row(weather, NOW_MS + ttl_ms, rev=1)
    parsed = parse_weather(row, NOW + timedelta(milliseconds=age_ms))
    assert (parsed is not None) == (age_ms < ttl_ms)


@given(st.dictionaries(st.sampled_from(sorted(row_of())), st.none() | st.integers() | st.text() | st.booleans()))
def test_any_damage_is_unknown_or_plausible(changes):
    """Whatever stands in a row, what is believed of it is within physical limits and of its time."""
    parsed = parse_weather({**row_of(), **changes}, NOW)
    assert parsed is None or (faults_of(parsed) == [] and parsed.observed_ms <= NOW_MS + MAX_AHEAD_MS)


def test_implausible_weather_is_not_written():
    """NaN is never plausible either."""
    for temperature in (61.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="temperature_c"):
            row_of(Weather(temperature, 20.0, 0.0, 5.0, 0, 0, None, True, NOW_MS, "x"))


@pytest.mark.parametrize(
    ("code", "condition"),
    [(0, "clear"), (3, "cloudy"), (45, "fog"), (53, "drizzle"), (65, "rain"), (81, "rain"), (75, "snow"),
     (86, "snow"), (95, "thunder")],
)  # fmt: skip
def test_codes_mean_conditions(code, condition):
    """Every code has a word."""
    assert CONDITIONS[code] == condition
    assert parse_weather(row_of(code=code), NOW).condition == condition


def test_traffic_is_marked_once_in_a_while():
    """The first visitor marks the cell, later ones renew an old note only; what was not read is left alone."""
    mark = mark_traffic("39.0_-84.5", Absent.MISSING, NOW)
    assert (mark.key, mark.expected_rev) == (keys.weather_traffic("39.0_-84.5"), None)
    assert mark_traffic("39.0_-84.5", Absent.NOT_READ, NOW) is None
    assert mark_traffic("39.0_-84.5", mark.row, NOW + timedelta(milliseconds=RENEW_MS - 1)) is None
    again = mark_traffic("39.0_-84.5", mark.row, NOW + timedelta(milliseconds=RENEW_MS))
    assert (again.expected_rev, again.row["rev"]) == (1, 2)


def test_a_cell_is_busy_for_a_day():
    """Then it is quiet; so is one without a note."""
    row = mark_traffic("39.0_-84.5", Absent.MISSING, NOW).row
    assert is_busy(row, NOW + timedelta(milliseconds=TRAFFIC_MS - 1))
    assert not is_busy(row, NOW + timedelta(milliseconds=TRAFFIC_MS))
    assert not is_busy(Absent.MISSING, NOW)


def hours_of(first, last, temperature):
    """An hourly history of a function of the instant."""
    count = int((last - first) / timedelta(hours=1))
    instants = (first + timedelta(hours=n) for n in range(count))
    return [(int(at.timestamp() * 1000), temperature(at)) for at in instants]


YEAR = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))


def test_normals_follow_month_and_hour():
    """In the middle of a month it is that month's mean; halfway to the next the mean of both."""
    normals = normals_of(hours_of(*YEAR, lambda at: at.month * 2.0 + at.hour))
    assert normals.at(datetime(2026, 3, 16, 12, tzinfo=UTC)) == pytest.approx(18.0)
    assert normals.at(datetime(2026, 4, 1, 0, tzinfo=UTC)) == pytest.approx(7.0, abs=0.05)
    assert normals.at(datetime(2026, 12, 31, 23, 30, tzinfo=UTC)) == pytest.approx(13.0 + 11.5, abs=0.3)
    assert normals.at(datetime(2026, 1, 1, tzinfo=UTC)) == pytest.approx(13.0, abs=0.3)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - made aware below
def test_normals_are_within_what_was_seen(naive):
    """Interpolation never goes beyond the means, and does not jump from one minute to the next."""
    normals = Normals(np.arange(288, dtype=np.float32).reshape(12, 24) % 37)
    at = naive.replace(tzinfo=UTC)
    now, soon = normals.at(at), normals.at(at + timedelta(minutes=1))
    assert 0 <= now <= 36
    assert abs(now - soon) <= 37 / 60 + 0.01


def test_gaps_do_not_pass_for_a_climate():
    """A month without an hour of the day, or less than a year, has no normals."""
    whole = hours_of(*YEAR, lambda at: 1.0)
    with pytest.raises(TooLittleData, match="month 5"):
        normals_of([pair for pair in whole if datetime.fromtimestamp(pair[0] / 1000, UTC).month != 5])
    with pytest.raises(TooLittleData):
        normals_of([])


def test_normals_are_kept_in_a_row():
    """288 numbers in a kilobyte; what is damaged is unknown."""
    normals = normals_of(hours_of(*YEAR, lambda at: at.hour / 3))
    row = normals_row(normals, NOW_MS)
    assert len(row["means_c"]) == 1_152
    kept = parse_normals(row)
    assert kept.computed_ms == NOW_MS
    np.testing.assert_array_equal(kept.normals.means_c, normals.means_c)
    for damaged in (Absent.MISSING, {}, {**row, "means_c": b"short"}, {**row, "format": 2},
                    {**row, "means_c": b"\xff" * 1_152}):  # fmt: skip
        assert parse_normals(damaged) is None


def beijing():
    """The recorded hours: (ms since the epoch, degrees C). Their clock is local, UTC+8."""
    with gzip.open(BEIJING, "rt") as lines:
        for row in csv.DictReader(lines):
            local = datetime(*(int(row[name]) for name in ("year", "month", "day", "hour")), tzinfo=UTC)
            if row["TEMP"] != "NA":
                yield int((local - timedelta(hours=8)).timestamp() * 1000), float(row["TEMP"])


@recorded
def test_normals_of_a_real_place_are_plausible():
    """Beijing: July at two in the afternoon about 31 degrees, January about 0, and nights are colder than days."""
    normals = normals_of(beijing())
    july, january = (normals.at(datetime(2026, month, 16, 6, tzinfo=UTC)) for month in (7, 1))
    assert 28 < july < 33
    assert -4 < january < 4
    night = normals.at(datetime(2026, 7, 16, 20, tzinfo=UTC))
    assert night < july - 4


@recorded
def test_anomalies_of_a_real_place_are_around_zero():
    """Within four standard errors of zero, over the years that the normals are of and over a year that they are not of
    (2014, which was warm). A month counts as one value, because weather holds on for days."""
    hours = list(beijing())
    split = datetime(2013, 12, 31, 16, tzinfo=UTC).timestamp() * 1000
    earlier = [pair for pair in hours if pair[0] < split]
    for known, judged in ((hours, hours), (earlier, [pair for pair in hours if pair[0] >= split])):
        normals, monthly = normals_of(known), {}
        for ms, value in judged:
            at = datetime.fromtimestamp(ms / 1000, UTC)
            monthly.setdefault((at.year, at.month), []).append(normals.anomaly_of(value, ms))
        means = np.array([np.mean(values) for values in monthly.values()])
        assert abs(means.mean()) < 4 * means.std(ddof=1) / len(means) ** 0.5

"""The climate normal of a place: how warm it usually is in this season at this hour, and its row in the table.

Mean temperatures per month and hour of the day in UTC, interpolated linearly between the middles of months and between
hours. That is coarser than a harmonic fit but shows every number it rests on, and 288 of them are a kilobyte. The mean
of five years is known to about 0.7 degrees C where daily means vary by 4 and hold on for a few days.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import TooLittleData
from vitrine.types import Absent, Row
from vitrine.values import dataclass

FORMAT: Final = 1
MONTHS, HOURS = 12, 24
MIN_SAMPLES: Final = 20
"""Fewest values of one month and hour: a year with at most a week of gaps in any month."""


@dataclass(frozen=True, slots=True)
class Normals:
    """Mean temperature in degrees C by month and UTC hour, float32 [12, 24]."""

    means_c: NDArray[np.float32]

    def at(self, instant: datetime) -> float:
        """What is normal at an aware instant, in degrees C."""
        utc = instant.astimezone(UTC)
        month, towards_next = _between_months(utc)
        hour, towards_hour = utc.hour, utc.minute / 60
        of_hours = self.means_c[:, (hour, (hour + 1) % HOURS)] @ np.array((1 - towards_hour, towards_hour))  # [12]
        return float((1 - towards_next) * of_hours[month] + towards_next * of_hours[(month + 1) % MONTHS])

    def anomaly_of(self, temperature_c: float, observed_ms: int) -> float:
        """How much warmer than normal a temperature at an instant (ms since the epoch) is, in degrees C."""
        return temperature_c - self.at(datetime.fromtimestamp(observed_ms / 1000, UTC))

    def to_bytes(self) -> bytes:
        """288 little-endian float32."""
        return self.means_c.astype("<f4").tobytes()


@dataclass(frozen=True, slots=True)
class StoredNormals:
    """A row of normals and when it was computed."""

    normals: Normals
    computed_ms: int


def _between_months(utc: datetime) -> tuple[int, float]:
    """The month whose middle came last, 0..11, and how far the instant is towards the next middle, 0..1."""
    month_start = utc.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    this = _middle(month_start)
    other = _middle((month_start - timedelta(days=1)).replace(day=1) if utc < this else _next_month(month_start))
    if utc < this:
        return (utc.month - 2) % MONTHS, (utc - other) / (this - other)
    return utc.month - 1, (utc - this) / (other - this)


def _middle(month_start: datetime) -> datetime:
    return month_start + (_next_month(month_start) - month_start) / 2


def _next_month(month_start: datetime) -> datetime:
    return (month_start + timedelta(days=31)).replace(day=1)


def normals_of(hours: Iterable[tuple[int, float]]) -> Normals:
    """Normals of a history: (ms since the epoch, degrees C) in any order, a year or more.

    Raises:
        TooLittleData: a month lacks an hour of the day on too many days; a gap must not pass for a climate.
    """
    pairs = list(hours)
    at = np.array([ms for ms, _ in pairs], "datetime64[ms]")  # [n]
    temperature = np.array([value for _, value in pairs], float)  # [n]
    month = at.astype("datetime64[M]").astype(int) % MONTHS
    hour = at.astype("datetime64[h]").astype(int) % HOURS
    bins = month * HOURS + hour
    counts = np.bincount(bins, minlength=MONTHS * HOURS)
    if counts.min() < MIN_SAMPLES:
        worst = int(counts.argmin())
        place = f"month {worst // HOURS + 1} at {worst % HOURS:02}:00 UTC"
        raise TooLittleData(f"{place} has {counts[worst]} values, {MIN_SAMPLES} are needed for a normal")
    means = np.bincount(bins, weights=temperature, minlength=MONTHS * HOURS) / counts
    return Normals(means.reshape(MONTHS, HOURS).astype(np.float32))


def normals_row(normals: Normals, computed_ms: int) -> Row:
    """The row under keys.weather_normal."""
    return {"format": FORMAT, "means_c": normals.to_bytes(), "computed_ms": computed_ms}


def parse_normals(row: Row | Absent) -> StoredNormals | None:
    """The normals in a row, None when there are none or they are damaged."""
    if isinstance(row, Absent):
        return None
    match row:
        case {"format": 1, "means_c": bytes(packed), "computed_ms": int(computed_ms)}:
            if len(packed) != MONTHS * HOURS * 4:
                return None
            means = np.frombuffer(packed, "<f4").reshape(MONTHS, HOURS)
            if np.isfinite(means).all() and np.abs(means).max() <= 90:
                return StoredNormals(Normals(means), computed_ms)
    return None

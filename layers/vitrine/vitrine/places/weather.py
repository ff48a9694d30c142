"""The weather of a cell: its row in the table, and what decisions may believe of it.

The row holds integers (tenths where digits count), because the table takes nothing else. Whatever is missing, damaged
or past its time is unknown: a campaign for the heat must never run on yesterday's sun.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from vitrine.ports import Observation
from vitrine.types import Absent, Attribute, Row
from vitrine.values import dataclass

Condition = Literal["clear", "cloudy", "fog", "drizzle", "rain", "snow", "thunder"]

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
TTL_MS: Final = 2 * HOUR_MS
"""For so long after it was made an observation may be used: three half-hourly runs may fail before it is unknown."""
MAX_AGE_MS: Final = TTL_MS
"""An observation that is older when it is fetched tells of a source that stands still."""
MAX_AHEAD_MS: Final = 10 * MINUTE_MS
MAX_LIFE_MS: Final = 24 * HOUR_MS
"""No row lives longer, whoever wrote it."""
KEPT_S: Final = 86_400
"""An expired row is kept for a day, so that an operator sees since when the weather is missing."""

CONDITIONS: Final[Mapping[int, Condition]] = {
    **dict.fromkeys((0, 1), "clear"),
    **dict.fromkeys((2, 3), "cloudy"),
    **dict.fromkeys((45, 48), "fog"),
    **dict.fromkeys((51, 53, 55, 56, 57), "drizzle"),
    **dict.fromkeys((61, 63, 65, 66, 67, 80, 81, 82), "rain"),
    **dict.fromkeys((71, 73, 75, 77, 85, 86), "snow"),
    **dict.fromkeys((95, 96, 99), "thunder"),
}
"""WMO code table 4677, as far as weather models give it:
https://open-meteo.com/en/docs#weather_variable_documentation"""

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "temperature_c": (-90.0, 60.0),
    "feels_like_c": (-120.0, 80.0),
    "precipitation_mm": (0.0, 350.0),
    "wind_kmh": (0.0, 450.0),
    "cloud_pct": (0.0, 100.0),
    "anomaly_c": (-60.0, 60.0),
}
"""What is physically plausible: a little beyond the records of https://wmo.asu.edu (-89.2 and 56.7 degrees C, 305 mm
in an hour, gusts of 408 km/h)."""

TENTHS: Final = {
    "temperature_c": "temperature_dc",
    "feels_like_c": "feels_like_dc",
    "precipitation_mm": "precipitation_dmm",
    "wind_kmh": "wind_dkmh",
    "anomaly_c": "anomaly_dc",
}
"""Attributes of the row that count tenths of the unit."""
INTEGERS: Final = (*TENTHS.values(), "cloud_pct", "code", "observed_ms", "expires_ms", "rev")


@dataclass(frozen=True, slots=True)
class Weather:
    """The weather at `observed_ms`. `code` is WMO's; `precipitation_mm` fell in the interval before (15 min to 1 h).

    `anomaly_c` is how much warmer it is than normal for place, date and hour; None when no normal is known.
    `source` is who said so: "open-meteo", "simulated" for what a service made up, or "manual" for what an operator set.
    """

    temperature_c: float
    feels_like_c: float
    precipitation_mm: float
    wind_kmh: float
    cloud_pct: int
    code: int
    anomaly_c: float | None
    is_day: bool
    observed_ms: int
    source: str

    @property
    def condition(self) -> Condition:
        """What the code means in one word."""
        return CONDITIONS[self.code]


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of weather, whether or not it may still be used. `validator` is the source's name of this answer."""

    weather: Weather
    expires_ms: int
    rev: int
    validator: str | None

    def is_expired(self, now_ms: int) -> bool:
        """Whether its time is over."""
        return self.expires_ms <= now_ms


def weather_of(observation: Observation, source: str, anomaly_c: float | None) -> Weather:
    """The observation with who made it and how unusual it is."""
    return Weather(
        temperature_c=observation.temperature_c,
        feels_like_c=observation.feels_like_c,
        precipitation_mm=observation.precipitation_mm,
        wind_kmh=observation.wind_kmh,
        cloud_pct=observation.cloud_pct,
        code=observation.code,
        anomaly_c=anomaly_c,
        is_day=observation.is_day,
        observed_ms=observation.observed_ms,
        source=source,
    )


def parse_weather(row: Row | Absent, now: datetime) -> Weather | None:
    """The weather in a row, None when there is no row, it was not read, is damaged, or its time is over or to come."""
    now_ms = int(now.timestamp() * 1000)
    stored = parse_stored(row)
    if stored is None or stored.is_expired(now_ms) or stored.weather.observed_ms > now_ms + MAX_AHEAD_MS:
        return None
    return stored.weather


def parse_stored(row: Row | Absent) -> Stored | None:
    """The row as it is, expired or not; None when there is none or it is damaged."""
    if isinstance(row, Absent) or any(type(row.get(name)) is bool for name in INTEGERS):  # a boolean is an int, too
        return None
    weather, validator = _weather_in(row), row.get("validator")
    match row:
        case {"expires_ms": int(expires_ms), "rev": int(rev)} if weather is not None:
            is_sound = not faults_of(weather) and 0 < expires_ms - weather.observed_ms <= MAX_LIFE_MS
            known = validator if isinstance(validator, str) else None
            return Stored(weather, expires_ms, rev, known) if is_sound else None
    return None


def _weather_in(row: Row) -> Weather | None:
    """What the row tells, plausible or not; None when some of it is missing or of another type."""
    match row:
        case {
            "temperature_dc": int(temperature),
            "feels_like_dc": int(feels_like),
            "precipitation_dmm": int(precipitation),
            "wind_dkmh": int(wind),
            "cloud_pct": int(cloud),
            "code": int(code),
            "is_day": bool(is_day),
            "observed_ms": int(observed_ms),
            "source": str(source),
        }:
            anomaly = row.get("anomaly_dc")
            return Weather(
                temperature_c=temperature / 10,
                feels_like_c=feels_like / 10,
                precipitation_mm=precipitation / 10,
                wind_kmh=wind / 10,
                cloud_pct=cloud,
                code=code,
                anomaly_c=anomaly / 10 if isinstance(anomaly, int) else None,
                is_day=is_day,
                observed_ms=observed_ms,
                source=source,
            )
    return None


def weather_row(weather: Weather, expires_ms: int, rev: int, validator: str | None = None) -> Row:
    """The row under keys.weather; `ttl` lets the table forget it a day after it expired.

    Raises:
        ValueError: the weather is not plausible; see `faults_of`.
    """
    faults = faults_of(weather)
    if faults:
        raise ValueError("; ".join(faults))
    row: dict[str, Attribute] = {
        attribute: round(value * 10)
        for name, attribute in TENTHS.items()
        if (value := getattr(weather, name)) is not None
    }
    row |= {"cloud_pct": weather.cloud_pct, "code": weather.code, "is_day": weather.is_day, "source": weather.source}
    row |= {
        "observed_ms": weather.observed_ms,
        "expires_ms": expires_ms,
        "ttl": expires_ms // 1000 + KEPT_S,
        "rev": rev,
    }
    return row | ({"validator": validator} if validator else {})


def faults_of(weather: Weather) -> list[str]:
    """What cannot be true of it, each in words; empty when all is plausible. NaN is never plausible."""
    faults = [] if weather.code in CONDITIONS else [f"weather code {weather.code} is not one that we know"]
    for name, (low, high) in LIMITS.items():
        value = getattr(weather, name)
        if value is not None and not low <= value <= high:
            faults.append(f"{name} {value} is not between {low:g} and {high:g}")
    return faults

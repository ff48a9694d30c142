"""Simulated weather by a declared formula, for a laptop without a weather service. It is nobody's measurement.

Temperature is a mean by latitude, a yearly and a daily sinusoid, and noise that is constant for three hours in a cell.
Rain, cloud and wind are told from the same noise. The same seed gives the same weather, so that past hours, from which
normals are computed, and the present are of one climate.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import cos, pi, radians, sin
from statistics import NormalDist
from typing import Final

HOUR_S: Final = 3_600
DAY_S: Final = 24 * HOUR_S
YEAR_S: Final = 365.2425 * DAY_S
BLOCK_S: Final = 3 * HOUR_S
WARMEST_DAY_S: Final = 200 * DAY_S
"""Northern summer's peak, counted from the first of January: the sea and the ground lag a month behind the sun."""
WARMEST_HOUR: Final = 15.0
NOISE_C: Final = 3.0


@dataclass(frozen=True, slots=True)
class SimulatedWeather:
    """Values in the units of Open-Meteo's defaults."""

    temperature_c: float
    feels_like_c: float
    precipitation_mm: float
    wind_kmh: float
    cloud_pct: int
    code: int
    is_day: bool


def temperature_c(lat: float, lon: float, at_s: int, seed: str) -> float:
    """Simulated temperature at seconds since the epoch, in degrees C."""
    mean = 28.0 - 38.0 * sin(radians(lat)) ** 2
    seasonal = 22.0 * sin(radians(abs(lat))) * (1 if lat >= 0 else -1) * cos(2 * pi * (at_s - WARMEST_DAY_S) / YEAR_S)
    daily = 5.0 * cos(radians(lat)) * cos(2 * pi * (_solar_hour(lon, at_s) - WARMEST_HOUR) / 24)
    return mean + seasonal + daily + NOISE_C * _noise(lat, lon, at_s, f"{seed}/temperature")


def simulate(lat: float, lon: float, at_s: int, seed: str) -> SimulatedWeather:
    """Simulated weather at seconds since the epoch."""
    temperature = round(temperature_c(lat, lon, at_s, seed), 1)
    sky, gust = _noise(lat, lon, at_s, f"{seed}/sky"), _noise(lat, lon, at_s, f"{seed}/wind")
    wind = round(10.0 + 6.0 * abs(gust), 1)
    precipitation = round(max(0.0, sky - 1.0) * 3.0, 1)
    return SimulatedWeather(
        temperature_c=temperature,
        feels_like_c=round(temperature - 0.1 * wind + 1.0, 1),
        precipitation_mm=precipitation,
        wind_kmh=wind,
        cloud_pct=round(100 * NormalDist().cdf(sky)),
        code=_code(temperature, precipitation, sky),
        is_day=6.0 <= _solar_hour(lon, at_s) < 18.0,
    )


def _code(temperature: float, precipitation: float, sky: float) -> int:
    """WMO code: clear, cloudy, drizzle, rain or snow."""
    if precipitation > 0:
        return 73 if temperature <= 0 else 51 if precipitation < 0.5 else 63
    return 3 if sky > 0 else 0


def _solar_hour(lon: float, at_s: int) -> float:
    return (at_s % DAY_S / HOUR_S + lon / 15) % 24


def _noise(lat: float, lon: float, at_s: int, what: str) -> float:
    """A standard normal number per cell of half a degree, block of three hours and purpose."""
    return _standard_normal(f"{what}/{round(lat * 2)}/{round(lon * 2)}/{at_s // BLOCK_S}")


@lru_cache(maxsize=64)  # consecutive hours of an archive share their block
def _standard_normal(name: str) -> float:
    number = int.from_bytes(blake2b(name.encode(), digest_size=8).digest())
    return NormalDist().inv_cdf((number + 0.5) / 2**64)

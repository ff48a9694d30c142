"""Answers of an Open-Meteo-compatible service, taken only when they are what was asked for.

The units must be those we count in, numbers finite and plausible, the time of a moment ago, as many places as asked,
each near where we asked. One bad place among many is named and spoils no other.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Any, Final

from vitrine.places.weather import LIMITS, MAX_AGE_MS, MAX_AHEAD_MS, MINUTE_MS, faults_of, weather_of
from vitrine.ports import NoObservation, Observation, Spot

CURRENT: Final[Mapping[str, str | None]] = {
    "temperature_2m": "°C",
    "apparent_temperature": "°C",
    "precipitation": "mm",
    "wind_speed_10m": "km/h",
    "cloud_cover": "%",
    "weather_code": None,
    "is_day": None,
}
"""What is asked of the present, with its unit; None where there is but one."""
HOURLY: Final[Mapping[str, str]] = {"temperature_2m": "°C"}
SIMULATED: Final = "simulated"
"""A field of answers that are no weather, and the source of what they tell: the demo's service sets it."""
UNIX_TIME: Final = "unixtime"
MAX_OFFSET_DEG: Final = 1.0
"""A service answers for the nearest point of its model's grid; farther away it is somebody else's answer."""


class InvalidAnswer(Exception):
    """An answer, or the part of one that is about one place, is not what was asked for. The message says why."""


def parse_current(body: bytes, spots: Sequence[Spot], now: datetime) -> Mapping[str, Observation | NoObservation]:
    """What the answer says of each spot, or what is wrong with that.

    Raises:
        InvalidAnswer: the answer as a whole cannot be used.
    """
    parsed = _loads(body)
    answers = parsed if isinstance(parsed, list) else [parsed]  # one place is answered without a list
    if len(answers) != len(spots):
        raise InvalidAnswer(f"it answers for {len(answers)} places instead of {len(spots)}")
    now_ms = int(now.timestamp() * 1000)
    return {spot.cell: _current(answer, spot, now_ms) for spot, answer in zip(spots, answers, strict=True)}


def parse_history(body: bytes) -> Sequence[tuple[int, float]]:
    """(ms since the epoch, degrees C) of every hour that has a temperature.

    Raises:
        InvalidAnswer: it is damaged, in other units, or a number is not plausible.
    """
    answer = _mapping(_loads(body), "the answer")
    _check_units(answer, "hourly", HOURLY)
    hourly = _mapping(answer.get("hourly"), "hourly")
    times, values = hourly.get("time"), hourly.get("temperature_2m")
    if not isinstance(times, list) or not isinstance(values, list) or len(times) != len(values):
        raise InvalidAnswer("hourly times and temperatures do not match")
    low, high = LIMITS["temperature_c"]
    hours = []
    for at, value in zip(times, values, strict=True):
        if value is None:
            continue
        if type(at) is not int or not low <= _number(value, "a temperature of the archive") <= high:
            raise InvalidAnswer(f"an hour of the archive is not plausible: {_shown(at)}, {_shown(value)}")
        hours.append((at * 1000, float(value)))
    return hours


def _loads(body: bytes) -> object:
    """Any JSON. NaN and its like become texts, which are refused where a number is needed: only their place is bad."""
    try:
        parsed: object = json.loads(body.decode("utf-8"), parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer("it is not JSON") from error
    return parsed


def _current(answer: object, spot: Spot, now_ms: int) -> Observation | NoObservation:
    try:
        place = _mapping(answer, "the place")
        _check_position(place, spot)
        _check_units(place, "current", CURRENT)
        observation = _observation(_mapping(place.get("current"), "current"), now_ms)
        return replace(observation, source=SIMULATED) if place.get(SIMULATED) is True else observation
    except InvalidAnswer as error:
        return NoObservation(str(error))


def _observation(current: Mapping[str, Any], now_ms: int) -> Observation:
    values = {name: _number(current.get(name), name) for name in CURRENT}
    if values["is_day"] not in (0, 1) or values["weather_code"] % 1:
        raise InvalidAnswer("is_day and weather_code must be whole numbers")
    observation = Observation(
        temperature_c=values["temperature_2m"],
        feels_like_c=values["apparent_temperature"],
        precipitation_mm=values["precipitation"],
        wind_kmh=values["wind_speed_10m"],
        cloud_pct=round(values["cloud_cover"]),
        code=int(values["weather_code"]),
        is_day=values["is_day"] == 1,
        observed_ms=_observed_ms(current.get("time"), now_ms),
    )
    faults = faults_of(weather_of(observation, "", None))
    if faults:
        raise InvalidAnswer("; ".join(faults))
    return observation


def _observed_ms(at: object, now_ms: int) -> int:
    if type(at) is not int:
        raise InvalidAnswer(f"its time is {_shown(at)}, not seconds since the epoch")
    observed_ms = at * 1000
    if observed_ms > now_ms + MAX_AHEAD_MS:
        raise InvalidAnswer(f"its time is {(observed_ms - now_ms) // MINUTE_MS} minutes ahead")
    if observed_ms < now_ms - MAX_AGE_MS:
        raise InvalidAnswer(f"it is {(now_ms - observed_ms) // MINUTE_MS} minutes old")
    return observed_ms


def _check_position(place: Mapping[str, Any], spot: Spot) -> None:
    lat, lon = _number(place.get("latitude"), "latitude"), _number(place.get("longitude"), "longitude")
    across = abs((lon - spot.lon + 180.0) % 360.0 - 180.0)
    if abs(lat - spot.lat) > MAX_OFFSET_DEG or across > MAX_OFFSET_DEG:
        raise InvalidAnswer(f"it is about another place, {lat:.2f}, {lon:.2f}")


def _check_units(answer: Mapping[str, Any], block: str, asked: Mapping[str, str | None]) -> None:
    units = _mapping(answer.get(f"{block}_units"), f"{block}_units")
    for name, unit in {"time": UNIX_TIME, **asked}.items():
        if unit is not None and units.get(name) != unit:
            raise InvalidAnswer(f"{name} is in {_shown(units.get(name))} instead of {unit}")


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidAnswer(f"{what} is missing or of another form")
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidAnswer(f"{what} is {_shown(value)}, not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise InvalidAnswer(f"{what} is too large") from error
    if not isfinite(number):
        raise InvalidAnswer(f"{what} is not finite")
    return number


def _shown(value: object) -> str:
    """The beginning of a value of theirs, safe in a line of a log."""
    return ascii(value)[:40]

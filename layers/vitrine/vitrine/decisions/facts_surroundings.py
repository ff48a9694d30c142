"""Facts of where and when: the clock and the calendar of the visitor's region, the place, the weather there."""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_args

from vitrine.decisions.context import RegionSource
from vitrine.decisions.facts_sources import Compute, Fact, Sources, boolean, number, string
from vitrine.places.calendar import HOLIDAY_HORIZON_DAYS, SEASONS, WEEKDAYS, Daypart, LocalDay, is_open
from vitrine.places.weather import CONDITIONS, Weather


def _of_day(look: Callable[[LocalDay], Any]) -> Compute:
    """What the local day says; unknown where the store does not describe the region."""

    def compute(known: Sources) -> Any:  # noqa: ANN401 - as Compute
        return None if known.day is None else look(known.day)

    return compute


def _of_weather(look: Callable[[Weather], Any]) -> Compute:
    """What the weather says; unknown when it was not read or is out of date."""

    def compute(known: Sources) -> Any:  # noqa: ANN401 - as Compute
        return None if known.weather is None else look(known.weather)

    return compute


def _country(known: Sources) -> str | None:
    of_region = None if known.region is None else known.region.country
    return known.context.request.viewer.country or of_region


def _distance_km(known: Sources) -> float | None:
    return None if known.nearest is None else round(known.nearest[1], 1)


def _shop(known: Sources) -> str | None:
    return None if known.nearest is None else known.nearest[0].id


def _is_shop_open(known: Sources) -> bool | None:
    """By the clock of the shop's own region, which need not be the visitor's."""
    if known.nearest is None:
        return None
    shop = known.nearest[0]
    region = known.store.places.regions.get(shop.region or known.context.region)
    return None if region is None else is_open(shop, known.context.now, region.timezone)


TIME_FACTS: Final[Mapping[str, Fact]] = {
    "time.hour": number("hour of the local day, 0 to 23", _of_day(lambda day: day.at.hour)),
    "time.minute": number("minute of the hour, 0 to 59", _of_day(lambda day: day.at.minute)),
    "time.daypart": string("part of the local day", _of_day(lambda day: day.daypart), get_args(Daypart)),
    "time.weekday": string("day of the week", _of_day(lambda day: day.weekday), WEEKDAYS),
    "time.weekend": boolean("whether it is Saturday or Sunday", _of_day(lambda day: day.is_weekend)),
    "time.month": number("month, 1 to 12", _of_day(lambda day: day.at.month)),
    "time.date": string('local date, such as "2026-11-22"', _of_day(lambda day: day.at.date().isoformat())),
    "time.season": string("meteorological season of the region's hemisphere", _of_day(lambda d: d.season), SEASONS),
    "time.holiday": string("public holiday of today", _of_day(lambda day: day.holiday)),
    "time.next_holiday": string(
        f"public holiday of today or of the next {HOLIDAY_HORIZON_DAYS} days", _of_day(lambda day: day.next_holiday)
    ),
    "time.days_to_holiday": number("days until that one, 0 is today", _of_day(lambda day: day.days_to_holiday)),
}

PLACE_FACTS: Final[Mapping[str, Fact]] = {
    "place.region": string("delivery region", lambda known: known.context.region),
    "place.region_source": string("who says so", lambda known: known.context.region_source, get_args(RegionSource)),
    "place.country": string("country, ISO 3166-1 alpha-2", _country),
    "place.city": string(
        "city that the network names; needs consent to geo", lambda known: known.context.request.viewer.city
    ),
    "place.distance_km": number(
        "kilometres to the nearest shop, from coordinates rounded to 0.1 degree; needs consent to geo", _distance_km
    ),
    "place.shop": string("id of the nearest shop; needs consent to geo", _shop),
    "place.shop_open": boolean("whether it is open now", _is_shop_open),
}

WEATHER_FACTS: Final[Mapping[str, Fact]] = {
    "weather.temperature_c": number("air temperature, degrees Celsius", _of_weather(lambda w: w.temperature_c)),
    "weather.feels_like_c": number("apparent temperature, degrees Celsius", _of_weather(lambda w: w.feels_like_c)),
    "weather.precipitation_mm": number("millimetres in the last interval", _of_weather(lambda w: w.precipitation_mm)),
    "weather.wind_kmh": number("wind at 10 m, km/h", _of_weather(lambda w: w.wind_kmh)),
    "weather.cloud_pct": number("cloud cover, percent", _of_weather(lambda w: w.cloud_pct)),
    "weather.code": number("WMO weather code (table 4677)", _of_weather(lambda w: w.code)),
    "weather.condition": string(
        "the code in one word",
        _of_weather(lambda w: CONDITIONS.get(w.code)),
        tuple(dict.fromkeys(CONDITIONS.values())),
    ),
    "weather.anomaly_c": number(
        "degrees warmer than normal for place, date and hour", _of_weather(lambda w: w.anomaly_c)
    ),
    "weather.is_day": boolean("whether the sun is up", _of_weather(lambda w: w.is_day)),
}

"""Public holidays of a region, written down when the store is compiled: serving carries no calendar of the world."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from vitrine.errors import InvalidStore

ENGLISH: Final = "en_US"  # names in English are there for every country of the package


def public_holidays(country: str, subdivisions: Iterable[str], years: Sequence[int]) -> Mapping[date, str] | None:
    """Dates and English names; of several subdivisions only what all of them keep. None for an unknown country.

    A subdivision that the package `holidays` does not know has the country's. No years, no holidays: then the package
    is not needed.

    Raises:
        InvalidStore: the package is not installed.
    """
    if not years:
        return {}
    try:
        import holidays  # only where stores are compiled, not where decisions are served
    except ModuleNotFoundError as error:
        raise InvalidStore("public holidays need the package holidays; install vitrine[refresh]") from error
    subdivided = holidays.list_supported_countries(include_aliases=True)
    if country not in subdivided:
        return None
    listed: list[str | None] = [code for code in subdivisions if code in subdivided[country]]
    known = listed or [None]
    calendars = [
        holidays.country_holidays(country, subdiv=code, years=years, language=ENGLISH) for code in known or [None]
    ]
    shared = set.intersection(*(set(calendar) for calendar in calendars))
    return {day: str(calendars[0][day]) for day in sorted(shared)}

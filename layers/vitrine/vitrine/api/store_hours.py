"""Opening hours as people write them: {"mon-fri": "08:00-22:00", "sat": "09:00-18:00", "sun": "closed"}."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from vitrine.places.calendar import DAY_MINUTES, WEEKDAYS

CLOSED: Final = "closed"
_SPAN: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_REMEDY: Final = 'write days as "mon" or "mon-fri" and hours as "08:00-22:00" or "closed"'

Week = tuple[tuple[int, int] | None, ...]


def parse_hours(hours: Mapping[str, str]) -> Week:
    """Opening and closing minute per weekday, Monday first. Hours past midnight close above 1440: 20:00-02:00.

    Raises:
        ValueError: a day or an hour is not of the form, or a day is named twice; a remedy follows the semicolon.
    """
    week: dict[int, tuple[int, int] | None] = {}
    for days, span in hours.items():
        for day in _days(days):
            if day in week:
                raise ValueError(f"{WEEKDAYS[day]} stands twice; name each day once")
            week[day] = _minutes(span)
    return tuple(week.get(day) for day in range(len(WEEKDAYS)))


def _days(text: str) -> Iterator[int]:
    """Indices of a day or of a span of days, which may go over the end of the week: sat-mon."""
    first, _, last = text.partition("-")
    if first not in WEEKDAYS or (last or first) not in WEEKDAYS or text.endswith("-"):
        raise ValueError(f"{text!r} is not a day or a span of days; {_REMEDY}")
    start = WEEKDAYS.index(first)
    length = (WEEKDAYS.index(last or first) - start) % len(WEEKDAYS) + 1
    return ((start + n) % len(WEEKDAYS) for n in range(length))


def _minutes(span: str) -> tuple[int, int] | None:
    if span == CLOSED:
        return None
    found = _SPAN.fullmatch(span)
    if not found:
        raise ValueError(f"{span!r} is not a span of hours; {_REMEDY}")
    opens, closes = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
    if opens >= DAY_MINUTES or closes > DAY_MINUTES:
        raise ValueError(f"{span!r} goes beyond 24:00; hours past midnight are written 20:00-02:00")
    if opens == closes:
        raise ValueError(f"{span!r} is empty; write 00:00-24:00 for the whole day or closed")
    return opens, closes if closes > opens else closes + DAY_MINUTES

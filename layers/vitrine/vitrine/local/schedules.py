"""EventBridge's schedule expressions: when `rate(...)` and `cron(...)` fire next."""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitrine.errors import LocalStackError

NextFiring: TypeAlias = Callable[[datetime], datetime]
"""The first firing after an aware instant."""

RATE: Final = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
CRON: Final = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
SEARCHED_DAYS: Final = 366 * 8  # 29 February is at most eight years away


def parse_schedule(expression: str, timezone: str = "UTC") -> NextFiring:
    """When the expression fires next, given an instant.

    Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html. Of cron's day
    wildcards `L` is supported, `W` and `#` are not.

    Raises:
        LocalStackError: it is not a rate or cron expression that we understand.
    """
    if rate := RATE.fullmatch(expression):
        period = timedelta(**{f"{rate[2]}s": int(rate[1])})
        if not period:
            raise LocalStackError(f"schedule {expression}: the rate must be positive")
        return lambda now: now + period
    if cron := CRON.fullmatch(expression):
        try:
            zone = UTC if timezone == "UTC" else ZoneInfo(timezone)  # UTC needs no time zone database
            return Cron.from_fields(*cron.groups(), zone=zone).next_after
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise LocalStackError(f"schedule {expression}: {error}") from error
    raise LocalStackError(f"schedule {expression}: only rate(...) and cron(...) with six fields run locally")


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression as the sets of values it allows."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int]
    last_day: bool
    zone: tzinfo

    @classmethod
    def from_fields(
        cls, minutes: str, hours: str, days: str, months: str, weekdays: str, years: str, *, zone: tzinfo
    ) -> "Cron":
        """The six fields of EventBridge's cron; weekdays run from 1 (Sunday) to 7."""
        if (days == "?") == (weekdays == "?"):
            raise ValueError("exactly one of day-of-month and day-of-week must be ?")
        return cls(
            minutes=parse_field(minutes, 0, 59),
            hours=parse_field(hours, 0, 23),
            days=frozenset() if days == "L" else parse_field(days, 1, 31),
            months=parse_field(months, 1, 12, MONTHS),
            weekdays=parse_field(weekdays, 1, 7, WEEKDAYS),
            years=parse_field(years, 1970, 2199),
            last_day=days == "L",
            zone=zone,
        )

    def next_after(self, now: datetime) -> datetime:
        """The first firing after `now`, in `now`'s zone."""
        local = now.astimezone(self.zone)
        for day in (local.date() + timedelta(days=n) for n in range(SEARCHED_DAYS)):
            if not self.allows(day):
                continue
            for moment in self.times():
                firing = datetime.combine(day, moment, self.zone)
                if firing > local:
                    return firing.astimezone(now.tzinfo)
        raise ValueError("it never fires again")

    def allows(self, day: date) -> bool:
        """Whether it fires on this day."""
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.last_day:
            return day.day == calendar.monthrange(day.year, day.month)[1]
        return day.day in self.days and day.isoweekday() % 7 + 1 in self.weekdays

    def times(self) -> Iterator[time]:
        """Its times of day, ascending."""
        return (time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes))


def parse_field(text: str, low: int, high: int, names: tuple[str, ...] = ()) -> frozenset[int]:
    """The values that one field allows: `*`, `?`, numbers, names, ranges, lists and steps."""

    def number(word: str) -> int:
        value = names.index(word.upper()) + low if word.upper() in names else int(word)
        if not low <= value <= high:
            raise ValueError(f"{word} is not between {low} and {high}")
        return value

    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        if span in {"*", "?"}:
            first, last = low, high
        else:
            start, _, end = span.partition("-")
            first = number(start)
            last = number(end) if end else high if step else first
        if first > last:
            raise ValueError(f"the range {span} runs backwards")
        values.update(range(first, last + 1, int(step or 1)))
    return frozenset(values)

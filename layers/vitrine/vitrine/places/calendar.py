"""What a clock on the wall and a calendar on it say at a place: part of the day, weekday, season, holidays, hours.

Instants are UTC; only here do they become local, so a change to summer time cannot shift anything that was computed.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from vitrine.places.regions import Region, Shop
from vitrine.values import dataclass

Daypart = Literal["night", "morning", "midday", "afternoon", "evening"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Season = Literal["winter", "spring", "summer", "autumn"]

DAYPARTS: Final[tuple[tuple[int, Daypart], ...]] = (
    (6, "night"),
    (11, "morning"),
    (14, "midday"),
    (18, "afternoon"),
    (24, "evening"),
)
"""Each part of the day with the hour at which it ends; the night is the first."""
WEEKDAYS: Final[tuple[Weekday, ...]] = get_args(Weekday)
SEASONS: Final[tuple[Season, ...]] = get_args(Season)
HOLIDAY_HORIZON_DAYS: Final = 14
DAY_MINUTES: Final = 1_440


@dataclass(frozen=True, slots=True)
class LocalDay:
    """An instant as a region sees it. `season` is None without a latitude.

    `holiday` is today's; `next_holiday` is the first one from today on within 14 days, in `days_to_holiday` days
    (0 is today), and both are None when there is none or when the store's calendar does not reach so far.
    """

    at: datetime
    daypart: Daypart
    weekday: Weekday
    is_weekend: bool
    season: Season | None
    holiday: str | None
    next_holiday: str | None
    days_to_holiday: int | None


def local_day(now: datetime, region: Region) -> LocalDay:
    """What clock and calendar of the region say at an aware instant."""
    at = local_time(now, region.timezone)
    day = at.date()
    ahead = ((days, region.holidays.get(day + timedelta(days=days))) for days in range(HOLIDAY_HORIZON_DAYS + 1))
    coming = next(((days, name) for days, name in ahead if name is not None), None)
    return LocalDay(
        at=at,
        daypart=daypart(at.hour),
        weekday=WEEKDAYS[at.weekday()],
        is_weekend=at.weekday() >= WEEKDAYS.index("sat"),
        season=None if region.lat is None else season(at.month, region.lat),
        holiday=region.holidays.get(day),
        next_holiday=coming[1] if coming else None,
        days_to_holiday=coming[0] if coming else None,
    )


def local_time(now: datetime, timezone: str) -> datetime:
    """The aware instant in an IANA zone, which the store's compiler has checked."""
    return now.astimezone(ZoneInfo(timezone))


def daypart(hour: int) -> Daypart:
    """The part of the day of an hour 0..23."""
    return next(name for end, name in DAYPARTS if hour < end)


def season(month: int, lat: float) -> Season:
    """The meteorological season: whole months, winter from December in the north and from June in the south."""
    northern = month % 12 // 3
    return SEASONS[northern if lat >= 0 else (northern + 2) % 4]


def is_open(shop: Shop, now: datetime, timezone: str) -> bool | None:
    """Whether a shop is open at an aware instant, None when its hours are not known."""
    if not shop.hours:
        return None
    at = local_time(now, timezone)
    minute = at.hour * 60 + at.minute
    today, yesterday = shop.hours[at.weekday()], shop.hours[at.weekday() - 1]
    return _spans(today, minute) or _spans(yesterday, minute + DAY_MINUTES)


def _spans(hours: tuple[int, int] | None, minute: int) -> bool:
    return hours is not None and hours[0] <= minute < hours[1]

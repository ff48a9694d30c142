"""What calls for a message: pure functions of what a person did and of what was noticed around them.

Nothing is kept of a trigger: it is found anew each time somebody looks, so a purchase, a sold-out item or a late event
takes back what it makes pointless, and the order in which things were heard of does not matter.
"""

from calendar import isleap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from vitrine.outreach.messages import Interest, Trigger, TriggerKind
from vitrine.outreach.state import Note
from vitrine.types import ItemId
from vitrine.values import dataclass
from vitrine.visitors.history import Record
from vitrine.visitors.profile import Profile

ORDER_MS: Final = 6 * 3_600_000
"""Purchases of so long before the newest are of one order with it: profiles keep no order numbers."""

RECENT_VIEWS: Final = 30
ACTIONS: Final = ("enter", "exit", "dwell")
"""A geofence note's value is the place of its action here."""


@dataclass(frozen=True, slots=True)
class Good:
    """What a trigger asks of an item's card, for the person's region. Prices in minor units."""

    price: int
    regular_price: int
    category: str
    in_stock: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """All that triggers look at. `goods` are the items whose cards were found; `zone` is the person's if known."""

    profile: Profile
    notes: Sequence[Note]
    goods: Mapping[ItemId, Good]
    zone: tzinfo
    now_ms: int

    def lane(self, name: str) -> Sequence[Record]:
        """Records of a lane, newest first."""
        return self.profile.history.get(name, ())  # type: ignore[call-overload, no-any-return]

    @property
    def last_ms(self) -> int | None:
        """When the person last did anything, None if never."""
        return max((records[0].at_ms for records in self.profile.history.values() if records), default=None)

    def views(self, since_ms: int) -> list[Record]:
        """Views after an instant, newest first."""
        return [record for record in self.lane("view") if record.at_ms > since_ms]

    def newest(self, *lanes: str) -> int:
        """When something was last remembered in these lanes, 0 if never."""
        return max((self.lane(lane)[0].at_ms for lane in lanes if self.lane(lane)), default=0)

    def in_stock(self, items: Iterable[ItemId]) -> tuple[ItemId, ...]:
        """Those of the items that can be bought now, each once."""
        return tuple(item for item in dict.fromkeys(items) if item in self.goods and self.goods[item].in_stock)

    def interests(self, kinds: Iterable[Interest]) -> frozenset[ItemId]:
        """What the person has in the cart, among the favourites, or looked at lately."""
        found: set[ItemId] = set()
        for kind in kinds:
            if kind == "cart":
                found.update(line.item for line in self.profile.cart())
            elif kind == "favourites":
                found.update(self.profile.favourites())
            else:
                found.update(self.profile.recent_items(RECENT_VIEWS))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Call:
    """Something calls for a message: about what, since when, when the first step is due, and which goods are meant."""

    subject: str
    anchor_ms: int
    due_ms: int
    items: tuple[ItemId, ...] = ()


def calls(trigger: Trigger, seen: Seen) -> Iterable[Call]:
    """Everything that calls for the trigger's message now or later, as things stand."""
    return FINDERS[trigger.kind](trigger, seen)


def items_of_interest(profile: Profile, notes: Iterable[Note]) -> tuple[ItemId, ...]:
    """The items whose cards triggers may ask for, each once: at most some 200."""
    bought = (record.what for record in profile.history.get("purchase", ())[:20])
    carted = (line.item for line in profile.cart())
    noted = (note.subject for note in notes if note.kind in ABOUT_ITEMS)
    named = (*carted, *profile.favourites(), *profile.recent_items(RECENT_VIEWS), *bought, *noted)
    return tuple(dict.fromkeys(named))


def _abandoned_cart(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    items = seen.in_stock(line.item for line in seen.profile.cart())
    if items and seen.last_ms is not None:
        yield Call("", seen.newest("cart"), seen.last_ms + trigger.after_s * 1000, items)


def _abandoned_browse(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    last_ms = seen.last_ms
    if last_ms is None or seen.profile.cart():
        return
    since_ms = max(seen.newest("cart", "purchase"), last_ms - trigger.within_s * 1000)
    views = seen.views(since_ms)
    if len({view.what for view in views}) >= trigger.min_views:
        yield Call("", views[0].at_ms, last_ms + trigger.after_s * 1000, seen.in_stock(view.what for view in views))


def _category_interest(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    since_ms = (seen.last_ms or 0) - trigger.within_s * 1000
    by_category: dict[str, list[Record]] = {}
    for view in seen.views(since_ms):
        category = seen.goods[view.what].category if view.what in seen.goods else None
        if category is not None and (trigger.category is None or _is_within(category, trigger.category)):
            by_category.setdefault(trigger.category or category, []).append(view)
    for category, views in by_category.items():
        if len(views) >= trigger.min_views and not _bought_within(category, views[0].at_ms, seen):
            due_ms = views[0].at_ms + trigger.after_s * 1000
            yield Call(category, views[0].at_ms, due_ms, seen.in_stock(view.what for view in views))


def _bought_within(category: str, since_ms: int, seen: Seen) -> bool:
    bought = (record.what for record in seen.lane("purchase") if record.at_ms >= since_ms)
    return any(item in seen.goods and _is_within(seen.goods[item].category, category) for item in bought)


def _is_within(category: str, above: str) -> bool:
    return category == above or category.startswith(above + "/")


def _price_drop(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    for note in _wanted(trigger, seen):
        if seen.goods[note.subject].price <= note.value * (1 - trigger.min_drop):
            yield Call(note.subject, note.at_ms, note.at_ms + trigger.after_s * 1000, (note.subject,))


def _back_in_stock(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    for note in _wanted(trigger, seen):
        yield Call(note.subject, note.at_ms, note.at_ms + trigger.after_s * 1000, (note.subject,))


def _wanted(trigger: Trigger, seen: Seen) -> Iterator[Note]:
    """Notes of the trigger's kind on goods in stock that the person is interested in and has not bought since."""
    interests = seen.interests(trigger.interests)
    for note in _notes(trigger.kind, seen):
        if note.subject in interests and seen.in_stock([note.subject]) and not _bought(note.subject, note.at_ms, seen):
            yield note


def _notes(kind: TriggerKind, seen: Seen) -> Iterator[Note]:
    return (note for note in seen.notes if note.kind == kind)


def _bought(item: ItemId, since_ms: int, seen: Seen) -> bool:
    return any(record.what == item and record.at_ms >= since_ms for record in seen.lane("purchase"))


def _post_purchase(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    last_ms = seen.newest("purchase")
    order = [record.what for record in seen.lane("purchase") if record.at_ms > last_ms - ORDER_MS]
    if order:
        yield Call("", last_ms, last_ms + trigger.after_s * 1000, tuple(dict.fromkeys(order)))


def _replenishment(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    """Called for by the last purchase, not by the date, which every refresh reckons a little otherwise."""
    for note in _notes("replenishment", seen):
        if seen.in_stock([note.subject]) and not _bought(note.subject, note.at_ms, seen):
            due_ms = note.value + (trigger.after_s - trigger.before_s) * 1000
            bought = (record.at_ms for record in seen.lane("purchase") if record.what == note.subject)
            yield Call(note.subject, next(iter(bought), 0), due_ms, (note.subject,))


def _win_back(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    if seen.last_ms is not None:
        yield Call("", seen.last_ms, seen.last_ms + trigger.after_s * 1000)


def _anniversary(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    said = seen.profile.attributes.get(trigger.attribute or "")
    month_day = _month_day(said) if isinstance(said, str) else None
    if month_day is None:
        return
    today = _today(seen)
    for year in (today.year - 1, today.year, today.year + 1):
        due_ms = _local_ms(_of_year(year, *month_day), trigger.at_minute, seen.zone)
        yield Call(str(year), due_ms, due_ms)


def _month_day(said: str) -> tuple[int, int] | None:
    """Month and day of YYYY-MM-DD or MM-DD, None where it is no date."""
    try:
        found = date.fromisoformat(said if len(said) > 5 else f"2000-{said}")
    except ValueError:
        return None
    return found.month, found.day


def _of_year(year: int, month: int, day: int) -> date:
    """The day of a year; who was born on 29 February has the 28th in other years."""
    return date(year, month, 28 if (month, day) == (2, 29) and not isleap(year) else day)


def _weather(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    """Once a day, for who was ever here: the message's condition says whether the weather is the right one."""
    if seen.last_ms is None:
        return
    today = _today(seen)
    for day in (today - timedelta(days=1), today, today + timedelta(days=1)):  # what quiet hours held is of yesterday
        due_ms = _local_ms(day, trigger.at_minute, seen.zone)
        yield Call(day.isoformat(), due_ms, due_ms)


def _today(seen: Seen) -> date:
    return datetime.fromtimestamp(seen.now_ms / 1000, seen.zone).date()


def _local_ms(day: date, minute: int, zone: tzinfo) -> int:
    """The instant of a minute of a local day; one that a clock change leaves out is an hour later or earlier."""
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    return int(local.astimezone(UTC).timestamp() * 1000)


def _geofence(trigger: Trigger, seen: Seen) -> Iterator[Call]:
    for note in _notes("geofence", seen):
        named = not trigger.fences or note.subject in trigger.fences
        if named and 0 <= note.value < len(ACTIONS) and ACTIONS[note.value] in trigger.actions:
            favourites = seen.in_stock(seen.profile.favourites())
            yield Call(note.subject, note.at_ms, note.at_ms + trigger.after_s * 1000, favourites)


ABOUT_ITEMS: Final[frozenset[TriggerKind]] = frozenset(("price_drop", "back_in_stock", "replenishment"))
FINDERS: Final[Mapping[TriggerKind, Callable[[Trigger, Seen], Iterable[Call]]]] = {
    "abandoned_cart": _abandoned_cart,
    "abandoned_browse": _abandoned_browse,
    "category_interest": _category_interest,
    "price_drop": _price_drop,
    "back_in_stock": _back_in_stock,
    "post_purchase": _post_purchase,
    "replenishment": _replenishment,
    "win_back": _win_back,
    "anniversary": _anniversary,
    "weather": _weather,
    "geofence": _geofence,
}

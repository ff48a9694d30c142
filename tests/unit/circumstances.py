"""A store with two regions and a page view with everything there is to know, for unit tests of facts."""

from datetime import UTC, date, datetime
from typing import Any

from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.candidates import Lists, Seed
from vitrine.decisions.context import DecisionRequest, resolve_context
from vitrine.decisions.facts import Facts
from vitrine.decisions.facts_sources import Sources, path_codes
from vitrine.decisions.placements import Store
from vitrine.decisions.visit import at_home, resolve_visit
from vitrine.places.regions import Places, Region, Shop
from vitrine.places.weather import Weather
from vitrine.types import (
    DAY_MS,
    CartLine,
    Event,
    Geo,
    Page,
    Session,
    Signals,
    Traffic,
    Viewer,
)
from vitrine.visitors.profile import Profile

NOW = datetime(2026, 11, 22, 12, 34, tzinfo=UTC)  # a Sunday, 07:34 in Ohio
NOW_MS = int(NOW.timestamp() * 1000)
NINE_TO_FIVE = ((9 * 60, 17 * 60),) * 7
FROM_SEVEN = ((7 * 60, 22 * 60),) * 7

NORTH = Region(
    "north",
    "America/New_York",
    country="US",
    subdivisions=frozenset({"OH"}),
    lat=40.0,
    lon=-83.0,
    holidays={date(2026, 11, 26): "Thanksgiving"},
)
SOUTH = Region("south", "UTC", country="AU", lat=-37.8, lon=145.0, holidays={date(2026, 11, 22): "Cup Day"})
SHOPS = (
    Shop("columbus", {"en": "Columbus"}, 40.0, -83.0, "north", FROM_SEVEN),
    Shop("melbourne", {"en": "Melbourne"}, -37.8, 145.0, "south", NINE_TO_FIVE),
)
STORE = Store(
    "Test",
    "USD",
    ("en", "ru"),
    ("north", "south", "nowhere"),
    "nowhere",
    {},
    places=Places({"north": NORTH, "south": SOUTH}, SHOPS),
    hosts=frozenset({"shop.example"}),
)
WEATHER = Weather(33.4, 35.0, 0.2, 12.5, 40, 63, 6.1, True, NOW_MS, "manual")
MILK = {"department": code("dairy"), "category": code("dairy/milk"), "leaf": code("dairy/milk/whole")}
MILK_CODES = path_codes("dairy/milk/whole")
BREAD_CODES = path_codes("grocery/bread/rolls")
HOME = DecisionRequest(Page("home"))
KNOWN = frozenset({"personalization"})


def facts_of(
    request: DecisionRequest = HOME,
    profile: Profile | None = None,
    lists: Lists | None = None,
    store: Store = STORE,
    now: datetime = NOW,
    **more: Any,
) -> Facts:
    """The facts of a page view; a profile of None was not read."""
    context = at_home(resolve_context("d1", now, request, store), profile, store)
    visit = resolve_visit(context.request, profile, now)
    return Facts(Sources(context, visit, profile, lists or Lists(), store, **more))


def event(kind: Any, days_ago: float, item: str | None = "a", **changes: Any) -> Event:
    """Something the visitor did so many days before now."""
    at_ms = NOW_MS - round(days_ago * DAY_MS)
    return Event(**{"id": f"{kind}-{days_ago}-{item}", "kind": kind, "at_ms": at_ms, "item": item, **changes})


PRODUCT = DecisionRequest(
    page=Page("product", "m1", "dairy/milk", "oat milk", "ru-RU", "https://shop.example/"),
    visitor="h1",
    device_visitor="d1",
    visit=Session(views=3, seconds=95.0),
    traffic=Traffic("google", "cpc", "winter"),
    device="app",
    recent=("b1",),
    cart=(CartLine("b1", 2, 150), CartLine("m1", 1)),
    signals=Signals(exit_intent=True, idle_s=12.0, scroll=0.5, tab_return=True, added_to_cart="m1"),
    viewer=Viewer("US", "OH", "Columbus", Geo(40.0, -83.0)),
    consent=frozenset({"personalization", "geo", "messages"}),
)
PAST = [
    event("view", 10, "m1"),
    event("purchase", 10, "m1", price=300),
    event("purchase", 9, "b1", price=100),
    event("favourite", 8, "f1"),
    event("favourite", 7, "f2"),
    event("favourite", 6, "f1", quantity=0),
]
PROFILE = Profile().apply(PAST).with_attributes("south", {"income": "50-74K", "kids": 2, "owner": True, "share": 0.5})
LISTS = Lists(
    personal=personal(["m1", "b1"], price=[300, 100], discount=[0.1, 0.0], **{k: [v, code(p)] for (k, v), p in zip(
        MILK.items(), ("grocery", "grocery/bread", "grocery/bread/rolls"), strict=True)}),
    shelf=shelf(["a", "b", "c"], price=[100, 200, 300]),
    seeds=[Seed("m1", "page", 1.0, related("m1", price=120, **MILK)), Seed("b1", "cart", 1.0, related("b1"))],
)  # fmt: skip

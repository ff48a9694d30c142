"""Facts: every attribute computed from what feeds it, and unknown where that is missing or was not read."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.circumstances import (
    BREAD_CODES,
    HOME,
    KNOWN,
    LISTS,
    MILK,
    MILK_CODES,
    NOW,
    PRODUCT,
    PROFILE,
    STORE,
    WEATHER,
    event,
    facts_of,
)
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.campaigns import Persona
from vitrine.decisions.candidates import Lists, Seed
from vitrine.decisions.context import Context, DecisionRequest, Preview, resolve_context
from vitrine.decisions.facts import ATTRIBUTES, PERSONA, Declared, Facts, attributes_of
from vitrine.decisions.facts_sources import Sources
from vitrine.decisions.placements import Store
from vitrine.decisions.visit import resolve_visit
from vitrine.rules.conditions import Condition, compile_condition
from vitrine.types import (
    CartLine,
    Event,
    Geo,
    Page,
    Session,
    Viewer,
)
from vitrine.visitors.profile import Profile


def visitor_facts(*events: Event, lists: Lists | None = None, **changes: Any) -> Facts:
    """Facts of a recognised visitor who did this."""
    request = DecisionRequest(**{"page": Page("home"), "visitor": "h1", "consent": KNOWN, **changes})
    return facts_of(request, Profile().apply(events), lists)


def seeds(*items: str, **columns: Any) -> list[Seed]:
    """Rows of these items, as seeds of some role; what role does not matter to facts."""
    return [Seed(item, "cart", 1.0, related(item, **columns)) for item in items]


PREDICTED = {
    "segment": "loyal",
    "p_buy_7d": 0.25,
    "p_buy_30d": 0.75,
    "p_churn": 0.5,
    "order_value": 3_100.0,
    "ltv_12m": 12_000.0,
    "discount_sensitivity": 0.6,
}
FULL = {
    "page.type": "product",
    "page.item": "m1",
    "page.category": "dairy/milk",
    "page.categories": MILK_CODES,
    "page.query": "oat milk",
    "page.locale": "ru",
    "row.category": None,
    "device.kind": "app",
    "device.app": True,
    "traffic.source": "google",
    "traffic.medium": "cpc",
    "traffic.campaign": "winter",
    "traffic.referrer": "ads",
    "session.views": 3,
    "session.seconds": 95.0,
    "signals.exit_intent": True,
    "signals.idle_s": 12.0,
    "signals.scroll": 0.5,
    "signals.tab_return": True,
    "signals.added_to_cart": True,
    "signals.added_item": "m1",
    "consent.personalization": True,
    "consent.geo": True,
    "consent.messages": True,
    "visitor.id": "h1",
    "visitor.device_id": "d1",
    "visitor.known": True,
    "visitor.new": False,
    "visitor.visits": 5,
    "visitor.days_since_last": 6,
    "visitor.purchases": 2,
    "visitor.last_purchase_days": 9,
    "visitor.favourites": ("f2",),
    "cart.value": 2 * 150 + 120,
    "cart.items": 3,
    "cart.products": ("b1", "m1"),
    "cart.categories": (*BREAD_CODES, *MILK_CODES),
    "cart.empty": False,
    "recent.products": ("b1", "m1"),
    "recent.categories": (*BREAD_CODES, *MILK_CODES),
    "affinity.categories": tuple(sorted(MILK_CODES)) + tuple(sorted(BREAD_CODES)),
    "affinity.brands": (code("National"),),
    "affinity.price_band": "mid",
    "affinity.price_rank": pytest.approx(11 / 18),
    "affinity.discount": pytest.approx(2 / 3),
    **{f"predicted.{name}": value for name, value in PREDICTED.items()},
    "visit.intent": "buying",
    "time.hour": 7,
    "time.minute": 34,
    "time.daypart": "morning",
    "time.weekday": "sun",
    "time.weekend": True,
    "time.month": 11,
    "time.date": "2026-11-22",
    "time.season": "autumn",
    "time.holiday": None,
    "time.next_holiday": "Thanksgiving",
    "time.days_to_holiday": 4,
    "place.region": "north",
    "place.region_source": "network",
    "place.country": "US",
    "place.city": "Columbus",
    "place.distance_km": 0.0,
    "place.shop": "columbus",
    "place.shop_open": True,
    "weather.temperature_c": 33.4,
    "weather.feels_like_c": 35.0,
    "weather.precipitation_mm": 0.2,
    "weather.wind_kmh": 12.5,
    "weather.cloud_pct": 40,
    "weather.code": 63,
    "weather.condition": "rain",
    "weather.anomaly_c": 6.1,
    "weather.is_day": True,
}
"""Every attribute that all stores have, with its value for PRODUCT."""

STRANGER = {
    "page.type": "home",
    "page.categories": (),
    "page.locale": "en",
    "device.kind": "desktop",
    "device.app": False,
    "session.views": 0,
    "session.seconds": 0.0,
    "signals.exit_intent": False,
    "signals.idle_s": 0.0,
    "signals.scroll": 0.0,
    "signals.tab_return": False,
    "signals.added_to_cart": False,
    "consent.personalization": False,
    "consent.geo": False,
    "consent.messages": False,
    "visitor.known": False,
    "cart.value": 0,
    "cart.items": 0,
    "cart.products": (),
    "cart.categories": (),
    "cart.empty": True,
    "recent.products": (),
    "recent.categories": (),
    "visit.intent": "looking",
    "place.region": "nowhere",
    "place.region_source": "default",
}
"""All that is known of a page view that says nothing, in a region that the store does not describe."""


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_every_attribute_is_computed(path: str) -> None:
    """From inputs as a page view has them. The table of expectations is complete."""
    assert facts_of(PRODUCT, PROFILE, LISTS, weather=WEATHER, predicted=PREDICTED)(path) == FULL[path]


@pytest.mark.parametrize("path", ATTRIBUTES)
def test_every_attribute_is_unknown_without_its_source(path: str) -> None:
    """A stranger's bare request: nothing is made up, and nothing unknown is zero or false."""
    assert facts_of(HOME, Profile())(path) == STRANGER.get(path)


NOT_READ = {
    "visitor.new",
    "visitor.visits",
    "visitor.days_since_last",
    "visitor.purchases",
    "visitor.last_purchase_days",
    "visitor.favourites",
    "cart.value",
    "cart.items",
    "cart.products",
    "cart.categories",
    "cart.empty",
    "recent.products",
    "recent.categories",
}


@pytest.mark.parametrize("path", sorted(NOT_READ))
def test_a_profile_that_was_not_read_is_not_an_empty_one(path: str) -> None:
    """A recognised visitor's past is unknown while the table is slow; an empty one says none."""
    request = DecisionRequest(Page("home"), visitor="h1", consent=KNOWN)
    assert facts_of(request, None)(path) is None
    never = {"visitor.days_since_last", "visitor.last_purchase_days"}
    assert (facts_of(request, Profile())(path) is None) == (path in never)


def test_the_callers_own_cart_needs_no_profile() -> None:
    """What the page says is known, whatever could not be read."""
    facts = facts_of(replace(PRODUCT, viewer=Viewer()), None, LISTS)
    assert (facts("cart.items"), facts("recent.products"), facts("cart.empty")) == (3, ("b1",), False)


def test_a_remembered_cart_stands_in_for_the_callers() -> None:
    """With its prices; a line whose price nobody knows leaves the sum unknown, not short."""
    bread = event("add_to_cart", 1, "b1", quantity=2, price=90)
    facts = visitor_facts(bread)
    assert (facts("cart.value"), facts("cart.items"), facts("cart.products")) == (180, 2, ("b1",))
    facts = visitor_facts(bread, event("add_to_cart", 1, "m1"))
    assert (facts("cart.value"), facts("cart.items")) == (None, 3)


@pytest.mark.parametrize("name", ["personal", "shelf", "category_shelf"])
def test_the_price_of_a_line_may_stand_in_any_list(name: str) -> None:
    """The item's columns are the same wherever it was read."""
    table = (personal if name == "personal" else shelf)(["m1"], price=77, **MILK)
    facts = facts_of(DecisionRequest(Page("cart"), cart=(CartLine("m1", 2),)), Profile(), Lists(**{name: table}))
    assert facts("cart.value") == 154
    assert facts("cart.categories") == MILK_CODES


def test_categories_of_some_items_are_better_than_none() -> None:
    """Items that no list knows are left out; when none is known nothing is said."""
    cart = (CartLine("m1"), CartLine("unknown"))
    assert (
        facts_of(DecisionRequest(Page("cart"), cart=cart), Profile(), Lists(seeds=seeds("m1", **MILK)))(
            "cart.categories"
        )
        == MILK_CODES
    )
    assert facts_of(DecisionRequest(Page("cart"), cart=cart), Profile())("cart.categories") is None


@pytest.mark.parametrize(
    ("page", "lists", "codes"),
    [
        (Page("category", category="dairy/milk"), Lists(), MILK_CODES[:2]),
        (Page("category", category="/dairy/milk/"), Lists(), MILK_CODES[:2]),
        (Page("product", "m1"), Lists(seeds=seeds("m1", **MILK)), MILK_CODES),
        (Page("product", "m1"), Lists(), None),
        (Page("product", "m1", "dairy"), Lists(), MILK_CODES[:1]),
        (Page("category", category=""), Lists(), ()),
    ],
)
def test_categories_of_a_page(page: Page, lists: Lists, codes: Any) -> None:
    """The named category with all above it and those of the page's item; unknown when only the item could tell."""
    assert facts_of(DecisionRequest(page), Profile(), lists)("page.categories") == codes


def test_a_first_session_is_new_to_its_end() -> None:
    """What happened in this session makes nobody a regular; what happened before it does."""
    view = event("view", 60 / 86_400)
    assert visitor_facts(view, visit=Session(3, 90.0))("visitor.new") is True
    assert visitor_facts(view, visit=Session(3, 90.0))("visitor.days_since_last") is None
    assert visitor_facts(view, visit=Session(0, 30.0))("visitor.new") is False
    assert visitor_facts(view, event("view", 3), visit=Session(3, 90.0))("visitor.days_since_last") == 3


def test_whom_the_store_knows_is_not_new() -> None:
    """A customer of the shops on a first visit to the site."""
    request = DecisionRequest(Page("home"), visitor="h1", consent=KNOWN)
    assert facts_of(request, Profile().with_attributes("north", {"income": "50-74K"}))("visitor.new") is False


def test_a_visitor_just_made_is_new_and_not_recognised() -> None:
    """A first call with consent: there is an id for experiments, and nothing else."""
    facts = visitor_facts(is_first=True)
    assert (facts("visitor.id"), facts("visitor.known"), facts("visitor.new")) == ("h1", False, True)
    assert (facts("visitor.device_id"), facts("visitor.visits")) == ("h1", 0)


def test_a_clock_ahead_of_ours_means_just_now() -> None:
    """Days are never negative."""
    assert visitor_facts(event("purchase", -2))("visitor.last_purchase_days") == 0


def test_the_region_decides_clock_and_season() -> None:
    """One instant, two hemispheres, a holiday in one of them."""
    facts = facts_of(replace(HOME, preview=Preview(region="south")), Profile())
    assert [facts(f"time.{name}") for name in ("hour", "season", "holiday", "days_to_holiday", "next_holiday")] == [
        12,
        "spring",
        "Cup Day",
        0,
        "Cup Day",
    ]


def test_the_home_region_is_where_a_silent_network_leaves_them() -> None:
    """A profile's region, and its country with it."""
    facts = facts_of(DecisionRequest(Page("home"), visitor="h1", consent=KNOWN), PROFILE)
    assert [facts(f"place.{name}") for name in ("region", "region_source", "country", "city", "shop")] == [
        "south",
        "profile",
        "AU",
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("request_", "shop", "is_open"),
    [
        (replace(HOME, geo=Geo(40.0, -83.0)), None, None),  # no consent
        (replace(HOME, geo=Geo(40.0, -83.0), consent=frozenset({"geo"})), "columbus", True),
        (replace(HOME, viewer=Viewer(geo=Geo(-37.8, 145.0))), None, None),  # no consent
        (replace(HOME, viewer=Viewer(geo=Geo(-37.8, 145.0)), consent=frozenset({"geo"})), "melbourne", True),
        (
            replace(HOME, geo=Geo(40.0, -83.0), viewer=Viewer(geo=Geo(-37.8, 145.0)), consent=frozenset({"geo"})),
            "columbus",
            True,
        ),
        (
            replace(HOME, viewer=Viewer(geo=Geo(40, -83)), consent=frozenset({"geo"}), preview=Preview(region="south")),
            None,
            None,
        ),
    ],
)
def test_the_nearest_shop(request_: DecisionRequest, shop: str | None, is_open: bool | None) -> None:
    """From the page's coordinates, else the network's, if agreed to; not from a previewing operator's network."""
    facts = facts_of(request_, Profile())
    assert (facts("place.shop"), facts("place.shop_open")) == (shop, is_open)
    assert (facts("place.distance_km") is None) == (shop is None)


def test_a_shop_is_closed_by_its_own_clock() -> None:
    """20:00 in Ohio is open until ten there; in the shop of the other region 01:00 is closed."""
    late = NOW.replace(hour=1)
    near = replace(HOME, consent=frozenset({"geo"}))
    facts = [facts_of(replace(near, geo=geo), Profile(), now=late) for geo in (Geo(40, -83), Geo(-37, 145))]
    assert [each("place.shop_open") for each in facts] == [True, False]


def persona(name: str, path: str | None = None, value: object = None) -> Persona:
    """A persona of whom an attribute equals a value; without one it is everybody."""
    condition = None if path is None else Condition(lambda lookup: lookup(path) == value)
    return Persona(name, condition)


def test_the_persona_is_the_first_that_matches() -> None:
    """By the other facts; the last one covers everybody; without personas nobody is one."""
    personas = (persona("mobile", "device.kind", "mobile"), persona("app", "device.app", True), persona("rest"))
    store = replace(STORE, personas=personas)
    assert facts_of(PRODUCT, PROFILE, store=store)("persona") == "app"
    assert facts_of(HOME, Profile(), store=store)("persona") == "rest"
    assert facts_of(HOME, Profile())("persona") is None


def test_a_persona_that_asks_for_personas_ends() -> None:
    """What is asked for by its own computation is unknown; the compiler refuses such a store before that."""
    store = replace(STORE, personas=(persona("me", PERSONA, "me"), persona("rest")))
    assert facts_of(HOME, Profile(), store=store)("persona") == "rest"


def test_crm_attributes_come_from_the_profile() -> None:
    """As the store's systems wrote them; unknown for who may not be recognised or was not read."""
    facts = facts_of(PRODUCT, PROFILE)
    said = [facts(f"crm.{name}") for name in ("income", "kids", "owner", "share", "pets")]
    assert said == ["50-74K", 2, True, 0.5, None]
    assert facts_of(PRODUCT, None)("crm.income") is None
    assert facts_of(replace(PRODUCT, consent=frozenset()), PROFILE)("crm.income") is None


@pytest.mark.parametrize(
    "path", ["", "crm.", "crm", "weather", "weather.", "weather.humidity", "audience.gourmets", "."]
)
def test_an_attribute_that_nobody_knows_is_unknown(path: str) -> None:
    """No path is an error."""
    assert facts_of(PRODUCT, PROFILE, LISTS)(path) is None


def test_weather_without_a_normal_has_no_anomaly() -> None:
    """The rest of it is known; a code that is in no table has no word."""
    facts = facts_of(HOME, Profile(), weather=replace(WEATHER, anomaly_c=None, code=4))
    assert [facts(f"weather.{name}") for name in ("anomaly_c", "condition", "temperature_c")] == [None, None, 33.4]


def test_a_fact_is_computed_once() -> None:
    """Also what several facts share, and what conditions keep with the facts."""
    asked: list[int] = []
    condition = Condition(lambda lookup: bool(asked.append(1)))
    facts = facts_of(HOME, Profile(), store=replace(STORE, personas=(Persona("a", condition),)))
    assert (facts("persona"), facts("persona"), len(asked)) == (None, None, 1)
    assert [facts.cached("key", lambda: asked.append(2)) for _ in range(2)] == [None, None]
    assert asked == [1, 2]


def test_the_table_of_a_store_has_its_own_attributes_too() -> None:
    """CRM attributes as declared, the personas as closed values, and everything that all stores have."""
    table = attributes_of({"income": Declared("string", "of the household", ("low", "high"))}, ("saver", "rest"))
    assert table.keys() == {*ATTRIBUTES, "persona", "crm.income"}
    assert (table["crm.income"].kind, table["crm.income"].values) == ("string", ("low", "high"))
    assert table["persona"].values == ("saver", "rest")


@pytest.mark.parametrize(("path", "attribute"), ATTRIBUTES.items())
def test_every_attribute_says_what_it_is(path: str, attribute: Any) -> None:
    """Two words and a sentence without an end; only lists have codes."""
    assert len(path.split(".")) == 2
    assert attribute.about
    assert not attribute.about.endswith(".")
    assert attribute.encode is None or attribute.kind == "strings"


def test_conditions_compile_and_match_against_the_facts() -> None:
    """People write category paths, the facts hold codes."""
    plain = {
        "cart.categories": {"$in": ["dairy", "frozen"]},
        "affinity.brands": {"$in": ["National"]},
        "time.daypart": "morning",
        "weather.temperature_c": {"$gte": 30},
        "visitor.favourites": {"$size": {"$gt": 0}},
        "traffic.referrer": {"$in": ["ads", "search"]},
    }
    condition = compile_condition(plain, ATTRIBUTES, no_regex, lambda name: None)
    assert condition.matches(facts_of(PRODUCT, PROFILE, LISTS, weather=WEATHER))
    assert not condition.matches(facts_of(HOME, Profile()))


def no_regex(pattern: str) -> Any:
    """No pattern is taken."""
    raise ValueError(pattern)


def test_a_context_needs_no_places() -> None:
    """A store that describes no region still has facts."""
    bare = Store("Test", "USD", ("en",), ("north",), "north", {})
    context: Context = resolve_context("d1", NOW, HOME, bare)
    facts = Facts(Sources(context, resolve_visit(HOME, None, NOW), Profile(), Lists(), bare))
    assert (facts("time.hour"), facts("place.country"), facts("place.region")) == (None, None, "north")

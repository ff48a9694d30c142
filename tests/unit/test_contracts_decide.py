"""The request of POST /v1/decide: what is taken, what is refused and how the refusal is worded."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.api.decide import UNTOLD, DecideBody, address_of
from vitrine.api.explain import ExplainBody
from vitrine.api.strict_json import MAX_BODY_BYTES
from vitrine.decisions.context import DecisionRequest, Options, Preview
from vitrine.decisions.facts_traffic import referrer_class
from vitrine.errors import BodyTooLarge, InvalidField
from vitrine.types import CartLine, Geo, Page, Session, Signals, Traffic, Viewer

FULL: dict[str, Any] = {
    "visitor": "v1.k1.h1.mac",
    "session": "s-1",
    "page": {
        "type": "product",
        "item": "1029743",
        "category": "grocery/dairy/milk",
        "query": "молоко",
        "locale": "en-GB",
        "referrer": "https://shop.example/",
    },
    "device": {"kind": "mobile", "visitor": "v1.k1.d1.mac"},
    "traffic": {"source": "newsletter", "medium": "email", "campaign": "зима"},
    "visit": {"views": 3, "seconds": 95.5},
    "recent": ["a", "b"],
    "cart": [{"item": "c", "quantity": 2, "price": 199}, {"item": "d"}],
    "listing": ["e", "f"],
    "signals": {"exit_intent": True, "idle_s": 12, "scroll": 0.5, "tab_return": True, "added_to_cart": "c"},
    "geo": {"lat": 59.93863, "lon": -30.31413},
    "consent": ["personalization", "geo"],
    "placements": ["product.similar"],
    "options": {"explain": True, "deadline_ms": 200, "dry_run": True},
}


def parse(body: Any) -> DecideBody:
    """The request in a JSON value."""
    return DecideBody.from_body(json.dumps(body).encode())


def test_every_field_reaches_the_decision() -> None:
    """A full request, with the visitors of the verified tokens and coordinates rounded to 0.1 degree."""
    viewer = Viewer(country="US")
    assert parse(FULL).device.visitor == "v1.k1.d1.mac"
    assert parse(FULL).to_domain("h1", "d1", viewer) == DecisionRequest(
        page=Page("product", "1029743", "grocery/dairy/milk", "молоко", "en-GB", "https://shop.example/"),
        visitor="h1",
        device_visitor="d1",
        session="s-1",
        visit=Session(views=3, seconds=95.5),
        traffic=Traffic("newsletter", "email", "зима"),
        device="mobile",
        recent=("a", "b"),
        cart=(CartLine("c", 2, 199), CartLine("d")),
        listing=("e", "f"),
        signals=Signals(exit_intent=True, idle_s=12.0, scroll=0.5, tab_return=True, added_to_cart="c"),
        viewer=viewer,
        geo=Geo(59.9, -30.3),
        consent=frozenset({"personalization", "geo"}),
        placements=("product.similar",),
        options=Options(explain=True, deadline_ms=200, dry_run=True),
    )


def test_the_page_alone_is_enough() -> None:
    """Everything else has a default; the token in the body never becomes an id by itself."""
    assert parse({"page": {"type": "home"}}).to_domain(None) == DecisionRequest(page=Page("home"))
    tokens = {"visitor": "h1", "device": {"visitor": "d1"}}
    assert parse({"page": {"type": "home"}, **tokens}).to_domain(None) == DecisionRequest(page=Page("home"))


def test_explicit_nulls_are_as_good_as_absence() -> None:
    """Storefronts send null for what they do not have."""
    nulls = {
        "visitor": None,
        "session": None,
        "geo": None,
        "placements": None,
        "device": {"visitor": None},
        "traffic": {"source": None, "medium": None, "campaign": None},
        "signals": {"added_to_cart": None},
    }
    page = {"type": "home", "item": None, "category": None, "query": None, "locale": None, "referrer": None}
    assert parse({**nulls, "page": page}).to_domain(None) == parse({"page": {"type": "home"}}).to_domain(None)


REFERRERS = [
    ("", ""),
    ("/", "/"),
    ("/find?q=joe@mail.example#joe", "/find"),
    ("//cdn.example/a?joe", "//cdn.example/a"),
    ("/?joe@mail.example", "/"),
    ("//?joe", "/"),
    ("https://www.google.com/search?q=my+illness#:~:text=mine", "https://www.google.com/search"),
    ("https://shop.example", "https://shop.example"),
    ("https://Shop.example:8443/p/1;a=b?c", "https://Shop.example:8443/p/1;a=b"),
    ("https://joe:secret@mail.google.com/u/0?to=joe", "https://mail.google.com/u/0"),
    ("https://joe@secret@t.co/x", "https://t.co/x"),
    ("android-app://com.google.android.gm/?joe", "android-app://com.google.android.gm/"),
    ("mailto:joe@mail.example", UNTOLD),
    ("joe@mail.example", UNTOLD),
    ("?q=joe", UNTOLD),
    ("https:joe@mail.example", UNTOLD),
    ("http://[joe", UNTOLD),
    ("//[joe", "/"),
]


@pytest.mark.parametrize(("sent", "kept"), REFERRERS)
def test_a_referrer_keeps_its_place_alone(sent: str, kept: str) -> None:
    """Scheme, host and path; what people typed and who they are stay behind. Where it came from can still be told."""
    page = parse({"page": {"type": "home", "referrer": sent}}).to_domain(None).page
    assert page.referrer == kept
    hosts = frozenset({"shop.example"})
    assert referrer_class(kept, Traffic(), hosts) == referrer_class(sent, Traffic(), hosts)


@given(
    st.sampled_from(["", "https:", "android-app:", "mailto:", "?"]),
    st.sampled_from(["", "/", "//"]),
    st.sampled_from(["", "joe@", "joe:1@"]),
    st.sampled_from(["", "google.com", "t.me:80", "shop.example", "[::1]", "mail.google.com"]),
    st.sampled_from(["", "/", "/a", "?canary", "/a?canary", "#canary", "/?canary#canary", "?canary@x.example/y"]),
)
def test_no_referrer_keeps_what_was_typed(scheme: str, slashes: str, user: str, host: str, rest: str) -> None:
    """However it is put together; its class is that of the whole."""
    sent = scheme + slashes + user + host + rest
    kept = address_of(sent)
    assert "canary" not in kept
    assert "joe" not in kept or slashes == "/" or not host
    assert address_of(kept) == kept
    hosts = frozenset({"shop.example"})
    assert referrer_class(kept, Traffic(), hosts) == referrer_class(sent, Traffic(), hosts)


def at(path: str, value: Any) -> dict[str, Any]:
    """The full request with one value replaced, named by its dotted path."""
    body: dict[str, Any] = json.loads(json.dumps(FULL))
    *steps, last = path.split(".")
    place: Any = body
    for step in steps:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[int(last) if isinstance(place, list) else last] = value
    return body


REFUSED: list[tuple[str, Any]] = [
    ("surprise", 1),
    ("page.surprise", 1),
    ("cart.0.surprise", 1),
    ("page", None),
    ("page", "home"),
    ("page.type", "landing"),
    ("page.type", None),
    ("page.item", 1029743),
    ("page.item", ""),
    ("page.item", "x" * 129),
    ("page.item", "a b"),
    ("page.item", "a\n"),
    ("page.item", "a\u202eb"),
    ("page.item", "a\u200bb"),
    ("page.item", "\u0000"),
    ("page.item", ["a"]),
    ("page.category", "x" * 201),
    ("page.query", "x" * 201),
    ("page.query", "a\u0000b"),
    ("page.query", "a\u202eb"),
    ("page.locale", "en_" + "x" * 9),
    ("page.locale", "../../etc"),
    ("page.referrer", "x" * 513),
    ("session", "x" * 129),
    ("device.kind", "fridge"),
    ("device.visitor", 1),
    ("device.surprise", 1),
    ("traffic", None),
    ("traffic.medium", "x" * 201),
    ("traffic.source", "a\u0000"),
    ("traffic.campaign", 7),
    ("traffic.surprise", "a"),
    ("visit", None),
    ("visit.views", -1),
    ("visit.views", 1.0),
    ("visit.views", 10**6),
    ("visit.seconds", -0.5),
    ("visit.seconds", 1e9),
    ("visit.seconds", "1"),
    ("visit.surprise", 1),
    ("listing", ["a"] * 101),
    ("listing", "a"),
    ("listing", None),
    ("listing.1", ""),
    ("listing.1", 7),
    ("recent", ["a"] * 11),
    ("recent", "a"),
    ("recent.1", 7),
    ("recent.1", "x" * 129),
    ("cart", [{"item": "a"}] * 101),
    ("cart", {"item": "a"}),
    ("cart.0", {}),
    ("cart.0.quantity", 0),
    ("cart.0.quantity", -1),
    ("cart.0.quantity", 10_000),
    ("cart.0.quantity", 1.5),
    ("cart.0.quantity", 1.0),
    ("cart.0.quantity", "1"),
    ("cart.0.quantity", "١٢٣"),
    ("cart.0.quantity", True),
    ("cart.0.price", -1),
    ("cart.0.price", 1.99),
    ("cart.0.price", 10**10),
    ("signals.exit_intent", 1),
    ("signals.exit_intent", "true"),
    ("signals.idle_s", -0.1),
    ("signals.idle_s", 1e300),
    ("signals.scroll", 1.1),
    ("signals.tab_return", 1),
    ("signals.tab_return", None),
    ("signals.added_to_cart", ""),
    ("signals.added_to_cart", True),
    ("geo.lat", 90.1),
    ("geo.lon", -180.1),
    ("geo.lat", "59.9"),
    ("geo", {"lat": 1.0}),
    ("consent", ["marketing"]),
    ("consent", ["geo"] * 4),
    ("consent", "geo"),
    ("placements", ["p"] * 51),
    ("placements", ["p"] * 3_000),
    ("placements.0", "x" * 129),
    ("options.deadline_ms", 0),
    ("options.deadline_ms", 3_001),
    ("options.deadline_ms", None),
    ("options.explain", "yes"),
    ("preview", {}),
    ("visitor", 1),
    ("visitor", {"id": "h1"}),
]
ELSEWHERE = {
    "cart.0={}": "cart.0.item",
    "geo={'lat': 1.0}": "geo.lon",
    "consent=['marketing']": "consent.0",
}


@pytest.mark.parametrize(("path", "value"), REFUSED, ids=[f"{path}={str(value)[:20]!r}" for path, value in REFUSED])
def test_a_bad_field_is_named(path: str, value: Any) -> None:
    """The error says which field, as a dotted path, in few words that repeat nothing long."""
    with pytest.raises(InvalidField) as caught:
        parse(at(path, value))
    assert caught.value.field == ELSEWHERE.get(f"{path}={value}", path)
    assert 0 < len(caught.value.message) < 200
    assert caught.value.status == 400


def test_a_missing_page_is_named() -> None:
    """The one field that must be there."""
    with pytest.raises(InvalidField, match="is required") as caught:
        parse({})
    assert caught.value.field == "page"


def test_a_long_unknown_field_is_named_in_short() -> None:
    """An error never echoes a caller's long text."""
    with pytest.raises(InvalidField, match="unknown field") as caught:
        parse({"page": {"type": "home"}, "x" * 10_000: 1})
    assert caught.value.field == "x" * 40 + "..."


@pytest.mark.parametrize("value", ["a" * 128, "1029743", "SKU-1/2", "артикул-7", "商品", "é", "a.b:c_d"])
def test_ids_of_real_shops_are_taken(value: str) -> None:
    """Visible letters of any script, up to 128 of them."""
    assert parse(at("page.item", value)).page.item == value


@pytest.mark.parametrize("value", ["en", "ru-RU", "zh_Hant_TW", "de-1996"])
def test_locales_are_taken_in_both_spellings(value: str) -> None:
    """Hyphen as in BCP 47, underscore as in POSIX."""
    assert parse(at("page.locale", value)).page.locale == value


def test_a_request_is_immutable() -> None:
    """What was checked stays as it was checked."""
    with pytest.raises(AttributeError, match="stays as it was"):
        parse(FULL).session = "other"  # type: ignore[misc]


def test_a_body_above_the_cap_is_not_looked_at() -> None:
    """A listing of a hundred long ids is within the cap, anything above 16 KB is refused unread."""
    assert len(parse(at("listing", ["x" * 128] * 100)).listing) == 100
    with pytest.raises(BodyTooLarge):
        DecideBody.from_body(b"[" * (MAX_BODY_BYTES + 1))


def test_a_place_never_has_a_negative_zero() -> None:
    """Equal places are written alike, so that they have one cell of weather."""
    geo = parse(at("geo", {"lat": -0.04, "lon": -0.01})).to_domain(None).geo
    assert str(geo) == str(Geo(0.0, 0.0))


def explained(preview: Any) -> DecisionRequest:
    """An operator's request for the home page with this preview."""
    body = {"page": {"type": "home"}, "preview": preview}
    return ExplainBody.from_body(json.dumps(body).encode()).to_domain(None)


def test_an_operator_supposes_other_circumstances() -> None:
    """Instant, region and attributes reach the decision; null supposes that an attribute is not known."""
    attributes = {
        "weather.temperature_c": 33,
        "weather.anomaly_c": -1.5,
        "signals.exit_intent": True,
        "time.daypart": "evening",
        "cart.products": ["a", "b"],
        "affinity.categories": ["frozen/ice-cream"],
        "visitor.new": None,
        "crm.income": "50-74K",
        "crm.kids": 2,
        "persona": "planner",
    }
    request = explained({"at": "2026-07-15T14:00:00+00:00", "region": "south", "attributes": attributes})
    assert request.preview == Preview(datetime(2026, 7, 15, 14, tzinfo=UTC), "south", attributes)
    assert request.page == Page("home")
    assert explained(None).preview is None
    assert explained({}).preview == Preview()
    assert explained({"at": "2026-07-15T14:00:00Z"}).preview == Preview(datetime(2026, 7, 15, 14, tzinfo=UTC))


@pytest.mark.parametrize(
    ("preview", "field"),
    [
        ({"surprise": 1}, "preview.surprise"),
        ({"at": "yesterday"}, "preview.at"),
        ({"at": "2026-07-15T14:00:00"}, "preview.at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "preview.at"),
        ({"at": 1}, "preview.at"),
        ({"region": 1}, "preview.region"),
        ({"attributes": {"weather.temprature_c": 1}}, "preview.attributes.weather.temprature_c"),
        ({"attributes": {"audience.gourmets": True}}, "preview.attributes.audience.gourmets"),
        ({"attributes": {"weather.temperature_c": "hot"}}, "preview.attributes.weather.temperature_c"),
        ({"attributes": {"weather.temperature_c": True}}, "preview.attributes.weather.temperature_c"),
        ({"attributes": {"signals.exit_intent": 1}}, "preview.attributes.signals.exit_intent"),
        ({"attributes": {"time.daypart": "brunch"}}, "preview.attributes.time.daypart"),
        ({"attributes": {"time.daypart": ["evening"]}}, "preview.attributes.time.daypart"),
        ({"attributes": {"cart.products": "a"}}, "preview.attributes.cart.products"),
        ({"attributes": {"crm.income": ["50-74K"]}}, "preview.attributes.crm.income"),
    ],
)
def test_a_preview_that_makes_no_sense_is_refused(preview: Any, field: str) -> None:
    """A slip in it would otherwise look like an answer to the question that was meant."""
    with pytest.raises(InvalidField) as caught:
        explained(preview)
    assert caught.value.field == field
    assert 0 < len(caught.value.message) < 200


@pytest.mark.parametrize("value", [{"a": 1}, [1], 10**16, "x" * 201, ["a"] * 51, [["a"]]])
def test_a_supposed_value_is_small_and_plain(value: Any) -> None:
    """Single values and lists of texts, no more."""
    with pytest.raises(InvalidField):
        explained({"attributes": {"crm.income": value}})


def test_a_list_that_is_too_long_is_told_in_the_callers_words() -> None:
    """How many it may hold, and nothing of how we check."""
    with pytest.raises(InvalidField) as caught:
        DecideBody.checked({"page": {"type": "home"}, "recent": [str(n) for n in range(11)]})
    assert (caught.value.field, caught.value.message) == ("recent", "should have at most 10 items")

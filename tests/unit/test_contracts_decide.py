"""The request of POST /v1/decide: what is taken, what is refused and how the refusal is worded."""

import json
from typing import Any

import pytest

from vitrine.api.decide import DecideBody
from vitrine.decisions.context import DecisionRequest, Options
from vitrine.errors import InvalidField
from vitrine.types import CartLine, Geo, Page, Signals

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
    "device": {"kind": "mobile"},
    "recent": ["a", "b"],
    "cart": [{"item": "c", "quantity": 2, "price": 199}, {"item": "d"}],
    "signals": {"exit_intent": True, "idle_s": 12, "scroll": 0.5},
    "geo": {"lat": 59.93863, "lon": -30.31413},
    "consent": ["personalization", "geo"],
    "placements": ["product.similar"],
    "options": {"explain": True, "deadline_ms": 200, "dry_run": True},
}


def parse(body: Any) -> DecideBody:
    """The request in a JSON value."""
    return DecideBody.from_body(json.dumps(body).encode())


def test_every_field_reaches_the_decision() -> None:
    """A full request, with the visitor of the verified token and coordinates rounded to 0.1 degree."""
    assert parse(FULL).to_domain("h1", "north") == DecisionRequest(
        page=Page("product", "1029743", "grocery/dairy/milk", "молоко", "en-GB", "https://shop.example/"),
        visitor="h1",
        session="s-1",
        device="mobile",
        recent=("a", "b"),
        cart=(CartLine("c", 2, 199), CartLine("d")),
        signals=Signals(exit_intent=True, idle_s=12.0, scroll=0.5),
        geo=Geo(59.9, -30.3),
        region="north",
        consent=frozenset({"personalization", "geo"}),
        placements=("product.similar",),
        options=Options(explain=True, deadline_ms=200, dry_run=True),
    )


def test_the_page_alone_is_enough() -> None:
    """Everything else has a default; the token in the body never becomes an id by itself."""
    assert parse({"page": {"type": "home"}}).to_domain(None) == DecisionRequest(page=Page("home"))
    assert parse({"page": {"type": "home"}, "visitor": "h1"}).to_domain(None).visitor is None


def test_explicit_nulls_are_as_good_as_absence() -> None:
    """Storefronts send null for what they do not have."""
    nulls = {"visitor": None, "session": None, "geo": None, "placements": None}
    page = {"type": "home", "item": None, "category": None, "query": None, "locale": None, "referrer": None}
    assert parse({**nulls, "page": page}) == parse({"page": {"type": "home"}})


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
    with pytest.raises(ValueError, match="frozen"):
        parse(FULL).session = "other"  # type: ignore[misc]

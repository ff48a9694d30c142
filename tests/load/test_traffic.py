"""Requests follow Zipf's law, are valid ones, and come again the same from their seed."""

from collections import Counter
from typing import Any

import numpy as np
import orjson
import pytest

from tests.bench.canned_data import SECRET
from tests.load.answers import read
from tests.load.small_rig import ANSWER
from tests.load.traffic import PAGES, Mix, Population, Traffic, zipf
from vitrine.api.decide import DecideBody
from vitrine.api.events import EventsBody
from vitrine.visitors.identity import parse_keys, verify

KEYS = parse_keys(SECRET)
PEOPLE = Population([f"h{n}" for n in range(100)], [f"i{n}" for n in range(100)], ["a/b", "a/c"])
N = 4_000


def bodies(kind: str, mix: Mix) -> list[dict[str, Any]]:
    """Bodies of N requests, those of a kind."""
    made = Traffic(PEOPLE, KEYS, mix, seed=1).prepared(N)
    return [orjson.loads(data.partition(b"\r\n\r\n")[2]) for one, data in made if one == kind]


def within(n: int, of: int, share: float) -> bool:
    """Whether a count agrees with its share within four standard errors."""
    return bool(abs(n / of - share) <= 4 * np.sqrt(share * (1 - share) / of))


def test_requests_are_valid_and_mixed() -> None:
    """Every body passes the wire's own checks; pages and events have their shares."""
    views, batches = bodies("decide", Mix(events=0.1)), bodies("events", Mix(events=0.1))
    for body in views[:300]:
        DecideBody.from_body(orjson.dumps(body)).to_domain(None)
    for body in batches[:100]:
        assert not EventsBody.from_body(orjson.dumps(body)).to_domain(None).rejected
    assert within(len(batches), N, 0.1)
    pages = Counter(body["page"]["type"] for body in views)
    assert all(within(pages[page], len(views), share) for page, share in PAGES.items())


def test_visitors_are_zipf() -> None:
    """The first visitor comes as often as the law says, 100 ** 0.8 times as often as the last."""
    tokens = [body["visitor"] for body in bodies("decide", Mix(events=0.0))]
    known = Counter(visitor for token in tokens if token and (visitor := verify(token, KEYS)).startswith("h"))
    shares = zipf(100, 0.8)
    assert within(known["h0"], known.total(), shares[0])
    assert within(known["h50"], known.total(), shares[50])
    assert shares[0] / shares[99] == pytest.approx(100**0.8)


def test_the_same_seed_asks_the_same() -> None:
    """All but the instants of events."""
    assert bodies("decide", Mix()) == bodies("decide", Mix())


def test_the_deadline_can_be_another_one() -> None:
    """It stands in each page view."""
    assert {body["options"]["deadline_ms"] for body in bodies("decide", Mix(0.0, deadline_ms=500))} == {500}


PRODUCTS: dict[str, Any] = {"kind": "products", "items": [], "rows": [], "reasons": [], "fallback": None}
ITEM = {"id": "1", "card": {"price": 100}}


@pytest.mark.parametrize(
    ("status", "change", "fault"),
    [
        (500, {}, "status 500"),
        (200, {"placements": {}}, "no placements"),
        (200, {"release": ""}, "no release"),
        (200, {"placements": {"p": PRODUCTS}}, "empty without a reason"),
        (200, {"placements": {"p": PRODUCTS | {"items": [ITEM, ITEM]}}}, "an item twice"),
        (200, {"placements": {"p": PRODUCTS | {"items": [{"id": "1", "card": None}]}}}, "without a card"),
        (200, {"placements": {"p": PRODUCTS | {"items": [{"id": "1", "card": {"price": 0}}]}}}, "without a card"),
        (200, {"placements": {"p": PRODUCTS | {"kind": "banner"}}}, "of kind banner"),
        (200, {"placements": 1}, "not of the answer's form"),
    ],
)
def test_invalid_answers_are_named(status: int, change: dict[str, Any], fault: str) -> None:
    """Negative controls of the check; the unchanged answer passes it, also as a whole."""
    assert read("decide", 200, orjson.dumps(ANSWER), wholly=True).fault is None
    assert fault in (read("decide", status, orjson.dumps(ANSWER | change), wholly=False).fault or "")


def test_the_whole_check_sees_more() -> None:
    """A field that nobody declared is found by the whole check alone; what is no JSON by both."""
    body = orjson.dumps(ANSWER | {"more": 1})
    assert read("decide", 200, body, wholly=False).fault is None
    assert "more" in (read("decide", 200, body, wholly=True).fault or "")
    assert read("decide", 200, b'{"a": NaN}', wholly=False).fault is not None


def test_events_may_be_refused_for_a_while() -> None:
    """503 with our own words is an answer to a batch, any other failure is not; page views have no such right."""
    body = b'{"error": {"code": "unavailable", "message": "later", "field": ""}}'
    assert read("events", 503, body, wholly=False).refused
    assert read("events", 500, body, wholly=False).fault is not None
    assert read("decide", 503, body, wholly=False).fault is not None

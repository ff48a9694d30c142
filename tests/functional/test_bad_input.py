"""Abuse of both POST routes: always a 4xx in our form, never an exception, nothing written."""

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.functional.handlers import call, load_handler, recorded_event, with_body
from tests.golden.world import KEYS, NOW, World
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.service.collect import CollectService
from vitrine.visitors.identity import mint, parse_keys

FOREIGN = parse_keys(json.dumps({"kid": "k1", "key": "f" * 64}))
GOOD: dict[str, dict[str, Any]] = {
    "decide": {"page": {"type": "home"}, "consent": ["personalization"]},
    "collect": {
        "consent": ["personalization"],
        "events": [{"id": "e1", "kind": "view", "at_ms": int(NOW.timestamp() * 1000), "item": "milk"}],
    },
}


@dataclass
class Route:
    """One handler on memory."""

    name: str
    send: Callable[[dict[str, Any]], tuple[int, Any, dict[str, str]]]
    written: Callable[[], object]

    @property
    def good(self) -> dict[str, Any]:
        """A request that is taken."""
        return GOOD[self.name]

    def post(self, body: object, *, base64: bool = False) -> tuple[int, Any]:
        """Status and body of the answer."""
        status, answer, _ = self.send(with_body(recorded_event(self.name), body, base64=base64))
        return status, answer

    def refuses(self, body: object, status: int, code: str, field: str | None = None, *, base64: bool = False) -> None:
        """Check that the body is refused in our form and that nothing was written."""
        before = self.written()
        found, answer = self.post(body, base64=base64)
        assert found == status
        assert set(answer) == {"error"}
        assert set(answer["error"]) == {"code", "message", "field"}
        assert answer["error"]["code"] == code
        assert 0 < len(answer["error"]["message"]) < 200
        if field is not None:
            assert answer["error"]["field"] == field
        assert self.written() == before


def decide_route() -> Route:
    """POST /v1/decide over the small store."""
    world = World()

    def written() -> object:
        return len(world.records.records), dict(world.table.rows)

    return Route("decide", lambda event: call(world.app, event), written)


def collect_route() -> Route:
    """POST /v1/events over empty memory."""
    table, stream, module = MemoryTable(), MemoryStream(), load_handler("collect")
    service = CollectService(table, stream, lambda _: KEYS, lambda: "0" * 32, lambda: NOW, lambda _: None)

    def send(event: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        wired, module.service = module.service, lambda: service
        try:
            return call(module, event)
        finally:
            module.service = wired

    return Route("collect", send, lambda: (len(stream.records), dict(table.rows)))


@pytest.fixture(params=["decide", "collect"], scope="module")
def route(request: pytest.FixtureRequest) -> Route:
    """Each route in turn."""
    return decide_route() if request.param == "decide" else collect_route()


def test_a_good_request_passes(route: Route) -> None:
    """The control: without a fault the same rig answers 200."""
    assert route.post(route.good)[0] == 200


MALFORMED = {
    "not JSON": "hello",
    "a form": "page=home",
    "NaN": '{"page":NaN}',
    "Infinity": '{"page":{"type":Infinity}}',
    "1e999": '{"events":[1e999]}',
    "duplicate key": '{"page":{"type":"home"},"page":{"type":"cart"}}',
    "lone surrogate": '{"session":"\\ud800"}',
    "surrogate in the transport": '{"session":"\ud800"}',
    "deep arrays": "[" * 8000 + "]" * 8000,
    "deep objects": '{"a":' * 2700 + "1" + "}" * 2700,
    "only openers": "[" * 16_000,
    "control character": '{"session":"\x00"}',
    "two documents": "{}{}",
    "huge integer": '{"a":' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_strict_json_is_refused(route: Route, body: str) -> None:
    """400, and nothing written."""
    route.refuses(body, 400, "malformed_json", "")


BINARY = {
    "broken UTF-8": b'{"session":"\xff\xfe"}',
    "truncated UTF-8": b'{"session":"\xe2\x82',
    "UTF-16": '{"page":{"type":"home"}}'.encode("utf-16"),
    "gzip": gzip.compress(b'{"page":{"type":"home"}}', mtime=0),
    "protobuf": bytes(range(40)),
}


@pytest.mark.parametrize("body", BINARY.values(), ids=BINARY.keys())
def test_binary_bodies_are_refused(route: Route, body: bytes) -> None:
    """API Gateway hands them over in base64; what comes out has to be JSON in UTF-8."""
    route.refuses(base64.b64encode(body).decode(), 400, "malformed_json", base64=True)


@pytest.mark.parametrize("body", ["!", "abc", "é" * 4])
def test_a_broken_transport_encoding_is_refused(route: Route, body: str) -> None:
    """Not everything that is called base64 is."""
    route.refuses(body, 400, "malformed_json", base64=True)


def test_a_good_request_in_base64_passes(route: Route) -> None:
    """The encoding of the transport is none of the caller's faults."""
    assert route.post(base64.b64encode(json.dumps(route.good).encode()).decode(), base64=True)[0] == 200


@pytest.mark.parametrize("body", [None, ""])
def test_no_body_is_refused(route: Route, body: str | None) -> None:
    """An empty request says what is missing."""
    status, answer, _ = route.send({**recorded_event(route.name), "body": body})
    assert (status, answer["error"]["code"]) == (400, "malformed_json")


@pytest.mark.parametrize("letter", ["x", "é", "[", '"'])
def test_a_body_above_16_kb_is_refused_by_its_size(route: Route, letter: str) -> None:
    """413, whatever is in it: it was not parsed."""
    route.refuses(letter * 16_385, 413, "body_too_large")
    route.refuses(base64.b64encode(letter.encode() * 16_390).decode(), 413, "body_too_large", base64=True)


def test_two_byte_letters_count_as_two_bytes(route: Route) -> None:
    """The cap is on bytes, not on letters."""
    route.refuses(json.dumps({"session": "é" * 9_000}, ensure_ascii=False), 413, "body_too_large")


@pytest.mark.parametrize("body", ["[]", "null", "7", '"text"'])
def test_what_is_no_object_is_refused(route: Route, body: str) -> None:
    """JSON, but no request."""
    route.refuses(body, 400, "invalid_field", "")


def test_an_unknown_field_is_refused_by_name(route: Route) -> None:
    """A misspelled field is a clear error, not a silent default."""
    route.refuses({**route.good, "placments": []}, 400, "invalid_field", "placments")


@pytest.mark.parametrize(
    ("field", "value"),
    [("session", 7), ("session", "x" * 129), ("consent", "all"), ("consent", {"geo": True}), ("visitor", ["h1"])],
)
def test_a_wrong_type_or_length_is_refused_by_name(route: Route, field: str, value: object) -> None:
    """Nothing is converted."""
    route.refuses({**route.good, field: value}, 400, "invalid_field", field)


TOKENS = {
    "plain id": "h1",
    "tampered": mint("h1", KEYS).replace(".h1.", ".h2."),
    "foreign": mint("h1", FOREIGN),
    "other audience": mint("h1", KEYS, audience="console"),
    "unsigned": "v1.k1.h1.",
    "empty": "",
    "long": "v1." * 4_000,
    "not ASCII": "v1.k1.h1.é",
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS.keys())
@pytest.mark.parametrize("consent", [["personalization"], []])
def test_a_forged_or_foreign_token_is_refused(route: Route, token: str, consent: list[str]) -> None:
    """401 in the same words for each, with and without consent."""
    route.refuses({**route.good, "visitor": token, "consent": consent}, 401, "invalid_token", "visitor")


def test_whether_a_visitor_exists_does_not_show(route: Route) -> None:
    """The refusal of a forged token is the same for a known and for an unknown id."""
    answers = [route.post({**route.good, "visitor": mint(visitor, FOREIGN)}) for visitor in ("h1", "nobody")]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"page": {"type": "landing"}}, "page.type"),
        ({"page": {"type": "product", "item": "x" * 129}}, "page.item"),
        ({"placements": ["p"] * 3_000}, "placements"),
        ({"placements": ["nowhere"]}, "placements.0"),
        ({"cart": [{"item": "a", "quantity": "1"}]}, "cart.0.quantity"),
        ({"geo": {"lat": 91, "lon": 0}}, "geo.lat"),
    ],
)
def test_decide_names_the_field_at_fault(changes: dict[str, Any], field: str) -> None:
    """Dotted paths down to the line of the cart."""
    decide_route().refuses({**GOOD["decide"], **changes}, 400, "invalid_field", field)


def test_ten_thousand_placements_are_refused() -> None:
    """By their size, before anybody counts them."""
    decide_route().refuses({**GOOD["decide"], "placements": ["p"] * 10_000}, 413, "body_too_large")


@pytest.mark.parametrize("events", [[], [{}] * 101, {}, None, "events"])
def test_collect_refuses_what_is_no_batch(events: object) -> None:
    """One to a hundred events."""
    collect_route().refuses({**GOOD["collect"], "events": events}, 400, "invalid_field", "events")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    [
        "visitor",
        "session",
        "page",
        "device",
        "recent",
        "cart",
        "signals",
        "geo",
        "consent",
        "placements",
        "options",
        "events",
        "id",
        "kind",
        "type",
        "item",
        "at_ms",
        "quantity",
        "price",
    ]
)
REQUESTS = st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON, max_size=5), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=REQUESTS, text=st.text(max_size=300), as_text=st.booleans())
def test_no_request_is_answered_with_a_fault_of_ours(
    route: Route, changes: dict[str, Any], text: str, as_text: bool
) -> None:
    """Whatever comes, the answer is strict JSON and never a 5xx."""
    status, answer = route.post(text if as_text else {**route.good, **changes})
    assert status in (200, 400, 401, 413)
    assert (status == 200) == ("error" not in answer)

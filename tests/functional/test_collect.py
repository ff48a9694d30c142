"""POST /v1/events through the real handler, on tables and streams in memory."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.functional.handlers import call, load_handler, recorded_event, with_body
from vitrine import keys
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.errors import DependencyFailed
from vitrine.service.collect import CollectService
from vitrine.types import CartLine, Event, Key, Row
from vitrine.visitors.identity import mint, parse_keys
from vitrine.visitors.profile import Consent
from vitrine.visitors.stored import parse_profile

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW_MS = 1793620800000
KEYS = parse_keys(json.dumps({"kid": "k1", "key": "0" * 64}))
FIRST = "00112233445566778899aabbccddeeff"
FIRST_TOKEN = mint(FIRST, KEYS)


def no_wait(_: int) -> None:
    """Try again at once."""


@dataclass
class Rig:
    """The collect handler on memory, for one test."""

    module: ModuleType
    table: MemoryTable = field(default_factory=MemoryTable)
    stream: MemoryStream = field(default_factory=MemoryStream)
    now: datetime = NOW

    def post(self, body: object) -> tuple[int, Any]:
        """Status and body of the answer to a request with this body."""
        status, answer, _ = call(self.module, with_body(recorded_event("collect"), body))
        return status, answer

    def profile(self, visitor: str = FIRST) -> Any:
        """The stored profile."""
        return parse_profile(self.table.read([keys.profile(visitor)], 1)[keys.profile(visitor)], NOW).profile

    def lake(self) -> list[dict[str, Any]]:
        """The raw events that were handed over."""
        return [json.loads(record) for record in self.stream.records]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """A handler wired to memory, at a fixed instant."""
    rig = Rig(load_handler("collect"))
    service = CollectService(rig.table, rig.stream, KEYS, lambda: FIRST, lambda: rig.now, no_wait)
    monkeypatch.setattr(rig.module, "service", lambda: service)
    return rig


def event(**changes: object) -> dict[str, object]:
    """A good view event with changes."""
    return {"id": "e1", "kind": "view", "at_ms": NOW_MS - 1000, "item": "1029743", **changes}


def batch(*events: Mapping[str, object], **changes: object) -> dict[str, object]:
    """A request with these events from a visitor who agreed."""
    return {"consent": ["personalization"], "events": list(events), **changes}


def test_a_recorded_beacon_is_taken_and_its_bad_event_named(rig: Rig) -> None:
    """The good events are taken, the repeated one counted, the bad one listed; a first visitor gets a token."""
    status, answer, headers = call(rig.module, recorded_event("collect"))
    assert status == 200
    assert answer == {
        "accepted": 2,
        "duplicates": 1,
        "rejected": [
            {
                "index": 2,
                "code": "invalid_field",
                "message": "should be a valid integer",
                "field": "events.2.at_ms",
            }
        ],
        "visitor": FIRST_TOKEN,
    }
    assert headers == {"Cache-Control": "no-store", "Content-Type": "application/json"}


def test_the_profile_and_the_lake_hold_what_was_taken(rig: Rig) -> None:
    """One beacon makes a profile with the view and the cart, and the same events as JSON lines."""
    call(rig.module, recorded_event("collect"))
    profile = rig.profile()
    assert profile.recent_items(5) == ("1029743",)
    assert profile.cart() == (CartLine("1029743", 2, 299),)
    assert rig.lake() == [
        {
            "id": "0b9c6b3e-1",
            "visitor": FIRST,
            "kind": "view",
            "at_ms": 1793620795000,
            "item": "1029743",
            "quantity": 1,
            "price": None,
            "session": "s-4711",
            "region": None,
            "query": None,
            "decision": None,
            "placement": None,
            "slot": None,
            "answers": {},
        },
        {
            "id": "0b9c6b3e-2",
            "visitor": FIRST,
            "kind": "add_to_cart",
            "at_ms": 1793620799000,
            "item": "1029743",
            "quantity": 2,
            "price": 299,
            "session": "s-4711",
            "region": None,
            "query": None,
            "decision": None,
            "placement": None,
            "slot": None,
            "answers": {},
        },
    ]
    row = rig.table.rows[keys.profile(FIRST)]
    assert (row["rev"], row["ttl"]) == (1, int(NOW.timestamp()) + 400 * 86_400)


def test_the_same_batch_again_changes_nothing(rig: Rig) -> None:
    """A repeated beacon is all duplicates: no write, no second line in the lake."""
    rig.post(batch(event()))
    before, n_lines = dict(rig.table.rows), len(rig.stream.records)
    status, answer = rig.post(batch(event(), visitor=FIRST_TOKEN))
    assert (status, answer) == (200, {"accepted": 0, "duplicates": 1, "rejected": [], "visitor": FIRST_TOKEN})
    assert rig.table.rows == before
    assert len(rig.stream.records) == n_lines


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"at_ms": NOW_MS + 10 * 60_000 + 1}, "from_the_future"),
        ({"at_ms": NOW_MS - 365 * 86_400_000 - 1}, "too_old"),
    ],
)
def test_an_event_of_an_unbelievable_time_is_listed(rig: Rig, changes: dict[str, object], code: str) -> None:
    """More than ten minutes ahead or more than a year old: refused by index, the good one beside it is taken."""
    status, answer = rig.post(batch(event(id="bad", **changes), event()))
    assert status == 200
    assert answer["accepted"] == 1
    assert [(r["index"], r["code"], r["field"]) for r in answer["rejected"]] == [(0, code, "events.0.at_ms")]
    assert [line["id"] for line in rig.lake()] == ["e1"]


@pytest.mark.parametrize("at_ms", [NOW_MS + 10 * 60_000, NOW_MS - 365 * 86_400_000])
def test_the_edges_of_believable_time_are_taken(rig: Rig, at_ms: int) -> None:
    """Exactly ten minutes ahead and exactly a year old are good."""
    assert rig.post(batch(event(at_ms=at_ms)))[1]["accepted"] == 1


def test_every_bad_event_is_listed_by_index_and_field(rig: Rig) -> None:
    """Each event is judged alone, whatever is wrong with it."""
    bad = [
        event(id="x" * 129),
        event(kind="stare"),
        event(surprise=1),
        {"kind": "view"},
        "not an object",
        None,
        event(item=None),
        event(kind="search"),
        event(quantity=0),
        event(quantity=True),
        event(price=-1),
        event(item="a b"),
        event(kind="survey", answers={"q" * 65: "a"}),
    ]
    status, answer = rig.post(batch(*bad, event()))
    assert status == 200
    assert answer["accepted"] == 1
    assert {r["index"]: r["field"] for r in answer["rejected"]} == {
        0: "events.0.id",
        1: "events.1.kind",
        2: "events.2.surprise",
        3: "events.3.id",
        4: "events.4",
        5: "events.5",
        6: "events.6.item",
        7: "events.7.query",
        8: "events.8.quantity",
        9: "events.9.quantity",
        10: "events.10.price",
        11: "events.11.item",
        12: f"events.12.answers.{'q' * 40}....[key]",
    }


def test_every_kind_of_event_is_taken(rig: Rig) -> None:
    """All twelve kinds of the contract reach the lake."""
    extra: dict[str, dict[str, object]] = {
        "search": {"query": "baby food"},
        "survey": {"answers": {"pet": "dog"}},
        **{kind: {"placement": "home.recs", "slot": 1} for kind in ("impression", "click", "slot_click", "dismiss")},
    }
    kinds = ["view", "add_to_cart", "remove_from_cart", "favourite", "purchase", "exit_intent", *extra]
    status, answer = rig.post(batch(*(event(id=kind, kind=kind, **extra.get(kind, {})) for kind in kinds)))
    assert (status, answer["accepted"], answer["rejected"]) == (200, 12, [])
    assert {line["kind"] for line in rig.lake()} == set(kinds)


def test_without_consent_nothing_is_kept_or_returned(rig: Rig) -> None:
    """No read, no write, no token, and each event says why it was not taken."""
    status, answer = rig.post(batch(event(), consent=["geo"], visitor=FIRST_TOKEN))
    assert status == 200
    assert answer == {
        "accepted": 0,
        "duplicates": 0,
        "rejected": [
            {
                "index": 0,
                "code": "no_consent",
                "message": "the visitor did not agree to personalization",
                "field": "consent",
            }
        ],
        "visitor": None,
    }
    assert (rig.table.rows, rig.table.reads, rig.stream.records) == ({}, 0, [])


def test_withdrawn_consent_counts_at_once(rig: Rig) -> None:
    """What an earlier request allowed does not speak for this one."""
    rig.post(batch(event()))
    before = dict(rig.table.rows)
    _, answer = rig.post(batch(event(id="e2"), consent=[], visitor=FIRST_TOKEN))
    assert answer["visitor"] is None
    assert rig.table.rows == before


def test_a_batch_without_a_good_event_makes_no_visitor(rig: Rig) -> None:
    """Nothing to keep, so nobody to remember."""
    status, answer = rig.post(batch(event(kind="stare")))
    assert (status, answer["accepted"], answer["visitor"]) == (200, 0, None)
    assert rig.table.rows == {}


def test_a_forged_token_is_refused(rig: Rig) -> None:
    """Another visitor's id under one's own MAC changes nobody's profile."""
    forged = FIRST_TOKEN.replace(FIRST, "f" * 32)
    status, answer = rig.post(batch(event(), visitor=forged))
    assert status == 401
    assert answer == {
        "error": {"code": "invalid_token", "message": "the visitor token is not one of ours", "field": "visitor"}
    }
    assert rig.table.rows == {}


def test_lost_races_are_merged(rig: Rig) -> None:
    """A writer who was overtaken keeps the other's events and adds its own."""
    rig.post(batch(event()))
    real_read = rig.table.read

    def overtaken(wanted: list[Key], timeout_s: float, *, latest: bool = False) -> Any:
        rows = real_read(wanted, timeout_s, latest=latest)
        if not latest:
            stored = parse_profile(rows[wanted[0]], NOW)
            other = stored.profile.apply(_event_of_the_other())
            rig.table.replace(wanted[0], stored.successor(other, NOW), stored.rev)
        return rows

    service = CollectService(_Table(rig.table, overtaken), rig.stream, KEYS, lambda: FIRST, lambda: NOW, no_wait)
    rig.module.service = lambda: service
    status, answer = rig.post(batch(event(id="mine", item="mine"), visitor=FIRST_TOKEN))
    assert (status, answer["accepted"]) == (200, 1)
    assert set(rig.profile().recent_items(9)) == {"1029743", "mine", "theirs"}
    assert rig.table.rows[keys.profile(FIRST)]["rev"] == 3


def test_a_race_that_is_never_won_is_a_clear_503(rig: Rig) -> None:
    """The caller may try again; the lake has the events already."""
    table = _Table(rig.table, rig.table.read, wins=False)
    service = CollectService(table, rig.stream, KEYS, lambda: FIRST, lambda: NOW, no_wait)
    rig.module.service = lambda: service
    status, answer, headers = call(rig.module, with_body(recorded_event("collect"), batch(event())))
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "busy", "1")
    assert [line["id"] for line in rig.lake()] == ["e1"]


def test_a_table_that_is_down_loses_no_event(rig: Rig) -> None:
    """The lake gets the events, the caller learns that the profile does not have them yet."""
    rig.table.outage = DependencyFailed("table", "down")
    status, answer = rig.post(batch(event()))
    assert status == 503
    assert answer == {"error": {"code": "unavailable", "message": "the table did not answer; try again", "field": ""}}
    assert [line["id"] for line in rig.lake()] == ["e1"]


def test_a_stream_that_is_down_leaves_the_profile_as_it_was(rig: Rig) -> None:
    """The same batch sent again later is taken whole, not seen as duplicates."""
    rig.stream.outage = DependencyFailed("stream", "down")
    assert rig.post(batch(event()))[0] == 503
    assert rig.table.rows == {}
    rig.stream.outage = None
    assert rig.post(batch(event()))[1]["accepted"] == 1


def test_a_stream_that_takes_a_part_is_a_failure(rig: Rig) -> None:
    """An event that the stream refused is not counted as accepted."""
    rig.stream.refuse = 1
    assert rig.post(batch(event(), event(id="e2")))[0] == 503
    assert rig.table.rows == {}


def test_an_unexpected_fault_is_a_500_without_details(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the answer nor the log repeats what the exception said."""

    def broken() -> CollectService:
        raise RuntimeError("canary-4711")

    monkeypatch.setattr(rig.module, "service", broken)
    status, answer = rig.post(batch(event()))
    assert status == 500
    assert answer == {"error": {"code": "internal_error", "message": "something went wrong on our side", "field": ""}}
    assert "RuntimeError" in caplog.text
    assert "canary-4711" not in caplog.text


def test_an_unknown_route_is_a_404_in_our_form(rig: Rig) -> None:
    """Also what the router answers has the shape of our errors."""
    elsewhere = recorded_event("collect")
    elsewhere["rawPath"] = elsewhere["requestContext"]["http"]["path"] = "/v1/nothing"
    status, answer, _ = call(rig.module, elsewhere)
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_an_expired_profile_is_not_used(rig: Rig) -> None:
    """A row whose time is over but which the table still holds is overwritten, not read."""
    rig.post(batch(event()))
    key = keys.profile(FIRST)
    row: Row = {**rig.table.rows[key], "ttl": int(NOW.timestamp())}
    rig.table.rows[key] = row
    rig.post(batch(event(id="e2", item="new"), visitor=FIRST_TOKEN))
    assert rig.profile().recent_items(9) == ("new",)


def test_consent_is_remembered_with_its_instant(rig: Rig) -> None:
    """Purposes that the visitor adds later are in the profile, for whoever sends messages."""
    rig.post(batch(event()))
    rig.now += timedelta(seconds=1)
    rig.post(batch(event(id="e2"), consent=["personalization", "messages"], visitor=FIRST_TOKEN))
    assert rig.profile().consent == Consent(NOW_MS + 1000, frozenset({"personalization", "messages"}))


def _event_of_the_other() -> list[Any]:
    return [Event(id="theirs", kind="view", at_ms=NOW_MS - 500, item="theirs")]


@dataclass
class _Table:
    """A table in memory whose reads or races are steered by a test."""

    inner: MemoryTable
    read: Callable[..., Any]
    wins: bool = True

    def replace(self, key: Key, row: Row, expected_rev: int | None) -> bool:
        return self.wins and self.inner.replace(key, row, expected_rev)

    def write(self, rows: Any) -> int:
        return self.inner.write(rows)

    def delete(self, wanted: Any) -> int:
        return self.inner.delete(wanted)

"""POST /v1/events through the real handler: what is taken, what is listed, what is kept."""

from datetime import timedelta

import pytest

from tests.functional.collect_rig import FIRST, FIRST_TOKEN, NOW, NOW_MS, Rig, batch, event
from tests.functional.handlers import call, recorded_event
from vitrine import keys
from vitrine.types import CartLine, Row
from vitrine.visitors.profile import Consent


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

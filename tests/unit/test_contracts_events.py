"""The request and the answer of POST /v1/events; what becomes of a batch is in tests/functional/test_collect.py."""

import json
from typing import Any

import pytest

from vitrine.api.events import EventsBody, answer_body
from vitrine.errors import InvalidField
from vitrine.service.collect import Outcome, Rejection
from vitrine.types import Event

VIEW = {"id": "e1", "kind": "view", "at_ms": 1, "item": "a"}


def parse(**changes: Any) -> EventsBody:
    """A request with one view, changed."""
    return EventsBody.from_body(json.dumps({"events": [VIEW], **changes}).encode())


def test_an_event_reaches_the_profile_as_it_was_sent() -> None:
    """All fields of an event, the batch's session with it."""
    full = {
        "id": "e1",
        "kind": "impression",
        "at_ms": 1793620795000,
        "item": "1029743",
        "quantity": 2,
        "price": 199,
        "query": "milk",
        "decision": "d1",
        "placement": "home.recs",
        "slot": 0,
        "answers": {"pet": "dog"},
    }
    batch = parse(session="s1", consent=["personalization"], events=[full]).to_domain("h1")
    assert (batch.visitor, batch.consent, batch.rejected) == ("h1", {"personalization"}, [])
    assert batch.events == [(0, Event(session="s1", **full))]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"events": []}, "events"),
        ({"events": [VIEW] * 101}, "events"),
        ({"events": VIEW}, "events"),
        ({"events": None}, "events"),
        ({"surprise": 1}, "surprise"),
        ({"consent": ["everything"]}, "consent.0"),
        ({"session": "x" * 129}, "session"),
        ({"visitor": 7}, "visitor"),
    ],
)
def test_a_bad_envelope_is_refused_whole(changes: dict[str, Any], field: str) -> None:
    """What is wrong outside the events leaves nothing to take."""
    with pytest.raises(InvalidField) as caught:
        parse(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("kind", "needed"),
    [
        ("view", "item"),
        ("add_to_cart", "item"),
        ("remove_from_cart", "item"),
        ("favourite", "item"),
        ("purchase", "item"),
        ("search", "query"),
        ("impression", "placement"),
        ("click", "placement"),
        ("slot_click", "placement"),
        ("dismiss", "placement"),
        ("survey", "answers"),
    ],
)
def test_an_event_without_what_its_kind_needs_is_rejected(kind: str, needed: str) -> None:
    """A purchase of nothing and an answer to no question say nothing."""
    batch = parse(events=[{"id": "e", "kind": kind, "at_ms": 1}]).to_domain(None)
    expected = f"is required for an event of kind {kind}"
    assert batch.rejected == [Rejection(0, "invalid_field", expected, f"events.0.{needed}")]


def test_a_quantity_of_nothing_only_takes_a_favourite_back() -> None:
    """Zero of anything else is a mistake."""
    taken_back = {**VIEW, "kind": "favourite", "quantity": 0}
    bought = {**VIEW, "kind": "purchase", "quantity": 0}
    batch = parse(events=[taken_back, bought]).to_domain(None)
    assert [index for index, _ in batch.events] == [0]
    assert [rejection.field for rejection in batch.rejected] == ["events.1.quantity"]


def test_the_answer_lists_rejections_as_objects() -> None:
    """The form that the storefront reads."""
    outcome = Outcome(1, 2, [Rejection(3, "too_old", "the event is old", "events.3.at_ms")], "token")
    assert json.loads(answer_body(outcome)) == {
        "accepted": 1,
        "duplicates": 2,
        "rejected": [{"index": 3, "code": "too_old", "message": "the event is old", "field": "events.3.at_ms"}],
        "visitor": "token",
    }

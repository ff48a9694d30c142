"""How large a profile can get: bounded by the bytes that the wire lets through, whoever sends them."""

from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from vitrine.api.events import EventBody
from vitrine.errors import InvalidField
from vitrine.types import Event, EventKind
from vitrine.visitors.history import LANE_OF, LANES, PLACED, Lane
from vitrine.visitors.profile import Profile

FRAME = 200  # format version, consent, lanes' headers
RECORD = 9 + 8 + 1 + 3 + 3 + 5 + 3  # time, digest, kind, name, quantity, price, placement
HEADER = 3  # of a text
ANSWERS = 10 * (64 + HEADER + 128 + HEADER + 1) + 3
WORST = 128 * 1024
"""DynamoDB takes rows of 400 KB; the rest is for the CRM's attributes and the row's other fields."""


def bound(lane: Lane, n_records: int) -> int:
    """Bytes that n records of a lane can take."""
    what = (200 if lane == "search" else 128) + HEADER
    placement = 64 + HEADER if lane in PLACED else 0
    return n_records * (RECORD + what + placement + (ANSWERS if lane == "survey" else 1))


def checked(plain: dict[str, Any]) -> Event | None:
    """The event as the wire lets it through, None when it does not."""
    try:
        return EventBody.checked(plain).to_domain("s", "events.0")
    except InvalidField:
        return None


def fill(letter: str, n_bytes: int, end: str = "") -> str:
    """A text of as many of these letters as fit, with an end of its own."""
    return letter * ((n_bytes - len(end)) // len(letter.encode())) + end


def longest(kind: EventKind, n: int, letter: str) -> Event | None:
    """The n-th event of a kind with everything as long as it may be."""
    return checked(
        {
            "id": f"{kind}{n}",
            "kind": kind,
            "at_ms": 1_793_620_800_000 + n * 2**33,
            "item": fill(letter, 128, f"{n:05}"),
            "query": fill(letter, 200, f"{n:05}"),
            "quantity": 9_999,
            "price": 10**9,
            "placement": fill(letter, 64, f"{n:05}"),
            "answers": {fill(letter, 64, f"{n}"): fill(letter, 128) for n in range(10)},
        }
    )


@pytest.mark.parametrize("letter", ["x", "é", "€", "\U0001f95b"])
def test_the_longest_profile_fits_a_row(letter: str) -> None:
    """Every lane full of the longest texts, whatever the length of a letter in UTF-8."""
    events = [longest(kind, n, letter) for kind in LANE_OF for n in range(max(LANES.values()))]
    profile = Profile().apply([event for event in events if event])
    assert {lane: len(records) for lane, records in profile.history.items()} == LANES
    most = FRAME + sum(bound(lane, n) for lane, n in LANES.items())
    assert len(profile.encode()) <= most <= WORST


TEXTS = st.text(st.sampled_from("ab\u00e9\u20ac\U0001f95b"), min_size=1, max_size=130)
PLAIN_EVENTS = st.fixed_dictionaries(
    {
        "id": st.integers(0, 10**9).map(str) | TEXTS,
        "kind": st.sampled_from(sorted(LANE_OF)),
        "at_ms": st.integers(0, 2**53 - 1),
        "item": TEXTS,
        "query": TEXTS,
        "quantity": st.integers(1, 9_999),
        "price": st.integers(0, 10**9),
        "placement": TEXTS,
        "answers": st.dictionaries(TEXTS, TEXTS, max_size=10),
    }
)


@settings(max_examples=60, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.lists(PLAIN_EVENTS, max_size=40))
def test_no_event_adds_more_than_its_share(plain: list[dict[str, Any]]) -> None:
    """The bound holds for any history of events that passed the wire, not only for the longest."""
    profile = Profile().apply([event for event in map(checked, plain) if event])
    most = FRAME + sum(bound(lane, len(records)) for lane, records in profile.history.items())
    assert len(profile.encode()) <= most


@pytest.mark.parametrize(
    ("field", "kind", "limit"), [("id", "view", 128), ("item", "view", 128), ("query", "search", 200)]
)
@pytest.mark.parametrize("letter", ["x", "ж", "€", "\U0001f95b"])
def test_texts_are_limited_by_bytes(field: str, kind: str, limit: int, letter: str) -> None:
    """As many letters as fit are taken; one more is refused by name."""
    good = {"id": "e1", "kind": kind, "at_ms": 1, "item": "a", "query": "q", field: fill(letter, limit)}
    assert EventBody.checked(good)
    with pytest.raises(InvalidField, match="should have at most") as caught:
        EventBody.checked({**good, field: fill(letter, limit) + letter})
    assert caught.value.field == field


def test_a_placement_is_limited_to_64_bytes() -> None:
    """Names of placements are the store's own and short."""
    good = {"id": "e1", "kind": "click", "at_ms": 1, "placement": "p" * 64}
    assert EventBody.checked(good)
    with pytest.raises(InvalidField, match="at most 64 bytes"):
        EventBody.checked({**good, "placement": "p" * 65})

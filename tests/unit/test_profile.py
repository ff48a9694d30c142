"""The profile as a function of the set of events: order, repetition and grouping do not matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.errors import DependencyFailed
from vitrine.types import DAY_MS, Absent, CartLine, Event, EventKind
from vitrine.visitors.history import LANE_OF, LANES
from vitrine.visitors.profile import Consent, Profile
from vitrine.visitors.stored import KEPT_FOR, Stored, parse_profile

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NUMBERS = count()


def event(kind: EventKind, at_ms: int, item: str | None = "a", **changes: Any) -> Event:
    """An event with an id of its own."""
    return Event(**{"id": f"e{next(NUMBERS)}", "kind": kind, "at_ms": at_ms, "item": item, **changes})


EVENTS = st.lists(
    st.builds(
        Event,
        id=st.integers(0, 400).map(str),  # few enough ids that some come twice, also with other content
        kind=st.sampled_from(sorted(LANE_OF)),
        at_ms=st.integers(0, 300),
        item=st.sampled_from("abcdef"),
        quantity=st.integers(0, 3),
        price=st.none() | st.integers(0, 999),
        query=st.none() | st.sampled_from(["milk", "Молоко"]),
        placement=st.none() | st.sampled_from(["home.recs", "cart.accompanying"]),
        answers=st.dictionaries(st.sampled_from(["pet", "diet"]), st.sampled_from(["dog", "none"])),
    ),
    max_size=300,
)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False), st.lists(st.integers(0, 300), max_size=6))
def test_order_repetition_and_grouping_do_not_matter(events: list[Event], random: Any, cuts: list[int]) -> None:
    """Any permutation, with any part repeated, in any batches, makes the same profile."""
    expected = Profile().apply(events)
    shuffled = events + events[: len(events) // 2]
    random.shuffle(shuffled)
    edges = sorted({0, len(shuffled), *(cut for cut in cuts if cut < len(shuffled))})
    profile = Profile()
    for start, end in pairwise(edges):
        profile = profile.apply(shuffled[start:end])
    assert profile == expected
    assert profile.encode() == expected.encode()
    assert profile.cart() == expected.cart()


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_a_profile_comes_back_from_its_bytes(events: list[Event]) -> None:
    """Encoding loses nothing, also not consent, region and attributes."""
    profile = replace(
        Profile().apply(events).with_attributes("north", {"income": "50-74K", "kids": 2, "owner": True}),
        consent=Consent(7, frozenset({"personalization", "geo"})),
    )
    assert Profile.decode(profile.encode()) == profile


@settings(max_examples=20, deadline=None)
@given(EVENTS)
def test_lanes_are_bounded_and_newest_first(events: list[Event]) -> None:
    """No lane is above its bound, no id stands twice, and nothing kept is older than something forgotten."""
    for lane, records in Profile().apply(events).history.items():
        assert len(records) <= LANES[lane]
        assert list(records) == sorted(records, reverse=True)
        assert len({record.digest for record in records}) == len(records)


def test_an_ordinary_profile_is_small() -> None:
    """Fifty views, a cart and eighty purchases of ordinary ids stay below one read unit's 4 KB."""
    events = [event("view", 10**12 + n * 60_000, str(1_000_000 + n)) for n in range(50)]
    events += [event("add_to_cart", 10**12 + n * 60_000, str(1_000_000 + n), price=299) for n in range(5)]
    events += [event("purchase", 10**12 + n * 86_400_000, str(1_000_000 + n % 40), price=299) for n in range(80)]
    assert len(Profile().apply(events).encode()) < 4096


def test_recent_items_are_distinct_and_newest_first() -> None:
    """Views only, each item at its last view."""
    profile = Profile().apply(
        [event("view", 1, "a"), event("view", 2, "b"), event("view", 3, "a"), event("click", 4, "c")]
    )
    assert profile.recent_items(5) == ("a", "b")
    assert profile.recent_items(1) == ("a",)


def test_the_cart_is_what_was_put_in_and_not_taken_out() -> None:
    """Quantities add up, the last known price counts, a line without quantity is gone."""
    profile = Profile().apply(
        [
            event("add_to_cart", 1, "a", quantity=2, price=100),
            event("add_to_cart", 2, "a", quantity=1),
            event("remove_from_cart", 3, "a", quantity=1),
            event("add_to_cart", 4, "b", price=50),
            event("remove_from_cart", 5, "b"),
            event("remove_from_cart", 6, "never there"),
            event("add_to_cart", 7, "c", price=70),
        ]
    )
    assert profile.cart() == (CartLine("a", 2, 100), CartLine("c", 1, 70))


def test_a_purchase_ends_the_line_of_its_item() -> None:
    """What was bought is no longer in the cart; what is put in afterwards is."""
    bought = [event("add_to_cart", 1, "a", quantity=3), event("purchase", 2, "a")]
    assert Profile().apply(bought).cart() == ()
    again = event("add_to_cart", 3, "a")
    assert Profile().apply([again, *bought]).cart() == (CartLine("a", 1),)


def test_a_forgotten_removal_does_not_bring_a_line_back() -> None:
    """Additions and removals are forgotten from the same instant on."""
    events = [event("add_to_cart", 0, "ghost"), event("remove_from_cart", 1, "ghost")]
    events += [event("add_to_cart", 2 + n, "real") for n in range(LANES["cart"])]
    assert [line.item for line in Profile().apply(events).cart()] == ["real"]


def test_a_forgotten_purchase_does_not_bring_a_line_back() -> None:
    """Once purchases have been forgotten, additions from before the oldest remembered one do not count."""
    events = [event("add_to_cart", 0, "ghost"), event("purchase", 1, "ghost")]
    events += [event("purchase", 10 + n, f"i{n}") for n in range(LANES["purchase"])]
    assert Profile().apply(events).cart() == ()


def test_what_was_bought_since_an_instant() -> None:
    """Each item with the instant of its last purchase, the last bought first."""
    profile = Profile().apply([event("purchase", 1, "a"), event("purchase", 5, "b"), event("purchase", 9, "a")])
    assert list(profile.bought_since(0).items()) == [("a", 9), ("b", 5)]
    assert profile.bought_since(6) == {"a": 9}


def test_a_remembered_event_is_known_by_kind_and_id() -> None:
    """A click does not make a dismissal of the same id a duplicate, also where they share a lane."""
    seen = Event("x", "click", 1, "a")
    profile = Profile().apply([seen])
    assert profile.knows(replace(seen, at_ms=2))
    assert not profile.knows(replace(seen, id="y"))
    assert not profile.knows(replace(seen, kind="purchase"))
    assert not profile.knows(replace(seen, kind="dismiss"))


@pytest.mark.parametrize("kinds", [("click", "dismiss"), ("add_to_cart", "remove_from_cart")])
def test_kinds_of_one_lane_with_one_id_are_both_remembered(kinds: tuple[EventKind, ...]) -> None:
    """What was counted as taken is not forgotten for its namesake, in either order."""
    events = [Event("x", kind, at_ms, "a") for at_ms, kind in enumerate(kinds)]
    profile = Profile().apply(events)
    assert all(map(profile.knows, events))
    assert profile == Profile().apply(reversed(events))


@given(
    st.permutations(
        [
            Consent(1, frozenset({"geo"})),
            Consent(2, frozenset({"personalization"})),
            Consent(2, frozenset({"personalization", "messages"})),
        ]
    )
)
def test_the_last_word_on_consent_counts_in_any_order(said: list[Consent]) -> None:
    """Of two statements at one instant the one that allows less."""
    profile = Profile()
    for consent in said:
        profile = profile.with_consent(consent)
    assert profile.consent == Consent(2, frozenset({"personalization"}))


def test_a_row_carries_the_next_revision_and_its_end() -> None:
    """The first revision is 1; a row lives for 400 days after the last write."""
    row = Stored(Profile(), None).successor(Profile(region="north"), NOW)
    assert row["rev"] == 1
    assert row["ttl"] == int((NOW + KEPT_FOR).timestamp())
    stored = parse_profile(row, NOW)
    assert (stored.profile.region, stored.rev) == ("north", 1)
    assert stored.successor(stored.profile, NOW)["rev"] == 2


def test_an_expired_row_is_an_empty_profile_of_its_revision() -> None:
    """The table deletes late; until then the row is not used but must be replaced, not created."""
    row = Stored(Profile(), 4).successor(Profile(region="north"), NOW)
    assert parse_profile(row, NOW + KEPT_FOR) == Stored(Profile(), 5)
    assert parse_profile(row, NOW + KEPT_FOR - timedelta(seconds=1)).profile.region == "north"


def test_missing_is_empty_and_not_read_is_a_failure() -> None:
    """Nobody's profile is taken for an empty one because the table was slow."""
    assert parse_profile(Absent.MISSING, NOW) == Stored(Profile(), None)
    with pytest.raises(DependencyFailed, match="not read"):
        parse_profile(Absent.NOT_READ, NOW)
    with pytest.raises(DependencyFailed, match="damaged"):
        parse_profile({"profile": "text", "rev": 1, "ttl": 1}, NOW)


def test_a_favourite_lasts_until_it_is_taken_back() -> None:
    """The newest word on an item counts, whatever the order of arrival; the last favoured stands first."""
    events = [
        event("favourite", 1, "a"),
        event("favourite", 2, "b"),
        event("favourite", 3, "a", quantity=0),
        event("favourite", 4, "c", quantity=0),
        event("favourite", 5, "c"),
    ]
    assert Profile().apply(events).favourites() == Profile().apply(reversed(events)).favourites() == ("c", "b")
    assert Profile().favourites() == ()


def test_a_dismissal_hides_the_item_it_names() -> None:
    """Other reactions hide nothing, nor does a dismissal of a placement as a whole, nor one from before the instant."""
    profile = Profile().apply(
        [
            event("dismiss", 5, "a", placement="home.recs"),
            event("dismiss", 5, None, placement="home.recs"),
            event("dismiss", 4, "old", placement="home.recs"),
            event("click", 6, "b", placement="home.recs"),
        ]
    )
    assert profile.dismissed(5) == {"a"}
    assert profile.dismissed(0) == {"a", "old"}


def test_when_somebody_was_seen() -> None:
    """First, last before an instant, and on how many days; nothing of it for an empty profile."""
    profile = Profile().apply(
        [event("view", 5), event("search", 3, None, query="milk"), event("purchase", DAY_MS), event("view", DAY_MS + 9)]
    )
    assert profile.first_seen_ms == 3
    assert (profile.seen_before(DAY_MS), profile.seen_before(3)) == (5, None)
    assert (profile.visits, profile.days_seen("purchase"), profile.days_seen("view")) == (2, 1, 2)
    assert (Profile().first_seen_ms, Profile().visits) == (None, 0)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(0, 310))
def test_what_follows_from_a_history_agrees_with_it(events: list[Event], at_ms: int) -> None:
    """Derived values are what a scan of all remembered records says."""
    profile = Profile().apply(events)
    instants = [record.at_ms for records in profile.history.values() for record in records]
    assert profile.first_seen_ms == min(instants, default=None)
    assert profile.seen_before(at_ms) == max((ms for ms in instants if ms < at_ms), default=None)
    assert len(set(profile.favourites())) == len(profile.favourites())
    assert profile.dismissed(at_ms) <= profile.dismissed(0)

"""What calls for a message: one case for each kind, and what takes it back."""

from collections.abc import Mapping
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outreach.clocks import DAY_MS, HOUR_MS, instant_ms
from vitrine.outreach.messages import Trigger
from vitrine.outreach.state import Note
from vitrine.outreach.triggers import FINDERS, Call, Good, Seen, calls, items_of_interest
from vitrine.types import Event, EventKind
from vitrine.visitors.profile import Profile

NOW_MS: Final = instant_ms("2026-11-02T12:00")
BERLIN: Final = ZoneInfo("Europe/Berlin")
NUMBERS = count()
GOODS: Final = {
    "milk": Good(100, 120, "dairy/milk", in_stock=True),
    "brie": Good(300, 300, "dairy/cheese", in_stock=True),
    "beer": Good(150, 150, "drinks", in_stock=True),
    "wine": Good(900, 900, "drinks", in_stock=False),
}


def did(kind: EventKind, item: str, hours_ago: float, **changes: Any) -> Event:
    """What the person did so long ago."""
    return Event(f"e{next(NUMBERS)}", kind, NOW_MS - round(hours_ago * HOUR_MS), item, **changes)


def seen(*parts: Event | Note, goods: Mapping[str, Good] = GOODS, **attributes: str | int) -> Seen:
    """A person in Berlin who did this, around whom this was noticed."""
    profile = Profile().apply([one for one in parts if isinstance(one, Event)])
    notes = [one for one in parts if isinstance(one, Note)]
    return Seen(profile.with_attributes(None, attributes), notes, goods, BERLIN, NOW_MS)


def ago(hours: float) -> int:
    """The instant so long ago."""
    return NOW_MS - round(hours * HOUR_MS)


CART: Final = Trigger("abandoned_cart", after_s=3600)


def test_a_cart_is_left_an_hour_after_the_last_thing_done() -> None:
    """Whatever was done last; it is about what can be bought of it."""
    person = seen(did("add_to_cart", "milk", 5), did("add_to_cart", "wine", 4), did("view", "beer", 2))
    assert list(calls(CART, person)) == [Call("", ago(4), ago(1), ("milk",))]


@pytest.mark.parametrize("kind", ["purchase", "remove_from_cart"])
def test_a_cart_that_is_empty_calls_for_nothing(kind: EventKind) -> None:
    """Bought, or taken out again."""
    assert not list(calls(CART, seen(did("add_to_cart", "milk", 5), did(kind, "milk", 4))))


def test_a_cart_of_goods_that_are_gone_calls_for_nothing() -> None:
    """Neither of those out of stock nor of those without a card."""
    assert not list(calls(CART, seen(did("add_to_cart", "wine", 5), did("add_to_cart", "rum", 4))))


def test_who_looked_and_left() -> None:
    """Views since the last purchase, of so many different things."""
    trigger = Trigger("abandoned_browse", after_s=3600, min_views=2)
    person = seen(did("purchase", "beer", 9), did("view", "milk", 8), did("view", "brie", 7), did("view", "brie", 6))
    assert list(calls(trigger, person)) == [Call("", ago(6), ago(5), ("brie", "milk"))]
    assert not list(calls(trigger, seen(did("view", "brie", 7), did("view", "brie", 6))))
    assert not list(calls(trigger, seen(did("view", "milk", 8), did("view", "brie", 7), did("purchase", "beer", 6))))
    assert not list(calls(trigger, seen(did("view", "milk", 8), did("view", "brie", 7), did("add_to_cart", "beer", 6))))


def test_views_of_long_before_the_last_do_not_count() -> None:
    """`within` counts back from what was done last."""
    trigger = Trigger("abandoned_browse", min_views=2, within_s=3600)
    assert not list(calls(trigger, seen(did("view", "milk", 8), did("view", "brie", 6))))


def test_a_category_that_was_looked_at_again_and_again() -> None:
    """Each of its own where none is named; below the named one otherwise; not after something of it was bought."""
    views = (did("view", "milk", 5), did("view", "brie", 4), did("view", "milk", 3))
    own = Trigger("category_interest", min_views=2, after_s=60)
    assert [(one.subject, one.items) for one in calls(own, seen(*views))] == [("dairy/milk", ("milk",))]
    named = Trigger("category_interest", min_views=3, category="dairy")
    assert list(calls(named, seen(*views))) == [Call("dairy", ago(3), ago(3), ("milk", "brie"))]
    assert list(calls(named, seen(*views, did("purchase", "brie", 4))))
    assert not list(calls(named, seen(*views, did("purchase", "brie", 2))))
    assert not list(calls(Trigger("category_interest", min_views=1, category="dair"), seen(*views)))


@pytest.mark.parametrize(("before", "min_drop", "is_called"), [(125, 0.2, True), (124, 0.2, False), (100, 0.0, True)])
def test_a_price_that_fell_far_enough(before: int, min_drop: float, is_called: bool) -> None:
    """The card's price of now against the one that the note remembers."""
    person = seen(did("favourite", "milk", 50), Note("price_drop", "milk", ago(3), before))
    found = list(calls(Trigger("price_drop", min_drop=min_drop, after_s=60), person))
    assert found == ([Call("milk", ago(3), ago(3) + 60_000, ("milk",))] if is_called else [])


@pytest.mark.parametrize("kind", ["price_drop", "back_in_stock"])
@pytest.mark.parametrize(
    ("event", "interests", "is_called"),
    [
        ("view", ("views",), True),
        ("view", ("cart", "favourites"), False),
        ("favourite", ("favourites",), True),
        ("add_to_cart", ("cart",), True),
        ("add_to_cart", ("views",), False),
    ],
)
def test_news_of_goods_are_for_who_cares(kind: Any, event: EventKind, interests: Any, is_called: bool) -> None:
    """In the cart, a favourite or looked at, as the trigger says."""
    person = seen(did(event, "milk", 50), Note(kind, "milk", ago(3), 200))
    assert bool(list(calls(Trigger(kind, interests=interests), person))) == is_called


@pytest.mark.parametrize("kind", ["price_drop", "back_in_stock"])
def test_news_of_goods_end_with_the_purchase_or_the_stock(kind: Any) -> None:
    """Bought since, or sold out again; bought before is no reason."""
    trigger = Trigger(kind)
    view, note = did("view", "milk", 50), Note(kind, "milk", ago(3), 200)
    assert list(calls(trigger, seen(view, note, did("purchase", "milk", 4))))
    assert not list(calls(trigger, seen(view, note, did("purchase", "milk", 2))))
    assert not list(calls(trigger, seen(did("view", "wine", 50), Note(kind, "wine", ago(3), 2000))))


def test_an_order_is_what_was_bought_within_hours() -> None:
    """Profiles keep no order numbers."""
    person = seen(did("purchase", "brie", 60), did("purchase", "beer", 51), did("purchase", "milk", 50))
    assert list(calls(Trigger("post_purchase", after_s=3600), person)) == [Call("", ago(50), ago(49), ("milk", "beer"))]
    assert not list(calls(Trigger("post_purchase"), seen(did("view", "milk", 1))))


def test_goods_run_out() -> None:
    """So long before the day that the planner foresees; not after they were bought since, wherever."""
    trigger = Trigger("replenishment", before_s=86_400)
    note = Note("replenishment", "milk", ago(30), NOW_MS + 2 * DAY_MS)
    bought = did("purchase", "milk", 400)
    assert list(calls(trigger, seen(bought, note))) == [Call("milk", bought.at_ms, NOW_MS + DAY_MS, ("milk",))]
    assert not list(calls(trigger, seen(bought, note, did("purchase", "milk", 20))))


def test_who_has_not_been_here_for_long() -> None:
    """Counted from what was done last; nobody is won back who never was here."""
    assert list(calls(Trigger("win_back", after_s=7200), seen(did("view", "milk", 5)))) == [Call("", ago(5), ago(3))]
    assert not list(calls(Trigger("win_back"), seen()))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("1990-11-03", ["2025-11-03T09:00", "2026-11-03T09:00", "2027-11-03T09:00"]),
        ("11-03", ["2025-11-03T09:00", "2026-11-03T09:00", "2027-11-03T09:00"]),
        ("1992-02-29", ["2025-02-28T09:00", "2026-02-28T09:00", "2027-02-28T09:00"]),
        ("06-15", ["2025-06-15T08:00", "2026-06-15T08:00", "2027-06-15T08:00"]),
        ("1990-02-29", []),
        ("tomorrow", []),
        ("", []),
        (3, []),
    ],
)
def test_a_day_comes_round(said: str | int, expected: list[str]) -> None:
    """At ten by the person's clock, in summer and winter."""
    found = list(calls(Trigger("anniversary", attribute="birthday", at_minute=600), seen(birthday=said)))
    assert [(one.subject, one.due_ms) for one in found] == [(at[:4], instant_ms(at)) for at in expected]


def test_the_weather_is_looked_at_once_a_day() -> None:
    """By the person's day; of those who were ever here."""
    found = list(calls(Trigger("weather", at_minute=480), seen(did("view", "milk", 900))))
    assert [(one.subject, one.due_ms) for one in found][-2:] == [
        ("2026-11-02", instant_ms("2026-11-02T07:00")),
        ("2026-11-03", instant_ms("2026-11-03T07:00")),
    ]
    assert not list(calls(Trigger("weather"), seen()))


def test_who_passes_a_shop() -> None:
    """The named fences, the named actions; with the favourites that can be bought."""
    notes = (Note("geofence", "north", ago(1), 0), Note("geofence", "south", ago(2), 2), Note("geofence", "east", 5, 9))
    person = seen(did("favourite", "milk", 9), did("favourite", "wine", 9), *notes)
    assert list(calls(Trigger("geofence"), person)) == [Call("north", ago(1), ago(1), ("milk",))]
    dwell = Trigger("geofence", fences=frozenset(("north", "south")), actions=frozenset(("dwell",)), after_s=60)
    assert list(calls(dwell, person)) == [Call("south", ago(2), ago(2) + 60_000, ("milk",))]
    assert not list(calls(Trigger("geofence", fences=frozenset(("west",))), person))


def test_cards_are_asked_of_what_may_be_written_about() -> None:
    """Each once: cart, favourites, views, purchases and notes."""
    person = seen(
        did("view", "beer", 1), did("view", "milk", 2), did("add_to_cart", "milk", 3), did("favourite", "brie", 4)
    )
    noted = [Note("back_in_stock", "wine", 1), Note("geofence", "north", 1), Note("price_drop", "beer", 1)]
    assert items_of_interest(person.profile, noted) == ("milk", "brie", "beer", "wine")


EVENTS = st.builds(
    Event,
    id=st.integers(0, 99).map(str),
    kind=st.sampled_from(["view", "add_to_cart", "remove_from_cart", "purchase", "favourite"]),
    at_ms=st.integers(NOW_MS - 20 * DAY_MS, NOW_MS + 10 * 60_000),
    item=st.sampled_from([*GOODS, "rum"]),
)
NOTES = st.builds(
    Note,
    st.sampled_from(["price_drop", "back_in_stock", "replenishment", "geofence"]),
    st.sampled_from([*GOODS, "rum"]),
    st.integers(NOW_MS - 9 * DAY_MS, NOW_MS),
    st.integers(0, 500),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=30), st.lists(NOTES, max_size=8), st.randoms(use_true_random=False))
def test_calls_are_of_goods_that_can_be_bought_in_any_order(
    events: list[Event], notes: list[Note], random: Any
) -> None:
    """No kind fails on any history, none is about what is sold out, and the order of arrival does not matter."""
    person = seen(*events, *notes, birthday="11-03")
    shuffled: list[Event | Note] = [*events, *notes]
    random.shuffle(shuffled)
    again = seen(*shuffled, birthday="11-03")
    for kind in FINDERS:
        trigger = Trigger(kind, attribute="birthday", after_s=60)
        found = list(calls(trigger, person))
        about_sales = kind == "post_purchase"  # of what was bought, whatever is left of it
        assert about_sales or all(GOODS[item].in_stock for one in found for item in one.items)
        assert {(one.subject, one.anchor_ms, one.due_ms, one.items) for one in found} == {
            (one.subject, one.anchor_ms, one.due_ms, one.items) for one in calls(trigger, again)
        }

"""Placements filled from ranked candidates."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pages import BESTSELLERS, card, context, placement
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.placements import Placement, Strategy
from vitrine.decisions.ranking import rank
from vitrine.decisions.slots import SPARE, Reason, fill, show
from vitrine.decisions.visit import Visit

EMPTY = Visit(None, (), (), {})
OWN = Strategy("known", ("personal",), "personal")
NEIGHBOURS = Strategy("active", ("bought_together_recent",), "bought_together_recent")


def picked(lists: Lists, *placements: Placement, visit: Visit = EMPTY) -> list[list[str]]:
    """Items picked per placement."""
    ranking = rank(merge(lists), None, 0.0)
    return [[pick.item for pick in picks.picks] for picks in fill(placements, ranking, context(), visit)]


def test_strategies_fill_in_turn() -> None:
    """The visitor's own items come first, bestsellers fill the rest."""
    lists = Lists(personal(["own 1", "own 2"]), shelf(["best 1", "own 1", "best 2"]))
    assert picked(lists, placement("p", OWN, BESTSELLERS)) == [["own 1", "own 2", "best 1", "best 2"]]


def test_an_unknown_visitor_gets_what_is_for_anyone() -> None:
    """Without lists of their own and without looks, only `anyone` applies."""
    assert picked(Lists(shelf=shelf(["best"])), placement("p", OWN, NEIGHBOURS, BESTSELLERS)) == [["best"]]


def test_looking_at_something_makes_a_visitor_active() -> None:
    """The neighbours of the last item seen come before bestsellers."""
    lists = Lists(shelf=shelf(["best"]), seeds=[Seed("x", "recent", 1.0, related("x", ["near"]))])
    visit = Visit(None, ("x",), (), {})
    assert picked(lists, placement("p", NEIGHBOURS, BESTSELLERS), visit=visit) == [["near", "best"]]


def test_a_list_that_was_not_read_is_passed_over() -> None:
    """A strategy whose order is not there gives way to the next one."""
    strategy = Strategy("anyone", ("new", "popular"), "new")
    seeds = [Seed("x", "cart", 1.0, related("x", ["near"]))]
    assert picked(Lists(seeds=seeds), placement("p", strategy)) == [[]]


@given(st.integers(1, 6), st.integers(0, 30), st.integers(1, 4))
def test_no_item_is_shown_twice_on_a_page(size: int, n: int, n_placements: int) -> None:
    """Whatever the sizes: shown items are unique over the page, and no placement picks more than size and spares."""
    placements = [placement(f"p{i}", size=size) for i in range(n_placements)]
    picks = picked(Lists(shelf=shelf([f"i{i}" for i in range(n)])), *placements)
    shown = [item for items in picks for item in items[:size]]
    assert len(shown) == len(set(shown)) == min(n, size * n_placements)
    assert all(len(items) <= size + SPARE for items in picks)


def test_the_reason_names_list_and_seed() -> None:
    """A shopper's question "why this?" has an answer."""
    lists = Lists(personal(["own"]), seeds=[Seed("x", "recent", 1.0, related("x", ["near"]))])
    filled = fill(
        [placement("p", OWN, NEIGHBOURS)], rank(merge(lists), None, 0.0), context(), Visit(None, ("x",), (), {})
    )
    reasons: Sequence[Reason] = [pick.reason for pick in filled[0].picks]
    assert reasons == [Reason("personal"), Reason("bought_together_recent", "x")]


@pytest.mark.parametrize("spoiled", [None, card("b", regions=0b10), card("b", price=0)])
def test_spares_replace_what_cannot_be_sold(spoiled: object) -> None:
    """A card that is gone, sold out here or without a price is skipped, and the slots close up."""
    ranking = rank(merge(Lists(shelf=shelf(["a", "b", "c"]))), None, 0.0)
    (picks,) = fill([placement("p", size=2)], ranking, context(), EMPTY)
    cards = {"a": card("a"), "b": spoiled, "c": card("c")}
    slots = show(picks, {item: c for item, c in cards.items() if c is not None}, region_bit=0)  # type: ignore[misc]
    assert [(slot.item, slot.slot) for slot in slots] == [("a", 0), ("c", 1)]


def test_a_row_is_no_list_of_one_kind() -> None:
    """At most so many of one kind, the best of them; the next kinds move up."""
    kinds = [code("milk")] * 4 + [code("bread")] * 2
    lists = Lists(shelf=shelf(["m1", "m2", "m3", "m4", "b1", "b2"], leaf=kinds))
    assert picked(lists, placement("p", max_per_kind=2)) == [["m1", "m2", "b1", "b2"]]

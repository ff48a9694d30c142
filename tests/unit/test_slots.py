"""Rows filled from ranked candidates."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pages import BESTSELLERS, EMPTY, card, fill_page, page_of, row, show_page
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.actions import ProductRow, Strategy
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.ranking import rank
from vitrine.decisions.slots import SPARE
from vitrine.decisions.visit import Visit

OWN = Strategy("known", ("personal",), "personal")
NEIGHBOURS = Strategy("active", ("bought_together_recent",), "bought_together_recent")


def picked(lists: Lists, *rows: ProductRow, visit: Visit = EMPTY) -> list[list[str]]:
    """Items picked per row."""
    page = page_of(rank(merge(lists), None, 0.0), visit)
    return [picks.items for picks in fill_page([(f"p{at}", one) for at, one in enumerate(rows)], page)]


def test_strategies_fill_in_turn() -> None:
    """The visitor's own items come first, bestsellers fill the rest."""
    lists = Lists(personal(["own 1", "own 2"]), shelf(["best 1", "own 1", "best 2"]))
    assert picked(lists, row(OWN, BESTSELLERS)) == [["own 1", "own 2", "best 1", "best 2"]]


def test_an_unknown_visitor_gets_what_is_for_anyone() -> None:
    """Without lists of their own and without looks, only `anyone` applies."""
    assert picked(Lists(shelf=shelf(["best"])), row(OWN, NEIGHBOURS, BESTSELLERS)) == [["best"]]


def test_looking_at_something_makes_a_visitor_active() -> None:
    """The neighbours of the last item seen come before bestsellers."""
    lists = Lists(shelf=shelf(["best"]), seeds=[Seed("x", "recent", 1.0, related("x", ["near"]))])
    visit = Visit(None, ("x",), (), {})
    assert picked(lists, row(NEIGHBOURS, BESTSELLERS), visit=visit) == [["near", "best"]]


def test_a_list_that_was_not_read_is_passed_over() -> None:
    """A strategy whose order is not there gives way to the next one."""
    strategy = Strategy("anyone", ("new", "popular"), "new")
    seeds = [Seed("x", "cart", 1.0, related("x", ["near"]))]
    assert picked(Lists(seeds=seeds), row(strategy)) == [[]]


@given(st.integers(1, 6), st.integers(0, 30), st.integers(1, 4))
def test_no_item_is_shown_twice_on_a_page(size: int, n: int, n_rows: int) -> None:
    """Whatever the sizes: shown items are unique over the page, and no placement picks more than size and spares."""
    rows = [row(size=size) for i in range(n_rows)]
    picks = picked(Lists(shelf=shelf([f"i{i}" for i in range(n)])), *rows)
    shown = [item for items in picks for item in items[:size]]
    assert len(shown) == len(set(shown)) == min(n, size * n_rows)
    assert all(len(items) <= size + SPARE for items in picks)


def test_the_reason_names_list_and_seed() -> None:
    """A shopper's question "why this?" has an answer."""
    lists = Lists(personal(["own"]), seeds=[Seed("x", "recent", 1.0, related("x", ["near"]))])
    page = page_of(rank(merge(lists), None, 0.0), Visit(None, ("x",), (), {}))
    (filled,) = fill_page([("p", row(OWN, NEIGHBOURS))], page)
    reasons: Sequence[Reason] = [pick.reason for pick in filled.flow]
    assert reasons == [Reason("personal"), Reason("bought_together_recent", "x")]


@pytest.mark.parametrize("spoiled", [None, card("b", regions=0b10), card("b", price=0)])
def test_spares_replace_what_cannot_be_sold(spoiled: object) -> None:
    """A card that is gone, sold out here or without a price is skipped, and the slots close up."""
    filled = fill_page([("p", row(size=2))], page_of(rank(merge(Lists(shelf=shelf(["a", "b", "c"]))), None, 0.0)))
    cards = {"a": card("a"), "b": spoiled, "c": card("c")}
    (slots,) = show_page(filled, {item: c for item, c in cards.items() if c is not None})  # type: ignore[misc]
    assert [(slot.item, slot.slot) for slot in slots] == [("a", 0), ("c", 1)]


def test_a_row_is_no_list_of_one_kind() -> None:
    """At most so many of one kind, the best of them; the next kinds move up."""
    kinds = [code("milk")] * 4 + [code("bread")] * 2
    lists = Lists(shelf=shelf(["m1", "m2", "m3", "m4", "b1", "b2"], leaf=kinds))
    assert picked(lists, row(max_per_kind=2)) == [["m1", "m2", "b1", "b2"]]

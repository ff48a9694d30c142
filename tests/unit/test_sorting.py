"""A given listing put in order for the visitor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tables import shelf
from vitrine.decisions.actions import BY_MODEL, Sort
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Lists, merge
from vitrine.decisions.ranking import Ranking, rank
from vitrine.decisions.sorting import LISTING, sort_listing


def scored(**scores: float) -> Ranking:
    """Candidates with these model scores."""
    candidates = merge(Lists(shelf=shelf(list(scores)))) if scores else merge(Lists())
    return Ranking(candidates, np.array([scores[item] for item in candidates.ids], np.float32), "test")


def order(sort: Sort, listing: str, ranking: Ranking) -> str:
    """Items of one letter, sorted."""
    return "".join(slot.item for slot in sort_listing(sort, list(listing), ranking))


def test_the_best_come_first() -> None:
    """By the model when the given order counts nothing; what is no candidate is average."""
    ranking = scored(a=-1.0, b=5.0, c=1.0, other=9.0)
    assert order(Sort(BY_MODEL, 0.0), "axbc", ranking) == "bxca"


def test_a_list_can_order_it() -> None:
    """Popularity in the region, say; a list that is not there leaves the order as it is."""
    ranking = rank(merge(Lists(shelf=shelf(["c", "b", "a"]))), None, 0.0)
    assert order(Sort("popular", 0.0), "abc", ranking) == "cba"
    assert order(Sort("similar_page", 0.0), "abc", ranking) == "abc"


def test_what_is_not_on_the_list_comes_after_what_is() -> None:
    """Sorted by discount, the least reduced item still stands before those that are not reduced at all."""
    ranking = rank(merge(Lists(shelf=shelf(["a", "b", "c"]))), None, 0.0)
    assert order(Sort("popular", 0.0), "xcyab", ranking) == "abcxy"


def test_the_given_order_has_its_weight() -> None:
    """Heavy enough, nothing moves; between, only what differs much."""
    ranking = scored(a=0.0, b=0.1, c=9.0)
    assert order(Sort(BY_MODEL, 0.0), "abc", ranking) == "cba"
    assert order(Sort(BY_MODEL, 0.5), "abc", ranking) == "cab"
    assert order(Sort(BY_MODEL, 100.0), "abc", ranking) == "abc"


@pytest.mark.parametrize("ranking", [scored(), scored(a=1.0), scored(z=1.0)])
def test_without_scores_the_given_order_stays(ranking: Ranking) -> None:
    """Nothing to tell the items apart by."""
    assert order(Sort(BY_MODEL, 0.0), "abc", ranking) == "abc"
    assert order(Sort(BY_MODEL, 0.0), "", ranking) == ""


def test_a_slot_says_what_moved_it() -> None:
    """By which score, or that none was known; no card is needed to sort."""
    slots = sort_listing(Sort(BY_MODEL, 0.0), ["x", "a", "b"], scored(a=1.0, b=3.0))
    assert [(slot.item, slot.slot, slot.reason, slot.card) for slot in slots] == [
        ("b", 0, Reason(BY_MODEL), None),
        ("x", 1, Reason(LISTING), None),
        ("a", 2, Reason(BY_MODEL), None),
    ]
    assert [slot.score for slot in slots] == [1.0, 0.0, -1.0]


letters = st.sampled_from("abcdefghijkl")


@given(
    st.lists(letters, unique=True),
    st.dictionaries(letters, st.floats(-1e3, 1e3, width=32)),
    st.floats(0.0, 10.0),
    st.integers(0, 3),
)
def test_sorting_is_a_permutation(listing: list[str], scores: dict[str, float], weight: float, again: int) -> None:
    """Every listed item once, nothing added, whatever the scores; an item that is listed twice stands once."""
    slots = sort_listing(Sort(BY_MODEL, weight), listing + listing[:again], scored(**scores))
    assert sorted(slot.item for slot in slots) == sorted(listing)
    assert [slot.slot for slot in slots] == list(range(len(listing)))

"""Lists merged into one set of candidates."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tables import personal, related, shelf
from vitrine.decisions.candidates import LISTS, MAX_KEPT_PER_SHELF, Lists, Seed, fuse, merge
from vitrine.decisions.features import features

few_ids = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


def test_no_lists_give_no_candidates() -> None:
    """An empty merge is a valid, empty set."""
    assert len(merge(Lists())) == 0


@given(few_ids, few_ids, few_ids)
def test_each_item_stands_once(own: list[str], popular: list[str], bought: list[str]) -> None:
    """The merge is the union of its lists, without repetition, and scores stay with their items."""
    row = related("seed", bought)
    candidates = merge(Lists(personal(own), shelf(popular), seeds=[Seed("seed", "cart", 1.0, row)]))
    assert sorted(candidates.ids) == sorted({*own, *popular, *bought, "seed"})
    at = {item: index for index, item in enumerate(candidates.ids)}
    for rank, item in enumerate(popular):
        assert candidates.lists["popular"][at[item]] == len(popular) - rank
    assert np.isnan(candidates.lists["popular"]).sum() == len(candidates) - len(popular)


def test_a_relation_sums_over_seeds_and_names_the_strongest() -> None:
    """Two seeds that lead to one item add up; the reason is the one that gave more."""
    seeds = [
        Seed("x", "recent", 1.0, related("x", ["a", "b"])),
        Seed("y", "recent", 0.8, related("y", ["b"])),
    ]
    candidates = merge(Lists(seeds=seeds))
    at = {item: index for index, item in enumerate(candidates.ids)}
    column = candidates.lists["bought_together_recent"]
    np.testing.assert_allclose(column[[at["a"], at["b"]]], [1.0, 0.5 + 0.8])
    strongest = candidates.seed["bought_together_recent"]
    assert [strongest[at[item]] for item in "ab"] == [0, 1]
    assert strongest[at["x"]] == -1


def test_seeds_are_no_neighbours_of_each_other() -> None:
    """Two jars seen lately lead to a third one, not to each other."""
    seeds = [
        Seed("x", "recent", 1.0, related("x", similar=["y", "z"])),
        Seed("y", "recent", 0.8, related("y", similar=["x", "z"])),
    ]
    candidates = merge(Lists(seeds=seeds))
    known = dict(zip(candidates.ids, (~np.isnan(candidates.lists["similar_recent"])).tolist(), strict=True))
    assert known == {"x": False, "y": False, "z": True}


def test_recent_seeds_are_candidates_themselves() -> None:
    """What was seen lately can be shown again, newest first; what is in the cart is not listed as seen."""
    seeds = [
        Seed("x", "recent", 1.0, related("x")),
        Seed("y", "recent", 0.8, related("y")),
        Seed("z", "cart", 1.0, related("z")),
    ]
    candidates = merge(Lists(seeds=seeds))
    viewed = dict(zip(candidates.ids, candidates.lists["viewed"].tolist(), strict=True))
    assert viewed["x"] > viewed["y"]
    assert np.isnan(viewed["z"])


def test_the_cap_keeps_what_fusion_ranks_first() -> None:
    """Above the cap the weakest go, and the rest keep their columns."""
    popular = [f"p{i}" for i in range(50)]
    candidates = merge(Lists(personal=personal(["own"]), shelf=shelf(popular)), cap=10)
    assert set(candidates.ids) == {"own", *popular[:9]}
    assert all(len(column) == 10 for column in (*candidates.item.values(), *candidates.lists.values()))


def test_fusion_prefers_what_more_lists_name() -> None:
    """An item first on two lists beats an item first on one."""
    candidates = merge(Lists(personal=personal(["both", "own"]), shelf=shelf(["both", "popular"])))
    scores = dict(zip(candidates.ids, fuse(candidates).tolist(), strict=True))
    assert scores["both"] > scores["own"] == scores["popular"]


def test_every_list_that_a_merge_makes_has_a_declared_name() -> None:
    """Placements can only name declared lists, so no other may appear."""
    seeds = [Seed(role, role, 1.0, related(role, ["a"], ["b"])) for role in ("page", "cart", "recent")]
    candidates = merge(Lists(personal(["a"]), shelf(["b"]), shelf(["c"]), seeds))
    assert set(candidates.lists) <= set(LISTS)


def test_a_named_shelf_is_a_list_of_its_own() -> None:
    """Its items and scores stand under the category's name, beside those of the region's shelf."""
    named = {"frozen/ice-cream": shelf(["cone", "both"])}
    candidates = merge(Lists(shelf=shelf(["both", "best"]), named_shelves=named))
    at = {item: index for index, item in enumerate(candidates.ids)}
    column = candidates.lists["popular@frozen/ice-cream"]
    assert [column[at["cone"]], column[at["both"]]] == [2.0, 1.0]
    assert np.isnan(column[at["best"]])
    assert candidates.lists["popular"][at["both"]] == 2.0
    assert np.isnan(candidates.lists["new@frozen/ice-cream"]).all()


@given(st.integers(1, 4), st.integers(1, 120))
def test_named_shelves_leave_everything_else_as_it_is(n_shelves: int, cap: int) -> None:
    """A row that asks for ice cream gets the best of that shelf, and changes nothing for the rows that do not."""
    named = {f"c/{i}": shelf([f"{i} {j}" for j in range(90)]) for i in range(n_shelves)}
    both = [f"p{i}" for i in range(200)]
    without = merge(Lists(personal(both), shelf(both)), cap)
    candidates = merge(Lists(personal(both), shelf(both), named_shelves=named), cap)
    best = {f"{i} {j}" for i in range(n_shelves) for j in range(MAX_KEPT_PER_SHELF)}
    assert set(candidates.ids) == set(without.ids) | best
    kept = [candidates.ids.index(item) for item in without.ids]
    assert np.array_equal(features(candidates, 0.0)[kept], features(without, 0.0), equal_nan=True)

"""Merge, fusion and features on random pages, each beside the plainest way to say what it should be."""

from collections.abc import Iterator, Sequence
from math import isnan, nan

import numpy as np
import pytest

from tests.unit.random_lists import random_lists
from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable, item_key
from vitrine.decisions.candidates import FUSED, MAX_KEPT_PER_SHELF, NEXT, ROLES, Candidates, Lists, fuse, merge
from vitrine.decisions.features import FEATURES, MAX_DUE, features
from vitrine.decisions.fusion import RANK_FUSION_K
from vitrine.types import ItemId

EVERYTHING = 10**6
PAGES = range(60)


def plain_tables(lists: Lists) -> Iterator[tuple[ItemTable, dict[str, str]]]:
    """Tables that write their columns as they are, with the list that each column is; seeds' tables follow later."""
    if lists.personal is not None:
        yield lists.personal, {name: name for name in PERSONAL_COLUMNS}
    for shelf, names in lists.shelves():
        yield shelf, dict(zip(SHELF_COLUMNS, names, strict=True))


def expected_scores(lists: Lists) -> tuple[dict[str, dict[ItemId, float]], dict[str, dict[ItemId, int]]]:
    """Score by list and item, and which seed gave most of it."""
    scores: dict[str, dict[ItemId, float]] = {}
    strongest: dict[str, dict[ItemId, int]] = {}
    for table, names in plain_tables(lists):
        for column, name in names.items():
            scores[name] = dict(known(table, column))
    own = {seed.item for seed in lists.seeds}
    for index, seed in enumerate(lists.seeds):
        for relation in RELATION_COLUMNS:
            name = f"{relation}_{seed.role}"
            best: dict[ItemId, float] = {}
            for item, score in known(seed.table, relation):
                if item not in own:
                    scores.setdefault(name, {})[item] = scores.get(name, {}).get(item, 0.0) + seed.weight * score
                    best[item] = seed.weight * score
            _note(strongest.setdefault(name, {}), best, index, lists, name)
        if seed.role == "recent":
            scores.setdefault("viewed", {})[seed.item] = seed.weight
            strongest.setdefault("viewed", {})[seed.item] = index
    if lists.next_items is not None:
        scores[NEXT] = dict(known(lists.next_items, NEXT))
    return scores, strongest


def _note(best_of: dict[ItemId, int], given: dict[ItemId, float], index: int, lists: Lists, name: str) -> None:
    """Of two seeds the one that gave more is the strongest, the first one where they gave the same."""
    relation = name.rpartition("_")[0]
    for item, score in given.items():
        before = best_of.get(item)
        if before is None or np.float32(score) > np.float32(gift(lists, before, relation, item)):
            best_of[item] = index


def gift(lists: Lists, index: int, relation: str, item: ItemId) -> float:
    """What a seed gives an item."""
    seed = lists.seeds[index]
    return seed.weight * dict(known(seed.table, relation))[item]


def known(table: ItemTable, column: str) -> Iterator[tuple[ItemId, float]]:
    """Items that a column has a number for."""
    for item, score in zip(table.ids, table.columns[column].tolist(), strict=True):
        if not isnan(score):
            yield item, score


def all_tables(lists: Lists) -> list[ItemTable]:
    """Every table in the order in which they tell of items."""
    after = [lists.next_items] if lists.next_items is not None else []
    return [table for table, _ in plain_tables(lists)] + [seed.table for seed in lists.seeds] + after


def fusion(columns: Sequence[Sequence[float]], n: int) -> list[np.float32]:
    """The sum of 1 / (K + rank) over lists, in the precision of scores: which of two is larger must not differ."""
    total = [np.float32(0.0)] * n
    for column in columns:
        ranked = sorted((at for at in range(n) if not isnan(column[at])), key=lambda at: (-column[at], at))
        for rank, at in enumerate(ranked, 1):
            total[at] += np.float32(1.0 / (RANK_FUSION_K + rank))
    return total


def fused_columns(candidates: Candidates) -> list[list[float]]:
    """The lists that count in fusion."""
    return [column.tolist() for name, column in candidates.lists.items() if name in FUSED]


def kept(items: list[ItemId], scores: dict[str, dict[ItemId, float]], lists: Lists) -> list[ItemId]:
    """All items, unless strategies ask for lists: then what other lists name, and the best of those."""
    if not lists.asked_for():
        return items
    staying = {item for name, told in scores.items() if name in FUSED for item in told}
    for names in lists.asked_for():
        total = fusion([[scores.get(name, {}).get(item, nan) for item in items] for name in names], len(items))
        best = sorted((at for at in range(len(items)) if total[at] > 0.0), key=lambda at: (-total[at], at))
        staying |= {items[at] for at in best[:MAX_KEPT_PER_SHELF]}
    return [item for item in items if item in staying]


@pytest.mark.parametrize("page", PAGES)
def test_a_merge_is_what_its_lists_say_item_by_item(page: int) -> None:
    """Each item once, by key, with the columns of the first table that has it and its score in every list."""
    lists = random_lists(np.random.default_rng(page))
    candidates = merge(lists, EVERYTHING)
    first: dict[ItemId, tuple[ItemTable, int]] = {}
    for table in all_tables(lists):
        for at, item in enumerate(table.ids):
            first.setdefault(item, (table, at))
    scores, strongest = expected_scores(lists)
    assert list(candidates.ids) == kept(sorted(first, key=item_key), scores, lists)
    for name, dtype in ITEM_COLUMNS.items():
        column = [first[item][0].columns[name][first[item][1]] for item in candidates.ids]
        np.testing.assert_array_equal(candidates.item[name], np.array(column, dtype))
        assert candidates.item[name].dtype == dtype
    columns = {**candidates.lists, **candidates.history}
    assert {name for name, told in scores.items() if told} <= set(columns)
    for name, found in columns.items():
        told = scores.get(name, {})
        np.testing.assert_allclose(found, [told.get(item, nan) for item in candidates.ids], rtol=1e-6)
    for name, seeds in candidates.seed.items():
        assert seeds.tolist() == [strongest.get(name, {}).get(item, -1) for item in candidates.ids]


@pytest.mark.parametrize("page", PAGES)
def test_fusion_is_the_sum_of_reciprocal_ranks(page: int) -> None:
    """Equal scores rank by place, what no list names has nothing, and negative scores rank below all others."""
    candidates = merge(random_lists(np.random.default_rng(page)), EVERYTHING)
    np.testing.assert_array_equal(fuse(candidates), fusion(fused_columns(candidates), len(candidates)))
    if len(candidates.lists.matrix):
        candidates.lists.matrix[0] -= 5.0
        np.testing.assert_array_equal(fuse(candidates), fusion(fused_columns(candidates), len(candidates)))


def expected_features(lists: Lists, candidates: Candidates, at: int, elapsed_days: float) -> dict[str, float]:
    """The features of one candidate, from the columns of the merge."""

    def score(name: str) -> float:
        column = candidates.lists.get(name, candidates.history.get(name))
        return nan if column is None else float(column[at])

    def share(level: str, on: dict[int, float]) -> float:
        total = sum(on.values())
        return on.get(int(candidates.item[level][at]), 0.0) / total if total else 0.0

    def summed(relation: str) -> float:
        return sum(one for role in ROLES if not isnan(one := score(f"{relation}_{role}")))

    personal = candidates.lists.get("personal", np.full(len(candidates), np.nan, np.float32))
    own = {i: one for i, one in enumerate(personal.tolist()) if not isnan(one)}
    price, prices = float(candidates.item["price"][at]), candidates.item["price"].tolist()
    usual = sum(prices[i] * one for i, one in own.items()) / sum(own.values()) if own else nan
    on_own: dict[str, dict[int, float]] = {"category": {}, "leaf": {}, "brand": {}}
    on_seeds: dict[str, dict[int, float]] = {"category": {}, "leaf": {}}
    for level, on in on_own.items():
        for i, one in own.items():
            on[int(candidates.item[level][i])] = on.get(int(candidates.item[level][i]), 0.0) + one
    for level, on in on_seeds.items():
        for seed in lists.seeds:
            code = int(seed.table.columns[level][0])
            on[code] = on.get(code, 0.0) + seed.weight
    days = score("days_since") + elapsed_days
    return {
        "personal": np.log1p(score("personal")),
        "in_personal": float(not isnan(score("personal"))),
        "n_bought": np.log1p(score("n_bought")),
        "days_since": np.log1p(days),
        "due": min(days / score("interval_days"), MAX_DUE) if not isnan(score("interval_days")) else nan,
        "popular": np.log1p(score("popular")),
        "in_popular": float(not isnan(score("popular"))),
        "popularity": float(candidates.item["popularity"][at]),
        "bought_together": np.log1p(summed("bought_together")),
        "similar": np.log1p(summed("similar")),
        "discount": float(candidates.item["discount"][at]),
        "age": np.log1p(float(candidates.item["age_days"][at])),
        "price": np.log1p(price),
        "price_ratio": np.log((price + 1.0) / (usual + 1.0)),
        "category_affinity": share("category", on_own["category"]),
        "leaf_affinity": share("leaf", on_own["leaf"]),
        "brand_affinity": share("brand", on_own["brand"]),
        "seed_category": share("category", on_seeds["category"]),
        "seed_leaf": share("leaf", on_seeds["leaf"]),
        "n_lists": float(sum(not isnan(score(name)) for name in candidates.lists if name in FUSED)),
        "history": np.log1p(len(own)),
        "n_seeds": np.log1p(len(lists.seeds)),
    }


@pytest.mark.parametrize("page", PAGES)
def test_features_are_what_their_names_say(page: int) -> None:
    """All of them, of every candidate; of a merge and of what is taken of one."""
    rng = np.random.default_rng(page)
    lists = random_lists(rng)
    candidates = merge(lists, int(rng.choice([20, EVERYTHING])))
    found = features(candidates, 2.5)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    for at in range(0, len(candidates), 1 + len(candidates) // 20):
        expected = expected_features(lists, candidates, at, 2.5)
        assert list(expected) == list(FEATURES)
        np.testing.assert_allclose(found[at], list(expected.values()), rtol=1e-5, atol=1e-6)

"""Candidates and features as one writes them first: a column of its own for each list, array by array.

It is what the product itself did until its hot path was rewritten, without provenance, fusion and caps. The values are
the same (tests/unit/test_naive_ranking.py), so both handlers rank alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable

Floats = NDArray[np.float32]
ROLES = ("page", "cart", "recent")
NOT_COUNTED = ("upsell", "downsell", "bundle")
HISTORY = PERSONAL_COLUMNS[2:]


@dataclass(frozen=True)
class Neighbours:
    """The related lists of an item of the visit."""

    role: str
    weight: float
    table: ItemTable


@dataclass(frozen=True)
class Merged:
    """All items, each once: ids, item columns, and one column per list (NaN: not in it)."""

    ids: Sequence[str]
    item: Mapping[str, NDArray[Any]]
    lists: Mapping[str, Floats]
    seeds: Sequence[Neighbours]


def merge(personal: ItemTable, shelf: ItemTable, seeds: Sequence[Neighbours]) -> Merged:
    """All items of the lists."""
    tables = [personal, shelf, *(seed.table for seed in seeds)]
    _, first, position = np.unique(
        np.concatenate([table.columns["key"] for table in tables]), return_index=True, return_inverse=True
    )
    places = np.split(position, np.cumsum([len(table) for table in tables])[:-1])
    lists: dict[str, Floats] = {}
    for table, names, at in ((personal, PERSONAL_COLUMNS, places[0]), (shelf, SHELF_COLUMNS, places[1])):
        for name in names:
            lists[name] = np.full(len(first), np.nan, np.float32)
            lists[name][at] = table.columns[name]
    own = []
    for seed, at in zip(seeds, places[2:], strict=True):
        own.append(at[0])
        for relation in RELATION_COLUMNS:
            add(lists, f"{relation}_{seed.role}", at, np.float32(seed.weight) * seed.table.columns[relation])
    for name in [name for name in lists if name.rpartition("_")[2] in ROLES]:
        lists[name][own] = np.nan
    viewed = [
        (at[:1], np.array([seed.weight])) for seed, at in zip(seeds, places[2:], strict=True) if seed.role == "recent"
    ]
    for at, weight in viewed:
        add(lists, "viewed", at, weight)
    ids = [item for table in tables for item in table.ids]
    item = {name: np.concatenate([table.columns[name] for table in tables])[first] for name in ITEM_COLUMNS}
    return Merged([ids[at] for at in first], item, lists, seeds)


def add(lists: dict[str, Floats], name: str, at: NDArray[np.intp], values: NDArray[Any]) -> None:
    """Add values to a list where they are known."""
    known = ~np.isnan(values)
    column = lists.setdefault(name, np.full(len(lists["personal"]), np.nan, np.float32))
    column[at[known]] = np.nan_to_num(column[at[known]]) + values[known]


def features(merged: Merged, elapsed_days: float) -> Floats:
    """The ranker's features [n, d], in the order of decisions.features.FEATURES."""
    n, item, lists = len(merged.ids), merged.item, merged.lists
    days_since = lists["days_since"] + np.float32(elapsed_days)
    price = item["price"].astype(np.float32)
    own = np.nan_to_num(lists["personal"])
    weights = np.array([seed.weight for seed in merged.seeds], np.float32)
    codes = {
        name: np.array([seed.table.columns[name][0] for seed in merged.seeds], np.uint32)
        for name in ("category", "leaf")
    }
    usual = float((price * own).sum()) / float(own.sum())
    columns = [
        np.log1p(lists["personal"]),
        present(lists["personal"]),
        np.log1p(lists["n_bought"]),
        np.log1p(np.maximum(days_since, 0.0)),
        np.clip(days_since / lists["interval_days"], 0.0, 4.0),
        np.log1p(lists["popular"]),
        present(lists["popular"]),
        item["popularity"],
        np.log1p(over_roles(lists, "bought_together", n)),
        np.log1p(over_roles(lists, "similar", n)),
        item["discount"],
        np.log1p(item["age_days"].astype(np.float32)),
        np.log1p(price),
        np.log((price + 1.0) / np.float32(usual + 1.0)),
        share(item["category"], item["category"], own),
        share(item["leaf"], item["leaf"], own),
        share(item["brand"], item["brand"], own),
        share(item["category"], codes["category"], weights),
        share(item["leaf"], codes["leaf"], weights),
        n_lists(lists, n),
        np.full(n, np.log1p(np.count_nonzero(own)), np.float32),
        np.full(n, np.log1p(len(merged.seeds)), np.float32),
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def present(column: Floats) -> Floats:
    """1 where a list has the item."""
    return (~np.isnan(column)).astype(np.float32)


def n_lists(lists: Mapping[str, Floats], n: int) -> Floats:
    """How many lists name each item."""
    counted = [name for name in lists if name not in HISTORY and name.rpartition("_")[0] not in NOT_COUNTED]
    return sum((present(lists[name]) for name in counted), np.zeros(n, np.float32))


def over_roles(lists: Mapping[str, Floats], relation: str, n: int) -> Floats:
    """Sum of a relation over the roles of its seeds."""
    found = [np.nan_to_num(lists[name]) for role in ROLES if (name := f"{relation}_{role}") in lists]
    return sum(found, np.zeros(n, np.float32))


def share(wanted: NDArray[Any], codes: NDArray[Any], weights: Floats) -> Floats:
    """For each wanted code, the share of weight that lies on it."""
    known, position = np.unique(codes, return_inverse=True)
    mass = np.bincount(position, weights=weights) / float(weights.sum())
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    return np.where(known[at] == wanted, mass[at], 0.0).astype(np.float32)

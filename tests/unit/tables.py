"""Small item tables for unit tests, built from plain words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vitrine.catalog.packed import ITEM_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable, code, item_key


def table(ids: Sequence[str], scores: Mapping[str, Sequence[float]], **item: Any) -> ItemTable:
    """A table of the ids; `item` overrides item columns by a value or by one value per id."""
    n = len(ids)
    defaults: dict[str, Any] = {
        "key": [item_key(i) for i in ids],
        "price": 100,
        "discount": 0.0,
        "margin": 0.3,
        "department": code("grocery"),
        "category": code("grocery/bread"),
        "leaf": code("grocery/bread/rolls"),
        "brand": code("National"),
        "regions": 0b1111,
        "age_days": 100,
        "popularity": 1.0,
    }
    columns = {
        # The dtype is said at once: numpy reads a list of keys above and below 2**63 as floats and merges them.
        name: np.array(np.broadcast_to(np.array(item.get(name, defaults[name]), dtype), n))
        for name, dtype in ITEM_COLUMNS.items()
    }
    return ItemTable(list(ids), columns | {name: np.array(values, "<f4") for name, values in scores.items()})


def shelf(ids: Sequence[str], **item: Any) -> ItemTable:
    """A region's shelf on which the first id sells best; nothing on it is new, discounted or in fashion."""
    nothing = {name: [np.nan] * len(ids) for name in SHELF_COLUMNS}
    return table(ids, {**nothing, "popular": range(len(ids), 0, -1)}, **item)


def related(item: str, bought_together: Sequence[str] = (), similar: Sequence[str] = (), **columns: Any) -> ItemTable:
    """An item's row: itself, then its neighbours of two relations, the first of each strongest."""
    return related_by(item, {"bought_together": bought_together, "similar": similar}, **columns)


def related_by(item: str, relations: Mapping[str, Sequence[str]], **columns: Any) -> ItemTable:
    """An item's row: itself, then its neighbours by relation, the first of each strongest."""
    ids = [item, *dict.fromkeys(other for others in relations.values() for other in others)]
    scores = {
        name: [1.0 / (others.index(i) + 1) if i in others else np.nan for i in ids]
        for name, others in ((name, list(relations.get(name, ()))) for name in RELATION_COLUMNS)
    }
    return table(ids, scores, **columns)


def personal(ids: Sequence[str], **item: Any) -> ItemTable:
    """A visitor's own items, the first one dearest to them, bought four times, last ten days ago, weekly."""
    n = len(ids)
    known: dict[str, Sequence[float]] = {
        "personal": range(n, 0, -1),
        "replenish": [np.nan] * n,
        "n_bought": [4] * n,
        "days_since": [10] * n,
        "interval_days": [7] * n,
    }
    return table(ids, known, **item)

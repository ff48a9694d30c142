"""What a list is like: whom it reaches, how varied it is, and whether it shows the same few items to all."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.list_tables import Assortment, Slices
from vitrine.values import dataclass

TOP: Final = 10
"""Places of a list that a page shows at most, near enough."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One list over all its tables. `listed` marks the rows of the tables that are on it: bool [n_rows]."""

    tables: int
    entries: int
    mean_length: float
    leaves_in_top: float
    gini: float
    listed: NDArray[np.bool_]


def reach(tables: Slices, items: Assortment, name: str) -> Reach:
    """How many tables have the list, its mean length, distinct types among its first TOP, and the Gini coefficient of
    how often each item of the assortment is among them (0: all alike, 1: one item is everywhere)."""
    score = tables.scores[name]
    listed = ~np.isnan(score)
    owner = np.repeat(np.arange(len(tables.starts) - 1), np.diff(tables.starts))[listed]  # ascending
    number = np.asarray(tables.number)[listed]
    n_tables = len(np.unique(owner))
    if not n_tables:
        return Reach(0, 0, 0.0, 0.0, 0.0, listed)
    top = first_of_each(owner, score[listed], TOP)
    leaf = items.columns["leaf"][number[top]].astype(np.uint64)
    kinds = np.unique(owner[top].astype(np.uint64) << np.uint64(32) | leaf)
    shown = np.bincount(number[top], minlength=len(items))
    return Reach(n_tables, len(owner), len(owner) / n_tables, len(kinds) / n_tables, gini(shown), listed)


def first_of_each(owner: NDArray[Any], score: NDArray[Any], n: int) -> NDArray[np.intp]:
    """Indices of the n largest scores of each owner; earlier rows win ties."""
    order = np.lexsort((np.arange(len(owner)), -score, owner))
    heads = np.flatnonzero(np.diff(owner[order], prepend=-1))
    place = np.arange(len(owner)) - np.repeat(heads, np.diff(np.append(heads, len(owner))))
    return order[place < n]


def gini(counts: NDArray[Any]) -> float:
    """Gini coefficient of counts, 0 where there are none."""
    total = counts.sum()
    if not total:
        return 0.0
    rising = np.sort(counts).astype(np.float64)
    n = len(rising)
    return float(2.0 * (rising * np.arange(1, n + 1)).sum() / (n * total) - (n + 1) / n)

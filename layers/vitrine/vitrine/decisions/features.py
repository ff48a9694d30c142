"""What the ranker sees of each candidate: one float32 row per item, the same code in training and in serving.

A feature that has no value is NaN here; the model's manifest says what replaces it. Presence is its own feature where
"not in the list" means something.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.candidates import FUSED, ROLES, Candidates, Floats

FEATURES: Final = (
    "personal",  # log1p of the visitor's own score
    "in_personal",  # 1 when the visitor bought it before
    "n_bought",  # log1p of times bought
    "days_since",  # log1p of days since the last purchase
    "due",  # days since the last purchase / mean interval, 0..4
    "popular",  # log1p of the region's shelf score
    "in_popular",  # 1 when on the region's shelf
    "popularity",  # log1p of decayed units in the whole store
    "bought_together",  # log1p of the weighted sum over all seeds
    "similar",  # log1p of the weighted sum over all seeds
    "discount",  # share off the regular price
    "age",  # log1p of days since first seen
    "price",  # log1p of the price in minor units
    "price_ratio",  # log of price / the visitor's usual price
    "category_affinity",  # share of the visitor's own score in its category
    "leaf_affinity",  # the same for the whole category path
    "brand_affinity",  # the same for the brand
    "seed_category",  # share of seed weight in its category
    "seed_leaf",  # share of seed weight in its whole category path
    "n_lists",  # how many of the FUSED lists name it
    "history",  # log1p of how many items the visitor has bought
    "n_seeds",  # log1p of the number of seeds
)
"""Names of the columns, in the order that the model's manifest must repeat."""

MAX_DUE: Final = 4.0


def features(candidates: Candidates, elapsed_days: float) -> Floats:
    """Feature matrix float32 [n, d] in the order of FEATURES, NaN where a value is missing.

    `elapsed_days` since the release was built makes recency current.
    """
    n = len(candidates)
    nothing: Floats = np.full(n, np.nan, np.float32)
    lists, item, history = candidates.lists, candidates.item, candidates.history
    personal = lists.get("personal", nothing)
    popular = lists.get("popular", nothing)
    days_since = history.get("days_since", nothing) + np.float32(elapsed_days)
    price = item["price"].astype(np.float32)
    own = np.nan_to_num(personal)
    seed_weight = np.array([seed.weight for seed in candidates.seeds], np.float32)
    seed_category, seed_leaf = _seed_codes(candidates, "category"), _seed_codes(candidates, "leaf")
    columns = (
        np.log1p(personal),
        _present(personal),
        np.log1p(history.get("n_bought", nothing)),
        np.log1p(np.maximum(days_since, 0.0)),
        np.clip(days_since / history.get("interval_days", nothing), 0.0, MAX_DUE),
        np.log1p(popular),
        _present(popular),
        item["popularity"],
        np.log1p(_over_roles(candidates, "bought_together")),
        np.log1p(_over_roles(candidates, "similar")),
        item["discount"],
        np.log1p(item["age_days"].astype(np.float32)),
        np.log1p(price),
        _price_ratio(price, own),
        _share(item["category"], item["category"], own),
        _share(item["leaf"], item["leaf"], own),
        _share(item["brand"], item["brand"], own),
        _share(item["category"], seed_category, seed_weight),
        _share(item["leaf"], seed_leaf, seed_weight),
        _n_lists(candidates),
        np.full(n, np.log1p(np.count_nonzero(own)), np.float32),
        np.full(n, np.log1p(len(candidates.seeds)), np.float32),
    )
    matrix = np.empty((n, len(FEATURES)), np.float32)  # [n, d]
    for index, column in enumerate(columns):
        matrix[:, index] = column
    return matrix


def _present(column: Floats) -> Floats:
    return (~np.isnan(column)).astype(np.float32)


def _n_lists(candidates: Candidates) -> Floats:
    """How many lists name each item; shelves that were asked for are none that the ranker was trained with."""
    known = (_present(column) for name, column in candidates.lists.items() if name in FUSED)
    return sum(known, np.zeros(len(candidates), np.float32))


def _over_roles(candidates: Candidates, relation: str) -> Floats:
    """Sum of a relation over the roles of its seeds, 0 where no seed names the item."""
    total = np.zeros(len(candidates), np.float32)
    for role in ROLES:
        column = candidates.lists.get(f"{relation}_{role}")
        if column is not None:
            total += np.nan_to_num(column)
    return total


def _seed_codes(candidates: Candidates, column: str) -> NDArray[Any]:
    """The seeds' own codes: the first row of a seed's table is the seed itself."""
    codes: Sequence[int] = [seed.table.columns[column][0] for seed in candidates.seeds]
    return np.array(codes, np.uint32)


def _share(wanted: NDArray[Any], codes: NDArray[Any], weights: Floats) -> Floats:
    """For each wanted code, the share of weight that lies on it: float32 [len(wanted)], 0 when there is no weight."""
    total = float(weights.sum())
    if total <= 0.0:
        return np.zeros(len(wanted), np.float32)
    known, position = np.unique(codes, return_inverse=True)
    mass = np.bincount(position, weights=weights) / total
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    shares: Floats = np.where(known[at] == wanted, mass[at], 0.0).astype(np.float32)
    return shares


def _price_ratio(price: Floats, own: Floats) -> Floats:
    """Log of price over the score-weighted mean price of what the visitor buys; NaN for a visitor without purchases."""
    total = float(own.sum())
    if total <= 0.0:
        return np.full(len(price), np.nan, np.float32)
    usual = float((price * own).sum()) / total
    ratio: Floats = np.log((price + 1.0) / np.float32(usual + 1.0)).astype(np.float32)
    return ratio

"""What the ranker sees of each candidate: one float32 row per item, the same code in training and in serving.

A feature that has no value is NaN here; the model's manifest says what replaces it. Presence is its own feature where
"not in the list" means something.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.parts import PATH, TRAITS
from vitrine.decisions.candidates import Candidates, Floats
from vitrine.decisions.list_names import SUMMED
from vitrine.decisions.pool import Kinds, Places

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

PLACE: Final = {name: place for place, name in enumerate(FEATURES)}

LOGS: Final = np.array(
    [
        PLACE[name]
        for name in ("personal", "n_bought", "days_since", "popular", "bought_together", "similar", "age", "price")
    ]
)
"""Those of which log1p is taken, candidate by candidate."""

RELATED: Final = slice(PLACE[SUMMED[0]], PLACE[SUMMED[-1]] + 1)
AFFINITIES: Final = slice(PLACE["category_affinity"], PLACE["brand_affinity"] + 1)
OF_SEEDS: Final = slice(PLACE["seed_category"], PLACE["seed_leaf"] + 1)

MAX_DUE: Final = 4.0

CATEGORY: Final = PATH.index("category")
LEAF: Final = PATH.index("leaf")
BRAND: Final = TRAITS.index("brand")

PLACE_BITS: Final = 30
"""A code (32 bits) with one of three subjects leaves so many to tell its place."""


def features(candidates: Candidates, elapsed_days: float) -> Floats:
    """Feature matrix float32 [n, d] in the order of FEATURES, NaN where a value is missing.

    `elapsed_days` since the release was built makes recency current.
    """
    columns: Floats = np.full((len(FEATURES), len(candidates)), np.nan, np.float32)  # [d, n]
    own = _lists(columns, candidates)
    total = float(own.sum())
    _history(columns, candidates, elapsed_days)
    _items(columns, candidates, own, total)
    columns[LOGS] = np.log1p(columns[LOGS])
    _affinities(columns, candidates, own, total)
    columns[PLACE["history"]] = np.log1p(np.count_nonzero(own))
    columns[PLACE["n_seeds"]] = np.log1p(len(candidates.seeds))
    return np.ascontiguousarray(columns.T)


def _lists(columns: Floats, candidates: Candidates) -> Floats:
    """What lists say; returned is the visitor's own score, 0 where there is none. A relation counts over all roles,
    whichever item led to a candidate."""
    matrix, rows, layout = candidates.lists.matrix, candidates.lists.rows, candidates.layout
    known = matrix == matrix  # NaN alone differs from itself
    for name, presence in (("personal", "in_personal"), ("popular", "in_popular")):
        columns[PLACE[presence]] = known[rows[name]] if name in rows else 0.0
        if name in rows:
            columns[PLACE[name]] = matrix[rows[name]]
    related = matrix.take(layout.summed, axis=0)  # [2, roles, n]
    np.copyto(related, 0.0, where=related != related)
    np.add.reduce(related, axis=1, out=columns[RELATED])
    columns[PLACE["n_lists"]] = np.add.reduce(known.take(layout.fused, axis=0), axis=0, dtype=np.uint8)
    if "personal" not in rows:
        return np.zeros(len(candidates), np.float32)
    return np.where(known[rows["personal"]], matrix[rows["personal"]], np.float32(0.0))


def _history(columns: Floats, candidates: Candidates, elapsed_days: float) -> None:
    """What is known of the items that the visitor has bought."""
    history = candidates.history
    if history:
        days_since = history["days_since"] + np.float32(elapsed_days)
        columns[PLACE["n_bought"]] = history["n_bought"]
        columns[PLACE["days_since"]] = np.maximum(days_since, 0.0)
        columns[PLACE["due"]] = np.minimum(np.maximum(days_since / history["interval_days"], 0.0), MAX_DUE)


def _items(columns: Floats, candidates: Candidates, own: Floats, total: float) -> None:
    """What is true of the items for everybody, and their prices beside what this visitor usually pays.

    The usual price is the mean weighted by the own score, whose sum is `total`; without purchases there is none.
    """
    item = candidates.item
    for name, column in (("popularity", "popularity"), ("discount", "discount"), ("age", "age_days")):
        columns[PLACE[name]] = item[column]
    price = columns[PLACE["price"]] = item["price"].astype(np.float32)
    if total > 0.0:
        usual = float((price * own).sum()) / total
        columns[PLACE["price_ratio"]] = np.log((price + 1.0) / np.float32(usual + 1.0))


def _affinities(columns: Floats, candidates: Candidates, own: Floats, total: float) -> None:
    """Shares of the visitor's own score and of the seeds' weight that lie on a candidate's category, leaf and brand."""
    kinds, n, n_paths = candidates.kinds, len(candidates), len(candidates.kinds.paths)
    same = _same_codes(kinds)
    of_item = same.take(np.concatenate((kinds.path, kinds.path + n_paths, kinds.trait + 2 * n_paths)))
    columns[AFFINITIES] = _shares(of_item, np.concatenate((own, own, own)), of_item, total).reshape(3, n)
    weights = np.array([seed.weight for seed in candidates.seeds], np.float32)
    of_seed = same.take(np.concatenate((kinds.seed_path, kinds.seed_path + n_paths)))
    total = float(weights.sum())
    columns[OF_SEEDS] = _shares(of_seed, np.concatenate((weights, weights)), of_item[: 2 * n], total).reshape(2, n)


def _same_codes(kinds: Kinds) -> Places:
    """Numbers that are equal for kinds with the same code: of the paths' categories, of their leaves, of brands.

    Numbers alone are sorted several times faster than places by number, so the places stand in their last bits.
    """
    n = len(kinds.paths)
    keys = np.concatenate((kinds.paths[:, CATEGORY], kinds.paths[:, LEAF], kinds.traits[:, BRAND]), dtype=np.uint64)
    keys <<= np.uint64(PLACE_BITS)
    keys[n : 2 * n] |= np.uint64(1 << 62)
    keys[2 * n :] |= np.uint64(1 << 63)
    keys |= np.arange(len(keys), dtype=np.uint64)
    keys.sort()
    codes = keys >> np.uint64(PLACE_BITS)
    number = np.zeros(len(keys), np.intp)
    np.add.accumulate(codes[1:] != codes[:-1], dtype=np.intp, out=number[1:])
    same = np.empty(len(keys), np.intp)
    same[(keys & np.uint64((1 << PLACE_BITS) - 1)).view(np.intp)] = number
    return same


def _shares(heavy: Places, weights: Floats, asked: Places, total: float) -> NDArray[np.float64]:
    """The share of the total weight that lies on what has the same number, for each that is asked for; 0 when there is
    no weight. `heavy` are the numbers of what has weight."""
    if total <= 0.0:
        return np.zeros(len(asked))
    shares: NDArray[np.float64] = np.bincount(heavy, weights, int(asked.max(initial=0)) + 1).take(asked) / total
    return shares

"""What the ranker of the next item sees of each candidate: one float32 row, the same code in training and in serving.

The newest rows say most, so the last three speak for themselves; all of them together speak as a sum, in which
the row of the item looked at `place` different items ago weighs 1 / (1 + place), and as their largest value. Counts
enter by their logarithm. A softmax over candidates is blind to what all of them share, so what a visit is like (how
long, how often it goes back) stands in every row, for the network to combine.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from vitrine.catalog.session_rows import ITEM_COLUMNS, PAIR_COLUMNS
from vitrine.decisions.session import Floats, SessionCandidates

SINGLE: Final = ("last", "second", "third")
"""Groups of features that stem from one row: that of the last item looked at, of the one before it, and so on."""

SUMMED: Final = "rows"
LARGEST: Final = "best"

SHARED: Final = (("last", "after_decayed"), (SUMMED, "after_decayed"), (SUMMED, "before_decayed"), (SUMMED, "kin"))
"""Of these the candidate's share in all candidates is a feature, too."""

PAIR_FEATURES: Final = tuple(f"{group}_{name}" for group in (*SINGLE, SUMMED, LARGEST) for name in PAIR_COLUMNS)
"""log(0.01 + value) of each column of the rows."""

VISIT_FEATURES: Final = (
    "in_visit",  # 1 when it has been looked at
    "recency",  # 1 / views since it was last looked at, the last view being 1
    "n_views",  # how often it was looked at
    "primacy",  # 1 / views from the visit's start to the first look at it
)

CONTEXT_FEATURES: Final = (
    "length",  # log of the visit's views
    "breadth",  # log of its different items
    "reloaded",  # 1 when the last two views are of one item
    "reloads",  # share of steps that stay on their item
    "last_visits",  # log1p of the visits that held the last item
    "last_lately",  # the same, the newest weigh most
    "second_visits",  # log1p of the visits that held the item before it
    "choice",  # log of the number of candidates
    "last_support",  # log1p of what the last row's `after_decayed` sums to
    "rows_support",  # log1p of what that of all rows sums to
)

SESSION_FEATURES: Final = (
    *PAIR_FEATURES,
    *(f"share_{group}_{name}" for group, name in SHARED),
    *VISIT_FEATURES,
    *ITEM_COLUMNS,
    *CONTEXT_FEATURES,
)
"""Names of the columns, in the order that the model's manifest must repeat."""

FLOOR: Final = np.float32(0.01)
SHARE_FLOOR: Final = np.float32(1e-4)
AFTER: Final = PAIR_COLUMNS.index("after_decayed")
VISITS: Final = ITEM_COLUMNS.index("n_visits")
LATELY: Final = ITEM_COLUMNS.index("visits_lately")
SUPPORT: Final = "last_after_decayed"


def session_features(candidates: SessionCandidates) -> Floats:
    """Feature matrix float32 [n, d] in the order of SESSION_FEATURES; NaN where a value is missing."""
    columns: Floats = np.empty((len(SESSION_FEATURES), len(candidates)), np.float32)  # [d, n]
    groups = _groups(candidates)
    filled = 0
    for block in (
        np.log(groups.reshape(len(PAIR_FEATURES), -1) + FLOOR),
        *_shares(groups),
        *_in_visit(candidates),
        np.log1p(candidates.own),
        *_context(candidates, groups),
    ):
        rows = np.atleast_2d(block)
        columns[filled : filled + len(rows)] = rows
        filled += len(rows)
    return np.ascontiguousarray(columns.T)


def _groups(candidates: SessionCandidates) -> Floats:
    """Values of the rows by group: float32 [groups, pair columns, n]."""
    links = candidates.links
    groups: Floats = np.zeros((len(SINGLE) + 2, *links.shape[1:]), np.float32)
    if not len(links):
        return groups
    for index, place in enumerate(candidates.places):
        if place < len(SINGLE):
            groups[place] = links[index]
    weights: Floats = (1.0 / (1.0 + np.array(candidates.places, np.float32))).astype(np.float32)
    groups[-2] = (weights @ links.reshape(len(links), -1)).reshape(links.shape[1:])
    links.max(axis=0, out=groups[-1])
    return groups


def _shares(groups: Floats) -> Iterator[Floats]:
    names = (*SINGLE, SUMMED)
    for group, name in SHARED:
        values = groups[names.index(group), PAIR_COLUMNS.index(name)]
        share: Floats = np.log(values / (values.sum() + np.float32(1.0)) + SHARE_FLOOR)
        yield share


def _in_visit(candidates: SessionCandidates) -> Iterator[Floats]:
    """The columns of VISIT_FEATURES."""
    n, views = len(candidates), candidates.views
    steps = 1.0 / np.arange(1.0, len(views) + 1.0, dtype=np.float32)
    counts = np.bincount(views, minlength=n).astype(np.float32)
    recency, primacy = np.zeros(n, np.float32), np.zeros(n, np.float32)
    recency[views[::-1]] = steps[::-1]  # of repeated places the last one written stays
    primacy[views] = steps[::-1]
    yield from (np.minimum(counts, 1.0), recency, counts, primacy)


def _context(candidates: SessionCandidates, groups: Floats) -> Iterator[Floats]:
    """The columns of CONTEXT_FEATURES, each the same number for all candidates."""
    n, views = len(candidates), candidates.views
    distinct = list(dict.fromkeys(views.tolist()))
    stays = views[1:] == views[:-1]
    visits, lately = candidates.own[VISITS], candidates.own[LATELY]
    for value in (
        np.log(max(len(views), 1)),
        np.log(max(len(distinct), 1)),
        float(len(stays) > 0 and stays[0]),
        stays.mean() if len(stays) else 0.0,
        np.log1p(visits[distinct[0]]) if distinct else np.nan,
        np.log1p(lately[distinct[0]]) if distinct else np.nan,
        np.log1p(visits[distinct[1]]) if len(distinct) > 1 else np.nan,
        np.log(max(n, 1)),
        np.log1p(groups[0, AFTER].sum()),
        np.log1p(groups[len(SINGLE), AFTER].sum()),
    ):
        yield np.full(n, value, np.float32)


class SummedTransitions:
    """Scores by what followed in past visits, summed over the rows: what serves while there is no model."""

    id: Final = "summed-transitions"

    def score(self, features: Floats) -> Floats:
        """The summed `after_decayed` with half of `before_decayed`; items of the visit by how lately, below them."""
        after, before = (SESSION_FEATURES.index(f"{SUMMED}_{name}") for name in ("after_decayed", "before_decayed"))
        recency = features[:, SESSION_FEATURES.index("recency")]
        scores: Floats = np.exp(features[:, after]) + np.float32(0.5) * np.exp(features[:, before]) + recency
        return scores

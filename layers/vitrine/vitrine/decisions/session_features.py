"""What the ranker of the next item sees of each candidate: one float32 row, the same code in training and in serving.

The newest rows say most, so the last three speak for themselves; all of them together speak as a sum, in which
the row of the item looked at `place` different items ago weighs 1 / (1 + place), and as their largest value. Counts
enter by their logarithm. A softmax over candidates is blind to what all of them share, so what a visit is like (how
long, how often it goes back) stands in every row, for the network to combine.
"""

from collections.abc import Iterator
from itertools import pairwise
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
    "is_last",  # 1 when it is the last view
    "is_second",  # 1 when it is the view before
    "is_third",  # 1 when it is the view before that
    "followed",  # times it came right after an earlier view of the last item
    "preceded",  # times it came right before a view of the last item
    "n_rows",  # how many rows have counts of it
)

CONTEXT_FEATURES: Final = (
    "length",  # log of the visit's views
    "breadth",  # log of its different items
    "reloaded",  # 1 when the last two views are of one item
    "reloads",  # share of steps that stay on their item
    "alternates",  # 1 when the last view is of the same item as the one two before it
    "returns_far",  # 1 when it is of the same item as the one three before it
    "stayed",  # 1 when the two views before the last are of one item
    "alternated",  # 1 when the view before the last is of the same item as the one two before that
    "is_new",  # 1 when the last view was the first of its item
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
BEFORE: Final = PAIR_COLUMNS.index("before_decayed")
VISITS: Final = ITEM_COLUMNS.index("n_visits")
LATELY: Final = ITEM_COLUMNS.index("visits_lately")
PATTERN: Final = ((0, 2), (0, 3), (1, 2), (1, 3))
"""Views, newest first, whose being of one item is a feature of the visit: how it goes to and fro."""


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
    ):
        n_rows = len(block) if block.ndim == 2 else 1
        columns[filled : filled + n_rows] = block
        filled += n_rows
    columns[filled:] = _context(candidates, groups)[:, None]
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
    for place in range(3):
        here = np.zeros(n, np.float32)
        here[views[place : place + 1]] = 1.0
        yield here
    at_last = views == views[:1]
    yield np.bincount(views[:-1][at_last[1:]], minlength=n).astype(np.float32)
    yield np.bincount(views[1:][at_last[:-1]], minlength=n).astype(np.float32)
    seen_together = (candidates.links[:, [AFTER, BEFORE]] > 0.0).any(axis=1)
    yield seen_together.sum(axis=0, dtype=np.float32)


def _context(candidates: SessionCandidates, groups: Floats) -> Floats:
    """The values of CONTEXT_FEATURES, which all candidates share."""
    n, views = len(candidates), candidates.views.tolist()
    distinct = list(dict.fromkeys(views))
    stays = [newer == older for newer, older in pairwise(views)]
    visits, lately = candidates.own[VISITS], candidates.own[LATELY]
    values = (
        np.log(max(len(views), 1)),
        np.log(max(len(distinct), 1)),
        float(stays[:1] == [True]),
        sum(stays) / max(len(stays), 1),
        *(float(len(views) > later and views[sooner] == views[later]) for sooner, later in PATTERN),
        float(len(views) > 0 and views[0] not in views[1:]),
        np.log1p(visits[distinct[0]]) if distinct else np.nan,
        np.log1p(lately[distinct[0]]) if distinct else np.nan,
        np.log1p(visits[distinct[1]]) if len(distinct) > 1 else np.nan,
        np.log(max(n, 1)),
        np.log1p(groups[0, AFTER].sum()),
        np.log1p(groups[len(SINGLE), AFTER].sum()),
    )
    return np.array(values, np.float32)


class SummedTransitions:
    """Scores by what followed in past visits, summed over the rows: what serves while there is no model."""

    id: Final = "summed-transitions"

    def score(self, features: Floats) -> Floats:
        """The summed `after_decayed` with half of `before_decayed`; items of the visit by how lately, below them."""
        after, before = (SESSION_FEATURES.index(f"{SUMMED}_{name}") for name in ("after_decayed", "before_decayed"))
        recency = features[:, SESSION_FEATURES.index("recency")]
        scores: Floats = np.exp(features[:, after]) + np.float32(0.5) * np.exp(features[:, before]) + recency
        return scores

"""What followed what in past visits: a sparse table of item pairs with the count columns of a session row.

A pair (a, c) is counted for every two views of one visit that are at most 20 apart: `after` holds 1 / distance where a
came first, `before` where c did. This is the sequence-aware neighbourhood of Ludewig and Jannach ("Evaluation of
Session-based Recommendation Algorithms", UMUAI 2018, section 3.2), kept for several half-lives, because tastes of last
week and of last season both say something. Sums are made by sorting, so memory is a few arrays of the number of pairs.
"""

from typing import Final

import numpy as np

from vitrine.refresh.sessions import Floats, Indices, Sessions
from vitrine.values import dataclass

MAX_DISTANCE: Final = 20
HALF_LIFE: Final = 6.0
"""Spans after which a visit weighs half in the `decayed` columns."""

SHORT_HALF_LIFE: Final = 1.0
"""The same for the `lately` columns."""

POPULAR_HALF_LIFE: Final = 0.5
"""The same for an item's own visits of late: what is in fashion changes faster than what goes together."""

FORWARD: Final = 5
BACKWARD: Final = 3
N_COUNTS: Final = FORWARD + BACKWARD
AFTER: Final = 2
AFTER_DECAYED: Final = 3
BEFORE_DECAYED: Final = 6
"""Places of columns in `Pairs.counts`, which are those of catalog.session_rows.PAIR_COLUMNS without `kin`."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs in the order of `left`, then `right`: item indices int64 [p] and `counts` float32 [N_COUNTS, p].

    Each item that was looked at is paired with itself, with what is known of coming back to it.
    """

    left: Indices
    right: Indices
    counts: Floats


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What is known of each item by itself: float32 [items] per column of catalog.session_rows.ITEM_COLUMNS, stacked.

    Items that were never looked at have zeros.
    """

    columns: Floats


def count_pairs(sessions: Sessions) -> Pairs:
    """All pairs of the visits."""
    n_items = len(sessions.ids)
    keys, values = _forward(sessions)
    left, right = np.divmod(keys, n_items)
    looked_at = np.flatnonzero(sessions.known())
    every, at = np.unique(
        np.concatenate([keys, right * n_items + left, looked_at * (n_items + 1)]), return_inverse=True
    )
    counts: Floats = np.zeros((N_COUNTS, len(every)), np.float32)
    counts[:FORWARD, at[: len(keys)]] = values
    counts[FORWARD:, at[len(keys) : 2 * len(keys)]] = values[AFTER:]
    left, right = np.divmod(every, n_items)
    return Pairs(left, right, counts)


def _forward(sessions: Sessions) -> tuple[Indices, Floats]:
    """Distinct keys left * items + right of pairs in the order of their views, and their forward counts."""
    items, owners = sessions.items, sessions.owners()
    age = ((len(sessions) - 1 - np.arange(len(sessions))) / sessions.span).astype(np.float32)
    keys, visits, distances = [], [], []
    for distance in range(1, MAX_DISTANCE + 1):
        at = np.flatnonzero(owners[:-distance] == owners[distance:])
        keys.append(items[at] * len(sessions.ids) + items[at + distance])
        visits.append(owners[at])
        distances.append(np.full(len(at), distance, np.float32))
    distinct, position = np.unique(np.concatenate(keys), return_inverse=True)
    ages, distance_of = age[np.concatenate(visits)], np.concatenate(distances)
    decayed, lately = 0.5 ** (ages / np.float32(HALF_LIFE)), 0.5 ** (ages / np.float32(SHORT_HALF_LIFE))
    is_next, near = (distance_of == 1.0).astype(np.float32), 1.0 / distance_of
    weights = (is_next, is_next * lately, near, near * decayed, near * lately)
    sums = [np.bincount(position, weights=weight, minlength=len(distinct)) for weight in weights]
    return distinct, np.array(sums, np.float32)


def measure_items(sessions: Sessions) -> ItemFacts:
    """Visits that held each item, by three half-lives, and the ages in spans of the first and of the last of them."""
    n_items, n = len(sessions.ids), len(sessions)
    seen = np.unique(sessions.owners() * n_items + sessions.items)
    visits, items = np.divmod(seen, n_items)
    age = ((n - 1 - visits) / sessions.span).astype(np.float32)
    columns: Floats = np.zeros((5, n_items), np.float32)
    for index, weight in enumerate(
        (np.ones(len(age)), 0.5 ** (age / HALF_LIFE), 0.5 ** (age / POPULAR_HALF_LIFE)),
    ):
        columns[index] = np.bincount(items, weights=weight, minlength=n_items)
    columns[3][items[::-1]] = age[::-1]  # in the order of time, so that the oldest visit is written last
    columns[4][items] = age
    return ItemFacts(columns)

"""What is likely to be looked at next in a visit: merge its rows, compute features, score, take the best."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from vitrine.catalog.session_rows import SessionRow
from vitrine.decisions.session import MAX_VIEWS, Floats, items_to_read, merge
from vitrine.decisions.session_features import session_features
from vitrine.types import ItemId


class Ranker(Protocol):
    """Scores candidates of a visit."""

    def score(self, features: Floats) -> Floats:
        """One finite score per row of float32 [n, len(SESSION_FEATURES)], larger is better."""
        ...


def next_items(
    visit: Sequence[ItemId], rows: Mapping[ItemId, SessionRow], ranker: Ranker, k: int
) -> tuple[list[ItemId], Floats]:
    """The k items most likely to be looked at next and their scores, best first; ties go to the smaller key.

    `visit` holds the items looked at, newest first, repeats included. Of `rows` those of `items_to_read(visit)` are
    used; an item without one has no neighbours. An empty visit has no next item.
    """
    read = [(place, rows[item]) for place, item in enumerate(items_to_read(visit)) if item in rows]
    seen = visit[:MAX_VIEWS]
    candidates = merge(seen, read)
    scores = ranker.score(session_features(candidates))
    best = np.argsort(-scores, kind="stable")[:k]
    return [_id(int(at), seen, read) for at in candidates.named[best]], scores[best]


def _id(named: int, visit: Sequence[ItemId], read: Sequence[tuple[int, SessionRow]]) -> ItemId:
    """The id at a place of the visit's items followed by those of all rows."""
    if named < len(visit):
        return visit[named]
    named -= len(visit)
    for _, row in read:
        if named < len(row):
            return row.ids[named]
        named -= len(row)
    raise IndexError("no row names this candidate")

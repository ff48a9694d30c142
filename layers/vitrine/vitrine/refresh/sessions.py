"""Visits as arrays, in the order of time: what the rows and the ranker of the next item are made of.

Age is counted in visits, not in days: a span is five per cent of all visits. So one set of half-lives serves a store
with a thousand visits and one with a hundred million, and a data set without timestamps.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import InvalidSource
from vitrine.refresh.engine import Columns
from vitrine.types import ItemId
from vitrine.values import dataclass

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

SPAN_SHARE: Final = 0.05
MAX_SESSION_VIEWS: Final = 200
"""Views of one visit that count, the first ones: what looks at more is a crawler, whose pairs would swamp the rest."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Visits, oldest first. Visit s looked at items[starts[s]:starts[s + 1]], which are indices into `ids`."""

    ids: Sequence[ItemId]
    items: Indices
    starts: Indices

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def span(self) -> float:
        """How many visits a span of age is; 1 at least."""
        return max(1.0, SPAN_SHARE * len(self))

    def between(self, first: int, last: int) -> "Sessions":
        """The visits first..last - 1, with the same ids."""
        start, end = self.starts[first], self.starts[last]
        return Sessions(self.ids, self.items[start:end], self.starts[first : last + 1] - start)

    def newest(self, max_views: int) -> "Sessions":
        """The newest visits that have at most so many views in all."""
        first = int(np.searchsorted(self.starts, self.starts[-1] - max_views))
        return self.between(first, len(self))

    def owners(self) -> Indices:
        """The visit that each view belongs to: int64 [views]."""
        owners: Indices = np.repeat(np.arange(len(self)), np.diff(self.starts))
        return owners

    def known(self) -> NDArray[np.bool_]:
        """Which ids were looked at."""
        known = np.zeros(len(self.ids), np.bool_)
        known[self.items] = True
        return known


def from_lists(visits: Iterable[Sequence[ItemId]]) -> Sessions:
    """Visits given as item ids, oldest visit and oldest view first; visits of fewer than two views teach nothing."""
    kept = [list(visit[:MAX_SESSION_VIEWS]) for visit in visits if len(visit) > 1]
    names = [item for visit in kept for item in visit]
    lengths = [len(visit) for visit in kept]
    return _from_columns(np.array(names, np.str_), np.repeat(np.arange(len(kept)), lengths))


def from_columns(columns: Columns) -> Sessions:
    """Visits from the columns of `sql/session_items.sql`: `visit` ascending, `item` in the order of the views.

    Raises:
        InvalidSource: the rows are not in the order of their visits.
    """
    visits = np.asarray(columns["visit"], np.int64)
    if (np.diff(visits) < 0).any():
        raise InvalidSource("the views are not in the order of their visits")
    return _from_columns(np.asarray(columns["item"]).astype(np.str_), visits)


def _from_columns(names: NDArray[np.str_], visits: Indices) -> Sessions:
    """Visits of equal neighbours in `visits`; long ones are cut, single views left out."""
    lengths = np.unique(visits, return_counts=True)[1]
    place = np.arange(len(visits)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept = (np.repeat(lengths, lengths) > 1) & (place < MAX_SESSION_VIEWS)
    ids, items = np.unique(names[kept], return_inverse=True)
    lengths = np.minimum(lengths[lengths > 1], MAX_SESSION_VIEWS)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Sessions(ids.tolist(), items.astype(np.int64), starts)

"""Kin of items: those that share their neighbours, whether or not they ever stood in one visit.

Kinship is the second power of the items' normalised co-occurrence, kept to each item's 50 strongest neighbours: the
paths of two steps over the graph of items (the second-order proximity of Tang et al., "LINE", WWW 2015, section 3). It
finds what counts cannot: on the newest span of the bench's training visits, the share of next views that some row names
rose from 0.74 to 0.80. Vectors learnt by a sampled softmax found fewer (0.78), and beside kinship they added nothing.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from vitrine.refresh.session_pairs import Pairs
from vitrine.refresh.sessions import Floats, Indices
from vitrine.values import dataclass

STEPS: Final = 50
"""Strongest neighbours by which a path may go."""

CHUNK: Final = 512
PERCENT: Final = np.float32(100.0)
"""Kinship is stored in hundredths, so that weak ones are not lost in a row's codes."""


@dataclass(frozen=True, slots=True)
class Kin:
    """Kin of some items: keys left * items + right int64 [k], ascending, and their kinship float32 [k]."""

    keys: Indices
    kinship: Floats


def find_kin(pairs: Pairs, strength: Floats, visits: Floats, n_items: int) -> Iterator[tuple[Indices, Kin]]:
    """For one chunk of items after the other, the items int64 and all their kin.

    `strength` [p] says how strongly each pair hangs together, `visits` [items] how often each item was looked at.
    """
    steps = _steps(pairs, _closeness(pairs, strength, visits, n_items), n_items)
    known = np.flatnonzero(visits)
    for start in range(0, len(known), CHUNK):
        chunk = known[start : start + CHUNK]
        yield chunk, steps.kin_of(chunk, n_items)


def _closeness(pairs: Pairs, strength: Floats, visits: Floats, n_items: int) -> Floats:
    """Strength in both directions over the root of both items' visits; 0 for an item and itself."""
    other_way = np.argsort(pairs.right * n_items + pairs.left)  # pairs are as many in one direction as in the other
    both = strength + strength[other_way]
    close: Floats = both / np.sqrt(np.maximum(visits[pairs.left] * visits[pairs.right], np.float32(1.0)))
    close[pairs.left == pairs.right] = 0.0
    return close


@dataclass(frozen=True, slots=True)
class _Steps:
    """The strongest neighbours of item i: right[starts[i]:starts[i + 1]], and how close they are."""

    starts: Indices
    right: Indices
    close: Floats

    def kin_of(self, items: Indices, n_items: int) -> Kin:
        """All items two steps away from these, but for the items themselves."""
        first = self._of(items)
        left = np.repeat(items, self.starts[items + 1] - self.starts[items])
        middle = self.right[first]
        n_second = self.starts[middle + 1] - self.starts[middle]
        second = self._of(middle)
        left = np.repeat(left, n_second)
        apart = left != self.right[second]
        keys, at = np.unique((left * n_items + self.right[second])[apart], return_inverse=True)
        paths = (np.repeat(self.close[first], n_second) * self.close[second])[apart]
        kinship = np.bincount(at, weights=paths, minlength=len(keys)).astype(np.float32) * PERCENT
        return Kin(keys, kinship)

    def _of(self, items: Indices) -> Indices:
        """Places of all neighbours of the items, one item after the other."""
        counts = self.starts[items + 1] - self.starts[items]
        places: Indices = np.arange(counts.sum()) + np.repeat(self.starts[items] - np.cumsum(counts) + counts, counts)
        return places


def _steps(pairs: Pairs, close: Floats, n_items: int) -> _Steps:
    order = np.lexsort((pairs.right, -close, pairs.left))
    left = pairs.left[order]
    place = np.arange(len(order)) - np.searchsorted(left, left)
    kept = order[(place < STEPS) & (close[order] > 0.0)]
    starts = np.searchsorted(pairs.left[kept], np.arange(n_items + 1)).astype(np.int64)
    return _Steps(starts, pairs.right[kept], close[kept])

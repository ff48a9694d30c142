"""How well scores put the clicked items of a list on top: NDCG over the whole list and over its first ten.

NDCG is Järvelin and Kekäläinen's (TOIS 2002) with gain 1 for a click and a logarithmic discount. Intervals are
bootstrap.py's: a visitor's lists are drawn together.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from vitrine.refresh.bootstrap import mean_interval
from vitrine.refresh.network import Floats, Indices
from vitrine.refresh.rerank_events import Rankings
from vitrine.refresh.rerank_labels import Doubles
from vitrine.values import dataclass

CUTOFF: Final = 10
SEED: Final = 0  # of the bootstrap


@dataclass(frozen=True, slots=True)
class Quality:
    """NDCG of every list, over all of it and at 10: [lists]. `visitors` says whose lists they are."""

    whole: Doubles
    at_10: Doubles
    visitors: Indices

    @property
    def ndcg(self) -> float:
        """Mean over the whole lists."""
        return float(self.whole.mean())

    @property
    def ndcg10(self) -> float:
        """Mean over the first ten."""
        return float(self.at_10.mean())

    def interval10(self) -> tuple[float, float]:
        """95 % interval of `ndcg10`."""
        _, low, high = mean_interval(self.at_10, self.visitors, SEED)
        return low, high

    def gain10(self, other: "Quality") -> tuple[float, float]:
        """95 % interval of how much larger `ndcg10` is than another order's of the same lists, list by list."""
        _, low, high = mean_interval(self.at_10 - other.at_10, self.visitors, SEED)
        return low, high


def judge_scores(rankings: Rankings, chosen: Indices, scores: Floats) -> Quality:
    """Quality of the order by falling score. `scores` [n] follow the rows of the chosen lists, each with a click.

    Ties go by the item's number, not by the place in the list, which would let the shown order in.
    """
    values = []
    at = 0
    for items, clicked in _lists(rankings, chosen):
        order = np.lexsort((items, -scores[at : at + len(items)]))
        values.append(_gains(clicked[order].astype(np.float64)))
        at += len(items)
    return _quality(values, rankings, chosen)


def random_quality(rankings: Rankings, chosen: Indices) -> Quality:
    """What a random order is expected to reach: every place holds the list's mean."""
    lists = [clicked.astype(np.float64) for _, clicked in _lists(rankings, chosen)]
    values = []
    for clicked in lists:
        best = _gains(np.sort(clicked)[::-1], normal=False)
        mean = _gains(np.full(len(clicked), clicked.mean()), normal=False)
        values.append((mean[0] / best[0], mean[1] / best[1]))
    return _quality(values, rankings, chosen)


def _lists(rankings: Rankings, chosen: Indices) -> Iterator[tuple[Indices, Indices]]:
    for number in chosen:
        span = slice(rankings.starts[number], rankings.starts[number + 1])
        yield rankings.items[span], rankings.clicked[span].astype(np.int64)


def _gains(ordered: Doubles, normal: bool = True) -> tuple[float, float]:
    """Discounted gains of a whole list and of its first ten; divided by the best possible ones if `normal`."""
    discounted = ordered / np.log2(np.arange(2, len(ordered) + 2))
    gains = float(discounted.sum()), float(discounted[:CUTOFF].sum())
    if not normal:
        return gains
    best = _gains(np.sort(ordered)[::-1], normal=False)
    return gains[0] / best[0], gains[1] / best[1]


def _quality(values: list[tuple[float, float]], rankings: Rankings, chosen: Indices) -> Quality:
    whole, at_10 = np.array(values, np.float64).T
    return Quality(whole, at_10, rankings.visitor[chosen])

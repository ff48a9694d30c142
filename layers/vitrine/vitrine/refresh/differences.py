"""Whether groups of visitors behave differently: the share of what differs that the groups explain, and its chance.

On ranks, so that a few large baskets decide nothing: eta squared of the ranks is what Kruskal and Wallis's statistic
(JASA 1952) is made of, H = (n - 1) eta squared. Its p value is that of permutations, which asks nothing of the data.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.calibration import mid_ranks
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

PERMUTATIONS: Final = 499
SIGNIFICANT: Final = 0.01
"""Not 0.05: several measures are looked at, of several groups."""
SMALL: Final = 0.01
"""From this eta squared on a difference is worth a campaign (Cohen, "Statistical Power Analysis", 1988: small)."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Share 0..1 of the ranks' variance that the groups explain, and the p value."""

    eta2: float
    p: float

    @property
    def matters(self) -> bool:
        """Whether it is surely there and not negligible."""
        return self.p <= SIGNIFICANT and self.eta2 >= SMALL


def difference(values: Doubles, groups: Sequence[str], seed: int) -> Difference:
    """How the values [n] of groups [n] differ; unknown (NaN) ones are left out. None at all with one group or value."""
    known = ~np.isnan(values)
    _, of = np.unique(np.array(groups)[known], return_inverse=True)
    ranks = mid_ranks(values[known])
    total = float(np.square(ranks - ranks.mean()).sum()) if len(ranks) else 0.0
    if total <= 0.0 or of.max() == 0:
        return Difference(0.0, 1.0)
    rng = np.random.default_rng(seed)
    found = _between(ranks, of) / total
    beaten = sum(_between(ranks, rng.permutation(of)) / total >= found - 1e-12 for _ in range(PERMUTATIONS))
    return Difference(found, (beaten + 1) / (PERMUTATIONS + 1))


def _between(ranks: Doubles, of: NDArray[np.int64]) -> float:
    """Sum of squares between groups."""
    counts = np.bincount(of)
    means = np.bincount(of, weights=ranks) / np.maximum(counts, 1)
    return float((counts * np.square(means - ranks.mean())).sum())

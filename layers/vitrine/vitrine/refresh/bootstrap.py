"""How sure a mean is: its 95 % interval, by drawing whole visitors with replacement.

So several rows of one visitor do not feign independence. Of differences between two methods on the same rows it is the
paired bootstrap (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

DRAWS: Final = 1_000
INTERVAL: Final = (2.5, 97.5)  # percentiles


def mean_interval(
    values: NDArray[np.float64], visitors: Sequence[str] | NDArray[np.int64], seed: int, draws: int = DRAWS
) -> tuple[float, float, float]:
    """Mean of values [n] and the bounds of its interval; `visitors` [n] says whose each is. Zeros without any value.

    One draw at a time: a table of draws by visitors would not fit for a large store.
    """
    if not len(values):
        return 0.0, 0.0, 0.0
    _, visitor = np.unique(np.asarray(visitors), return_inverse=True)
    sums, counts = np.bincount(visitor, weights=values), np.bincount(visitor).astype(np.float64)
    n, rng = len(sums), np.random.default_rng(seed)
    means = np.empty(draws)
    for draw in range(draws):
        times = np.bincount(rng.integers(n, size=n), minlength=n)
        means[draw] = times @ sums / (times @ counts)
    low, high = np.percentile(means, INTERVAL)
    return float(values.mean()), float(low), float(high)

"""How good predictions are: who is told apart, and whether chances and amounts are met."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.values import dataclass

Doubles = NDArray[np.float64]

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Bins:
    """Means of what was predicted and of what came, [bins], over equally many predictions each, the least first."""

    predicted: Doubles
    came: Doubles
    counts: Doubles


def auc(scores: Doubles, came: Doubles) -> float:
    """Chance that who did has a higher score than who did not, ties counted half; 0.5 with only one of the two.

    Mann and Whitney's statistic (Hanley and McNeil, Radiology 1982).
    """
    n_did = float(came.sum())
    n_not = len(came) - n_did
    if not n_did or not n_not:
        return 0.5
    ranks = mid_ranks(scores)
    return float((ranks[came > 0.0].sum() - n_did * (n_did - 1.0) / 2.0) / (n_did * n_not))


def mid_ranks(values: Doubles) -> Doubles:
    """Rank [n] of each value from 0, equal ones their mean rank."""
    order = np.sort(values)
    ranks: Doubles = (np.searchsorted(order, values, "left") + np.searchsorted(order, values, "right") - 1) / 2.0
    return ranks


def binned(predicted: Doubles, came: Doubles, n_bins: int = BINS) -> Bins:
    """Predictions in equally full bins by their size; fewer bins where there are fewer predictions."""
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, n_bins) if len(part)]
    return Bins(
        np.array([predicted[part].mean() for part in parts]),
        np.array([came[part].mean() for part in parts]),
        np.array([float(len(part)) for part in parts]),
    )


def calibration_error(predicted: Doubles, came: Doubles) -> float:
    """Expected calibration error over ten equally full bins (Naeini, Cooper and Hauskrecht, AAAI 2015)."""
    bins = binned(predicted, came)
    return float(np.average(np.abs(bins.predicted - bins.came), weights=bins.counts))


def brier(predicted: Doubles, came: Doubles) -> float:
    """Mean squared error of chances (Brier, Monthly Weather Review 1950)."""
    return float(np.square(predicted - came).mean())


def log_error(predicted: Doubles, came: Doubles) -> float:
    """Root of the mean squared difference of log(1 + amount)."""
    return float(np.sqrt(np.square(np.log1p(predicted) - np.log1p(came)).mean()))

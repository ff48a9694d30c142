"""How far the ranker's features have moved since it was trained: the population stability index of each.

PSI = sum over bins of (now - then) * ln(now / then), over tenths of what training saw and a bin of missing values
(Siddiqi, "Credit Risk Scorecards", 2006, ch. 6; its customary limits are 0.1 "look at it" and 0.25 "another
population"; Yurdakul, "Statistical Properties of Population Stability Index", 2018, for how it depends on the sample).

Some features move by themselves in every store whose data begin somewhere: the age of items, how much a visitor has
bought. What a feature has moved between the earlier and the later half of training is therefore no alarm: a bound is
twice that, and at least the customary one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.values import dataclass

Floats = NDArray[np.float32]

DRIFT: Final = "drift"
"""Where the drifts stand among a manifest's facts of training."""

TENTHS: Final = np.linspace(0.1, 0.9, 9)
CUSTOMARY_BOUND: Final = 0.25
ROOM: Final = 2.0
"""A feature may move so many times as far as it did within training."""

LEAST_SHARE: Final = 1e-3
"""Share of an empty bin: without it one row where none was would be infinitely far."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one feature has moved, and how far it may."""

    feature: str
    psi: float
    bound: float

    @property
    def is_too_far(self) -> bool:
        """Whether the feature is beyond its bound."""
        return self.psi > self.bound


def measure_drift(names: Sequence[str], trained: Floats, recent: Floats) -> list[Drift]:
    """The drift of each feature from the rows of training [n, d], in order of time, to recent ones [m, d].

    Both hold missing values as NaN and were sampled in the same way.
    """
    middle = len(trained) // 2
    return [_drift(name, trained[:middle, at], trained[middle:, at], recent[:, at]) for at, name in enumerate(names)]


def _drift(name: str, earlier: Floats, later: Floats, recent: Floats) -> Drift:
    bound = max(CUSTOMARY_BOUND, ROOM * psi(earlier, later))
    return Drift(name, psi(np.concatenate([earlier, later]), recent), bound)


def psi(then: Floats, now: Floats) -> float:
    """The population stability index between two samples [n] and [m] of one feature; 0 when one is empty."""
    if not len(then) or not len(now):
        return 0.0
    edges = edges_of(then)
    before, after = (np.maximum(shares(values, edges), LEAST_SHARE) for values in (then, now))
    return float(((after - before) * np.log(after / before)).sum())


def edges_of(values: Floats) -> Floats:
    """Bounds between tenths of the known values, each once: a feature of few values has few."""
    known = values[~np.isnan(values)]
    edges: Floats = np.unique(np.quantile(known, TENTHS).astype(np.float32)) if len(known) else known
    return edges


def shares(values: Floats, edges: Floats) -> NDArray[np.float64]:
    """Share of the values in each bin, that of missing ones last: float64 [len(edges) + 2]."""
    missing = np.isnan(values)
    counts = np.bincount(np.searchsorted(edges, values[~missing], side="left"), minlength=len(edges) + 1)
    return np.append(counts, missing.sum()) / len(values)


def drift_facts(drifts: Sequence[Drift]) -> Mapping[str, Any]:
    """The drifts for a manifest."""
    return {drift.feature: {"psi": round(drift.psi, 4), "bound": round(drift.bound, 4)} for drift in drifts}


def parse_drifts(facts: object) -> list[Drift]:
    """The drifts in a manifest's facts; none where there are none."""
    if not isinstance(facts, Mapping):
        return []
    return [Drift(str(name), float(told["psi"]), float(told["bound"])) for name, told in facts.items()]

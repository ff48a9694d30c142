"""What a run measured, request by request, and the figures that are made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
LATE_S: Final = 0.005
"""A request that left so long after its time was sent late: the generator or its connections were taken up."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Columns of n requests; times are seconds since the start of the run, NaN where something did not happen.

    `decide` tells page views from batches of events. `stages` are milliseconds by stage, NaN where an answer lacks it.
    """

    intended: Floats
    sent: Floats
    done: Floats
    decide: Flags
    valid: Flags
    skipped: Flags
    fallback: Flags
    refused: Flags
    stages: Mapping[str, NDArray[np.float32]]
    faults: Sequence[str]

    @classmethod
    def load(cls, path: Path) -> Self:
        """What the generator left."""
        with np.load(path) as columns:
            plain = {name: columns[name] for name in columns.files if not name.startswith("stage ")}
            stages = {name[6:]: columns[name] for name in columns.files if name.startswith("stage ")}
        return cls(**plain | {"stages": stages, "faults": [str(one) for one in plain["faults"]]})

    def __len__(self) -> int:
        return len(self.intended)

    def latency_ms(self) -> Floats:
        """From the intended send to the answer, [n]; infinite without one."""
        return np.where(np.isnan(self.done), np.inf, (self.done - self.intended) * 1000)

    def late(self) -> Flags:
        """Which requests were sent late or never, [n]."""
        return ~((self.sent - self.intended) <= LATE_S)

    def share(self, flags: Flags) -> float:
        """Share of page views for which something holds."""
        return float(flags[self.decide].mean()) if self.decide.any() else 0.0

    def between(self, start_s: float, end_s: float) -> Flags:
        """Page views meant for a span of time, [n]."""
        return self.decide & (self.intended >= start_s) & (self.intended < end_s)

    def n_invalid(self) -> int:
        """Requests without a valid answer."""
        return int((~self.valid).sum())


def quantiles(values_ms: NDArray[np.floating[Any]]) -> dict[str, float]:
    """QUANTILES of the values by name; what was really measured, nothing in between. NaN when there are none."""
    if not len(values_ms):
        return dict.fromkeys(QUANTILES, float("nan"))
    found = np.quantile(values_ms, list(QUANTILES.values()), method="inverted_cdf")
    return dict(zip(QUANTILES, map(float, found), strict=True))


def known(value: float) -> float | None:
    """The figure as JSON has it, to three places; None for one that is not known."""
    return round(value, 3) if np.isfinite(value) else None

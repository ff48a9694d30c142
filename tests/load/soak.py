"""`make load` of twenty minutes: mixed load, a random fault every 30 s, and what that does to answers and memory.

Three promises: every answer is valid; memory does not grow with requests; between faults latency is what it was before
the first one. The second is the slope of resident bytes over requests in the second half, by least squares.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from tests.bench.harness import ROOT
from tests.faults.proxy import FaultProxy
from tests.load.arrivals import arrivals
from tests.load.rig import Size, canned_rig
from tests.load.samples import Samples, quantiles
from tests.load.soak_director import Seen, directed
from tests.load.soak_plan import DEPENDENCIES, Plan
from tests.load.steps import WARM_UP, capacity_of
from tests.load.traffic import Mix
from vitrine.ports import Progress

RATE_SHARE: Final = 0.3
"""Of what a burst is worked off with: a busy environment would turn each fault into a queue."""

TAIL: Final = 0.5
MOST_SLOPE: Final = 1.0
"""MB per 1,000 requests."""

MOST_DRIFT: Final = 0.2
MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Soaked:
    """What a soak showed."""

    plan: Plan
    rate: float
    samples: Samples
    states: Seen
    unexpected: tuple[str, ...] = ()

    def slope(self) -> float:
        """MB per 1,000 requests of the environment that grows fastest, in the tail."""
        return float(np.max([tail_slope(*series) for series in by_environment(self.states).values()]))

    def p99_ms(self) -> tuple[float, float]:
        """Median over the windows of the baseline, and over those between faults, of each window's p99."""
        before, between = self.plan.calm()
        return median(map(self._p99, before)), median(map(self._p99, between))

    def drift(self) -> float:
        """How far the second is from the first, as a share; above 0 it is slower."""
        before, between = self.p99_ms()
        return between / before - 1

    def failures(self) -> list[str]:
        """Promises that were not kept."""
        n, slope, drift = self.samples.n_invalid(), self.slope(), self.drift()
        told = []
        if n:
            told.append(f"{n} of {len(self.samples)} answers are not valid: {'; '.join(self.samples.faults[:3])}")
        if not slope <= MOST_SLOPE:
            told.append(f"memory grows by {slope:.2f} MB per 1,000 requests, at most {MOST_SLOPE} are allowed")
        if not abs(drift) <= MOST_DRIFT:
            told.append(f"p99 between faults is {drift:+.0%} off the beginning's, at most {MOST_DRIFT:.0%} are allowed")
        return told

    def _p99(self, window: tuple[float, float]) -> float:
        return quantiles(self.samples.latency_ms()[self.samples.between(*window)])["p99"]


def soak(
    size: Size, mix: Mix, plan: Plan, progress: Progress, bundle: Path = ROOT, folders: Mapping[str, Path] | None = None
) -> Soaked:
    """Run one; `bundle` and `folders` as in `canned_rig`."""
    proxies: list[FaultProxy] = []

    @contextmanager
    def through(port: int) -> Iterator[Mapping[str, str]]:
        with FaultProxy(dict.fromkeys(DEPENDENCIES, port)) as proxy:
            proxies.append(proxy)
            yield proxy.endpoints()

    with canned_rig(size, mix, plan.seed, progress, bundle, folders, through) as rig:
        rate = plan.rate or RATE_SHARE * capacity_of(rig, WARM_UP, progress)
        times = arrivals("poisson", rate, plan.seconds, plan.seed)
        with directed(plan, rig, proxies[0]) as seen:
            samples = rig.drive(times, f"soak at {rate:,.0f} a second", progress, check_every=1)
        return Soaked(plan, rate, samples, seen, rig.unexpected())


def by_environment(states: Seen) -> dict[int, tuple[list[int], list[int]]]:
    """Requests served and resident bytes of each environment, by its process id."""
    found: dict[int, tuple[list[int], list[int]]] = {}
    for _, environments in states:
        for one in environments:
            served, rss = found.setdefault(one.pid, ([], []))
            served.append(one.served)
            rss.append(one.rss)
    return found


def tail_slope(served: Sequence[int], rss: Sequence[int]) -> float:
    """MB per 1,000 requests in the last TAIL of the requests, by least squares; NaN where too little was seen."""
    x, y = np.array(served, float), np.array(rss, float)
    tail = x >= x[0] + (x[-1] - x[0]) * (1 - TAIL)
    if tail.sum() < 3 or x[tail][-1] == x[tail][0]:
        return float("nan")
    return float(np.polyfit(x[tail], y[tail], 1)[0]) * 1000 / MB

"""When what fails in a soak: some minutes without a fault to compare with, then a random fault in every period."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

PERIOD_S: Final = 30.0
FAULT_S: Final = 10.0
RECOVERY_S: Final = 5.0
"""After a fault personalised answers are promised within this; what comes then is compared with the beginning."""

BASELINE_SHARE: Final = 0.15
LEAST_PERIODS: Final = 2

DEPENDENCIES: Final = ("dynamodb", "s3", "firehose", "secretsmanager")
WEIGHTS: Final = (0.65, 0.1, 0.2, 0.05)
FAULTS: Final[Sequence[tuple[str, dict[str, Any]]]] = (
    ("hang", {}),
    ("drip", {}),
    ("rst", {}),
    ("refuse", {}),
    ("blackhole", {}),
    ("half_close", {}),
    ("corrupt", {}),
    ("throttle", {}),
    ("throttle", {"share": 0.5}),
    ("error500", {}),
    ("latency", {"ms": 50.0, "jitter_ms": 40.0}),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A dependency fails from `start_s` to `end_s`, seconds since the soak began."""

    start_s: float
    end_s: float
    dependency: str
    name: str
    measure: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a dependency does from `at_s` on; `pass` is the end of a fault."""

    at_s: float
    dependency: str
    fault: str
    measure: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """A soak: `period_s` is that of faults, `rate` None is found by a burst."""

    seconds: float
    period_s: float
    baseline_s: float
    rate: float | None
    seed: int

    @classmethod
    def of(cls, seconds: float, rate: float | None, seed: int, period_s: float = PERIOD_S) -> Self:
        """A plan of whole periods, two of them without a fault at least, two with one."""
        periods = max(round(seconds / period_s), 2 * LEAST_PERIODS)
        calm = max(round(periods * BASELINE_SHARE), LEAST_PERIODS)
        return cls(periods * period_s, period_s, calm * period_s, rate, seed)

    def faults(self) -> list[Fault]:
        """One in each period after the baseline; the same for the same seed."""
        rng = np.random.default_rng(self.seed)
        last, scale = None, self.period_s / PERIOD_S
        found: list[Fault] = []
        for start_s in np.arange(self.baseline_s, self.seconds, self.period_s).tolist():
            while (pick := int(rng.integers(len(FAULTS)))) == last:
                pass
            last = pick
            name, measure = FAULTS[pick]
            dependency = str(rng.choice(DEPENDENCIES, p=WEIGHTS))
            found.append(Fault(start_s, start_s + FAULT_S * scale, dependency, name, measure))
        return found

    def turns(self) -> list[Turn]:
        """Begin and end of all faults, in their order."""
        begins = [Turn(one.start_s, one.dependency, one.name, one.measure) for one in self.faults()]
        ends = [Turn(one.end_s, one.dependency, "pass", {}) for one in self.faults()]
        return sorted([*begins, *ends], key=lambda turn: turn.at_s)

    def calm(self) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Windows of the baseline, the first left out as warm-up, and those between faults, all equally long."""
        scale = self.period_s / PERIOD_S
        length = (PERIOD_S - FAULT_S - RECOVERY_S) * scale
        before = np.arange(length, self.baseline_s - length / 2, length).tolist()
        after = [fault.end_s + RECOVERY_S * scale for fault in self.faults()]
        return [(at, at + length) for at in before], [(at, at + length) for at in after]

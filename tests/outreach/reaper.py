"""Kills whoever works, at every point at which it can die, and lets others do their work in the middle of it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.outreach.stepping import Killed, Steps

RARE: Final = 1_000


@dataclass
class Kills:
    """How often each point was passed, and how often it was the last one. `quota` is how many there are to be of each.

    Those that are only passed after a lost race (`again`) count from RARE passes on.
    """

    quota: int
    passed: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)

    @property
    def spared(self) -> dict[str, int]:
        """Points with fewer kills than there are to be, and how many."""
        return {name: self.done[name] for name in self._counted if self.done[name] < self.quota}

    @property
    def fewest(self) -> int:
        """Kills of the point that has the fewest."""
        return min((self.done[name] for name in self._counted), default=0)

    @property
    def _counted(self) -> list[str]:
        return [name for name, n in self.passed.items() if " again " not in name or n >= RARE]

    @property
    def total(self) -> int:
        """All kills."""
        return self.done.total()


@dataclass
class Reaper:
    """Kills at every second pass of a point until it had its quota, and at one in a hundred after that.

    `rivals` is how likely somebody else comes in between at a point.
    """

    steps: Steps
    rng: Random
    kills: Kills
    rivals: float = 0.04

    @contextmanager
    def at(self, who: str, rival: Callable[[], object] | None = None) -> Iterator[None]:
        """Until the block ends, whoever works in it is in danger."""

        def heard(point: str) -> None:
            name = f"{who}: {_short(point)}"
            self.kills.passed[name] += 1
            if self.rng.random() < (0.5 if self.kills.done[name] < self.kills.quota else 0.01):
                self.kills.done[name] += 1
                raise Killed(name)
            if rival is not None and self.rng.random() < self.rivals:
                with self.steps.hearing(None):
                    rival()

        with self.steps.hearing(heard):
            yield


def _short(point: str) -> str:
    *name, number, when = point.split()
    return " ".join([*name, number if number == "1" else "again", when])

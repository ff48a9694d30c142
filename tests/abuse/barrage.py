"""Fire shots at the API and count what came of them: faults, CPU of the slowest, growth of memory."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.abuse.api import Api
from tests.abuse.corpus import Shot
from tests.abuse.verdict import faults_of

MAX_CPU_MS: Final = 50.0
MAX_REFUSAL_MS: Final = 5.0
"""For what is above the size cap: it is refused before anything looks into it."""

MAX_GROWTH_MB: Final = 20.0
AGAIN: Final = 3
"""A shot that seems slow is fired again, so that a collection of garbage or a neighbour's load is not its fault."""


@dataclass(slots=True)
class Tally:
    """What came of one kind of shots. `refused` are those that had one right answer and got it."""

    n: int = 0
    refused: int = 0
    slowest_ms: float = 0.0
    slowest: str = ""
    faults: list[str] = field(default_factory=list)


def fire(api: Api, shots: Iterable[Shot]) -> dict[str, Tally]:
    """Tallies by kind."""
    tallies: dict[str, Tally] = {}
    for shot in shots:
        tally = tallies.setdefault(shot.kind, Tally())
        reply = shot.fire(api)
        cpu_ms = reply.cpu_s * 1000
        limit_ms = limit_of(shot)
        for _ in range(AGAIN if cpu_ms > limit_ms else 0):
            cpu_ms = min(cpu_ms, shot.fire(api).cpu_s * 1000)
        if cpu_ms > tally.slowest_ms:
            tally.slowest_ms, tally.slowest = cpu_ms, shot.name
        found = faults_of(reply, may_be_500=shot.kind == "no event")
        if shot.status is not None and reply.status != shot.status:
            found.append(f"status {reply.status} instead of {shot.status}")
        tally.n += 1
        tally.refused += shot.status is not None and not found
        tally.faults += [f"{shot.name}: {fault}" for fault in found]
    return tallies


def limit_of(shot: Shot) -> float:
    """Milliseconds of CPU that its answer may take."""
    return MAX_REFUSAL_MS if shot.kind == "too large" else MAX_CPU_MS


def too_slow(tallies: dict[str, Tally]) -> list[str]:
    """Kinds whose slowest shot is above its limit."""
    limits = {"too large": MAX_REFUSAL_MS}
    return [
        f"{kind}: {tally.slowest} took {tally.slowest_ms:.1f} ms of CPU"
        for kind, tally in tallies.items()
        if tally.slowest_ms > limits.get(kind, MAX_CPU_MS)
    ]


def sample(shots: Sequence[Shot], every: int) -> list[Shot]:
    """All bodies, and every n-th of the other shots: 1,000 of 17,000 with the primes that tests use."""
    whole = {"body", "too large", "path"}
    return [shot for number, shot in enumerate(shots) if shot.kind in whole or number % every == 0]


def resident_mb() -> float:
    """Memory of this process that lies in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

"""Beside a soak: lets dependencies fail when the plan says so, and looks at the environments meanwhile."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Final, TypeAlias

from tests.faults.proxy import FaultProxy
from tests.load.rig import Rig, State
from tests.load.soak_plan import Plan

LOOK_EVERY_S: Final = 2.0
TICK_S: Final = 0.05

Seen: TypeAlias = list[tuple[float, Sequence[State]]]
"""Seconds since the start, and the environments then."""


@contextmanager
def directed(plan: Plan, rig: Rig, proxy: FaultProxy) -> Iterator[Seen]:
    """What is seen of the environments while the block runs and the plan's faults come and go.

    Raises:
        BenchFailed, OSError: the proxy or the environments could not be asked, told at the end of the block.
    """
    seen: Seen = []
    ended = Event()
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(_play, plan, rig, proxy, seen, ended)
        try:
            yield seen
        finally:
            ended.set()
        playing.result()


def _play(plan: Plan, rig: Rig, proxy: FaultProxy, seen: Seen, ended: Event) -> None:
    turns = plan.turns()
    start_s = time.monotonic()
    looked_s = -LOOK_EVERY_S
    while not ended.wait(TICK_S):
        now_s = time.monotonic() - start_s
        while turns and turns[0].at_s <= now_s:
            turn = turns.pop(0)
            proxy.set(turn.dependency, turn.fault, **turn.measure)
        if now_s - looked_s >= LOOK_EVERY_S:
            looked_s = now_s
            seen.append((now_s, rig.states()))

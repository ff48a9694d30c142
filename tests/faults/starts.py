"""Environments that start while something is down, or many at once: RELIABILITY's test 11 and rule 2.

INIT must end within Lambda's budget whatever is down, the first answer must come in time from the bundle, and when the
fault is over the environment must find to its release by itself.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

from tests.faults.environment import Environment, judge
from tests.faults.proxy import ENDPOINTS, UNRESOLVABLE
from tests.faults.stage import DEPENDENCIES, Stage
from vitrine.ports import Progress

EACH: Final = 3
WIDTH: Final = 2
"""So many start at a time: as many as there are cores to start on."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Pass figures: Lambda's own limit of INIT, a first answer, how soon an environment finds its release (a bucket
    that failed is left alone for up to 5 s), and over how long several take a new one over: six that each choose a
    moment within 5 s are done within half a second once in 18,000 times."""

    init_ms: float = 10_000.0
    first_ms: float = 300.0
    within_s: float = 8.0
    spread_s: float = 0.5


BOUNDS: Final = Bounds()


@dataclass
class Starts:
    """Figures of environments that started: milliseconds of INIT and of the first answers, and what went wrong."""

    init_ms: list[float] = field(default_factory=list)
    first_ms: list[float] = field(default_factory=list)
    gets: int = 0
    misses: list[str] = field(default_factory=list)

    def p99_ms(self) -> float:
        """Of the first answers."""
        return sorted(self.first_ms)[int(0.99 * len(self.first_ms))]


def start_without(stage: Stage, down: Sequence[str], fault: str, bounds: Bounds = BOUNDS) -> Starts:
    """Start an environment while these dependencies fail so, ask it, heal them, and wait for a whole answer."""
    starts = Starts()
    stage.heal()
    unresolvable = dict.fromkeys((ENDPOINTS[name] for name in down), UNRESOLVABLE) if fault == "unresolvable" else {}
    for dependency in down if not unresolvable else ():
        stage.proxy.set(dependency, fault)
    with stage.environment(**unresolvable) as environment:
        _note_start(starts, environment, stage)
        stage.heal()
        starts.misses += () if unresolvable else _finds_its_release(environment, stage, bounds.within_s)
    starts.misses += _late(starts, bounds)
    return starts


def _note_start(starts: Starts, environment: Environment, stage: Stage) -> None:
    """Ask a few times; the first answers are those that a fault hits hardest."""
    starts.init_ms.append(environment.init_ms)
    for _ in range(EACH):
        reply = environment.ask(stage.page)
        starts.first_ms.append(reply.ms)
        fault = judge(reply).fault
        starts.misses += [fault] if fault else []


def _late(starts: Starts, bounds: Bounds) -> Iterator[str]:
    if max(starts.init_ms) > bounds.init_ms:
        yield f"INIT took {max(starts.init_ms):.0f} ms"
    if starts.p99_ms() > bounds.first_ms:
        yield f"p99 of the first answers is {starts.p99_ms():.0f} ms"


def _finds_its_release(environment: Environment, stage: Stage, within_s: float) -> Iterator[str]:
    give_up = time.monotonic() + within_s
    verdict = judge(environment.ask(stage.page))
    while not verdict.is_personalised:
        if time.monotonic() > give_up:
            yield f"not whole {within_s:.0f} s after the fault: {verdict}"
            return
        time.sleep(0.02)
        verdict = judge(environment.ask(stage.page))


def herd(
    stage: Stage, n: int, throttled: float, progress: Progress, *sabotages: str, bounds: Bounds = BOUNDS
) -> Starts:
    """Start n environments, some at a time, while that share of all calls is throttled."""
    starts = Starts()
    stage.heal()
    for dependency in DEPENDENCIES:
        stage.proxy.set(dependency, *(("throttle",) if throttled else ("pass",)), share=throttled or 1.0)
    stage.proxy.counts("s3")
    for at in range(0, n, WIDTH):
        with ExitStack() as stack:
            for environment in [stack.enter_context(stage.environment(*sabotages)) for _ in range(min(WIDTH, n - at))]:
                _note_start(starts, environment, stage)
        progress(f"herd, {throttled:.0%} throttled", min(at + WIDTH, n), n)
    starts.gets = stage.proxy.counts("s3").requests
    if not throttled and starts.gets > n:
        starts.misses.append(f"{starts.gets} objects fetched by {n} environments")
    starts.misses += _late(starts, bounds)
    return starts


def take_over_s(stage: Stage, n: int, bounds: Bounds, *switches: str) -> list[float]:
    """Seconds after which each of n warm environments serves a release that was flipped to; the last is the slowest.

    Thousands that do it at the same moment are what a bucket throttles.
    """
    world = stage.world()
    stage.heal()
    old, new = world.publish("old"), world.publish("new")
    world.show(stage.backend)
    world.flip(stage.backend, old, new)
    with ExitStack() as stack:
        waiting = [stack.enter_context(stage.environment(*switches)) for _ in range(n)]
        world.flip(stage.backend, new, old)
        started, taken = time.monotonic(), []
        while waiting and time.monotonic() - started < bounds.within_s:
            for environment in tuple(waiting):
                if judge(environment.ask(stage.page)).release == new.pointer.release:
                    waiting.remove(environment)
                    taken.append(time.monotonic() - started)
            time.sleep(0.02)
    return taken + [float("inf")] * len(waiting)


def in_step(taken_s: Sequence[float], bounds: Bounds) -> list[str]:
    """Environments that took a release over too late, or all at once."""
    if taken_s[-1] > bounds.within_s:
        return [f"{sum(one > bounds.within_s for one in taken_s)} environments did not take the release over"]
    spread_s = taken_s[-1] - taken_s[0]
    return [] if spread_s > bounds.spread_s else [f"all took it over within {spread_s:.2f} s"]

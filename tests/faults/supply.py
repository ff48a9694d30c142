"""Models that must never serve, each published as the newest release: RELIABILITY's test 9, through the handler.

Three are altered in the bucket after they were published; the manifest vouches for the others. A running environment
has to go on with the release it has, one that starts has to serve the bundle, and both follow the next good release.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np

from tests.faults.environment import Environment, Verdict, judge
from tests.faults.generations import Published, World
from tests.faults.sabotage import AT_ONCE
from tests.faults.stage import Stage
from tests.unit.rankers import make_network
from tests.unit.test_onnx_ranker import add_custom_operator, altered, move_outside, poison
from vitrine.decisions.features import FEATURES
from vitrine.refresh.export import to_onnx
from vitrine.refresh.network import Scaling, initialise

LOOKS: Final = 40
WITHIN_S: Final = 8.0
"""How soon a good release serves: after a fault of the bucket it is left alone for up to 5 s."""

INIT_MS: Final = 10_000.0
"""Lambda's limit for INIT."""


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _narrow() -> bytes:
    """A sound model for one feature less."""
    d, rng = len(FEATURES) - 1, np.random.default_rng(1)
    ones = np.ones(d, np.float32)
    return to_onnx(initialise((d, 8, 4), rng), Scaling(ones, ones, ones), "ranker")


ALTERED: Final[Mapping[str, Callable[[bytes], bytes | None]]] = {
    "flipped byte": _flipped,
    "truncated": lambda data: data[: len(data) // 2],
    "missing": lambda data: None,
}
"""What becomes of the model in the bucket."""

VOUCHED: Final[Mapping[str, Callable[[], bytes]]] = {
    "NaN weights": lambda: altered(poison),
    "wrong shape": _narrow,
    "external data": lambda: altered(move_outside),
    "custom operator": lambda: altered(add_custom_operator),
    "giant": lambda: to_onnx(*make_network(1, (60_000, 4)), "ranker"),
}
"""Models that are published as they are."""

KINDS: Final = (*ALTERED, *VOUCHED)


def poison_supply(stage: Stage, kind: str, *sabotages: str) -> list[str]:
    """Publish a good release, a bad one, a good one; what went wrong."""
    world = stage.world()
    stage.heal()
    good = world.publish("good")
    world.show(stage.backend)
    with stage.environment(AT_ONCE, *sabotages) as running:
        misses = list(_serves(running, stage, good))
        stage.proxy.counts("s3")
        bad = publish_bad(world, kind)
        world.show(stage.backend)
        misses += _refuses(running, stage, good, "running")
        if not stage.proxy.counts("s3").requests:
            misses.append("the test itself: nobody asked for the bad release")
        with stage.environment(AT_ONCE, *sabotages) as fresh:
            misses += _refuses(fresh, stage, None, "fresh")
            if fresh.init_ms > INIT_MS:
                misses.append(f"INIT took {fresh.init_ms:.0f} ms")
            last = world.publish("last")
            world.show(stage.backend)
            for environment in (running, fresh):
                misses += _serves(environment, stage, last)
    assert bad.pointer != last.pointer
    return misses


def publish_bad(world: World, kind: str) -> Published:
    """The bad release, current in the world."""
    if kind in VOUCHED:
        return world.publish("bad", model=VOUCHED[kind]())
    bad, spoil = world.publish("bad"), ALTERED[kind]
    held = {name: data for name, data in world.objects.objects.items() if bad.model in data}
    if not held:
        raise AssertionError("no object of the release holds the bytes of its model")
    for name, data in held.items():
        before, _, after = data.partition(bad.model)
        spoilt = spoil(bad.model)
        if spoilt is None:
            world.objects.delete([name])
        else:
            world.objects.put(name, before + spoilt + after)
    return bad


def _serves(environment: Environment, stage: Stage, release: Published) -> Iterator[str]:
    """Wait until the environment serves the release."""
    give_up, verdict = time.monotonic() + WITHIN_S, Verdict()
    while verdict.release != release.pointer.release:
        verdict = judge(environment.ask(stage.page))
        if verdict.fault:
            yield verdict.fault
        if time.monotonic() > give_up:
            yield f"release {release.mark} does not serve, {verdict.release} does"
            return


def _refuses(environment: Environment, stage: Stage, good: Published | None, which: str) -> Iterator[str]:
    """Ask for a while; nothing but the good release, or the bundle, may answer."""
    allowed = good.pointer.release if good else "bundle"
    for _ in range(LOOKS):
        verdict = judge(environment.ask(stage.page))
        if verdict.fault or verdict.release != allowed:
            yield f"the {which} environment: {verdict.fault or verdict.release}, expected {allowed}"
            return
        time.sleep(0.01)

"""Releases that are flipped again and again while the handler answers: RELIABILITY's test 8, from outside.

Every answer must be of one generation: the release that it names, the ranker that scored, the items that it shows.
"""

from dataclasses import dataclass, field

from tests.faults.environment import judge
from tests.faults.sabotage import AT_ONCE
from tests.faults.stage import Stage
from vitrine.ports import Progress


@dataclass
class Flips:
    """What was seen."""

    answers: int = 0
    flips: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    misses: list[str] = field(default_factory=list)


def flip_about(stage: Stage, n: int, every: int, progress: Progress, *sabotages: str) -> Flips:
    """Ask n times and flip the pointer after every so many, between two releases that both lie there."""
    world, flips = stage.world(), Flips()
    both = [world.publish("a"), world.publish("b")]
    by_id = {one.pointer.release: one for one in both}
    stage.heal()
    world.show(stage.backend)
    with stage.environment(AT_ONCE, *sabotages) as environment:
        for number in range(n):
            if number % every == 0:
                world.flip(stage.backend, both[flips.flips % 2], both[(flips.flips + 1) % 2])
                flips.flips += 1
            verdict = judge(environment.ask(stage.page))
            flips.answers += 1
            flips.seen[verdict.release] = flips.seen.get(verdict.release, 0) + 1
            release = by_id.get(verdict.release)
            mix = release.mixes(verdict, world.named) if release else f"release {verdict.release!r} is none of ours"
            flips.misses += [miss for miss in (verdict.fault, mix) if miss]
            progress(" ".join(("flips", *sabotages)), number + 1, n)
    return flips

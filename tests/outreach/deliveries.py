"""`python -m tests.outreach.deliveries`: RELIABILITY's test 4, over the real services in memory.

Some 1,500 persons do 10,000 things. Of each, word comes one to five times, out of order, some of it two days late, by
clocks that are ten minutes off; collectors, workers and the shop's backend are killed wherever they can be, providers
refuse or do not answer, and two work on one person at once. What everybody gets is then held against a calm run.
"""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify, heappop, heappush
from random import Random
from typing import Final

from tests.outreach.messages import GOODS, POLICY, shop
from tests.outreach.reaper import Kills, Reaper
from tests.outreach.rig import DAY_MS, World, next_minute
from tests.outreach.stepping import Delivery, Killed, refused
from tests.outreach.stories import Story, stories
from vitrine.cli.progress import show_progress
from vitrine.outreach.handing import InDoubt, Result
from vitrine.outreach.quiet_hours import is_quiet, zones_of
from vitrine.outreach.state import REACHED
from vitrine.ports import Progress
from vitrine.service.outreach import MAX_HANDOVERS

DAYS: Final = 9
EVENTS_OF_ONE: Final = 6.8
QUOTA: Final = 50
ROUNDS: Final = 12
"""At most so many, each of other people, until somebody was killed often enough at every point."""

MOODY: Final = 0.2
AGAIN_MS: Final = 30_000
"""So much later somebody who was not answered tries again."""


@dataclass
class Run:
    """What became of a crowd."""

    world: World
    crowd: Sequence[Story]
    reaper: Reaper | None = None
    struck: set[str] = field(default_factory=set)
    """Persons at whom somebody died, or whose message a provider did not simply take."""

    n_told: int = 0

    def got(self, person: str) -> list[Delivery]:
        """What a person got."""
        return self.by_person.get(person, [])

    @property
    def by_person(self) -> dict[str, list[Delivery]]:
        """What everybody got."""
        found: dict[str, list[Delivery]] = {}
        for one in self.world.inbox:
            found.setdefault(one.person, []).append(one)
        return found


def play(crowd: Sequence[Story], reaper_of: Callable[[World], Reaper] | None, progress: Progress, seed: int = 4) -> Run:
    """Let the days pass."""
    world = World(shop(), GOODS)
    run, rng = Run(world, crowd, reaper_of(world) if reaper_of else None), Random(seed)
    start_ms = world.now_ms
    agenda = list(_agenda(run))
    heapify(agenda)
    total, number = len(agenda), len(agenda)
    while agenda or (world.table.earliest() or start_ms + DAYS * DAY_MS) < start_ms + DAYS * DAY_MS:
        due_ms = world.table.earliest()
        sweep_ms = None if due_ms is None else max(next_minute(due_ms), next_minute(world.now_ms + 1))
        if agenda and (sweep_ms is None or agenda[0][0] <= sweep_ms):
            world.now_ms, _, person, who, action = heappop(agenda)
            if not _survives(run, who, person, action):
                number += 1
                heappush(agenda, (world.now_ms + AGAIN_MS, number, person, who, action))
            progress("deliveries", total - len(agenda), total)
        elif sweep_ms is not None:
            world.now_ms = sweep_ms
            _sweep(run, rng)
    return run


Job = tuple[int, int, str, str, Callable[[], object]]


def _agenda(run: Run) -> Iterator[Job]:
    """Everything that comes in from outside, by time."""
    world, number = run.world, 0
    for one in run.crowd:
        told = [
            (
                one.linked_ms,
                "backend",
                lambda one=one: world.link(one.person, one.visitors, *one.channels, zone=one.zone),
            )
        ]
        told += [(note.at_ms, "planner", lambda one=one, note=note: world.note(one.person, note)) for note in one.notes]
        for word in one.told:
            run.n_told += len(word.arrivals)
            tell = lambda word=word: world.tell(word.visitor, word.event)  # noqa: E731
            told += [(at_ms, "collector", tell) for at_ms in word.arrivals]
        for at_ms, who, action in told:
            number += 1
            yield at_ms, number, one.person, who, action


def _survives(run: Run, who: str, person: str, action: Callable[[], object]) -> bool:
    """Whether somebody did all of it."""
    if run.reaper is None:
        action()
        return True
    with suppress(Killed), run.reaper.at(who, lambda: run.world.work(person)):
        action()
        return True
    return False


def _sweep(run: Run, rng: Random) -> None:
    """One minute's work: some are in the queue twice, and providers have their days."""
    due = run.world.due()
    if run.reaper is not None:
        rng.shuffle(due)
        due += [person for person in due if rng.random() < 0.1]
    for person in due:
        answers = [] if run.reaper is None else _moods(run, rng)
        if not _survives(run, "worker", person, lambda person=person: run.world.work(person)):
            run.struck.add(person)
        if not all(answers):
            run.struck.add(person)
        for answer in answers:
            answer.clear()


def _moods(run: Run, rng: Random) -> list[list[Result]]:
    """What providers say next, should anything be handed over now: mostly nothing special."""
    told = []
    for name, port in run.world.channels.items():
        answers = [refused("retry"), InDoubt("no answer")]
        answers += [] if name == "webhook" else [refused("drop"), refused("suppress")]
        port.answers = [rng.choice(answers)] if rng.random() < MOODY else []
        told += [port.answers] if port.answers else []
    return told


def faults(run: Run) -> Iterator[str]:
    """Everything that is not as it has to be, in words."""
    got = run.by_person
    dead = Counter(json.loads(record)["person"] for record in run.world.letters.records)
    for one in run.crowd:
        mine = got.get(one.person, [])
        yield from _unruly(one, mine)
        n, n_dead, kind = len(mine), dead[one.person], one.kind
        if n > one.n_messages:
            yield f"{one.person} ({kind}) got {n} messages, not {one.n_messages}: {[each.said for each in mine]}"
        if n < one.n_messages and not n_dead:
            yield f"{one.person} ({kind}) got {n} messages, not {one.n_messages}, and no dead letter says why"
        state = run.world.state(one.person)
        is_given_up = any(sending.attempts == MAX_HANDOVERS for sending in state.sendings)
        if n < one.n_messages and one.channels == ("webhook",) and not is_given_up:
            yield f"{one.person} ({kind}) got {n} messages, not {one.n_messages}, by a channel that can be asked again"
        if n_dead and one.person not in run.struck:
            yield f"{one.person} ({kind}) has a dead letter, and nothing happened"
        known = {sending.id for sending in state.sendings if sending.status in REACHED}
        yield from (f"no row knows of {each}" for each in mine if each.id not in known)
        if state.open is not None or one.person in run.world.table.due:
            yield f"{one.person} is not done: {state}"


def _unruly(one: Story, got: Sequence[Delivery]) -> Iterator[str]:
    zones = zones_of([one.zone] if one.zone else shop().zones)
    yield from (f"in quiet hours: {each}" for each in got if is_quiet(each.at_ms, POLICY.quiet, zones))
    times = sorted(each.at_ms for each in got)
    pairs = itertools.pairwise(times)
    yield from (f"two in a window: {one.person} {pair}" for pair in pairs if pair[1] - pair[0] < POLICY.window_s * 1000)
    yield from (f"twice: {each}" for n, each in enumerate(got) if each.id in {other.id for other in got[:n]})


def told_of(run: Run, calm: Run) -> dict[str, object]:
    """The figures of a run."""
    statuses = Counter(sending.status for one in run.crowd for sending in run.world.state(one.person).sendings)
    return {
        "test": "deliveries",
        "persons": len(run.crowd),
        "events": sum(len(one.told) for one in run.crowd),
        "told": run.n_told,
        "messages": len(run.world.inbox),
        "messages_calm": len(calm.world.inbox),
        "points_below_quota": {} if run.reaper is None else run.reaper.kills.spared,
        "dead_letters": len(run.world.letters.records),
        **statuses,
    }


def compare(n_persons: int, kills: Kills, seed: int, progress: Progress) -> tuple[Run, Run]:
    """The same people in a wild and in a calm world."""
    calm = play(list(stories(n_persons, seed, is_calm=True)), None, progress)
    reaper_of = partial(Reaper, rng=Random(seed), kills=kills)
    return play(list(stories(n_persons, seed, is_calm=False)), lambda world: reaper_of(world.steps), progress), calm


def main() -> int:
    """Run it; 1 when anything is not as it has to be."""
    parser = argparse.ArgumentParser(prog="python -m tests.outreach.deliveries", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=4)
    arguments = parser.parse_args()
    kills, n_faults = Kills(QUOTA), 0
    for seed in range(arguments.seed, arguments.seed + ROUNDS):
        with show_progress() as progress:
            wild, calm = compare(round(arguments.events / EVENTS_OF_ONE), kills, seed, progress)
        found = [*(f"calm: {fault}" for fault in faults(calm)), *faults(wild)]
        n_faults += len(found)
        print("\n".join(found[:40]), file=sys.stderr)
        print(json.dumps({**told_of(wild, calm), "faults": len(found)}), flush=True)
        if not kills.spared:
            break
    points = {"points": len(kills.passed), "fewest_kills": kills.fewest, "kills": kills.total}
    print(json.dumps({"test": "deliveries", **points, "faults": n_faults}))
    return 1 if n_faults or kills.spared else 0


if __name__ == "__main__":
    sys.exit(main())

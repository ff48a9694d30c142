"""All ways in which several actors can take turns at what they share, each tried for real.

Each actor runs in a thread of its own that stands still before every call to the outside until it is its turn, so that
a schedule (whose turn it is, again and again) says all that can differ.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations_with_replacement, permutations
from random import Random

from tests.outreach.stepping import Steps


@dataclass
class Turns:
    """Who may go on. One thread runs at any time."""

    _current: threading.local = field(default_factory=threading.local)

    def wait(self, point: str) -> None:
        """Stand still before a call; whoever is no actor goes on."""
        actor: Actor | None = getattr(self._current, "actor", None)
        if actor is not None and point.endswith("before"):
            actor.pause()

    def enter(self, actor: "Actor") -> None:
        """From now on this thread is the actor's."""
        self._current.actor = actor


class Actor:
    """Somebody who does something step by step. `error` is what ended it."""

    def __init__(self, action: Callable[[], object], turns: Turns) -> None:
        self._action, self._turns = action, turns
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self.is_over = False
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def step(self) -> None:
        """One call, and what is done after it up to the next one."""
        if not self.is_over:
            self._go.release()
            self._stands.acquire()

    def pause(self) -> None:
        """Let others go on."""
        self._stands.release()
        self._go.acquire()

    def join(self) -> None:
        """Wait for the thread, which has nothing left to do."""
        self._thread.join()

    def _run(self) -> None:
        self._turns.enter(self)
        self._go.acquire()
        try:
            self._action()
        except BaseException as error:  # noqa: BLE001 - told to the test
            self.error = error
        self.is_over = True
        self._stands.release()


def take_turns(
    steps: Steps, actions: Sequence[Callable[[], object]], schedule: Sequence[int], tick: Callable[[], None]
) -> None:
    """Run all actions to their ends, by the schedule as far as it goes, and `tick` before each turn.

    Raises what an action raised.
    """
    turns = Turns()
    with steps.hearing(turns.wait):
        actors = [Actor(action, turns) for action in actions]
        for place in schedule:
            tick()
            actors[place].step()
        for actor in actors:
            while not actor.is_over:
                actor.step()
            actor.join()
    for actor in actors:
        if actor.error is not None:
            raise actor.error


def all_schedules(*n_turns: int) -> Iterator[tuple[int, ...]]:
    """Every order of so many turns of each actor."""
    if not any(n_turns):
        yield ()
    for place, n in enumerate(n_turns):
        if n:
            left = (*n_turns[:place], n - 1, *n_turns[place + 1 :])
            yield from ((place, *rest) for rest in all_schedules(*left))


def block_schedules(n_first: int, *n_others: int) -> Iterator[tuple[int, ...]]:
    """Every order in which only the first is interrupted, by others who do all of their work at once.

    Most faults need few interruptions (Musuvathi and Qadeer, "Iterative context bounding", 2007), which orders by
    chance hardly ever have.
    """
    for order in permutations(range(1, len(n_others) + 1)):
        for gaps in combinations_with_replacement(range(n_first + 1), len(order)):
            blocks = [(gap - 0.5, actor) for gap, actor in zip(gaps, order, strict=True)]
            turns = sorted([*blocks, *((place, 0) for place in range(n_first))], key=lambda one: one[0])
            yield tuple(chain.from_iterable((actor,) * (n_others[actor - 1] if actor else 1) for _, actor in turns))


def some_schedules(rng: Random, n: int, *n_turns: int) -> Iterator[tuple[int, ...]]:
    """n orders by chance."""
    turns = [place for place, n_of in enumerate(n_turns) for _ in range(n_of)]
    for _ in range(n):
        rng.shuffle(turns)
        yield tuple(turns)

"""A cart put in is looked at after it is in the profile, whatever workers and others do between the two writes."""

from dataclasses import replace
from itertools import chain
from random import Random

import pytest

from tests.outreach.interleaving import all_schedules, block_schedules, some_schedules, take_turns
from tests.outreach.messages import CART, DROP, GOODS, LOUD, shop
from tests.outreach.rig import DAY_MS, MINUTE_MS, NOON_MS, World, event
from vitrine import keys
from vitrine.outreach.messages import Outreach
from vitrine.outreach.state import LOOK_AFTER_MS, SETTLED_MS, Note, Sending, State, StoredState

TICK_MS = 300
"""Between two calls: collecting takes its budget of 3.5 s at most."""

STARTS = [
    (None, -DAY_MS),
    (-MINUTE_MS, -DAY_MS),
    (0, -LOOK_AFTER_MS),
    (0, -MINUTE_MS),
    (MINUTE_MS, -9 * MINUTE_MS),
    (MINUTE_MS + 1, -9 * MINUTE_MS + 1),
    (5 * MINUTE_MS, -DAY_MS),
    (9 * MINUTE_MS, -MINUTE_MS),
    (2 * DAY_MS, -DAY_MS),
]
"""Alarms and touches that a row can hold, relative to now; an alarm is never later than a touch asks for."""

PLAIN = shop(CART, policy=LOUD)
OFTEN = replace(LOUD, window_s=0, gather_s=0)
SENT = Sending("before", "other", 0, "", 0, "mail", NOON_MS - 3 * DAY_MS, "sent")


def _world(due_ms: int | None, touched_ms: int, sending: Sending = SENT, outreach: Outreach = PLAIN) -> World:
    world = World(outreach, GOODS)
    world.link("anna", ["web", "app"])
    state = State((sending,), (), None if due_ms is None else NOON_MS + due_ms, NOON_MS + touched_ms)
    world.table.write([(keys.outreach("anna"), StoredState().successor(state, "anna", NOON_MS))])
    return world


def _end(world: World, schedule: tuple[int, ...], *others: object) -> list[str]:
    """What the person gets of a cart that is put in while a worker, and perhaps others, are at it."""

    def tick() -> None:
        world.now_ms += TICK_MS

    put_in = event("e1", "add_to_cart", NOON_MS)
    actions = [lambda: world.tell("web", put_in), lambda: world.work("anna"), *others]
    take_turns(world.steps, actions, schedule, tick)  # type: ignore[arg-type]
    world.run_until(NOON_MS + DAY_MS)
    return world.got("anna")


@pytest.mark.parametrize(("due_ms", "touched_ms"), STARTS)
def test_whatever_a_worker_does_meanwhile(due_ms: int | None, touched_ms: int) -> None:
    """All orders of the calls of one collector (read, read, replace, replace) and one worker (read, read, replace)."""
    for schedule in all_schedules(5, 4):
        assert _end(_world(due_ms, touched_ms), schedule) == ["abandoned_cart 0"], schedule


@pytest.mark.parametrize(("due_ms", "touched_ms"), STARTS)
def test_whatever_a_worker_and_a_planner_do_meanwhile(due_ms: int | None, touched_ms: int) -> None:
    """A note sets an alarm of its own, at once, and nothing that a collector has relied on is lost with it."""
    note = Note("price_drop", "tea", NOON_MS)
    for schedule in chain(block_schedules(5, 4, 3), some_schedules(Random(7), 30, 5, 4, 3)):
        world = _world(due_ms, touched_ms)
        told = _end(world, schedule, lambda world=world: world.note("anna", note))
        assert told == ["abandoned_cart 0"], schedule


@pytest.mark.parametrize(("due_ms", "touched_ms"), STARTS)
def test_whatever_two_workers_do_meanwhile(due_ms: int | None, touched_ms: int) -> None:
    """One person is in the queue twice now and then, and there is a message to send about something else."""
    for schedule in chain(block_schedules(5, 10, 10), some_schedules(Random(8), 30, 5, 10, 10)):
        world = _world(due_ms, touched_ms, SENT, shop(CART, DROP, policy=OFTEN))
        world.tell("app", event("f1", "favourite", NOON_MS - DAY_MS, "tea"))
        world.note("anna", Note("price_drop", "tea", NOON_MS, 999))
        told = _end(world, schedule, lambda world=world: world.work("anna"))
        assert sorted(told) == ["abandoned_cart 0", "price_drop 0"], schedule


def _by_alarm_alone(self: State, now_ms: int) -> bool:
    return self.due_ms is not None and now_ms + SETTLED_MS <= self.due_ms <= now_ms + LOOK_AFTER_MS


def _untouched(self: State, due_ms: int | None, now_ms: int) -> State:
    return replace(self, due_ms=due_ms)


@pytest.mark.parametrize(("name", "sabotage"), [("is_alert", _by_alarm_alone), ("resting", _untouched)])
def test_a_sabotage_loses_it(name: str, sabotage: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative controls: relying on an alarm that no touch asks for; a look that takes away what a touch asks for."""
    monkeypatch.setattr(State, name, sabotage)
    with pytest.raises(AssertionError):
        _whatever_happens()


def _whatever_happens() -> None:
    for start in STARTS:
        test_whatever_a_worker_and_a_planner_do_meanwhile(*start)

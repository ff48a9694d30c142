"""The queue of who is due through the real handler: poison ends in the dead letters, everybody else is worked once."""

import sys
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.functional.handlers import load_handler, recorded_event
from tests.functional.sqs_stand_in import StandIn
from vitrine.errors import DamagedRow, DependencyFailed, ProfileConflict

N = 10_000
POISON = (
    lambda n: "{" + str(n),
    lambda n: "",
    lambda n: f'{{"person": {n}}}',
    lambda n: f'{{"person": "p{n}", "more": 1}}',
    lambda n: f'{{"person": "{"x" * 65}"}}',
    lambda n: f'["p{n}"]',
    lambda n: f'{{"person": "p{n}\ud800"}}',
    lambda n: f'{{"person": "p {n}"}}',
    lambda n: f'{{"person": "p{n}", "person": "q{n}"}}',
    lambda n: '{"person": "p", "x": "' + "y" * 20_000 + '"}',
)


@dataclass
class Worker:
    """Works persons off: notes whom, and fails as it is told."""

    faults: dict[str, list[Exception]] = field(default_factory=dict)
    worked: Counter[str] = field(default_factory=Counter)
    parked: dict[str, str] = field(default_factory=dict)

    def work(self, person: str) -> Any:
        """See OutreachService."""
        if self.faults.get(person):
            raise self.faults[person].pop()
        self.worked[person] += 1
        return SimpleNamespace(outcome="sent")

    def park(self, person: str, reason: str) -> None:
        """See OutreachService."""
        self.parked[person] = reason


@dataclass
class Context:
    """Lambda's word on the time that is left."""

    left_ms: int = 50_000

    def get_remaining_time_in_millis(self) -> int:
        """In ms."""
        return self.left_ms


@dataclass
class Rig:
    """The handler over a worker."""

    module: ModuleType
    worker: Worker = field(default_factory=Worker)
    context: Context = field(default_factory=Context)

    def handle(self, event: dict[str, Any]) -> Any:
        """The handler's answer."""
        return self.module.handler(event, self.context)

    def send(self, *persons: str, receives: int = 1) -> list[int]:
        """Places of the messages that have to come again."""
        (record, _) = recorded_event("outreach_send")["Records"]
        attributes = {**record["attributes"], "ApproximateReceiveCount": str(receives)}
        bodies = [person if person.startswith("{") else f'{{"person": "{person}"}}' for person in persons]
        records = [
            {**record, "messageId": str(n), "body": body, "attributes": attributes} for n, body in enumerate(bodies)
        ]
        return [int(one["itemIdentifier"]) for one in self.handle({"Records": records})["batchItemFailures"]]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The handler wired to a worker."""
    rig = Rig(load_handler("outreach_send"))
    monkeypatch.setattr(rig.module, "service", lambda: rig.worker)
    return rig


def run(handler: Any) -> tuple[StandIn, list[str], set[str]]:
    """A queue of N messages, one in a hundred poison of every kind, worked off; its poison and its persons."""
    random, poison, persons = Random(13), list[str](), list[str]()
    for n in range(N):
        if random.random() < 0.01:
            poison.append(POISON[len(poison) % len(POISON)](n))
        else:
            persons.append(f"p{n}")
    bodies = [*poison, *(f'{{"person": "{person}"}}' for person in persons)]
    random.shuffle(bodies)
    queue = StandIn(handler)
    queue.send(bodies)
    queue.drain()
    return queue, sorted(poison), set(persons)


def test_exactly_the_poison_ends_in_the_dead_letters(rig: Rig) -> None:
    """1 % of ten kinds; every person is worked once, and no batch comes again as a whole."""
    queue, poison, persons = run(rig.handle)
    assert 80 < len(poison) < 130
    assert sorted(one.body for one in queue.dead) == poison
    assert rig.worker.worked == dict.fromkeys(persons, 1)
    redelivered = Counter(id_ for batch in queue.batches for id_ in batch)
    assert {id_ for id_, n in redelivered.items() if n > 1} == {one.id for one in queue.dead}
    assert not rig.worker.parked


def test_whole_batches_would_come_again_without_the_partial_answer(rig: Rig) -> None:
    """Negative control: a handler that raises instead of naming the bad ones works persons more than once."""

    def all_or_nothing(event: dict[str, Any]) -> Any:
        answer = rig.handle(event)
        if answer["batchItemFailures"]:
            raise RuntimeError
        return answer

    queue, poison, _ = run(all_or_nothing)
    assert len(queue.dead) > len(poison)
    assert max(rig.worker.worked.values()) > 1


def test_the_recorded_event_works_two_persons(rig: Rig) -> None:
    """One of them a visitor who never logged in."""
    assert rig.handle(recorded_event("outreach_send")) == {"batchItemFailures": []}
    assert set(rig.worker.worked) == {"household-1929", "v:00112233445566778899aabbccddeeff"}


@pytest.mark.parametrize("error", [DependencyFailed("table", "down"), ProfileConflict("raced")])
@pytest.mark.parametrize("receives", [1, 5])
def test_who_could_not_be_worked_now_comes_again(rig: Rig, error: Exception, receives: int) -> None:
    """To the last; the others of the batch do not."""
    rig.worker.faults["b"] = [error]
    assert rig.send("a", "b", "c", receives=receives) == [1]
    assert set(rig.worker.worked) == {"a", "c"}
    assert not rig.worker.parked


def test_damaged_rows_are_set_aside_at_once(rig: Rig) -> None:
    """To ask again does not help."""
    rig.worker.faults["b"] = [DamagedRow("table", "a person is damaged")]
    assert rig.send("a", "b") == []
    assert rig.worker.parked == {"b": "table: a person is damaged"}


def test_what_nobody_expected_is_set_aside_after_its_last_try(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    """Without the words of the error, which may hold a person's."""
    rig.worker.faults["b"] = [ValueError("secret-canary")] * 2
    assert rig.send("a", "b", receives=4) == [1]
    assert not rig.worker.parked
    assert rig.send("b", receives=5) == []
    assert rig.worker.parked["b"].startswith("unexpected ValueError at ")
    assert "secret-canary" not in caplog.text + str(rig.worker.parked)


def test_a_parking_that_fails_brings_the_person_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(person: str, reason: str) -> None:
        raise DependencyFailed("queue", "down")

    rig.worker.faults["b"] = [DamagedRow("table", "damaged")]
    monkeypatch.setattr(rig.worker, "park", fail)
    assert rig.send("a", "b") == [1]


def test_without_time_nobody_is_begun(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """They are still due, so the next minute sends them again; poison is poison all the same."""
    rig.context.left_ms = 19_999
    assert rig.send("a", "{", "b") == [1]
    assert not rig.worker.worked
    assert '"Left":2' in capsys.readouterr().out


@pytest.mark.parametrize("event", [{}, {"Records": [{"messageId": "m"}]}, {"Records": 7}, []])
def test_an_event_that_is_no_batch_raises(rig: Rig, event: Any) -> None:
    """So that whoever sent it hears of it; nobody of it was begun."""
    with pytest.raises(Exception, match=r"batch|record"):
        rig.handle(event)
    assert not rig.worker.worked


def test_the_outcomes_are_counted(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a batch."""
    rig.send("a", "b")
    assert '"service":"outreach_send","Sent":2' in capsys.readouterr().out
    rig.send("{")
    assert not capsys.readouterr().out


def test_numbers_of_any_length_are_read(rig: Rig) -> None:
    """As poison, not as a fault: the standard library refuses to parse them."""
    assert rig.send('{"person": ' + "9" * (sys.get_int_max_str_digits() + 1) + "}") == [0]

"""The minute's work: who is due goes into the queue, oldest first, within limits."""

from collections.abc import Callable
from itertools import count

import orjson
from hypothesis import given
from hypothesis import strategies as st

from vitrine.outreach.state import SHARDS, shard, shard_of
from vitrine.service.sweep import CHUNK, Limits, Swept, sweep

NOW_MS = 1_800_000_000_000


class Agenda:
    """An index in memory that notes what it was asked."""

    def __init__(self, due: dict[str, int]) -> None:
        self.rows = due
        self.asked: list[str] = []

    def due(self, shard: str, now_ms: int, limit: int) -> list[tuple[str, int]]:
        """See ports.Agenda."""
        self.asked.append(shard)
        found = [(person, at) for person, at in self.rows.items() if shard_of(person) == shard and at <= now_ms]
        return sorted(found, key=lambda one: one[1])[:limit]


class Queue:
    """A queue that takes all but the first `refuse` messages of a call."""

    def __init__(self, waiting: int = 0, refuse: int = 0) -> None:
        self.waiting, self.refuse, self.taken = waiting, refuse, list[str]()

    def send(self, bodies: list[bytes]) -> int:
        """See ports.Queue."""
        self.taken += [orjson.loads(body)["person"] for body in bodies[self.refuse :]]
        return min(self.refuse, len(bodies))

    def depth(self) -> int:
        """See ports.Queue."""
        return self.waiting

    def receive(self, n: int) -> list[object]:
        """Nobody receives here."""
        raise AssertionError

    delete = receive


def run(
    agenda: Agenda, queue: Queue, limits: Limits | None = None, seconds: Callable[[], float] = lambda: 0.0
) -> Swept:
    """A minute's work."""
    return sweep(agenda, queue, NOW_MS, limits or Limits(), seconds)  # type: ignore[arg-type]


def test_who_waits_longest_comes_first() -> None:
    """Across all shards; who is not due yet is left alone."""
    due = {f"p{n}": NOW_MS - n * 1_000 for n in range(300)} | {"later": NOW_MS + 1}
    queue = Queue()
    assert run(Agenda(due), queue) == Swept(due=300, sent=300, lag_ms=299_000)
    assert queue.taken == [f"p{n}" for n in range(299, -1, -1)]


def test_a_full_queue_is_not_filled_further() -> None:
    """Whoever is in it is still due; the lag is told all the same."""
    queue = Queue(waiting=4_001)
    assert run(Agenda({"p": NOW_MS - 5_000}), queue) == Swept(1, 0, 5_000, True, 4_001)
    assert not queue.taken


def test_each_shard_has_its_share() -> None:
    """One that is crowded keeps no other waiting."""
    crowd = [name for n in range(9_000) if shard_of(name := f"p{n}") == shard(0)][:300]
    other = next(name for n in count() if shard_of(name := f"q{n}") == shard(1))
    queue = Queue()
    run(Agenda(dict.fromkeys(crowd, NOW_MS - 2) | {other: NOW_MS - 1}), queue, Limits(share=100))
    assert len(queue.taken) == 101
    assert other in queue.taken


def test_time_runs_out() -> None:
    """What is left is left for the next minute, whose first shard is another."""
    ticks = count(0)
    agenda = Agenda({})
    run(agenda, Queue(), Limits(budget_s=5), lambda: float(next(ticks)))
    assert agenda.asked == [shard((NOW_MS // 60_000 + n) % SHARDS) for n in range(4)]
    many, ticks = Agenda({f"p{n}": NOW_MS for n in range(5 * CHUNK)}), count(0)
    queue = Queue()
    swept = run(many, queue, Limits(budget_s=SHARDS + 3), lambda: float(next(ticks)))
    assert swept.due == 5 * CHUNK
    assert swept.sent == len(queue.taken) == 2 * CHUNK


@given(st.integers(0, 130), st.integers(0, 400))
def test_what_was_not_taken_is_not_counted(refuse: int, n: int) -> None:
    """Each person is handed over once at most."""
    queue = Queue(refuse=refuse)
    swept = run(Agenda({f"p{i}": NOW_MS - i for i in range(n)}), queue)
    assert swept.sent == len(queue.taken) == len(set(queue.taken)) <= swept.due == n


def test_a_quiet_minute_asks_each_shard_once() -> None:
    """Sixteen queries, whoever else is in the table."""
    agenda = Agenda({f"p{n}": NOW_MS + n + 1 for n in range(1_000)})
    assert run(agenda, Queue()) == Swept()
    assert sorted(agenda.asked) == [shard(n) for n in range(SHARDS)]

"""Everything outside that workers and collectors call, as steps between which something may happen.

Each call is two points, before and after it took effect. At any of them a worker can be killed, or somebody else can
do all of their work: that is every way in which one of them may be paused while the other one goes on.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, TypeVar

from vitrine.adapters.memory import MemoryTable
from vitrine.outreach.handing import Handover, InDoubt, Refused, Result, Taken
from vitrine.types import Key, Row, Rows

T = TypeVar("T")
TAKEN: Final = Taken("fake")


class Killed(BaseException):
    """The process ends here; nobody catches it, as nobody catches a kill -9."""


@dataclass
class Steps:
    """Points that are passed. `at_point` hears their names, such as `replace OUTREACH 2 after`, and may raise.

    The number says the how manieth call of that name it is since somebody began to hear.
    """

    at_point: Callable[[str], None] | None = None
    _passed: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def hearing(self, at_point: Callable[[str], None] | None) -> Iterator[None]:
        """Until the block ends somebody else hears of points, counted from here."""
        before = self.at_point, self._passed
        self.at_point, self._passed = at_point, {}
        try:
            yield
        finally:
            self.at_point, self._passed = before

    def around(self, name: str, effect: Callable[[], T]) -> T:
        """The effect, between its two points."""
        number = self._passed[name] = self._passed.get(name, 0) + 1
        self._pass(f"{name} {number} before")
        done = effect()
        self._pass(f"{name} {number} after")
        return done

    def _pass(self, point: str) -> None:
        if self.at_point is not None:
            self.at_point(point)


@dataclass
class SteppedTable:
    """A table in memory in steps. `due` is its sparse index: the instant of each person's alarm."""

    steps: Steps
    memory: MemoryTable = field(default_factory=MemoryTable)
    due: dict[str, int] = field(default_factory=dict)
    _by_time: list[tuple[int, str]] = field(default_factory=list)

    def earliest(self) -> int | None:
        """The soonest alarm of all."""
        while self._by_time and self.due.get(self._by_time[0][1]) != self._by_time[0][0]:
            heappop(self._by_time)
        return self._by_time[0][0] if self._by_time else None

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table."""
        return self.steps.around(f"read {_named(keys)}", lambda: self.memory.read(keys, timeout_s, latest=latest))

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        return self.steps.around(f"replace {_named([key])}", lambda: self._replace(key, row, expected_rev))

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        all_ = list(rows)
        return self.steps.around(f"write {_named([key for key, _ in all_])}", lambda: self._write(all_))

    def delete(self, keys: Iterable[Key]) -> int:
        """See ports.Table."""
        return self.steps.around("delete", lambda: self.memory.delete(keys))

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        return self.steps.around("count", lambda: self.memory.count(key, limit, ttl))

    def _replace(self, key: Key, row: Row, expected_rev: int | None) -> bool:
        is_done = self.memory.replace(key, row, expected_rev)
        if is_done:
            self._index(key)
        return is_done

    def _write(self, rows: Sequence[tuple[Key, Row]]) -> int:
        n = self.memory.write(rows)
        for key, _ in rows:
            self._index(key)
        return n

    def _index(self, key: Key) -> None:
        row = self.memory.rows[key]
        due = row.get("due")
        if "shard" in row and isinstance(due, int):
            self.due[key.pk[2:]] = due
            heappush(self._by_time, (due, key.pk[2:]))
        elif key.sk == "OUTREACH":
            self.due.pop(key.pk[2:], None)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a person got: the sending's id, by which channel, when."""

    person: str
    id: str
    channel: str
    at_ms: int
    said: str


@dataclass
class SteppedChannel:
    """A provider. It delivers what it takes; if it is idempotent, each id only once.

    `answers` are given instead of TAKEN, one to each handover in turn. One InDoubt in two was delivered.
    """

    steps: Steps
    inbox: list[Delivery]
    clock_ms: Callable[[], int]
    is_idempotent: bool = False
    answers: list[Result] = field(default_factory=list)
    handovers: list[Handover] = field(default_factory=list)
    _in_doubt: int = 0

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See handing.Channel."""
        return self.steps.around(f"hand over {handover.channel}", lambda: self._hand_over(handover))

    def _hand_over(self, handover: Handover) -> Result:
        self.handovers.append(handover)
        answer = self.answers.pop(0) if self.answers else TAKEN
        self._in_doubt += isinstance(answer, InDoubt)
        is_delivered = isinstance(answer, Taken) or (isinstance(answer, InDoubt) and self._in_doubt % 2 == 1)
        is_known = self.is_idempotent and any(handover.id == one.id for one in self.inbox)
        if is_delivered and not is_known:
            said = getattr(handover.words, "text", "")
            self.inbox.append(Delivery(handover.address, handover.id, handover.channel, self.clock_ms(), said))
        return answer


@dataclass
class SteppedLetters:
    """The dead letters, in steps."""

    steps: Steps
    records: list[bytes] = field(default_factory=list)

    def put(self, record: bytes) -> None:
        """See outreach.DeadLetters."""
        self.steps.around("dead letter", lambda: self.records.append(record))


def refused(kind: str) -> Result:
    """A refusal for tests."""
    return Refused(kind, f"the provider says {kind}")  # type: ignore[arg-type]


def _named(keys: Sequence[Key]) -> str:
    return keys[0].sk.split("#")[0] if keys else "nothing"

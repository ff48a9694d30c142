"""Agenda, queue and channels in memory: for tests, tools and the demo. They pass the contract suite of the real ones.

Faults are set from outside: `outage` makes every call raise it, and a channel answers with the results it is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from vitrine.adapters.agenda_dynamodb import person_of
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DependencyFailed
from vitrine.outreach.handing import Handover, Result, Taken
from vitrine.ports import Letter


@dataclass(slots=True)
class MemoryAgenda:
    """The agenda of a table in memory. Reads all of its rows."""

    table: MemoryTable
    outage: DependencyFailed | None = None

    def due(self, shard: str, now_ms: int, limit: int) -> list[tuple[str, int]]:
        """See ports.Agenda."""
        if self.outage is not None:
            raise self.outage
        found = []
        for key, row in list(self.table.rows.items()):
            person, due = person_of(key), row.get("due")
            if person is not None and row.get("shard") == shard and isinstance(due, int) and due <= now_ms:
                found.append((due, person))
        return [(person, due) for due, person in sorted(found)[:limit]]


@dataclass(slots=True)
class MemoryQueue:
    """A queue whose received messages stay hidden until `show` brings them back. The first `refuse` of the next
    messages are not taken."""

    waiting: list[Letter] = field(default_factory=list)
    hidden: dict[str, Letter] = field(default_factory=dict)
    outage: DependencyFailed | None = None
    refuse: int = 0
    _n: int = 0
    _lock: Lock = field(default_factory=Lock)

    def send(self, bodies: Sequence[bytes]) -> int:
        """See ports.Queue."""
        self._check()
        with self._lock:
            refused, self.refuse = min(self.refuse, len(bodies)), 0
            for body in bodies[refused:]:
                self._n += 1
                self.waiting.append(Letter(bytes(body), str(self._n), 0))
        return refused

    def depth(self) -> int:
        """See ports.Queue."""
        self._check()
        return len(self.waiting)

    def receive(self, n: int) -> list[Letter]:
        """See ports.Queue."""
        self._check()
        with self._lock:
            taken, self.waiting = self.waiting[:n], self.waiting[n:]
            counted = [Letter(one.body, one.receipt, one.n_received + 1) for one in taken]
            self.hidden |= {one.receipt: one for one in counted}
        return counted

    def delete(self, letters: Sequence[Letter]) -> int:
        """See ports.Queue."""
        self._check()
        with self._lock:
            for letter in letters:
                self.hidden.pop(letter.receipt, None)
        return 0

    def show(self) -> None:
        """End the visibility timeout of all that was received and not deleted."""
        with self._lock:
            self.waiting = [*self.waiting, *self.hidden.values()]
            self.hidden = {}

    def _check(self) -> None:
        if self.outage is not None:
            raise self.outage


@dataclass(slots=True)
class MemoryChannel:
    """Records what is handed over. Answers with `results` in their order, the last again and again."""

    is_idempotent: bool = False
    results: Iterable[Result] = (Taken(),)
    handed: list[Handover] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel."""
        with self._lock:
            told = list(self.results)
            self.handed.append(handover)
            return told[min(len(self.handed), len(told)) - 1]

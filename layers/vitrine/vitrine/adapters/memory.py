"""Table, objects and stream in memory: for tests, tools and whoever wants to try a service without AWS.

They pass the same contract suite as the AWS adapters. Faults are set from outside, so that a test of the degrade
ladder needs no mock: `outage` makes every call raise it, `unread` lists keys that a read leaves unread.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from vitrine.adapters.object_paths import target_path
from vitrine.errors import DependencyFailed
from vitrine.types import Absent, Key, Row, Rows


@dataclass(slots=True)
class MemoryTable:
    """Rows in a dictionary. `reads` counts batched reads, for tests of "one read per decision"."""

    rows: dict[Key, Row] = field(default_factory=dict)
    outage: DependencyFailed | None = None
    unread: set[Key] = field(default_factory=set)
    reads: int = 0
    _lock: Lock = field(default_factory=Lock)

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table."""
        self._check()
        with self._lock:
            self.reads += 1
            found = {key: self.rows.get(key, Absent.MISSING) for key in keys}
        return {key: Absent.NOT_READ if key in self.unread else row for key, row in found.items()}

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        self._check()
        n = 0
        for key, row in rows:
            with self._lock:
                self.rows[key] = dict(row)
            n += 1
        return n

    def delete(self, keys: Iterable[Key]) -> int:
        """See ports.Table."""
        self._check()
        n = 0
        for key in keys:
            with self._lock:
                self.rows.pop(key, None)
            n += 1
        return n

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        self._check()
        with self._lock:
            stored = self.rows.get(key)
            current = None if stored is None else stored.get("rev")
            if (expected_rev is None) != (stored is None) or current != expected_rev:
                return False
            self.rows[key] = dict(row)
            return True

    def count(self, key: Key, limit: int, ttl: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        self._check()
        with self._lock:
            row = self.rows.get(key, {})
            used = row.get("used", 0)
            if not isinstance(used, int) or used >= limit:
                return False
            self.rows[key] = {**row, "used": used + 1, **({} if ttl is None else {"ttl": ttl})}
            return True

    def _check(self) -> None:
        if self.outage is not None:
            raise self.outage


@dataclass(slots=True)
class MemoryObjects:
    """Objects in a dictionary."""

    objects: dict[str, bytes] = field(default_factory=dict)
    outage: DependencyFailed | None = None

    def get(self, name: str) -> bytes | None:
        """See ports.Objects."""
        self._check()
        return self.objects.get(name)

    def put(self, name: str, data: bytes) -> None:
        """See ports.Objects."""
        self._check()
        self.objects[name] = bytes(data)

    def names(self, prefix: str) -> Iterator[str]:
        """See ports.Objects."""
        self._check()
        yield from sorted(name for name in list(self.objects) if name.startswith(prefix))

    def delete(self, names: Iterable[str]) -> int:
        """See ports.Objects."""
        self._check()
        return len([self.objects.pop(name, None) for name in names])

    def download(self, prefix: str, folder: Path) -> int:
        """See ports.Objects."""
        n = 0
        for name in self.names(prefix):
            target_path(folder, name).write_bytes(self.objects[name])
            n += 1
        return n

    def upload(self, path: Path, name: str) -> None:
        """See ports.Objects."""
        self.put(name, path.read_bytes())

    def _check(self) -> None:
        if self.outage is not None:
            raise self.outage


@dataclass(slots=True)
class MemoryStream:
    """Records in a list. The first `refuse` records of the next call are not taken."""

    records: list[bytes] = field(default_factory=list)
    outage: DependencyFailed | None = None
    refuse: int = 0

    def put(self, records: Sequence[bytes], timeout_s: float = 2.0) -> int:
        """See ports.Stream."""
        if self.outage is not None:
            raise self.outage
        refused, self.refuse = min(self.refuse, len(records)), 0
        self.records.extend(records[refused:])
        return refused

"""One refresh of a lake in a process of its own: `python -m tests.bench.refresh_child LAKE SCRATCH FUNCTION_MB`.

It is the nightly job itself, `jobs.refresh_recommendations`, over the daily files of a lake: compaction's look at what
waits, the copy of the lake, one of each event, scores, lists with persona shelves, session rows, bestsellers, cards,
due dates, publication, facts and report. The table forgets all rows but the sample that is read back, so that no
database is measured. Prints one JSON object: time and processor time of each step, rows, and this process's peak of
memory.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.harness import ROOT
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.refresh import opened_lake
from vitrine.refresh.compaction_desk import DAILY
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.jobs import refresh_recommendations
from vitrine.refresh.lake_account import LakeAccount
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.opened_lake import LakeSource
from vitrine.refresh.release_rows import KEYS, SAMPLES_PER_BATCH
from vitrine.refresh.sql_engine import Columns, EngineKind, Value
from vitrine.types import Key, Row
from vitrine.wiring.refresh import engine_limits, equip


class Watch:
    """Times steps. A step within a step counts only as itself, and what is in none counts for the stage it ends."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}
        self._inner = [(0.0, 0.0)]
        self._seen = _now()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block."""
        begun = _now()
        self._inner.append((0.0, 0.0))
        yield
        spent = _minus(_now(), begun)
        self._add(name, _minus(spent, self._inner.pop()))
        self._inner[-1] = _plus(self._inner[-1], spent)

    def tell(self, stage: str, done: int, total: int) -> None:
        """Progress of the job: what was done since the last call, in no step, belongs to the stage that is told of."""
        if len(self._inner) > 1:
            return
        now = _now()
        self._add(f"{stage} (Python)", _minus(_minus(now, self._seen), self._inner[0]))
        self._seen, self._inner[0] = now, (0.0, 0.0)

    def _add(self, name: str, spent: tuple[float, float]) -> None:
        self.steps[name] = _plus(self.steps.get(name, (0.0, 0.0)), spent)


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _plus(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def _minus(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] - other[0], one[1] - other[1]


class WatchedEngine(Engine):
    """An engine whose steps are timed."""

    def __init__(self, watch: Watch, limits: Limits, temp: Path) -> None:
        super().__init__(limits, temp)
        self._watch = watch

    def materialise(self, name: str, **parameters: Value) -> None:
        """See Engine."""
        with self._watch.step(name):
            super().materialise(name, **parameters)

    def columns(self, name: str, **parameters: Value) -> Columns:
        """See Engine."""
        with self._watch.step(f"{name} (to columns)"):
            return super().columns(name, **parameters)

    def load_lake(self, lake: Path, now_ms: int | None = None) -> LakeAccount:
        """See Engine."""
        with self._watch.step("load the lake (rest)"):
            return super().load_lake(lake, now_ms)


class NullTable(MemoryTable):
    """A table that forgets, but for what publishing reads back; it counts rows of releases and their bytes."""

    n_bytes = n_rows = 0

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        kept = list(rows)
        listed = [row for key, row in kept if key.sk[:2] in ("R#", "S#")]
        self.n_rows += len(listed)
        self.n_bytes += sum(len(value) for row in listed for value in row.values() if isinstance(value, bytes | str))
        super().write(kept[:: max(1, len(kept) // SAMPLES_PER_BATCH)])
        return len(kept)


class NullObjects(MemoryObjects):
    """A bucket that forgets the notes of rows."""

    def put(self, name: str, data: bytes) -> None:
        """See ports.Objects."""
        if not name.startswith(KEYS):
            super().put(name, data)


def refresh(lake: Path, scratch: Path, limits: Limits) -> dict[str, Any]:
    """Do the whole job; what it took."""
    with duckdb.connect() as db:
        files = db.read_parquet(str(lake / DAILY / "**" / "*.parquet"), hive_partitioning=False)
        [[events, last_ms]] = files.aggregate("count(*), max(at_ms)").fetchall()
    now = datetime.fromtimestamp(last_ms / 1000 + 1, UTC)
    watch, table = Watch(), NullTable()

    def open_watched(kind: EngineKind, limits: Limits | None = None, temp: Path | None = None) -> Engine:
        return WatchedEngine(watch, limits or Limits(), scratch)  # where the parent looks on

    opened_lake.open_engine = open_watched  # this process does nothing else
    workshop = equip(ROOT, table, FolderObjects(lake), NullObjects(), lambda: now, LakeSource(limits=limits))
    published = refresh_recommendations(workshop, watch.tell)
    watch.tell("retire, facts, report", 1, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux: kilobytes
    assert table.n_rows == published.rows
    return {"events": events, "rows": table.n_rows, "row_bytes": table.n_bytes, "peak_mb": peak, "steps": watch.steps}


def main(arguments: Sequence[str]) -> None:
    """Print the measurement."""
    lake, scratch, function_mb = arguments
    machine = Limits(os.cpu_count() or 1, int(function_mb))
    print(json.dumps(refresh(Path(lake), Path(scratch), engine_limits(int(function_mb), machine))))


if __name__ == "__main__":
    main(sys.argv[1:])

"""One refresh of a lake in a process of its own: `python -m tests.bench.refresh_child LAKE SCRATCH FUNCTION_MB`.

The steps of the nightly job in their order, from the files of the lake to packed rows; a table that forgets takes the
rows, so that no database is measured. Prints one JSON object: time and processor time of each step, rows, and the
peak of this process's memory.
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

from tests.bench.harness import ROOT
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.history import last_purchase_ms
from vitrine.refresh.lists import Regions, build_lists
from vitrine.refresh.release_rows import write_rows
from vitrine.refresh.sql_engine import Columns, Value
from vitrine.refresh.visitor_scores import score_visitors
from vitrine.types import Key, Row
from vitrine.wiring.refresh import engine_limits


class Watch:
    """Times steps. A step within a step counts only as itself."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}
        self._inner = [(0.0, 0.0)]

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time the block."""
        wall, cpu = time.perf_counter(), time.process_time()
        self._inner.append((0.0, 0.0))
        yield
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        inner_wall, inner_cpu = self._inner.pop()
        known_wall, known_cpu = self.steps.get(name, (0.0, 0.0))
        self.steps[name] = (known_wall + wall - inner_wall, known_cpu + cpu - inner_cpu)
        outer_wall, outer_cpu = self._inner[-1]
        self._inner[-1] = (outer_wall + wall, outer_cpu + cpu)


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


class NullTable(MemoryTable):
    """A table that forgets; it counts the bytes."""

    n_bytes = 0

    def write(self, rows: Iterable[tuple[Key, Row]]) -> int:
        """See ports.Table."""
        sizes = [sum(len(value) for value in row.values() if isinstance(value, bytes)) for _, row in rows]
        self.n_bytes += sum(sizes)
        return len(sizes)


class NullObjects(MemoryObjects):
    """A bucket that forgets."""

    def put(self, name: str, data: bytes) -> None:
        """See ports.Objects."""


def refresh(lake: Path, scratch: Path, limits: Limits) -> dict[str, Any]:
    """Do all steps; what they took."""
    watch, table, store = Watch(), NullTable(), load_store(compile_store(ROOT / "store"))
    regions = Regions(store.regions, store.default_region)
    with WatchedEngine(watch, limits, scratch) as engine:
        with watch.step("load the lake (rest)"):
            engine.load_lake(lake)
            events, as_of_ms = engine.count("events"), last_purchase_ms(engine) + 1
        with watch.step("visitor scores (rest)"):
            score_visitors(engine, store, as_of_ms, datetime.fromtimestamp(as_of_ms / 1000, UTC), quiet)
        with watch.step("lists (rest)"):
            lists = build_lists(engine, regions, as_of_ms, quiet)
        with watch.step("cut, pack and note the rows"):
            written = write_rows(lists, "bench", table, NullObjects(), quiet)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux: kilobytes
    rows = lists.row_count
    assert written.lists == "bench"
    return {"events": events, "rows": rows, "row_bytes": table.n_bytes, "peak_mb": peak, "steps": watch.steps}


def quiet(stage: str, done: int, total: int) -> None:
    """No display: the parent shows what goes on."""


def main(arguments: Sequence[str]) -> None:
    """Print the measurement."""
    lake, scratch, function_mb = arguments
    machine = Limits(os.cpu_count() or 1, int(function_mb))
    print(json.dumps(refresh(Path(lake), Path(scratch), engine_limits(int(function_mb), machine))))


if __name__ == "__main__":
    main(sys.argv[1:])

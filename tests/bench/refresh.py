"""`make bench ONLY=refresh`: how long a refresh takes of 1, 10 and 100 million events, and where the time goes.

Real purchases, enlarged (see `enlarge`), lie in a lake's daily files and go through the nightly job under the limits
that the function of the template has: DuckDB's share of 10 GB and the cores of this machine. Each size runs in a
process of its own, for its peak of memory. NOT_MEASURED is said beside the figures.
EVENTS=1e6,1e7 chooses other sizes.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from tests.bench.enlarge import Enlarged, enlarge, into_days
from tests.bench.harness import ROOT, BenchFailed
from vitrine.api.store_folder import read_store_file
from vitrine.cli.import_command import package_folder
from vitrine.ports import Progress
from vitrine.refresh.journey_import import Shop, import_complete_journey

SIZES: Final = "1e6,1e7,1e8"
FUNCTION_MB: Final = 10_240  # of RefreshRecommendationsFunction in template.yaml, as far as this machine has it
POLL_S: Final = 0.25
NOT_MEASURED: Final = (
    "not in it: DynamoDB and S3 (the table forgets its rows, the lake is copied on one disk) and the compaction of the "
    "last night's lines; views are those that the import makes up of purchases"
)
LISTED: Final = 0.02
"""Steps are told one by one from this share of the time of the largest size."""


@dataclass
class Scratch:
    """The engine's folder, its tables and what does not fit into memory, and the most that lay there."""

    folder: Path
    peak_bytes: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at its size while the block lasts."""
        self.folder.mkdir()
        thread = threading.Thread(target=self._watch)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(POLL_S):
            self.peak_bytes = max(self.peak_bytes, sum(map(size_of, files_in(self.folder))))


@dataclass(frozen=True, slots=True)
class Measured:
    """A refresh of one size: seconds and processor seconds by step."""

    lake: Enlarged
    events: int
    rows: int
    row_bytes: int
    peak_gb: float
    spilled_gb: float
    steps: Mapping[str, tuple[float, float]]

    @property
    def wall_s(self) -> float:
        """Time of all steps."""
        return sum(wall for wall, _ in self.steps.values())

    @property
    def cpu_s(self) -> float:
        """Processor time of all steps, of all threads."""
        return sum(cpu for _, cpu in self.steps.values())


def files_in(folder: Path) -> Iterator[Path]:
    """All files below a folder, whatever is removed meanwhile."""
    for at, _, names in os.walk(folder):
        yield from (Path(at) / name for name in names)


def size_of(path: Path) -> int:
    """Bytes of a file of the engine's, 0 when it has just removed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def run(progress: Progress, sizes: Sequence[int] | None = None) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object.

    Raises:
        BenchFailed: the disk is too full, or a refresh failed.
    """
    wanted = sizes or [round(float(text)) for text in os.environ.get("EVENTS", SIZES).split(",")]
    found = []
    with TemporaryDirectory(prefix="vitrine-bench-") as folder:
        source = import_source(Path(folder) / "source", progress)
        for events in sorted(wanted):
            lake = enlarge(source, Path(folder) / "lake", events, progress)
            into_days(lake.lake)
            progress(f"refresh of {events:,} events", 0, 1)
            found.append(measure(lake, Path(folder) / "scratch"))
            progress(f"refresh of {events:,} events", 1, 1)
            rmtree(lake.lake)
    return report(found)


def import_source(lake: Path, progress: Progress) -> Path:
    """The Complete Journey as a lake folder."""
    store = read_store_file(ROOT / "store")
    shop = Shop(regions=[region.id for region in store.regions], margins=store.margins)
    lake.mkdir()
    import_complete_journey(package_folder(), lake, shop, None, progress)
    return lake


def measure(lake: Enlarged, folder: Path) -> Measured:
    """Refresh a lake in a child process."""
    scratch = Scratch(folder)
    command = [sys.executable, "-m", "tests.bench.refresh_child", str(lake.lake), str(folder), str(FUNCTION_MB)]
    with scratch.watched():
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    rmtree(folder)
    if done.returncode:
        raise BenchFailed(f"a refresh of {lake.events:,} events failed with {done.returncode}; its error stands above")
    told: dict[str, Any] = json.loads(done.stdout)
    steps = {name: (wall, cpu) for name, (wall, cpu) in told["steps"].items()}
    peak, spilled = told["peak_mb"] / 1024, scratch.peak_bytes / 2**30
    return Measured(lake, told["events"], told["rows"], told["row_bytes"], peak, spilled, steps)


def exponent(events: Sequence[int], seconds: Sequence[float]) -> float | None:
    """The power of the number of events with which time grows: the slope in logarithms; None for one size."""
    if len(events) < 2 or min(seconds) <= 0.0:
        return None
    return float(np.polyfit([log(n) for n in events], [log(s) for s in seconds], 1)[0])


def report(found: Sequence[Measured]) -> list[str]:
    """A table of sizes, a table of steps and the JSON object."""
    events = [size.events for size in found]
    lines = [f"{'events':>13}{'visitors':>10}{'Parquet GB':>11}{'s':>8}{'CPU s':>8}{'events/s':>11}{'rows':>10}"]
    lines[0] += f"{'row MB':>8}{'rows/s':>9}{'peak GB':>9}{'disk GB':>11}"
    for size in found:
        told = f"{size.events:>13,}{size.lake.visitors:>10,}{size.lake.bytes / 2**30:>11.2f}{size.wall_s:>8.1f}"
        told += f"{size.cpu_s:>8.1f}{size.events / size.wall_s:>11,.0f}{size.rows:>10,}{size.row_bytes / 2**20:>8.0f}"
        lines.append(f"{told}{size.rows / size.wall_s:>9,.0f}{size.peak_gb:>9.2f}{size.spilled_gb:>11.2f}")
    lines += [NOT_MEASURED, "", *step_lines(found, events)]
    power = exponent(events, [size.wall_s for size in found])
    summary = {
        "bench": "refresh",
        "events": events[-1],
        "rows_per_s": round(events[-1] / found[-1].wall_s),
        "peak_gb": round(max(size.peak_gb for size in found), 2),
        "exponent": None if power is None else round(power, 2),
        "seconds": round(found[-1].wall_s, 1),
        "spilled_gb": round(found[-1].spilled_gb, 2),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]


def step_lines(found: Sequence[Measured], events: Sequence[int]) -> list[str]:
    """Seconds (and processor seconds) of the steps that matter at each size, with the power each grows by."""
    last = found[-1]
    heads = "".join(f"{n:>16,}" for n in events)
    lines = [f"{'step: s (CPU s)':<36}{heads}{'exponent':>10}"]
    for name, (wall, _) in sorted(last.steps.items(), key=lambda step: -step[1][0]):
        if wall < LISTED * last.wall_s:
            continue
        times = [size.steps.get(name, (0.0, 0.0)) for size in found]
        power = exponent(events, [wall for wall, _ in times])
        shown = "".join(f"{f'{wall:.1f} ({cpu:.1f})':>16}" for wall, cpu in times)
        lines.append(f"{name:<36}{shown}{'' if power is None else f'{power:.2f}':>10}")
    return lines

"""A lake opened for a job: compacted if it is the bucket's, loaded into the engine that was asked for, closed after."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from vitrine.ports import Objects, Progress
from vitrine.refresh.compaction import KEEP_DAYS, Compacted, compact
from vitrine.refresh.engines import open_cluster, open_engine
from vitrine.refresh.lake_files import fetch_lake, name_lake_files
from vitrine.refresh.report import Section
from vitrine.refresh.sql_engine import EngineKind, Limits, SqlEngine
from vitrine.values import dataclass, field


@dataclass(frozen=True, slots=True)
class LakeSource:
    """How a lake is read. `limits` are the engine's, unless it runs on machines of its own.

    With `address` (s3://bucket) Spark reads the bucket itself, from all machines of the job that this process belongs
    to, and keeps its tables under `tables`, an address that all of them reach. `keep_days` is the events' retention.
    """

    kind: EngineKind = "duckdb"
    limits: Limits = field(default_factory=Limits)
    address: str = ""
    tables: str = ""
    keep_days: int = KEEP_DAYS


@dataclass(frozen=True, slots=True)
class OpenedLake:
    """An engine that has loaded the lake, and what compacting came to; None for a folder, which is left as it is."""

    engine: SqlEngine
    compacted: Compacted | None

    def sections(self) -> list[Section]:
        """What the refresh report says of the events."""
        fresh = [] if self.compacted is None else [self.compacted.section()]
        return [*fresh, self.engine.account.section()]


@contextmanager
def open_lake(
    source: LakeSource, lake: Objects, now: datetime, progress: Progress, folder: Path | None = None
) -> Iterator[OpenedLake]:
    """The lake of a folder, or of the bucket without one. Events from more than a day after `now` are left out.

    Raises:
        InvalidSource: there is no catalogue, or a file is damaged.
        DependencyFailed: the bucket does not answer, or may not be written to; or Spark is not installed.
    """
    now_ms = int(now.timestamp() * 1000)
    with TemporaryDirectory(prefix="vitrine-lake-") as scratch:
        compacted = None if folder is not None else compact(lake, now, progress, source.keep_days)
        if source.address and folder is None:
            with open_cluster(source.tables) as cluster:
                cluster.load_files(name_lake_files(lake, source.address), now_ms)
                yield OpenedLake(cluster, compacted)
            return
        if folder is None:
            folder = Path(scratch)
            fetch_lake(lake, folder, progress)
        with open_engine(source.kind, source.limits, Path(scratch)) as engine:
            engine.load_lake(folder, now_ms)
            yield OpenedLake(engine, compacted)

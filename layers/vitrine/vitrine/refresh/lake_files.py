"""What a lake consists of, and where it lies: in a folder, or in a bucket for an engine that reads buckets itself."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vitrine.errors import InvalidSource
from vitrine.ports import Objects, Progress
from vitrine.refresh.compaction import RAW
from vitrine.refresh.compaction_batch import BatchRead, Span, read_batch
from vitrine.refresh.compaction_desk import DAILY
from vitrine.refresh.compaction_notes import NOTES, compacted, read_notes
from vitrine.refresh.event_files import EventFiles, check_version
from vitrine.refresh.lake_account import DUPLICATE
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.values import dataclass, field

ITEMS: Final = "catalog/items.parquet"
IMPORT: Final = "events/import/"
PURCHASES: Final = f"{IMPORT}purchases.parquet"
VISITORS: Final = "visitors/visitors.parquet"
PARQUET: Final = ".parquet"
PENDING: Final = "pending.parquet"
FETCHED: Final = (ITEMS, VISITORS, IMPORT, DAILY, NOTES)
STAGE: Final = "copy the lake"


@dataclass(frozen=True, slots=True)
class LakeFiles:
    """The files of a lake. `visitors` is None where the store has no extract of them.

    `left_out` counts lines of the stream that are in no file, `missing` are the names of files that are not there.
    """

    items: Path | str
    visitors: Path | str | None
    imports: Sequence[Path | str]
    daily: Sequence[Path | str]
    pending: Path | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of what the lake could have and has not."""
        return (() if self.visitors else (VISITORS,)) + (() if self.imports else (f"{IMPORT}*{PARQUET}",))


def find_lake_files(folder: Path, scratch: Path) -> LakeFiles:
    """The files of a lake folder; lines of the stream that no daily file has yet go into one of `scratch`.

    Raises:
        InvalidSource: there is no catalogue, or a file is of another version.
    """
    lake = FolderObjects(folder)
    if not (folder / ITEMS).is_file():
        raise InvalidSource(f"{folder / ITEMS} is missing; import a data set or a catalogue feed first")
    waiting = _waiting(lake)
    read = _read_waiting(lake, waiting, scratch) if waiting else BatchRead()
    damaged = Counter({"damaged file": len(read.unreadable)})
    return LakeFiles(
        items=folder / ITEMS,
        visitors=folder / VISITORS if (folder / VISITORS).is_file() else None,
        imports=[folder / name for name in lake.names(IMPORT) if name.endswith(PARQUET)],
        daily=[folder / name for name in _daily(lake)],
        pending=scratch / PENDING if read.good else None,
        left_out=read.left_out + damaged,
    )


def name_lake_files(objects: Objects, root: str) -> LakeFiles:
    """The files of a lake in a bucket, for an engine that reads `<root>/<name>` itself.

    Lines of the stream that no daily file has yet are left out: compact the lake before.

    Raises:
        InvalidSource: there is no catalogue, or a file is of another version.
    """
    if ITEMS not in objects.names(ITEMS):
        raise InvalidSource(f"{root}/{ITEMS} is missing; import a data set or a catalogue feed first")
    return LakeFiles(
        items=f"{root}/{ITEMS}",
        visitors=f"{root}/{VISITORS}" if VISITORS in objects.names(VISITORS) else None,
        imports=[f"{root}/{name}" for name in objects.names(IMPORT) if name.endswith(PARQUET)],
        daily=[f"{root}/{name}" for name in _daily(objects)],
    )


def fetch_lake(objects: Objects, folder: Path, progress: Progress) -> int:
    """Copy a lake into a folder; the number of objects. Of the stream only what no daily file has yet.

    Raises:
        InvalidSource: there is no catalogue, or a note of a compaction is damaged.
        DependencyFailed: the bucket does not answer.
    """
    if ITEMS not in objects.names(ITEMS):
        raise InvalidSource(f"{ITEMS} is missing in the lake; import a data set or a catalogue feed first")
    waiting = _waiting(objects)
    steps = (*FETCHED, *waiting)
    n = 0
    for done, prefix in enumerate(steps, 1):
        n += objects.download(prefix, folder)
        progress(STAGE, done, len(steps))
    return n


def _waiting(objects: Objects) -> list[str]:
    """Objects of the stream without a note. Notes are read first: what gets one meanwhile is read twice, not never."""
    done = compacted(read_notes(objects).values())
    return [name for name in objects.names(RAW) if name not in done and not name.endswith("/")]


def _daily(objects: Objects) -> list[str]:
    names = [name for name in objects.names(DAILY) if name.endswith(PARQUET)]
    for name in names:
        check_version(name)
    return names


def _read_waiting(lake: FolderObjects, waiting: Sequence[str], scratch: Path) -> BatchRead:
    """Write the waiting lines into a file of `scratch`; what was read."""
    lines = scratch / "waiting.jsonl"
    read = read_batch(lake, waiting, Span(), lines, scratch / "damaged.jsonl")
    if read.good:
        with EventFiles() as files:
            read.left_out[DUPLICATE] += read.good - files.write_lines(lines, scratch / PENDING)
    return read

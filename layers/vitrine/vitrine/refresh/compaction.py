"""Compaction of the event lake: objects as they arrived become files of a day as it happened.

Firehose leaves hundreds of small objects a day, by arrival. `compact` reads each of them once, puts its good lines into
`events/daily/day=YYYY-MM-DD/` by the instant of the event (UTC), keeps bad ones in `events/damaged/`, and writes down
last which objects are done. Nothing is ever taken away before its rows stand elsewhere, a file's name depends only on
the objects it was made from, and every reader counts an event once. So it may be killed anywhere, or run twice at
once: the next run adds what is missing and the rows are the same.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from vitrine.ports import Objects, Progress
from vitrine.refresh.compaction_batch import Span
from vitrine.refresh.compaction_desk import DAILY, Desk
from vitrine.refresh.compaction_notes import Note, compacted, fold_notes, read_notes
from vitrine.refresh.event_files import EventFiles
from vitrine.refresh.lake_account import DUPLICATE, FEW
from vitrine.refresh.report import BarFigure, Section, TableFigure
from vitrine.types import DAY_MS
from vitrine.values import dataclass, field

RAW: Final = "events/raw/"
BATCH: Final = 64  # objects: at most some gigabytes of lines
KEEP_DAYS: Final = 400  # as EventRetentionDays in template.yaml
AHEAD: Final = timedelta(days=1)
STAGE: Final = "compact the events"


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: objects read, events written, lines that were not, by reason, and those that came late.

    `merged` are days whose files were put together, `expired` files of days that are no longer kept.
    """

    objects: int = 0
    rows: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    unreadable: Sequence[str] = ()
    merged: int = 0
    expired: int = 0

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        left_out = "".join(f", {n:,} {reason}" for reason, n in self.left_out.items())
        damaged = f"; {len(self.unreadable)} objects are damaged" if self.unreadable else ""
        return f"{self.rows:,} new events from {self.objects:,} objects{left_out}{damaged}"

    def section(self) -> Section:
        """The same as a part of the refresh report."""
        figures: list[TableFigure | BarFigure] = []
        if self.left_out:
            figures.append(TableFigure("Lines left out", ("reason", "lines"), list(self.left_out.items())))
        if self.late:
            figures.append(BarFigure("Arrived late", list(self.late), {"events": list(self.late.values())}))
        if self.unreadable:
            figures.append(TableFigure("Damaged objects", ("name",), [(name,) for name in self.unreadable]))
        return Section("New events", self.summary, figures, "warning" if self._is_bad else "good")

    @property
    def _is_bad(self) -> bool:
        """Whether an object is damaged, or many lines did not count, other than as copies."""
        bad = sum(n for reason, n in self.left_out.items() if reason != DUPLICATE)
        return bool(self.unreadable) or bad > FEW * (self.rows + bad)


def compact(objects: Objects, now: datetime, progress: Progress, keep_days: int = KEEP_DAYS) -> Compacted:
    """Bring every object of the stream that has no note yet into the daily files.

    Events of before the last `keep_days` days or from more than a day ahead are set aside with the damaged lines, and
    daily files of before are deleted.

    Raises:
        InvalidSource: a note or a daily file is damaged, or of another version.
        DependencyFailed: the bucket does not answer. What was done is done; run it again.
    """
    span = _span(now, keep_days)
    there = [name for name in objects.names(RAW) if not name.endswith("/")]
    done = compacted(read_notes(objects).values())
    notes = []
    with TemporaryDirectory(prefix="vitrine-events-") as scratch, EventFiles() as files:
        desk = Desk(objects, Path(scratch), files)
        batches = list(_batches([name for name in there if name not in done]))
        for at, batch in enumerate(batches):
            progress(STAGE, at, len(batches) + 1)
            notes.append(desk.write(batch, span))
        merged = desk.merge()
    expired = _expire(objects, span)
    fold_notes(objects, there)
    progress(STAGE, len(batches) + 1, len(batches) + 1)
    return _total(notes, merged, expired)


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Objects of one folder, which is a day of arrival, at most BATCH at a time."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        folders[name.rpartition("/")[0]].append(name)
    for some in folders.values():
        for at in range(0, len(some), BATCH):
            yield some[at : at + BATCH]


def _span(now: datetime, keep_days: int) -> Span:
    """What is kept: from the start of the first day that is, to a little ahead of now."""
    today = int(now.timestamp()) * 1000 // DAY_MS
    return Span((today - keep_days) * DAY_MS, int((now + AHEAD).timestamp() * 1000))


def _expire(objects: Objects, span: Span) -> int:
    """Delete the files of days that are not kept; their number."""
    first = f"{DAILY}day={datetime.fromtimestamp(span.from_ms / 1000, UTC).date().isoformat()}"
    return objects.delete([name for name in objects.names(DAILY) if name < first])


def _total(notes: Sequence[Note], merged: int, expired: int) -> Compacted:
    left_out: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for note in notes:
        left_out.update(note.left_out)
        late.update(note.late)
    return Compacted(
        objects=sum(len(note.raw) for note in notes),
        rows=sum(note.rows for note in notes),
        left_out=left_out,
        late=late,
        unreadable=[name for note in notes for name in note.unreadable],
        merged=merged,
        expired=expired,
    )

"""Where daily files are made: copies of those that were looked at in a scratch folder, and one DuckDB connection."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from vitrine.ports import Objects
from vitrine.refresh.compaction_batch import Span, read_batch
from vitrine.refresh.compaction_notes import Note, batch_id, note_name
from vitrine.refresh.event_files import EventFiles, check_version, day_name, file_name
from vitrine.refresh.lake_account import DUPLICATE

DAILY: Final = "events/daily/"
DAMAGED: Final = "events/damaged/"
MERGING: Final = "events/merging/"
MOST_FILES: Final = 8  # of a day, before they are merged


@dataclass(slots=True)
class Desk:
    """Writes daily files. An object never changes, but for a batch's own file, so that copies stay true."""

    objects: Objects
    scratch: Path
    files: EventFiles

    def write(self, batch: Sequence[str], span: Span) -> Note:
        """Everything that a batch leaves in the lake, its note last."""
        name = batch_id(batch)
        lines, damaged = self.scratch / "lines.jsonl", self.scratch / "damaged.jsonl"
        read = read_batch(self.objects, batch, span, lines, damaged)
        rows = sum(self._write_day(day, name) for day in self.files.read(lines))
        if damaged.stat().st_size:
            self.objects.upload(damaged, f"{DAMAGED}{name}.jsonl")
        left_out = read.left_out + Counter({DUPLICATE: read.good - rows})
        note = Note(batch, rows, left_out, read.late, read.unreadable)
        self.objects.put(note_name(note), note.to_bytes())
        return note

    def _write_day(self, day: int, batch: str) -> int:
        """A batch's events of one day that no other file has; their number.

        The batch's own file, which a run that was killed has left, is written anew.
        """
        folder = f"{DAILY}day={day_name(day)}/"
        own = folder + file_name(batch)
        others = [self._copy(name) for name in self.objects.names(folder) if name != own]
        target = self.scratch / own
        n = self.files.write_day(day, [path for path in others if path is not None], target)
        if n:
            self.objects.upload(target, own)
        return n

    def merge(self) -> int:
        """One file for each day that has too many; the number of such days.

        A killed merge is finished first: its note is written when the whole is there, and names what may go.
        """
        for name in list(self.objects.names(MERGING)):
            self._finish(name, orjson.loads(self.objects.get(name) or b"[]"))
        days: defaultdict[str, list[str]] = defaultdict(list)
        for name in self.objects.names(DAILY):
            days[name.rpartition("/")[0]].append(name)
        return sum(self._merge_day(folder, names) for folder, names in days.items() if len(names) > MOST_FILES)

    def _merge_day(self, folder: str, names: Sequence[str]) -> bool:
        """Whether the files are one now; not, when somebody else is merging them."""
        sources = [path for path in map(self._copy, names) if path is not None]
        if len(sources) < len(names):
            return False
        merge = batch_id(names)
        whole = f"{folder}/{file_name(f'merged-{merge}')}"
        self.files.merge(sources, self.scratch / whole)
        self.objects.upload(self.scratch / whole, whole)
        self.objects.put(f"{MERGING}{merge}.json", orjson.dumps(names))
        self._finish(f"{MERGING}{merge}.json", names)
        return True

    def _finish(self, note: str, names: Sequence[str]) -> None:
        self.objects.delete(names)
        self.objects.delete([note])

    def _copy(self, name: str) -> Path | None:
        """A daily file on this machine; None when it went meanwhile."""
        check_version(name)
        path = self.scratch / name
        if not path.exists():
            data = self.objects.get(name)
            if data is None:
                return None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return path

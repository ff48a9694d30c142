"""Notes of which objects of the stream lie in daily files by now: one per batch, written last.

A note is a promise that every good line of its objects is in the daily files. Lines without a note may be there too,
so whoever reads both counts each event once. Many notes are put together in one, which forgets objects that are gone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import orjson

from vitrine.errors import InvalidSource
from vitrine.ports import Objects
from vitrine.values import dataclass, field

NOTES: Final = "events/compacted/"
MOST_NOTES: Final = 64
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Note:
    """What became of some objects: names of them, events written, and lines that were not, by reason.

    `late` counts events by how late they arrived, `unreadable` are objects that were damaged on the way.
    """

    raw: Sequence[str]
    rows: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)
    unreadable: Sequence[str] = ()

    def to_bytes(self) -> bytes:
        """JSON, the same for the same note."""
        plain = {
            "version": VERSION,
            "raw": sorted(self.raw),
            "rows": self.rows,
            "left_out": dict(self.left_out),
            "late": dict(self.late),
            "unreadable": sorted(self.unreadable),
        }
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)

    @classmethod
    def from_bytes(cls, name: str, data: bytes) -> "Note":
        """The note in these bytes.

        Raises:
            InvalidSource: this is none; without it, its objects are compacted once more.
        """
        try:
            plain: dict[str, Any] = orjson.loads(data)
            if plain.pop("version") != VERSION:
                raise InvalidSource(f"{name} is of another version; update Vitrine")
            return cls(**plain)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise InvalidSource(f"{name} is damaged; delete it, and its objects are compacted again") from error


def batch_id(names: Iterable[str]) -> str:
    """A name for a set of objects."""
    return blake2b("\n".join(sorted(names)).encode(), digest_size=8).hexdigest()


def note_name(note: Note) -> str:
    """Where a note lies."""
    return f"{NOTES}{batch_id(note.raw)}.json"


def read_notes(objects: Objects) -> dict[str, Note]:
    """All notes by name.

    Raises:
        InvalidSource: a note is damaged.
    """
    found = ((name, objects.get(name)) for name in list(objects.names(NOTES)))
    return {name: Note.from_bytes(name, data) for name, data in found if data is not None}


def compacted(notes: Iterable[Note]) -> set[str]:
    """Names of all objects that have a note."""
    return {name for note in notes for name in note.raw}


def fold_notes(objects: Objects, there: Collection[str]) -> None:
    """One note instead of many, of the objects that are still `there`. Numbers are dropped: they were reported.

    Killed on the way, two notes tell of the same objects, which is no harm.
    """
    notes = read_notes(objects)
    if len(notes) <= MOST_NOTES:
        return
    whole = Note(sorted(compacted(notes.values()).intersection(there)))
    objects.put(note_name(whole), whole.to_bytes())
    objects.delete([name for name in notes if name != note_name(whole)])

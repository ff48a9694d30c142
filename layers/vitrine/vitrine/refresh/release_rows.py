"""The table rows that a release brings: written with notes of them, read back in a sample.

Two small objects go with every batch of rows. Its note lies there before the rows: their keys, so that whatever a
killed run left behind is found and removed by a later one without a scan of the table, and a digest of what they hold.
Its mark lies there after them. A later run with the same rows therefore goes on where the killed one ended: it compares
digests, passes over what is marked, and its release reads the rows of the release that began them.
"""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Final, Protocol, TypeVar

import orjson

from vitrine.decisions.release import Pointer
from vitrine.errors import InvalidRelease
from vitrine.ports import Objects, Progress, Table
from vitrine.types import Absent, Key, ReleaseId, Row
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 10.0
READ_TRIES: Final = 3
ROWS_PER_READ: Final = 500
ROWS_PER_BATCH: Final = 2_000
SAMPLES_PER_BATCH: Final = 5
ROW_KINDS: Final = {"I": "an item's", "L": "a shelf's", "V": "a visitor's"}  # by the first letter of the key

KEYS: Final = "keys/"
"""The notes of all releases' rows lie together, so that one permission to delete covers them and nothing else."""

NOTE: Final = ".json"
MARK: Final = ".done"

T = TypeVar("T")
Batch = Sequence[tuple[Key, Row]]


class ReleaseRows(Protocol):
    """The table rows of a release to be, as `refresh.lists` builds them."""

    @property
    def as_of_ms(self) -> int:
        """The instant the lists look back from."""
        ...

    @property
    def row_count(self) -> int:
        """How many rows `rows` will give."""
        ...

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """All rows under keys that carry the release id, each time the same in the same order."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """Rows that are in the table. `lists` is the release in their keys, `found` counts those of an earlier run."""

    lists: ReleaseId
    found: int
    sample: Batch

    def verify(self, table: Table) -> None:
        """Read the sample back.

        Raises:
            InvalidRelease: one of its rows is not as it was written, or could not be read.
        """
        for batch in batches(self.sample, ROWS_PER_READ):
            _verify(batch, table)


def write_rows(
    lists: ReleaseRows,
    release: ReleaseId,
    table: Table,
    objects: Objects,
    progress: Progress,
    *,
    begun: Iterable[ReleaseId] = (),
    rows_per_batch: int = ROWS_PER_BATCH,
) -> Written:
    """All rows of the lists in the table, under the id of the first of the `begun` releases that holds the same.

    Under that of this release, when none does. What a begun one has beyond the first difference is left to `retire`.

    Raises:
        InvalidRelease: there are no rows, or not as many as the lists promised.
    """
    for at in (*begun, release):
        writer = _Writer(at, table, objects, lists.row_count, progress)
        if all(writer.passes(batch) for batch in batches(lists.rows(at), rows_per_batch)):
            return writer.written()
    raise InvalidRelease(f"release {release} has rows of other lists; run it again")


def begun_releases(objects: Objects, current: Pointer | None) -> list[ReleaseId]:
    """Releases whose rows a new one may go on with, newest first: notes of the first rows on are there.

    Either later ones than the current one, which no run has begun to remove, or the lists that are current, should they
    not have changed since.
    """
    noted = {name.split("/")[1] for name in objects.names(KEYS) if name.endswith(f"/{0:06}{NOTE}")}
    begun = {at for at in noted if current is None or at > current.release or at == current.lists}
    return sorted(begun, reverse=True)


def delete_rows(noted: Iterable[str], table: Table, objects: Objects) -> None:
    """Delete the rows whose keys are in the notes of these names, then the notes.

    Their marks go first: killed on the way, nobody may take rows to be there that are not.
    """
    names = sorted(noted)
    marks = [name for name in names if name.endswith(MARK)]
    notes = [name for name in names if not name.endswith(MARK)]
    if marks:
        objects.delete(marks)
    for name in notes:
        table.delete(_noted_keys(objects.get(name)))
    objects.delete(notes)


def keys_name(release: ReleaseId, number: int) -> str:
    """Name of the object that notes one batch of rows."""
    return f"{keys_prefix(release)}{number:06}{NOTE}"


def keys_prefix(release: ReleaseId) -> str:
    """What the names of all those objects begin with."""
    return f"{KEYS}{release}/"


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


class _Writer:
    """Writes the batches of one release in their order, or finds that they are there."""

    def __init__(self, release: ReleaseId, table: Table, objects: Objects, promised: int, progress: Progress) -> None:
        self._release, self._table, self._objects = release, table, objects
        self._promised, self._progress = promised, progress
        self._names = set(objects.names(keys_prefix(release)))
        self._batches = self._rows = self._found = 0
        self._sample: list[tuple[Key, Row]] = []

    def passes(self, batch: Batch) -> bool:
        """Whether the batch is in the table now; False when another one was noted in its place."""
        note = keys_name(self._release, self._batches)
        mark = note.removesuffix(NOTE) + MARK
        digest = _digest(batch)
        is_noted = note in self._names
        if is_noted and _noted_digest(self._objects.get(note)) != digest:
            return False
        if not is_noted:
            self._objects.put(note, orjson.dumps({"sha256": digest, "keys": [tuple(key) for key, _ in batch]}))
        if is_noted and mark in self._names:
            self._found += len(batch)
        else:
            self._table.write(batch)
            self._objects.put(mark, b"")
        self._count(batch)
        return True

    def _count(self, batch: Batch) -> None:
        self._batches += 1
        self._rows += len(batch)
        self._sample += batch[:: max(1, len(batch) // SAMPLES_PER_BATCH)]
        self._progress("write the release", self._rows, self._promised)

    def written(self) -> Written:
        """What is in the table after all batches.

        Raises:
            InvalidRelease: there are none, or not as many rows as promised.
        """
        if self._rows != self._promised or not self._rows:
            told = f"release {self._release} has {self._rows} rows, expected {self._promised}"
            raise InvalidRelease(f"{told}, some at least")
        return Written(self._release, self._found, self._sample)


def _verify(batch: Batch, table: Table) -> None:
    wanted = dict(batch)
    for _ in range(READ_TRIES):
        for key, stored in table.read(list(wanted), READ_TIMEOUT_S, latest=True).items():
            if stored is not Absent.NOT_READ and (isinstance(stored, Absent) or dict(stored) != dict(wanted.pop(key))):
                kind = ROW_KINDS.get(key.pk[:1], "some other")  # the key may name a visitor, and this ends in logs
                raise InvalidRelease(f"{kind} row was written, but is not what the table gives back")
        if not wanted:
            return
    raise InvalidRelease(f"{len(wanted)} rows could not be read back in time; run it again, it goes on from there")


def _digest(batch: Batch) -> str:
    """SHA-256 of what the rows are and hold, whatever release they are written under."""
    digest = sha256()
    for key, row in batch:
        for part in (key.pk, *(text for name, value in sorted(row.items()) for text in (name, value))):
            data = part if isinstance(part, bytes) else repr(part).encode()
            digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


def _noted_digest(note: bytes | None) -> str | None:
    plain: Any = orjson.loads(note or b"null")
    return plain["sha256"] if isinstance(plain, dict) else None


def _noted_keys(note: bytes | None) -> Iterator[Key]:
    """The keys in a note; it was nothing but a list of them before there were digests."""
    plain: Any = orjson.loads(note or b"[]")
    return (Key(pk, sk) for pk, sk in (plain["keys"] if isinstance(plain, dict) else plain))

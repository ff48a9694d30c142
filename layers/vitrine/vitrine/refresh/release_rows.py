"""The table rows that a release brings: written with notes of their keys, read back in a sample.

The keys of every batch are written down before the rows themselves, so whatever a killed run left behind is found and
removed by a later one without a scan of the table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol, TypeVar

import orjson

from vitrine.errors import InvalidRelease
from vitrine.ports import Objects, Progress, Table
from vitrine.types import Absent, Key, ReleaseId, Row

READ_TIMEOUT_S: Final = 10.0
ROWS_PER_BATCH: Final = 2_000
SAMPLES_PER_BATCH: Final = 5
ROW_KINDS: Final = {"I": "an item's", "L": "a shelf's", "V": "a visitor's"}  # by the first letter of the key

KEYS: Final = "keys/"
"""The notes of all releases' rows lie together, so that one permission to delete covers them and nothing else."""

T = TypeVar("T")


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
        """All rows under keys that carry the release id."""
        ...


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of the rows that were written."""

    rows: list[tuple[Key, Row]]

    def verify(self, table: Table) -> None:
        """Read them back.

        Raises:
            InvalidRelease: one of them is not as it was written.
        """
        found = table.read([key for key, _ in self.rows], READ_TIMEOUT_S, latest=True)
        for key, row in self.rows:
            stored = found[key]
            if isinstance(stored, Absent) or dict(stored) != dict(row):
                kind = ROW_KINDS.get(key.pk[:1], "some other")  # the key may name a visitor, and this ends in logs
                raise InvalidRelease(f"{kind} row was written, but is not what the table gives back")


def write_rows(lists: ReleaseRows, release: ReleaseId, table: Table, objects: Objects, progress: Progress) -> Sample:
    """All rows of the lists under the release's id; a sample of them to read back.

    Raises:
        InvalidRelease: there are none, or not as many as the lists promised.
    """
    written = 0
    samples: list[tuple[Key, Row]] = []
    for number, batch in enumerate(batches(lists.rows(release), ROWS_PER_BATCH)):
        objects.put(keys_name(release, number), orjson.dumps([tuple(key) for key, _ in batch]))
        written += table.write(batch)
        samples += batch[:: max(1, len(batch) // SAMPLES_PER_BATCH)]
        progress("write the release", written, lists.row_count)
    if written != lists.row_count or not written:
        raise InvalidRelease(f"release {release} has {written} rows, expected {lists.row_count}, some at least")
    return Sample(samples)


def delete_rows(noted: Iterable[str], table: Table, objects: Objects) -> None:
    """Delete the rows whose keys are in the notes of these names, then the notes."""
    names = list(noted)
    for name in names:
        table.delete(Key(pk, sk) for pk, sk in orjson.loads(objects.get(name) or b"[]"))
    objects.delete(names)


def keys_name(release: ReleaseId, number: int) -> str:
    """Name of the object that lists the keys of one batch of rows."""
    return f"{keys_prefix(release)}{number:06}.json"


def keys_prefix(release: ReleaseId) -> str:
    """What the names of all those objects begin with."""
    return f"{KEYS}{release}/"


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch

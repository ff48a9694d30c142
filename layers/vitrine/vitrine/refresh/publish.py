"""Publish a release: write everything, verify it, then flip the pointer by one conditional write.

Whoever is killed on the way has changed nothing that is served: rows and parts of a release carry its id, and readers
know only the id in the pointer. The keys of every batch of rows are written down before the rows themselves, so
whatever a killed run left behind is found and removed by the next one without a scan of the table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Final, Protocol, TypeVar

import orjson

from vitrine import keys
from vitrine.decisions.release import (
    BESTSELLERS,
    MANIFEST,
    MODEL,
    RANKER,
    STORE,
    Manifest,
    Part,
    Pointer,
    parse_manifest,
    parse_pointer,
)
from vitrine.errors import InvalidRelease
from vitrine.ports import Objects, Progress, Table
from vitrine.types import Absent, Key, ReleaseId, Row

READ_TIMEOUT_S: Final = 10.0
ROWS_PER_BATCH: Final = 2_000
SAMPLES_PER_BATCH: Final = 5
ROW_KINDS: Final = {"I": "an item's", "L": "a shelf's", "V": "a visitor's"}  # by the first letter of the key

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
class Parts:
    """The objects of a release, as bytes."""

    model: bytes
    ranker: bytes
    store: bytes
    bestsellers: bytes

    def by_name(self) -> dict[str, bytes]:
        """The bytes under the names that readers use."""
        return {MODEL: self.model, RANKER: self.ranker, STORE: self.store, BESTSELLERS: self.bestsellers}


def publish(
    lists: ReleaseRows, parts: Parts, table: Table, objects: Objects, now: datetime, progress: Progress
) -> Pointer:
    """The pointer that is current afterwards: it names the new release, and the one before as `previous`.

    Raises:
        InvalidRelease: what was read back is not what was written, or somebody else published meanwhile. The release
            that was current still is.
    """
    before = read_pointer(table)
    release = release_id(now, lists, parts)
    named = parts.by_name()
    for name, data in named.items():
        objects.put(f"{release}/{name}", data)
    n_rows, samples = _write_rows(lists, release, table, objects, progress)
    manifest = Manifest(
        release=release,
        built_at_ms=int(now.timestamp() * 1000),
        as_of_ms=lists.as_of_ms,
        rows=n_rows,
        parts={name: Part.of(data) for name, data in named.items()},
    )
    encoded = manifest.to_bytes()
    objects.put(f"{release}/{MANIFEST}", encoded)
    pointer = Pointer(
        release=release,
        manifest_sha256=sha256(encoded).hexdigest(),
        previous=before.release if before else None,
        rev=before.rev + 1 if before else 1,
    )
    _verify(pointer, lists.row_count, samples, table, objects)
    flip(pointer, before, table)
    return pointer


def release_id(now: datetime, lists: ReleaseRows, parts: Parts) -> ReleaseId:
    """An id that sorts by time and ends in a digest of what the release consists of."""
    digest = sha256(b"".join(sha256(data).digest() for data in parts.by_name().values()))
    digest.update(f"{lists.as_of_ms} {lists.row_count}".encode())
    return f"{now:%Y%m%dT%H%M%S}-{digest.hexdigest()[:8]}"


def read_pointer(table: Table) -> Pointer | None:
    """The current pointer, None before the first release.

    Raises:
        InvalidRelease: the pointer could not be read, or is damaged.
    """
    row = table.read([keys.RELEASE_POINTER], READ_TIMEOUT_S, latest=True)[keys.RELEASE_POINTER]
    if row is Absent.MISSING:
        return None
    if isinstance(row, Absent):
        raise InvalidRelease("the release pointer could not be read in time; try again")
    return parse_pointer(row)


def flip(pointer: Pointer, before: Pointer | None, table: Table) -> None:
    """Make a pointer current if `before` still is.

    Raises:
        InvalidRelease: somebody else flipped it meanwhile.
    """
    flipped = table.replace(keys.RELEASE_POINTER, pointer.to_row(), before.rev if before else None)
    if (
        not flipped and read_pointer(table) != pointer
    ):  # a lost answer to a write that arrived also counts as not flipped
        raise InvalidRelease(f"another release was published meanwhile, {pointer.release} was not; run it again")


def read_manifest(objects: Objects, pointer: Pointer) -> Manifest:
    """The manifest that a pointer names, every part of it verified.

    Raises:
        InvalidRelease: the manifest or a part is missing or altered.
    """
    manifest = parse_manifest(objects.get(f"{pointer.release}/{MANIFEST}"), pointer.manifest_sha256)
    for name in manifest.parts:
        manifest.verify(name, objects.get(f"{pointer.release}/{name}"))
    return manifest


def batches(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """The values in lists of at most `size`."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch


KEYS: Final = "keys/"
"""The notes of all releases' rows lie together, so that one permission to delete covers them and nothing else."""


def keys_name(release: ReleaseId, number: int) -> str:
    """Name of the object that lists the keys of one batch of rows."""
    return f"{keys_prefix(release)}{number:06}.json"


def keys_prefix(release: ReleaseId) -> str:
    """What the names of all those objects begin with."""
    return f"{KEYS}{release}/"


def _write_rows(
    lists: ReleaseRows, release: ReleaseId, table: Table, objects: Objects, progress: Progress
) -> tuple[int, list[tuple[Key, Row]]]:
    """The number of rows written, and a sample of them to read back."""
    written = 0
    samples: list[tuple[Key, Row]] = []
    for number, batch in enumerate(batches(lists.rows(release), ROWS_PER_BATCH)):
        objects.put(keys_name(release, number), orjson.dumps([tuple(key) for key, _ in batch]))
        written += table.write(batch)
        samples += batch[:: max(1, len(batch) // SAMPLES_PER_BATCH)]
        progress("write the release", written, lists.row_count)
    return written, samples


def _verify(
    pointer: Pointer, expected_rows: int, samples: Sequence[tuple[Key, Row]], table: Table, objects: Objects
) -> None:
    """Read back every part and the sampled rows.

    Raises:
        InvalidRelease: something is not as it was written.
    """
    manifest = read_manifest(objects, pointer)
    if manifest.rows != expected_rows or not manifest.rows:
        raise InvalidRelease(
            f"release {pointer.release} has {manifest.rows} rows, expected {expected_rows}, some at least"
        )
    found = table.read([key for key, _ in samples], READ_TIMEOUT_S, latest=True)
    for key, row in samples:
        stored = found[key]
        if isinstance(stored, Absent) or dict(stored) != dict(row):
            kind = ROW_KINDS.get(key.pk[:1], "some other")  # the key itself may name a visitor, and this ends in logs
            raise InvalidRelease(f"{kind} row was written, but is not what the table gives back")

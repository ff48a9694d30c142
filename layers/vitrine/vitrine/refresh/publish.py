"""Publish a release: write everything, verify it, then flip the pointer by one conditional write.

Whoever is killed on the way has changed nothing that is served: rows and parts of a release carry its id, and readers
know only the id in the pointer.

A run with the same lists as one that was killed goes on with its rows: what is written already is not written again
(see `release_rows`), and the new release reads the rows that the other one began. With the lists that are current it
writes none. Parts and manifest are always its own, so that two such runs at once cannot spoil each other's.

Two kinds of publication meet at the pointer. A refresh brings lists and takes a while; the store's files alone are
published in a moment, with the lists, the model and the bestsellers of the release before. Files that were published
while a refresh was building its lists are therefore not in conflict with it: it takes them over and flips again.
Nor is a ranker that was promoted, turned down or rolled back meanwhile: who serves then is taken over, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final, TypeAlias

from vitrine.decisions.placements import Store
from vitrine.decisions.release import (
    BESTSELLERS,
    MANIFEST,
    MODEL,
    RANKER,
    STORE,
    Manifest,
    Part,
    Pointer,
)
from vitrine.errors import InvalidRelease, InvalidStore, RefreshNeeded
from vitrine.ports import Objects, Progress, Table
from vitrine.refresh.published import flip, flipped, put_serving, read_manifest, read_parts, read_pointer
from vitrine.refresh.release_rows import ROWS_PER_BATCH, ReleaseRows, begun_releases, write_rows
from vitrine.types import ReleaseId
from vitrine.values import dataclass, field

FLIPS: Final = 5
"""A refresh gives up when store files were published between so many of its attempts, seconds apart, in a row."""

LoadStore: TypeAlias = Callable[[bytes], Store]
"""The store in its compiled bytes; raises InvalidStore when they are none that this code can read."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The objects of a release, as bytes. `more` are those that not every release has, by name.

    `stamp` is for a pointer that has none of the cards yet: of what they were when the parts were made.
    """

    model: bytes
    ranker: bytes
    store: bytes
    bestsellers: bytes
    more: Mapping[str, bytes] = field(default_factory=dict)
    stamp: bytes = b""

    def by_name(self) -> dict[str, bytes]:
        """The bytes under the names that readers use."""
        named = {MODEL: self.model, RANKER: self.ranker, STORE: self.store, BESTSELLERS: self.bestsellers}
        return {**named, **self.more}


def publish(
    lists: ReleaseRows,
    parts: Parts,
    before: Pointer | None,
    table: Table,
    objects: Objects,
    now: datetime,
    progress: Progress,
    *,
    keeps_store: bool = True,
    rows_per_batch: int = ROWS_PER_BATCH,
) -> Pointer:
    """The pointer that is current afterwards: it names the new release, and the one before as `previous`.

    `before` was current when the store in `parts` was taken from it. If other store files were published since, the
    release gets those, and if another ranker was made current, that one; with `keeps_store` False the store in `parts`
    is meant to replace what there is, and gives way to none.

    Raises:
        InvalidRelease: what was read back is not what was written, or somebody else published meanwhile. The release
            that was current still is.
    """
    manifest = _put_parts(lists, parts, now, objects)
    begun = begun_releases(objects, before)
    rows = write_rows(lists, manifest.release, table, objects, progress, begun=begun, rows_per_batch=rows_per_batch)
    manifest = replace(manifest, lists=rows.lists)
    for _ in range(FLIPS):
        pointer = _stamped(_seal(manifest, before, objects), parts.stamp)
        rows.verify(table)
        current = flipped(pointer, before, table)
        if current is not None:
            return current
        found = read_pointer(table)
        if found is not None and manifest.release in (found.release, found.lists, found.previous):
            return found  # the answer to our flip was lost, and somebody has published on top of it or rolled it back
        if found is None or before is None or not keeps_store or found.lists != before.lists:
            break
        manifest, before = _with_news_of(found, before, manifest, objects), found
    raise InvalidRelease(f"another release was published meanwhile, {manifest.release} was not; run it again")


def publish_store(store: bytes, table: Table, objects: Objects, now: datetime, load: LoadStore) -> Pointer:
    """The pointer that is current afterwards: it names a release of these store files with the present one's rest.

    The present one's pointer, when it has just these files already.

    Raises:
        InvalidStore: this is no compiled store.
        RefreshNeeded: there is no release yet, or its lists were built for other regions.
        InvalidRelease: what was read back is not what was written, or somebody else published meanwhile. The release
            that was current still is.
    """
    before = read_pointer(table)
    if before is None:
        raise RefreshNeeded("there is no release yet that these files could go with; run vitrine refresh first")
    manifest, parts = read_parts(objects, before)
    if parts[STORE] == store:
        return before
    _check_regions(load(store), parts[STORE], before, load)
    release = _id(now, sha256(f"{before.rev} {manifest.lists}".encode() + store).hexdigest())
    for name, data in {**parts, STORE: store}.items():
        objects.put(f"{release}/{name}", data)
    new = replace(manifest, release=release, built_at_ms=_ms(now), parts={**manifest.parts, STORE: Part.of(store)})
    return flip(_seal(new, before, objects), before, table)


def release_id(now: datetime, lists: ReleaseRows, parts: Parts) -> ReleaseId:
    """An id that sorts by time and ends in a digest of what the release was begun with."""
    digest = sha256(b"".join(sha256(data).digest() for data in parts.by_name().values()))
    digest.update(f"{lists.as_of_ms} {lists.row_count}".encode())
    return _id(now, digest.hexdigest())


def _put_parts(lists: ReleaseRows, parts: Parts, now: datetime, objects: Objects) -> Manifest:
    """The manifest of a release of these parts, which are in the bucket then; the manifest is not."""
    release = release_id(now, lists, parts)
    named = parts.by_name()
    for name, data in named.items():
        objects.put(f"{release}/{name}", data)
    digests = {name: Part.of(data) for name, data in named.items()}
    return Manifest(release, _ms(now), lists.as_of_ms, lists.row_count, digests)


def _with_news_of(found: Pointer, before: Pointer, manifest: Manifest, objects: Objects) -> Manifest:
    """The manifest with the store of the release that was found, and with its ranker if `before` had another one.

    Nobody has read the manifest yet: its own release never was current.
    """
    new, parts = read_parts(objects, found)
    old = read_manifest(objects, before)
    is_same_ranker = all(new.parts.get(name) == old.parts.get(name) for name in (MODEL, RANKER))
    taken = {name: parts[name] for name in ((STORE,) if is_same_ranker else (STORE, MODEL, RANKER))}
    for name, data in taken.items():
        objects.put(f"{manifest.release}/{name}", data)
    return replace(manifest, parts={**manifest.parts, **{name: new.parts[name] for name in taken}})


def _seal(manifest: Manifest, before: Pointer | None, objects: Objects) -> Pointer:
    """Put the manifest, after all that it names, read everything back and put what serving needs of it together; the
    pointer that will make it current.

    Raises:
        InvalidRelease: what is in the bucket is not what was put there.
    """
    encoded = manifest.to_bytes()
    objects.put(f"{manifest.release}/{MANIFEST}", encoded)
    digest = sha256(encoded).hexdigest()
    first = Pointer(manifest.release, digest, None, 1, manifest.lists)
    pointer = first if before is None else before.followed_by(manifest, digest)
    put_serving(objects, pointer)
    return pointer


def _stamped(pointer: Pointer, stamp: bytes) -> Pointer:
    """The pointer with a stamp of the cards, if it is the first to have one."""
    return pointer if pointer.cards else replace(pointer, cards=stamp)


def _check_regions(new: Store, published: bytes, pointer: Pointer, load: LoadStore) -> None:
    """Refuse a store whose regions are not those that the lists and the bits of every stock mask were made for."""
    remedy = "vitrine refresh --store FOLDER publishes them with lists of their own"
    try:
        regions = load(published).regions
    except InvalidStore as error:
        raise RefreshNeeded(f"the store of release {pointer.release} is of another version; {remedy}") from error
    if new.regions != regions:
        told = f"the regions are {', '.join(new.regions)}; lists and stock of release {pointer.release} are for "
        raise RefreshNeeded(f"{told}{', '.join(regions)}, in this order; {remedy}")


def _id(now: datetime, digest: str) -> ReleaseId:
    return f"{now:%Y%m%dT%H%M%S}-{digest[:8]}"


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)

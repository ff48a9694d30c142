"""What is published: the pointer, and the release that it names, read back and verified."""

from dataclasses import replace
from typing import Final

from vitrine import keys
from vitrine.decisions.release import MANIFEST, STORE, Manifest, Pointer, parse_manifest, parse_pointer
from vitrine.decisions.serving_object import SERVING, pack_serving
from vitrine.errors import InvalidRelease
from vitrine.ports import ObjectReader, Objects, Table
from vitrine.types import Absent

READ_TIMEOUT_S: Final = 10.0
ATTEMPTS: Final = 10
"""So many stamps of cards in a row, each between a read and a write some milliseconds apart, are not to be expected."""


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


def flip(pointer: Pointer, before: Pointer | None, table: Table) -> Pointer:
    """The pointer as it is current now, made so if `before` still was.

    Raises:
        InvalidRelease: somebody else flipped it meanwhile.
    """
    current = flipped(pointer, before, table)
    if current is None:
        raise InvalidRelease(f"another release was published meanwhile, {pointer.release} was not; run it again")
    return current


def flipped(pointer: Pointer, before: Pointer | None, table: Table) -> Pointer | None:
    """The pointer as it is current now; None if somebody else has put another in the place of `before`.

    Who has only stamped the cards meanwhile is not in conflict: their stamp is taken over. And a lost answer to a write
    that arrived looks like one that came too late.
    """
    for _ in range(ATTEMPTS):
        if table.replace(keys.RELEASE_POINTER, pointer.to_row(), before.rev if before else None):
            return pointer
        found = read_pointer(table)
        if found is not None and pointer.differs_in_cards_alone(found):
            return found
        if found is None or before is None or not before.differs_in_cards_alone(found):
            return None
        pointer, before = replace(pointer, cards=found.cards or pointer.cards, rev=found.rev + 1), found
    return None


def put_serving(objects: Objects, pointer: Pointer) -> None:
    """Put the one object that serving reads, out of all that the pointer names. Raises as `read_manifest` does."""
    objects.put(f"{pointer.release}/{SERVING}", serving_of(objects, pointer))


def serving_of(objects: ObjectReader, pointer: Pointer) -> bytes:
    """The serving object of a release, made of its manifest and parts. Raises as `read_manifest` does."""
    _, parts = read_parts(objects, pointer)
    return pack_serving(objects.get(f"{pointer.release}/{MANIFEST}") or b"", parts)


def read_manifest(objects: ObjectReader, pointer: Pointer) -> Manifest:
    """The manifest that a pointer names, every part of it verified.

    Raises:
        InvalidRelease: the manifest or a part is missing or altered.
    """
    return read_parts(objects, pointer)[0]


def read_parts(objects: ObjectReader, pointer: Pointer) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest that a pointer names and all parts of the release, verified. Raises as `read_manifest` does."""
    manifest = _manifest(objects, pointer)
    return manifest, {name: _part(objects, manifest, name) for name in manifest.parts}


def published_store(objects: Objects, pointer: Pointer) -> bytes:
    """The compiled store of the release that a pointer names, verified. Raises as `read_manifest` does."""
    return _part(objects, _manifest(objects, pointer), STORE)


def _manifest(objects: ObjectReader, pointer: Pointer) -> Manifest:
    return parse_manifest(objects.get(f"{pointer.release}/{MANIFEST}"), pointer.manifest_sha256)


def _part(objects: ObjectReader, manifest: Manifest, name: str) -> bytes:
    return manifest.verify(name, objects.get(f"{manifest.release}/{name}"))

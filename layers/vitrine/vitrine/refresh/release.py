"""The releases that are there: list them, go back to the previous one, retire those nobody may read any more.

A release keeps its rows while it is current or previous. Afterwards its rows are deleted, with the notes of their
keys; its parts stay: the model and the store of an old release are small, and a replay of an old decision needs them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Literal

import orjson

from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import MANIFEST, RANKER, Manifest, Pointer, parse_manifest
from vitrine.errors import InvalidModel, InvalidRelease
from vitrine.ports import Objects, Progress, Table
from vitrine.refresh.publish import KEYS, flip, keys_prefix, read_manifest, read_pointer
from vitrine.types import Key, ReleaseId

RETIRED: Final = "retired.json"
STAGE: Final = "retire old releases"

State = Literal["current", "previous", "unpublished", "retired"]


@dataclass(frozen=True, slots=True)
class Summary:
    """One release for people. `built_at_ms`, `rows` and `model` are None where a killed run left no manifest."""

    release: ReleaseId
    state: State
    built_at_ms: int | None
    rows: int | None
    model: str | None


def list_releases(table: Table, objects: Objects) -> list[Summary]:
    """All releases of the bucket, newest first."""
    pointer = read_pointer(table)
    names = list(objects.names(""))
    retired = _retired(names)
    return [_summary(release, pointer, release in retired, objects) for release in reversed(_releases(names))]


def roll_back(table: Table, objects: Objects) -> Pointer:
    """The pointer after the previous release was made current; the one that was current becomes its previous.

    Raises:
        InvalidRelease: there is no previous release, it is damaged, or somebody else flipped the pointer meanwhile.
    """
    pointer = read_pointer(table)
    if pointer is None or pointer.previous is None:
        raise InvalidRelease("there is no previous release to go back to")
    manifest = objects.get(f"{pointer.previous}/{MANIFEST}")
    if manifest is None or objects.get(f"{pointer.previous}/{RETIRED}") is not None:
        raise InvalidRelease(f"release {pointer.previous} is not there any more")
    back = Pointer(pointer.previous, sha256(manifest).hexdigest(), pointer.release, pointer.rev + 1)
    read_manifest(objects, back)
    flip(back, pointer, table)
    return back


def retire(pointer: Pointer, table: Table, objects: Objects, progress: Progress) -> list[ReleaseId]:
    """Delete the rows of releases older than the current one, the previous excepted; the ids of those retired.

    Releases with a later id than the current one may still be on their way and are left alone. Killed half-way, the
    next call goes on.
    """
    names = list(objects.names(""))
    kept = {pointer.release, pointer.previous} | _retired(names)
    old = [release for release in _releases(names) if release < pointer.release and release not in kept]
    for done, release in enumerate(old):
        progress(STAGE, done, len(old))
        noted = [name for name in names if name.startswith(keys_prefix(release))]
        for name in noted:
            table.delete(_keys(objects, name))
        objects.delete(noted)
        objects.put(f"{release}/{RETIRED}", orjson.dumps({"after": pointer.release}))
    if old:
        progress(STAGE, len(old), len(old))
    return old


def _keys(objects: Objects, name: str) -> Iterable[Key]:
    return (Key(pk, sk) for pk, sk in orjson.loads(objects.get(name) or b"[]"))


def _releases(names: Sequence[str]) -> list[ReleaseId]:
    """Ids of the releases that have any object, oldest first."""
    folders = {name.removeprefix(KEYS).partition("/")[0] for name in names if "/" in name}
    return sorted(folder for folder in folders if folder[:1].isdigit())


def _retired(names: Sequence[str]) -> set[ReleaseId]:
    return {name.removesuffix(f"/{RETIRED}") for name in names if name.endswith(f"/{RETIRED}")}


def _summary(release: ReleaseId, pointer: Pointer | None, is_retired: bool, objects: Objects) -> Summary:
    state: State = "retired" if is_retired else "unpublished"
    if pointer is not None and release in (pointer.release, pointer.previous):
        state = "current" if release == pointer.release else "previous"
    manifest = _manifest(release, objects)
    if manifest is None:
        return Summary(release, state, None, None, None)
    return Summary(release, state, manifest.built_at_ms, manifest.rows, _model(release, objects))


def _manifest(release: ReleaseId, objects: Objects) -> Manifest | None:
    data = objects.get(f"{release}/{MANIFEST}")
    return None if data is None else parse_manifest(data, sha256(data).hexdigest())


def _model(release: ReleaseId, objects: Objects) -> str | None:
    """Id of the release's ranker, None when this code could not read it any more."""
    try:
        return parse_ranker_manifest(objects.get(f"{release}/{RANKER}") or b"").id
    except InvalidModel:
        return None

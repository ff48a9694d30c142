"""The releases that are there: list them, go back to the previous one, retire those nobody may read any more.

Rows stay while the current or the previous release reads them, whichever release brought them. Afterwards they are
deleted, with the notes of their keys; the parts stay: the model and the store of an old release are small, and a replay
of an old decision needs them.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Final, Literal, TypeAlias

import orjson

from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import MANIFEST, RANKER, STORE, Manifest, Pointer, parse_manifest
from vitrine.decisions.rollout import Rollout
from vitrine.errors import InvalidModel, InvalidRelease
from vitrine.ports import Objects, Progress, Table
from vitrine.refresh.published import flip, put_serving, read_pointer
from vitrine.refresh.release_rows import KEYS, delete_rows, keys_prefix
from vitrine.types import ReleaseId
from vitrine.values import dataclass

RETIRED: Final = "retired.json"
STAGE: Final = "retire old releases"

State = Literal["current", "previous", "unpublished", "retired"]

CountCampaigns: TypeAlias = Callable[[bytes | None], int | None]
"""How many campaigns a compiled store has; None when it is missing or cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One release for people. `lists` is the release whose rows it reads, `campaigns` counts those of its store.

    All is None where a killed run left no manifest; `model` and `campaigns`, where this code cannot read them any more.
    `trial` is the challenger beside the current release's ranker.
    """

    release: ReleaseId
    state: State
    built_at_ms: int | None = None
    rows: int | None = None
    lists: ReleaseId | None = None
    model: str | None = None
    campaigns: int | None = None
    trial: Rollout | None = None


def list_releases(table: Table, objects: Objects, count_campaigns: CountCampaigns) -> list[Summary]:
    """All releases of the bucket, newest first."""
    pointer = read_pointer(table)
    releases = _releases(objects.names(""))
    return [_summary(release, pointer, objects, count_campaigns) for release in reversed(releases)]


def roll_back(table: Table, objects: Objects, release: ReleaseId | None = None) -> Pointer:
    """The pointer after the previous release was made current; the one that was current becomes its previous.

    Any other release can be named while its rows are kept: those of which the current or the previous one reads the
    lists. The trial of a challenger ends, for it was compared with what is left now.

    Raises:
        InvalidRelease: there is no such release, it is damaged, its rows are gone, or somebody else flipped the pointer
            meanwhile.
    """
    pointer = read_pointer(table)
    if pointer is None or pointer.previous is None:
        raise InvalidRelease("there is no previous release to go back to")
    wanted = release or pointer.previous
    if wanted == pointer.release:
        raise InvalidRelease(f"release {wanted} is current")
    data = objects.get(f"{wanted}/{MANIFEST}")
    if data is None:
        raise InvalidRelease(f"release {wanted} is not there any more")
    digest = sha256(data).hexdigest()
    manifest = parse_manifest(data, digest)
    if not pointer.keeps(manifest.lists) or objects.get(f"{manifest.lists}/{RETIRED}") is not None:
        raise InvalidRelease(f"release {wanted} cannot come back: the rows of its lists are not kept any more")
    back = replace(pointer.followed_by(manifest, digest), rollout=None)
    put_serving(objects, back)
    return flip(back, pointer, table)


def retire(pointer: Pointer, table: Table, objects: Objects, progress: Progress) -> list[ReleaseId]:
    """Delete the rows that older releases than the current one brought and nobody reads; the ids of those retired.

    The current and the previous release read theirs. Releases with a later id than the current one may still be on
    their way and are left alone. Killed half-way, the next call goes on.
    """
    names = dict.fromkeys(objects.names(""))
    kept = {pointer.release, pointer.previous, pointer.lists, pointer.previous_lists}
    older = [release for release in _releases(names) if release < pointer.release and release not in kept]
    notes = {release: [name for name in names if name.startswith(keys_prefix(release))] for release in older}
    old = [release for release in older if notes[release] or f"{release}/{RETIRED}" not in names]
    for done, release in enumerate(old):
        progress(STAGE, done, len(old))
        delete_rows(notes[release], table, objects)
        objects.put(f"{release}/{RETIRED}", orjson.dumps({"after": pointer.release}))
    if old:
        progress(STAGE, len(old), len(old))
    return old


def _releases(names: Iterable[str]) -> list[ReleaseId]:
    """Ids of the releases that have any object, oldest first."""
    folders = {name.removeprefix(KEYS).partition("/")[0] for name in names if "/" in name}
    return sorted(folder for folder in folders if folder[:1].isdigit())


def _summary(release: ReleaseId, pointer: Pointer | None, objects: Objects, count_campaigns: CountCampaigns) -> Summary:
    manifest = _manifest(release, objects)
    state = _state(release, pointer)
    if manifest is None:
        return Summary(release, state)
    return Summary(
        release,
        state,
        manifest.built_at_ms,
        manifest.rows,
        manifest.lists,
        _model(release, objects),
        count_campaigns(objects.get(f"{release}/{STORE}")),
        pointer.rollout if pointer is not None and state == "current" else None,
    )


def _state(release: ReleaseId, pointer: Pointer | None) -> State:
    """What an older release than the current one was is over, whether it ever served or not."""
    if pointer is None or release > max(pointer.release, pointer.previous or ""):
        return "unpublished"
    if release == pointer.release:
        return "current"
    return "previous" if release == pointer.previous else "retired"


def _manifest(release: ReleaseId, objects: Objects) -> Manifest | None:
    data = objects.get(f"{release}/{MANIFEST}")
    return None if data is None else parse_manifest(data, sha256(data).hexdigest())


def _model(release: ReleaseId, objects: Objects) -> str | None:
    """Id of the release's ranker, None when this code could not read it any more."""
    try:
        return parse_ranker_manifest(objects.get(f"{release}/{RANKER}") or b"").id
    except InvalidModel:
        return None

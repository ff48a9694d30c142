"""Rankers in the bucket: the champion that releases carry, challengers, and those that were turned down.

A ranker is two immutable objects under `models/<id>/`. `models/current.json` names the champion and the one before it,
and is written last, in one put, so a reader never meets half of one; before there is any, the bundled ranker stands in.
Every release holds its own copy: rolling a release back takes its ranker back with it. `models/rejected.json` remembers
who failed on trial, and why, so that nobody tries them again.
"""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import orjson

from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import MANIFEST, MODEL, MODELS
from vitrine.errors import InvalidModel
from vitrine.ports import Objects, Ranker
from vitrine.values import dataclass

if TYPE_CHECKING:  # who watches a trial has these functions but not the layer that trains
    from vitrine.refresh.training import LoadRanker

CURRENT: Final = f"{MODELS}current.json"
REJECTED: Final = f"{MODELS}rejected.json"


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Bytes of a model and of its manifest."""

    model: bytes
    manifest: bytes

    @property
    def id(self) -> str:
        """The id that its manifest says. Raises InvalidModel."""
        return parse_ranker_manifest(self.manifest).id

    @property
    def manifest_sha256(self) -> str:
        """Digest of the manifest, by which a pointer names a challenger."""
        return sha256(self.manifest).hexdigest()


@dataclass(frozen=True, slots=True)
class Champion:
    """The ranker in use. `note` says why it is not the one the bucket names, if it is not."""

    files: ModelFiles
    ranker: Ranker
    note: str = ""

    @property
    def is_crowned(self) -> bool:
        """Whether the bucket names it. The bundled one only stands in: it was made of some other store's past."""
        return not self.note


@dataclass(frozen=True, slots=True)
class Crown:
    """Ids of the champion that the bucket names and of the one before it; None where there is none."""

    model: str | None = None
    previous: str | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a ranker was turned down on trial, in which stage, and when."""

    reason: str
    stage: str
    at_ms: int


def read_champion(objects: Objects, bundled: ModelFiles, load: "LoadRanker") -> Champion:
    """The champion of the bucket; the bundled ranker when there is none or it fails its checks.

    Raises:
        InvalidModel: the bundled ranker fails its checks, too.
    """
    try:
        named = read_crown(objects).model
        if named is not None:
            files = read_model(objects, named)
            return Champion(files, load(files.model, files.manifest))
        note = "the bucket holds no ranker yet"
    except InvalidModel as error:
        note = f"the ranker in the bucket was refused: {error}"
    return Champion(bundled, load(bundled.model, bundled.manifest), note)


def crown(objects: Objects, files: ModelFiles) -> str:
    """Make a ranker the champion that the next release carries; its id."""
    before = read_crown(objects)
    ranker = put_model(objects, files)
    previous = before.previous if before.model == ranker else before.model
    objects.put(CURRENT, orjson.dumps(asdict(Crown(ranker, previous))))
    return ranker


def uncrown(objects: Objects) -> None:
    """Leave the bucket without a champion: the bundled ranker stands in until the next one."""
    objects.put(CURRENT, b"{}")


def read_crown(objects: Objects) -> Crown:
    """Who the champion is and who was before, as the bucket says.

    Raises:
        InvalidModel: the note is damaged.
    """
    plain = _read_note(objects, CURRENT)
    if not plain:
        return Crown()
    try:
        return Crown(str(plain["model"]), plain.get("previous"))
    except KeyError as error:
        raise InvalidModel(f"{CURRENT} is damaged: {error!r}") from error


def put_model(objects: Objects, files: ModelFiles) -> str:
    """Keep a ranker's files under its id; the id."""
    ranker = files.id
    objects.put(f"{MODELS}{ranker}/{MODEL}", files.model)
    objects.put(f"{MODELS}{ranker}/{MANIFEST}", files.manifest)
    return ranker


def read_model(objects: Objects, ranker: str) -> ModelFiles:
    """The files of a ranker by its id.

    Raises:
        InvalidModel: they are not there.
    """
    model, manifest = (objects.get(f"{MODELS}{ranker}/{name}") for name in (MODEL, MANIFEST))
    if model is None or manifest is None:
        raise InvalidModel(f"{MODELS}{ranker} is not complete")
    return ModelFiles(model, manifest)


def read_rejected(objects: Objects) -> dict[str, Rejection]:
    """The rankers that were turned down, by id.

    Raises:
        InvalidModel: the note is damaged.
    """
    try:
        return {str(name): Rejection(**told) for name, told in _read_note(objects, REJECTED).items()}
    except TypeError as error:
        raise InvalidModel(f"{REJECTED} is damaged: {error!r}") from error


def reject(objects: Objects, ranker: str, rejection: Rejection) -> None:
    """Remember that a ranker was turned down."""
    told = {**read_rejected(objects), ranker: rejection}
    objects.put(REJECTED, orjson.dumps({name: asdict(one) for name, one in told.items()}))


def _read_note(objects: Objects, name: str) -> Mapping[str, Any]:
    """A JSON object of the bucket; an empty one when it is not there."""
    try:
        plain = orjson.loads(objects.get(name) or b"{}")
    except orjson.JSONDecodeError as error:
        raise InvalidModel(f"{name} is damaged: {error}") from error
    if not isinstance(plain, dict):
        raise InvalidModel(f"{name} is damaged: it is no object")
    return plain

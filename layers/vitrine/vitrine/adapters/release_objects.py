"""Releases from where they lie: a bucket for published ones, the deployment's own folder for the bundle.

Every part is compared with the manifest's digest before it is used. A page view's function asks the bucket for one
object, and for none when its bundle holds the very release that the pointer names.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.adapters.verified_ranker import load_ranker
from vitrine.api.store_compiled import load_store
from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import CARDS, NO_CARDS, unpack_cards
from vitrine.decisions.release import (
    BESTSELLERS,
    MANIFEST,
    MODEL,
    MODELS,
    NEXT_MODEL,
    NEXT_RANKER,
    RANKER,
    STORE,
    Manifest,
    Pointer,
    Release,
    parse_manifest,
)
from vitrine.decisions.rollout import Rollout
from vitrine.decisions.serving_object import SERVING, ServingObject, parse_serving
from vitrine.decisions.session_features import SESSION_FEATURES
from vitrine.errors import InvalidModel, InvalidRelease, InvalidStore
from vitrine.ports import ObjectReader, Ranker
from vitrine.types import ItemId, RegionId, ReleaseId

BUNDLE_ID: Final = "bundle"
RELEASE_FOLDER: Final = "release"
EVERY_REGION: Final = (1 << 32) - 1
NO_YEARS: Final = range(0)
"""The bundle knows no public holidays: the package that tells them is not in the layers of what serves."""


log = logging.getLogger(__name__)

Part: TypeAlias = Callable[[str], bytes]
"""The verified bytes of a release's part by its name; raises InvalidRelease."""


class ReleaseObjects:
    """Loads published releases from a bucket, or from a bundle's folder that has them."""

    def __init__(self, objects: ObjectReader, bundle: Path | None = None) -> None:
        self._objects = objects
        self._bundle = bundle

    def load(self, pointer: Pointer) -> Release:
        """The release that the pointer names, verified part by part.

        Raises:
            InvalidRelease: a part is missing, altered, or not what its kind must be.
            DependencyFailed: the bucket does not answer.
        """
        held = None if self._bundle is None else read_bundle(self._bundle)
        if held is None or held.manifest_sha256 != pointer.manifest_sha256:
            data = self._objects.get(f"{pointer.release}/{SERVING}")
            if data is None:  # published by code that did not make one
                return self._release(parse_manifest(self._manifest(pointer.release), pointer.manifest_sha256))
            try:
                held = parse_serving(data, pointer.manifest_sha256)
            except InvalidRelease as error:  # a damaged copy: the parts themselves may be whole
                log.warning("the serving object of %s: %s; its parts are read", pointer.release, error)
                return self._release(parse_manifest(self._manifest(pointer.release), pointer.manifest_sha256))
        return release_of(held.manifest, held.parts.__getitem__)

    def load_release(self, release: ReleaseId) -> Release:
        """A release by its id, current or not, each part verified by the manifest that lies beside it.

        Raises as `load` does. There is no pointer to vouch for the manifest itself: for replays, never to serve.
        """
        data = self._manifest(release)
        manifest = parse_manifest(data, sha256(data or b"").hexdigest())
        if manifest.release != release:
            raise InvalidRelease(f"the manifest of release {release} is that of {manifest.release}")
        return self._release(manifest)

    def load_challenger(self, rollout: Rollout) -> Ranker:
        """The ranker that a trial names, verified by the digest that the pointer holds of its manifest.

        Raises:
            InvalidModel: a file is missing, altered, or fails a ranker's checks.
            DependencyFailed: the bucket does not answer.
        """
        model, manifest = self._model_files(rollout.model)
        if sha256(manifest).hexdigest() != rollout.manifest_sha256:
            raise InvalidModel(f"the manifest of {rollout.model} is not the one that the pointer names")
        return load_ranker(model, manifest)

    def load_model(self, model: str) -> Ranker:
        """A ranker that was on trial once, by its id: for replays, never to serve. Raises as `load_challenger`."""
        ranker = load_ranker(*self._model_files(model))
        if ranker.id != model:
            raise InvalidModel(f"the files of {model} are those of {ranker.id}")
        return ranker

    def _model_files(self, model: str) -> tuple[bytes, bytes]:
        files = [self._objects.get(f"{MODELS}{model}/{name}") for name in (MODEL, MANIFEST)]
        if files[0] is None or files[1] is None:
            raise InvalidModel(f"the files of {model} are not in the bucket")
        return files[0], files[1]

    def _manifest(self, release: ReleaseId) -> bytes | None:
        return self._objects.get(f"{release}/{MANIFEST}")

    def _release(self, manifest: Manifest) -> Release:
        def part(name: str) -> bytes:
            return manifest.verify(name, self._objects.get(f"{manifest.release}/{name}"))

        return release_of(manifest, part)


def release_of(manifest: Manifest, part: Part) -> Release:
    """The release of a manifest and its parts.

    Raises:
        InvalidRelease: a part is not what its kind must be.
    """
    try:
        store = load_store(part(STORE))
    except InvalidStore as error:
        raise InvalidRelease(f"release {manifest.release}: {error}") from error
    return Release(
        id=manifest.release,
        as_of_ms=manifest.as_of_ms,
        store=store,
        ranker=load_ranker(part(MODEL), part(RANKER)),
        bestsellers=_bestsellers(part(BESTSELLERS)),
        lists=manifest.lists,
        cards=unpack_cards(part(CARDS)) if CARDS in manifest.parts else NO_CARDS,
        **_next_ranker(manifest, part),
    )


def _next_ranker(manifest: Manifest, part: Part) -> dict[str, Ranker]:
    if NEXT_MODEL not in manifest.parts:
        return {}
    return {"next_ranker": OnnxRanker(part(NEXT_MODEL), part(NEXT_RANKER), SESSION_FEATURES)}


def bundled_release(folder: Path) -> Release:
    """The release deployed with the code, which serves until the one that the pointer names is there.

    That is `release/serving` of the folder, as `vitrine build` leaves it; without it, or where this code cannot use it,
    store/ and models/ranker/ of the folder compiled here and now, with no bestsellers.

    Raises:
        InvalidStore: a store file is missing or wrong.
        InvalidRelease: the bundled model fails its checks.
    """
    held = read_bundle(folder)
    if held is not None:
        try:
            return release_of(held.manifest, held.parts.__getitem__)
        except InvalidRelease as error:
            log.warning("the bundled release is of no use: %s", error)
    return _compiled_here(folder)


def read_bundle(folder: Path) -> ServingObject | None:
    """The serving object of a bundle's folder; None where there is none, or a damaged one."""
    try:
        return parse_serving((folder / RELEASE_FOLDER / SERVING).read_bytes())
    except FileNotFoundError:
        return None
    except InvalidRelease as error:
        log.warning("the bundled release is of no use: %s", error)
        return None


def _compiled_here(folder: Path) -> Release:
    from vitrine.api.store_folder import compile_store  # a deployed function never gets here, and YAML has its price

    model = folder / "models" / "ranker"
    ranker: Ranker = load_ranker((model / MODEL).read_bytes(), (model / MANIFEST).read_bytes())
    return Release(BUNDLE_ID, 0, load_store(compile_store(folder / "store", NO_YEARS)), ranker, {})


def _bestsellers(data: bytes) -> Mapping[RegionId, Sequence[tuple[ItemId, Card]]]:
    try:
        plain: Mapping[str, Sequence[Mapping[str, Any]]] = orjson.loads(data)
        return {region: [_bestseller(entry) for entry in entries] for region, entries in plain.items()}
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
        raise InvalidRelease(f"bestsellers.json is damaged: {error!r}") from error


def _bestseller(entry: Mapping[str, Any]) -> tuple[ItemId, Card]:
    card = {name: value for name, value in entry.items() if name != "item"}
    return entry["item"], Card(regions=EVERY_REGION, **card)

"""Releases from where they lie: a bucket for published ones, the deployment's own folder for the bundle.

Every part is compared with the manifest's digest before it is used.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.catalog.items import Card
from vitrine.decisions.release import (
    BESTSELLERS,
    MANIFEST,
    MODEL,
    RANKER,
    STORE,
    Manifest,
    Pointer,
    Release,
    parse_manifest,
)
from vitrine.errors import InvalidRelease, InvalidStore
from vitrine.ports import Objects, Ranker
from vitrine.types import ItemId, RegionId, ReleaseId

BUNDLE_ID: Final = "bundle"
EVERY_REGION: Final = (1 << 32) - 1
NO_YEARS: Final = range(0)
"""The bundle knows no public holidays: the package that tells them is not in the layers of what serves."""


class ReleaseObjects:
    """Loads published releases from a bucket."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def load(self, pointer: Pointer) -> Release:
        """The release that the pointer names, verified part by part.

        Raises:
            InvalidRelease: a part is missing, altered, or not what its kind must be.
            DependencyFailed: the bucket does not answer.
        """
        return self._release(parse_manifest(self._manifest(pointer.release), pointer.manifest_sha256))

    def load_release(self, release: ReleaseId) -> Release:
        """A release by its id, current or not, each part verified by the manifest that lies beside it.

        Raises as `load` does. There is no pointer to vouch for the manifest itself: for replays, never to serve.
        """
        data = self._manifest(release)
        manifest = parse_manifest(data, sha256(data or b"").hexdigest())
        if manifest.release != release:
            raise InvalidRelease(f"the manifest of release {release} is that of {manifest.release}")
        return self._release(manifest)

    def _manifest(self, release: ReleaseId) -> bytes | None:
        return self._objects.get(f"{release}/{MANIFEST}")

    def _release(self, manifest: Manifest) -> Release:
        def part(name: str) -> bytes:
            return manifest.verify(name, self._objects.get(f"{manifest.release}/{name}"))

        try:
            store = load_store(part(STORE))
        except InvalidStore as error:
            raise InvalidRelease(f"release {manifest.release}: {error}") from error
        return Release(
            id=manifest.release,
            as_of_ms=manifest.as_of_ms,
            store=store,
            ranker=OnnxRanker(part(MODEL), part(RANKER)),
            bestsellers=_bestsellers(part(BESTSELLERS)),
            lists=manifest.lists,
        )


def bundled_release(folder: Path) -> Release:
    """The release deployed with the code: store/ and models/ranker/, no lists. It serves until one is published.

    Raises:
        InvalidStore: a store file is missing or wrong.
        InvalidRelease: the bundled model fails its checks.
    """
    model = folder / "models" / "ranker"
    ranker: Ranker = OnnxRanker((model / MODEL).read_bytes(), (model / MANIFEST).read_bytes())
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

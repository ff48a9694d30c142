"""The fences of releases, which decisions do without: read from the words of a release's store when first asked for."""

from hashlib import sha256
from pathlib import Path

from vitrine.adapters.release_objects import BUNDLE_ID, NO_YEARS, read_bundle
from vitrine.api.store_fences import load_fences
from vitrine.decisions.release import MANIFEST, STORE, Release, parse_manifest
from vitrine.errors import InvalidRelease, InvalidStore
from vitrine.places.fences import Fences
from vitrine.ports import ObjectReader
from vitrine.types import ReleaseId


class ReleaseFences:
    """Fences by release; those of the last one are kept. Safe to use from several threads."""

    def __init__(self, objects: ObjectReader, bundle: Path) -> None:
        self._objects = objects
        self._bundle = bundle
        self._kept: tuple[ReleaseId, Fences] | None = None

    def of(self, release: Release) -> Fences:
        """The fences of a release that is served.

        Raises:
            InvalidRelease: its store is missing, altered, or of another form.
            DependencyFailed: the bucket does not answer.
        """
        kept = self._kept
        if kept is None or kept[0] != release.id:
            try:
                kept = self._kept = (release.id, load_fences(self._words(release.id)))
            except InvalidStore as error:
                raise InvalidRelease(f"release {release.id}: {error}") from error
        return kept[1]

    def _words(self, release: ReleaseId) -> bytes:
        """The release's store.json, from the bundle if it holds this release."""
        held = read_bundle(self._bundle)
        if held is not None and held.manifest.release == release:
            return held.parts[STORE]
        if release == BUNDLE_ID:
            return _compile(self._bundle / "store")
        data = self._objects.get(f"{release}/{MANIFEST}")
        manifest = parse_manifest(data, sha256(data or b"").hexdigest())
        return manifest.verify(STORE, self._objects.get(f"{release}/{STORE}"))


def _compile(folder: Path) -> bytes:
    from vitrine.api.store_folder import compile_store  # a deployed function never gets here, and YAML has its price

    return compile_store(folder, NO_YEARS)

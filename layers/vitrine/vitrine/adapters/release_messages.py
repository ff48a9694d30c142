"""The messages of a release, from the words that its store.json holds: outreach needs them, page views do not."""

from hashlib import sha256
from pathlib import Path

from vitrine.adapters.release_objects import BUNDLE_ID, NO_YEARS, read_bundle
from vitrine.api.store_compile_messages import load_outreach
from vitrine.api.store_folder import compile_store
from vitrine.decisions.release import MANIFEST, STORE, Release, parse_manifest
from vitrine.errors import InvalidRelease, InvalidStore
from vitrine.outreach.messages import Outreach
from vitrine.ports import ObjectReader
from vitrine.types import ReleaseId


class ReleaseMessages:
    """Finds the messages of releases; those of the last one are held."""

    def __init__(self, objects: ObjectReader, bundle: Path) -> None:
        self._objects = objects
        self._bundle = bundle
        self._held: tuple[ReleaseId, Outreach] | None = None

    def __call__(self, release: Release) -> Outreach:
        """See service.outlook.Find."""
        held = self._held
        if held is None or held[0] != release.id:
            try:
                held = release.id, load_outreach(self._words(release.id))
            except InvalidStore as error:
                raise InvalidRelease(f"release {release.id}: {error}") from error
            self._held = held
        return held[1]

    def _words(self, release: ReleaseId) -> bytes:
        """The verified bytes of the release's store.json."""
        bundle = read_bundle(self._bundle)
        if bundle is not None and bundle.manifest.release == release:
            return bundle.parts[STORE]
        if release == BUNDLE_ID:
            return compile_store(self._bundle / "store", NO_YEARS)
        data = self._objects.get(f"{release}/{MANIFEST}")
        manifest = parse_manifest(data, sha256(data or b"").hexdigest())
        return manifest.verify(STORE, self._objects.get(f"{release}/{STORE}"))

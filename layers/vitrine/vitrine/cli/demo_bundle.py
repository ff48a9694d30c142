"""The demo's bundle, in its state folder: what its functions serve while nothing of the emulator answers."""

from pathlib import Path
from typing import Final

from vitrine.adapters.release_objects import BUNDLE_ID, RELEASE_FOLDER, read_bundle
from vitrine.cli.build_plan import BUNDLED
from vitrine.cli.build_release import own_release, published_release, write_release
from vitrine.ports import ObjectReader, Table

BUNDLE: Final = "bundle"


def make_bundle(state: Path, folder: Path) -> Path:
    """The bundle's folder: links to the store and the models of `folder`, and the release that the last run left.

    At first that is a release of the store and the model alone, and none of a folder without a store.

    Raises:
        InvalidStore: a store file is wrong.
    """
    bundle = state / BUNDLE
    bundle.mkdir(parents=True, exist_ok=True)
    for name in BUNDLED:
        (bundle / name).unlink(missing_ok=True)
        (bundle / name).symlink_to(folder / name)
    held = read_bundle(bundle)
    if (folder / "store").is_dir() and (held is None or held.manifest.release == BUNDLE_ID):
        write_release(bundle / RELEASE_FOLDER, own_release(folder))
    return bundle


def keep_release(state: Path, table: Table, releases: ObjectReader) -> None:
    """Leave the current release in the bundle, for environments that start after this.

    Raises:
        InvalidRelease: it is damaged.
        DependencyFailed: table or bucket do not answer.
    """
    published = published_release(table, releases)
    if published is not None:
        write_release(state / BUNDLE / RELEASE_FOLDER, published[1])

"""The release that a bundle carries: what an environment serves that starts while nothing else answers.

The one that is published, taken from a stack; without a stack, one of the folder's own store and model, which has no
lists and no bestsellers. Both are the object that serving reads of any release.
"""

import argparse
import os
from pathlib import Path
from typing import Final

from vitrine.adapters.release_objects import BUNDLE_ID, RELEASE_FOLDER
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.cli.target import REQUIRED, find_settings
from vitrine.decisions.release import BESTSELLERS, MANIFEST, MODEL, RANKER, STORE, Manifest, Part
from vitrine.decisions.serving_object import SERVING, pack_serving, parse_serving
from vitrine.errors import BuildFailed
from vitrine.ports import ObjectReader, Table
from vitrine.refresh.published import read_pointer, serving_of
from vitrine.wiring.refresh import open_releases

BUILT: Final = Path("build", RELEASE_FOLDER)
"""Where `vitrine build` leaves it, for the bundle's layer and for the content hash."""


def build_release(root: Path, arguments: argparse.Namespace) -> str:
    """Leave the release under BUILT; a line that says which.

    A stack is asked when one is named: by --stack-state, or by the variables of its functions.

    Raises:
        InvalidStore: the folder's store is wrong.
        BuildFailed: the stack's store is another one than the folder's.
        InvalidRelease: the published release is damaged.
        DependencyFailed: the stack that was named does not answer.
        LocalStackError: the demo that was named is not running.
    """
    if arguments.stack_state is not None or REQUIRED in os.environ:
        table, objects = open_releases(find_settings(arguments))
        published = published_release(table, objects)
        if published is not None:
            release, data = published
            _check_same_store(root, data)
            write_release(root / BUILT, data)
            return f"bundled release {release} of the stack"
    write_release(root / BUILT, own_release(root))
    return "bundled the folder's store and model, without bestsellers: no stack with a release was named"


def published_release(table: Table, objects: ObjectReader) -> tuple[str, bytes] | None:
    """Id and serving object of the current release; None before the first one."""
    pointer = read_pointer(table)
    return None if pointer is None else (pointer.release, serving_of(objects, pointer))


def _check_same_store(root: Path, data: bytes) -> None:
    """A bundle that shows the goods of another shop would be worse than none."""
    theirs = load_store(parse_serving(data).parts[STORE])
    ours = load_store(compile_store(root / "store"))
    if (theirs.regions, theirs.currency) != (ours.regions, ours.currency):
        raise BuildFailed(
            f"the stack's store has regions {', '.join(theirs.regions)} and {theirs.currency}, the folder's "
            f"{', '.join(ours.regions)} and {ours.currency}; name the stack of this store"
        )


def own_release(folder: Path) -> bytes:
    """The serving object of store/ and models/ranker/ of a folder.

    Raises:
        InvalidStore: a store file is missing or wrong.
    """
    ranker = folder / "models" / "ranker"
    parts = {
        STORE: compile_store(folder / "store"),
        MODEL: (ranker / MODEL).read_bytes(),
        RANKER: (ranker / MANIFEST).read_bytes(),
        BESTSELLERS: b"{}",
    }
    manifest = Manifest(BUNDLE_ID, 0, 0, 0, {name: Part.of(data) for name, data in parts.items()})
    return pack_serving(manifest.to_bytes(), parts)


def write_release(folder: Path, data: bytes) -> None:
    """Put a serving object into a bundle's folder `release`, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{SERVING}.part"
    unfinished.write_bytes(data)
    unfinished.replace(folder / SERVING)

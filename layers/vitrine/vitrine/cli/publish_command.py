"""`vitrine publish`: check a store folder and publish it with the lists and the model that are current, in seconds."""

import argparse
import sys
from pathlib import Path

from vitrine.adapters.clock import utc_now
from vitrine.api.store_changes import Changes, changes_of
from vitrine.api.store_compiled import load_store
from vitrine.cli.named_goods import unknown_goods, warn_of
from vitrine.cli.store_argument import add_folder, compiled_store
from vitrine.cli.target import add_target, find_settings
from vitrine.errors import InvalidRelease
from vitrine.ports import Objects, Table
from vitrine.refresh.publish import publish_store
from vitrine.refresh.published import published_store, read_pointer
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_folder(parser)
    told = "publish even if the files name categories or items that are not in the catalogue (yet)"
    parser.add_argument("--allow-unknown", action="store_true", help=told)
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Publish and say what changed; 0, or 1 when a file has a fault or names unknown goods: then nothing is done."""
    store = compiled_store(arguments.folder)
    if store is None:
        return 1
    table, objects = open_releases(find_settings(arguments))
    if not may_publish(arguments.folder, table, arguments.allow_unknown):
        return 1
    before, changes = told_changes(store, table, objects)
    pointer = publish_store(store, table, objects, utc_now(), load_store)
    if pointer.release == before:
        print(f"{before} is current and has these files already; nothing was published")
        return 0
    for change in changes:
        print(change)
    print(f"{pointer.release} is current; {pointer.previous} comes back with a rollback")
    return 0


def may_publish(folder: Path, table: Table, allows_unknown: bool) -> bool:
    """Whether all categories and items that the files name are known, or need not be; unknown ones are printed."""
    unknown = unknown_goods(folder, table)
    warn_of(unknown)
    if not unknown or allows_unknown:
        return True
    told = f"{len(unknown)} of the categories and items that the files name are unknown; nothing was done"
    print(f"{folder}: {told} (with --allow-unknown they are published all the same)", file=sys.stderr)
    return False


def told_changes(store: bytes, table: Table, objects: Objects) -> tuple[str | None, list[Changes]]:
    """The current release and what these files change in it, as far as its own can be read."""
    pointer = read_pointer(table)
    if pointer is None:
        return None, []
    try:
        return pointer.release, changes_of(published_store(objects, pointer), store)
    except InvalidRelease:
        return pointer.release, []

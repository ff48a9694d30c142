"""The store folder that a command works on: checked whole, every fault told, or compiled."""

import argparse
import sys
from pathlib import Path
from typing import Final

from vitrine.api.store_folder import check_store, compile_store

DEFAULT: Final = Path("store")


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Declare the argument."""
    told = f"folder of the store (default {DEFAULT})"
    parser.add_argument("folder", type=Path, nargs="?", default=DEFAULT, metavar="FOLDER", help=told)


def compiled_store(folder: Path) -> bytes | None:
    """The folder's files, compiled; None when they have faults, all of which are printed as `vitrine validate` does."""
    faults = check_store(folder)
    if not faults:
        return compile_store(folder)
    for fault in faults:
        print(fault, file=sys.stderr)
        if fault.hint:
            print(f"    {fault.hint}", file=sys.stderr)
    print(f"{folder}: {len(faults)} {'fault' if len(faults) == 1 else 'faults'}; nothing was done", file=sys.stderr)
    return None

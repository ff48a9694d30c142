"""`vitrine validate`: every fault in the files of a store, by file and line, with what to do."""

import argparse
from pathlib import Path
from typing import Final

from vitrine.api.store_folder import check_store, count_parts

DEFAULT: Final = Path("store")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "folder", type=Path, nargs="?", default=DEFAULT, help=f"folder of the store (default {DEFAULT})"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the faults and return 1; without any, print what the store has and return 0."""
    folder: Path = arguments.folder
    faults = check_store(folder)
    for fault in faults:
        print(fault)
        if fault.hint:
            print(f"    {fault.hint}")
    if faults:
        print(f"{folder}: {len(faults)} {'fault' if len(faults) == 1 else 'faults'}")
        return 1
    counts = ", ".join(f"{n} {name}" for name, n in count_parts(folder).items())
    print(f"{folder} is right: {counts}")
    return 0

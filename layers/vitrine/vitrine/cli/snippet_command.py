"""`vitrine snippet`: the storefront's files as a shop serves them, with their sizes and the hashes that pin them."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vitrine.errors import InvalidSource
from vitrine.local.snippet import gzipped_size, integrity, snippet_files

STOREFRONT: Final = Path("storefront")
OUT: Final = Path("build") / "snippet"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help=f"where to (default {OUT})")
    parser.add_argument(
        "--from",
        type=Path,
        default=STOREFRONT,
        dest="source",
        metavar="DIR",
        help=f"folder of the sources (default {STOREFRONT})",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the files and print one line about each; 0.

    Raises:
        InvalidSource: the sources are not there, or the files cannot be written.
    """
    files = snippet_files(arguments.source)
    write(arguments.out, files)
    print(f"{'':20} {'bytes':>7} {'gzip':>6}  integrity")
    for name, content in files.items():
        print(f"{name:20} {len(content):7} {gzipped_size(content):6}  {integrity(content)}")
    print(f"\nIn {arguments.out}. Serve them side by side; `integrity` goes into the tag that names the file.")
    return 0


def write(out: Path, files: Mapping[str, bytes]) -> None:
    """Write every file into a folder, which is made if it is not there.

    Raises:
        InvalidSource: that does not work.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(content)
    except OSError as error:
        raise InvalidSource(f"cannot write to {out}: {error.strerror}; name a folder of your own with --out") from error

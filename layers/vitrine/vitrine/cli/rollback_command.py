"""`vitrine rollback`: make the previous release, or another one that is kept, current by one conditional write."""

import argparse

from vitrine.cli.target import add_target, find_settings
from vitrine.refresh.release import roll_back
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("release", nargs="?", metavar="RELEASE", help="any whose rows are kept (default: previous)")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Roll back and say what is current; 0."""
    pointer = roll_back(*open_releases(find_settings(arguments)), arguments.release)
    print(f"{pointer.release} is current; {pointer.previous} is kept and comes back with another rollback")
    return 0

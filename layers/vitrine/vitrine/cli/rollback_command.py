"""`vitrine rollback`: make the previous release, or another one that is kept, current by one conditional write."""

import argparse

from vitrine.cli.target import add_target, find_settings
from vitrine.ports import Objects, Table
from vitrine.refresh.release import roll_back
from vitrine.refresh.rollout import returning_model
from vitrine.types import ReleaseId
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("release", nargs="?", metavar="RELEASE", help="any whose rows are kept (default: previous)")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it; 0."""
    return act(*open_releases(find_settings(arguments)), arguments.release)


def act(table: Table, releases: Objects, release: ReleaseId | None) -> int:
    """Roll back and say what is current, and whether the next refresh brings another ranker; 0."""
    pointer = roll_back(table, releases, release)
    print(f"{pointer.release} is current; {pointer.previous} is kept and comes back with another rollback")
    champion = returning_model(releases, pointer)
    if champion is not None:
        print(f"the next refresh brings ranker {champion} again, unless you run: vitrine model rollback {champion}")
    return 0

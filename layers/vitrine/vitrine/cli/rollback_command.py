"""`vitrine rollback`: make the previous release current again, by one conditional write."""

import argparse

from vitrine.cli.target import add_target, find_settings
from vitrine.refresh.release import roll_back
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Roll back and say what is current; 0."""
    pointer = roll_back(*open_releases(find_settings(arguments)))
    print(f"{pointer.release} is current; {pointer.previous} is kept and comes back with another rollback")
    return 0

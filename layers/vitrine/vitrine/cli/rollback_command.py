"""`vitrine rollback`: make the previous release current again, by one conditional write."""

import argparse
import os

from vitrine.refresh.release import roll_back
from vitrine.settings import Settings
from vitrine.wiring.refresh import open_releases


def configure(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(arguments: argparse.Namespace) -> int:
    """Roll back and say what is current; 0."""
    pointer = roll_back(*open_releases(Settings.from_env(os.environ)))
    print(f"{pointer.release} is current; {pointer.previous} is kept and comes back with another rollback")
    return 0

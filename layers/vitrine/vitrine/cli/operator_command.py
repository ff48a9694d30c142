"""`vitrine operator`: print the token that opens the operators' routes of the demo on this machine."""

import argparse

from vitrine.cli.target import STATE, add_target
from vitrine.local.operator import read_token


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the token alone, so that it can stand in a command substitution; 0."""
    print(read_token(arguments.stack_state or STATE))
    return 0

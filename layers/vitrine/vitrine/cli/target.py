"""Which stack a command works on: the account that the environment names, or the demo on this machine."""

import argparse
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import orjson

from vitrine.errors import LocalStackError
from vitrine.local.pool import aws_variables
from vitrine.settings import Settings

STATE: Final = Path(".vitrine")
NOTE: Final = "stack.json"
REQUIRED: Final = "VITRINE_TABLE"


def add_target(parser: argparse.ArgumentParser, *actions: argparse.ArgumentParser) -> None:
    """Declare the option that names a demo's folder, for a command and, if it has some, behind each of its actions."""
    told = f"folder of the running demo (default {STATE}, unless {REQUIRED} and its like name a stack)"
    parser.add_argument("--stack-state", type=Path, metavar="DIR", help=told)
    for action in actions:  # suppressed, or its default would undo what stands before the action
        action.add_argument("--stack-state", type=Path, metavar="DIR", default=argparse.SUPPRESS, help=told)


def find_settings(arguments: argparse.Namespace) -> Settings:
    """The settings of the stack; the demo's are set up so that AWS's libraries find it, too.

    Raises:
        LocalStackError: there is no running demo; the message says what to do.
    """
    if arguments.stack_state is None and REQUIRED in os.environ:
        return Settings.from_env(os.environ)
    note = (arguments.stack_state or STATE) / NOTE
    try:
        plain = orjson.loads(note.read_bytes())
        endpoint, variables = str(plain["endpoint"]), dict(plain["variables"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LocalStackError(f"{note} does not tell of a stack; start one with `make demo`") from error
    if not _answers(endpoint):
        raise LocalStackError(f"the demo of {note.parent} is not running; start it with `make demo`")
    os.environ.update(aws_variables(endpoint))
    return Settings.from_env(variables)


def remember_stack(state: Path, endpoint: str, variables: Mapping[str, str]) -> None:
    """Leave a note in the demo's folder of where its stack answers and what its functions know."""
    ours = {name: value for name, value in variables.items() if name.startswith("VITRINE_")}
    (state / NOTE).write_bytes(orjson.dumps({"endpoint": endpoint, "variables": ours}))


def _answers(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=1.0):
            return True
    except OSError:
        return False

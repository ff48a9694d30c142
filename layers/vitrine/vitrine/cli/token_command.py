"""vitrine token: mint a visitor token, so that a person can ask as household 1 of the data."""

import argparse
import os
from pathlib import Path
from typing import Final

import orjson

from vitrine.adapters.aws import PATIENT, client_maker, local_stack
from vitrine.adapters.secrets_manager import read_secret
from vitrine.errors import LocalStackError
from vitrine.visitors.identity import mint, parse_keys

STATE: Final = Path(".vitrine")
STACK_FILE: Final = "stack.json"
SECRET_VARIABLE: Final = "VITRINE_TOKEN_SECRET"  # noqa: S105 - the name of a variable that holds a name


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("visitor", help="id of the visitor, such as h1")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--stack-state", type=Path, metavar="DIR", help=f"folder of the running demo (default {STATE})")
    source.add_argument("--secret", metavar="VALUE", help="text of the token secret, instead of asking the stack")


def run(arguments: argparse.Namespace) -> int:
    """Print the token."""
    print(mint(arguments.visitor, parse_keys(_secret(arguments))))
    return 0


def mint_on_stack(visitor: str, endpoint: str, secret: str) -> str:
    """A token for a visitor, signed with the secret of that name in the laptop's stack.

    Raises:
        DependencyFailed: the stack does not answer, or has no such secret.
        InvalidToken: the visitor's id cannot stand in a token.
    """
    return mint(visitor, parse_keys(_read_on_stack(endpoint, secret)))


def remember_stack(state: Path, endpoint: str, secret: str) -> None:
    """Leave a note in the demo's folder of where its stack answers and what its token secret is called."""
    (state / STACK_FILE).write_bytes(orjson.dumps({"endpoint": endpoint, "token_secret": secret}))


def _secret(arguments: argparse.Namespace) -> str:
    """The secret's text: as given, from the demo's stack, or from the account that the environment names."""
    if arguments.secret is not None:
        return str(arguments.secret)
    if arguments.stack_state is None and SECRET_VARIABLE in os.environ:
        return read_secret(os.environ[SECRET_VARIABLE])
    note = (arguments.stack_state or STATE) / STACK_FILE
    try:
        stack = orjson.loads(note.read_bytes())
        return _read_on_stack(stack["endpoint"], stack["token_secret"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise LocalStackError(f"{note} does not tell of a stack; start one with `make demo`") from error


def _read_on_stack(endpoint: str, secret: str) -> str:
    return read_secret(secret, make_client=client_maker("secretsmanager", PATIENT, local_stack(endpoint)))

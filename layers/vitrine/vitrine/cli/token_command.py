"""vitrine token: mint a visitor token, so that a person can ask as household 1 of the data."""

import argparse
import os

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.secrets_manager import Secret
from vitrine.cli.target import add_target, find_settings
from vitrine.visitors.identity import mint, parse_keys


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("visitor", help="id of the visitor, such as h1; it need not exist")
    parser.add_argument("--secret", metavar="VALUE", help="text of the token secret, instead of asking the stack")
    add_target(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the token."""
    secret = arguments.secret or _stored(find_settings(arguments).token_secret)
    print(mint(arguments.visitor, parse_keys(secret)))
    return 0


def _stored(name: str) -> str:
    return Secret(name, AwsAccount(os.environ)).read()

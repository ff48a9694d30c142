"""The `vitrine` command. Each subcommand is one module with `configure(parser)` and `run(arguments) -> exit code`.

Only the chosen subcommand is imported, so that `vitrine token` does not wait for DuckDB.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from vitrine.errors import VitrineError

READER_GONE: Final = 141
"""What shells report of a program that SIGPIPE ended: 128 + 13."""

COMMANDS = {
    "demo": "start everything on this machine",
    "import": "import a data set into a lake folder",
    "feed": "take the catalogue's feed, or look at what is in quarantine",
    "crm": "take extracts of CRM, tills and loyalty programmes",
    "people": "say how a person is reached, or look at what is known of one",
    "refresh": "build and publish a release from the lake",
    "train": "train the ranker and compare it with its baselines",
    "model": "show, promote, roll back or watch the ranker on trial",
    "segments": "print segments and predictions of a lake folder, with how well they predict",
    "rerank": "train a re-ranker on lists that were shown and clicked",
    "plan": "show what visitors would see otherwise with the store's files",
    "publish": "check the store's files and publish them",
    "releases": "list releases",
    "rollback": "make the previous release current again",
    "why": "explain a recorded decision to a person",
    "replay": "make recorded decisions again and compare the answers",
    "operator": "print the token that opens the demo's operator routes",
    "attributes": "print the table of attributes that conditions may look at",
    "outreach": "show who is due, what would be sent and why; stop messages; put dead letters back",
    "weather": "show, set, clear or refresh the weather of the store's places",
    "token": "mint a visitor token for a known visitor",
    "validate": "check the store's files and list every fault",
    "schema": "write JSON Schemas of the store's files for editors",
    "snippet": "write the storefront's scripts and styles as a shop serves them",
    "openapi": "write the OpenAPI document of the HTTP API",
    "build": "assemble every function as Lambda would see it",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; 0 on success, 1 with one clear line on a known error, 2 on wrong usage, 130 on Ctrl-C.

    Quietly 141 when nobody reads its output any more, as in `vitrine plan | head`.
    """
    parser = argparse.ArgumentParser(prog="vitrine", description="Per-page-view personalisation for online stores.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    chosen = next((word for word in (argv if argv is not None else sys.argv[1:]) if word in COMMANDS), None)
    for name, summary in COMMANDS.items():
        subparser = commands.add_parser(name, help=summary, description=summary)
        if name == chosen:
            module = import_module(f"vitrine.cli.{name}_command")
            module.configure(subparser)
            subparser.set_defaults(run=module.run)
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except VitrineError as error:
        print(f"vitrine {arguments.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _discard_output()
        return READER_GONE
    return code


def _discard_output() -> None:
    """Send what is still buffered nowhere: else the interpreter complains when it flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)

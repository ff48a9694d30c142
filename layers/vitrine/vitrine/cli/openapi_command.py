"""vitrine openapi: write the OpenAPI document of the HTTP API, for clients, gateways and tests."""

import argparse
import sys
from pathlib import Path

import orjson

from vitrine.api.openapi import document


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")


def run(arguments: argparse.Namespace) -> int:
    """Write the document; 0."""
    text = orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if arguments.out is None:
        sys.stdout.write(text.decode())
    else:
        arguments.out.write_bytes(text)
    return 0

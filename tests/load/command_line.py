"""What `python -m tests.load` takes, and what it refuses before anything is started."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.load.arrivals import KINDS
from tests.load.rig import Size, cores
from tests.load.stack import SMALL

ABOUT: Final = {
    "steps": "environments of the real handler over canned stores: what a core does (the default)",
    "stack": "the stack as `make demo` runs it: started here with test data, or a running one named by --url",
    "soak": "mixed load with a random fault every 30 s: answers, memory, latency between the faults",
}
USUAL: Final = Size()
MOST_ENVIRONMENTS: Final = 64
MOST_RATE: Final = 100_000
DEMO_ENVIRONMENTS: Final = 2


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for; a fault of the caller ends the program with a line that names it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.load", description="Load kept at its rate, whatever comes back."
    )
    modes = parser.add_subparsers(dest="what", metavar="|".join(ABOUT))
    _add_steps(modes.add_parser("steps", help=ABOUT["steps"], description=ABOUT["steps"]), USUAL, len(cores()[1]))
    stack = modes.add_parser("stack", help=ABOUT["stack"], description=ABOUT["stack"])
    _add_steps(stack, SMALL, DEMO_ENVIRONMENTS)
    stack.add_argument("--url", help="of a running demo, such as http://127.0.0.1:8080")
    stack.add_argument("--stack-state", type=Path, default=Path(".vitrine"), metavar="DIR", help="folder of its state")
    _add_soak(modes.add_parser("soak", help=ABOUT["soak"], description=ABOUT["soak"]))
    is_told = bool(arguments) and arguments[0] in (*ABOUT, "-h", "--help")
    return parser.parse_args(list(arguments) if is_told else ["steps", *arguments])


def _add_steps(parser: argparse.ArgumentParser, size: Size, environments: int) -> None:
    _add_common(parser, size, environments, events=0.02)
    parser.add_argument(
        "--arrivals", choices=KINDS, default="poisson", help=f"{' or '.join(KINDS)} (default %(default)s)"
    )
    parser.add_argument("--rates", type=rates, metavar="R,R", help="requests a second of the steps (default: found)")
    parser.add_argument("--seconds", type=number(float, 1, 3_600), default=10.0, help="of a step (default %(default)g)")


def _add_soak(parser: argparse.ArgumentParser) -> None:
    _add_common(parser, USUAL, len(cores()[1]), events=0.1)
    parser.add_argument("--rate", type=number(float, 0.1, MOST_RATE), help="requests a second (default: found)")
    parser.add_argument("--minutes", type=number(float, 2, 1_440), default=20.0, help="default %(default)g")


def _add_common(parser: argparse.ArgumentParser, size: Size, environments: int, events: float) -> None:
    given: dict[str, tuple[Callable[[str], float], float, str]] = {
        "--environments": (number(int, 1, MOST_ENVIRONMENTS), environments, "of page views at most"),
        "--visitors": (number(int, 1, 100_000), size.visitors, "whom the store knows"),
        "--items": (number(int, 200, 100_000), size.items, "of the catalogue"),
        "--events": (number(float, 0, 1), events, "share of requests that are batches of events"),
        "--seed": (number(int, 0, 2**31), 1, "of visitors, items, arrivals and faults"),
    }
    for name, (kind, default, about) in given.items():
        parser.add_argument(name, type=kind, default=default, metavar="N", help=f"{about} (default %(default)s)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="where the picture goes (default below build/)")


def number(kind: Callable[[str], float], least: float, most: float) -> Callable[[str], float]:
    """A parser of numbers within limits."""

    def parse_number(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            whole = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is no {whole} from {least:g} to {most:g}")
        return value

    return parse_number


def rates(text: str) -> list[float]:
    """Rates parted by commas."""
    return [number(float, 0.1, MOST_RATE)(one) for one in text.split(",")]

"""A parser of bytes under libFuzzer, which keeps what reaches new code: `python -m tests.abuse.coverage_guided NAME S`.

Needs atheris, which is no dependency of ours: it has wheels for some Pythons only. Begins with inputs that Hypothesis
makes; ends after S seconds, or with an error at the first finding.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import atheris

sys.path.insert(0, "layers/vitrine")  # where atheris looks for modules: it does not know editable installs
with atheris.instrument_imports(include=["vitrine"]):
    from tests.abuse.parsers import PARSERS

from tests.abuse.fuzz import Meal, Parser, alarm, feed, holding

N_SEEDS: Final = 400


def main() -> None:
    """Feed the parser of that name for so many seconds."""
    name, seconds = sys.argv[1], float(sys.argv[2])
    (parser,) = [parser for parser in PARSERS if parser.name == name]
    hold = holding(parser, Meal(name))
    with TemporaryDirectory() as folder, alarm():
        plant(parser, Path(folder))
        atheris.Setup([sys.argv[0], folder, f"-max_total_time={seconds:.0f}", "-print_final_stats=1"], hold)
        atheris.Fuzz()


def plant(parser: Parser, folder: Path) -> None:
    """Files with inputs to begin with.

    Raises:
        TypeError: the parser takes something other than bytes.
    """
    seeds: list[bytes] = []
    feed(Parser(parser.name, seeds.append, parser.food), N_SEEDS)
    for number, seed in enumerate(seeds):
        (folder / str(number)).write_bytes(seed)


if __name__ == "__main__":
    main()

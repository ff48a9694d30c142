"""`python -m tests.bench [NAME]`: run one benchmark, or all. Each prints a table and, last, one JSON object."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from tests.bench import cold, decide, ranker, rules
from tests.bench.harness import BenchFailed
from vitrine.cli.progress import show_progress
from vitrine.errors import VitrineError
from vitrine.ports import Progress

BENCHES: Final[dict[str, Callable[[Progress], Sequence[str]]]] = {
    "decide": decide.run,
    "cold": cold.run,
    "ranker": ranker.run,
    "rules": rules.run,
}


def main() -> int:
    """Run what was asked for; 1 with one line when a comparison would not be fair or cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=list(BENCHES), help="only this one")
    name = parser.parse_args().name
    try:
        for bench in [name] if name else BENCHES:
            with show_progress() as progress:
                lines = BENCHES[bench](progress)
            print("\n".join(lines), flush=True)
    except (BenchFailed, VitrineError, FileNotFoundError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench [NAME]`: run one benchmark, or all. Each prints a table and, last, one JSON object."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.bench import (
    cold,
    cost,
    decide,
    growth,
    next_item,
    outreach,
    ranker,
    ranklens,
    read,
    refresh,
    rules,
    segments,
)
from tests.bench.harness import BenchFailed
from vitrine.cli.progress import show_progress
from vitrine.errors import VitrineError
from vitrine.ports import Progress

BENCHES: Final[dict[str, Callable[[Progress], Sequence[str]]]] = {
    "decide": decide.run,
    "cold": cold.run,
    "read": read.run,
    "ranker": ranker.run,
    "rules": rules.run,
    "cost": cost.run,
    "growth": growth.run,
    "outreach": outreach.run,
    "refresh": refresh.run,
}
OVER_DATA: Final[dict[str, Callable[[Progress, Path], Sequence[str]]]] = {
    "next_item": next_item.run,
    "ranklens": ranklens.run,
    "segments": segments.run,
}
"""Those over public data that is not part of the repository."""

DATA: Final = Path("../shared/data")
FOLDERS: Final = {"next_item": "retailrocket"}
"""Which folder of DATA a bench takes, where it is not the whole."""


def main() -> int:
    """Run what was asked for; 1 with one line when a comparison would not be fair or cannot be made."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("name", nargs="?", choices=[*BENCHES, *OVER_DATA], help="only this one")
    parser.add_argument("--data", type=Path, help=f"folder of the data; by default below {DATA}")
    arguments = parser.parse_args()
    try:
        for name in [arguments.name] if arguments.name else [*BENCHES, *OVER_DATA]:
            with show_progress() as progress:
                lines = run(name, arguments.data, progress)
            print("\n".join(lines), flush=True)
    except (BenchFailed, VitrineError, FileNotFoundError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def run(name: str, data: Path | None, progress: Progress) -> Sequence[str]:
    """Lines of a bench; of one whose data is not here by default, that it was left out."""
    if name in BENCHES:
        return BENCHES[name](progress)
    folder = data or DATA / FOLDERS.get(name, "")
    if data is None and not folder.is_dir():
        return [f"{name}: left out, for {folder} is not there; name the data with DATA="]
    return OVER_DATA[name](progress, folder)


if __name__ == "__main__":
    sys.exit(main())

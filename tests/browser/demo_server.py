"""Run as a program: `vitrine demo` with a quick set-up: a part of the data, and the ranker that is in the repository.

Real goods bought by real households, but a quarter of these and only what sold at least forty times, because cards and
neighbours of all take minutes.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from vitrine.cli import demo_run, main
from vitrine.cli.demo_journal import Step
from vitrine.cli.demo_setup import Setup
from vitrine.ports import Progress
from vitrine.refresh.journey_import import VIEWS
from vitrine.refresh.lake_files import ITEMS, PURCHASES, VISITORS

KEPT: Final = (
    f"create temp table kept as select item from '{{lake}}/{PURCHASES}' group by item having count(*) >= 40",
    f"create temp table chosen as select visitor from '{{lake}}/{PURCHASES}' group by visitor "
    "having substr(visitor, 2)::int % 4 = 0 or visitor in ('h1', 'h2', 'h718')",
)
ROWS: Final = {
    ITEMS: "item in (from kept)",
    PURCHASES: "item in (from kept) and visitor in (from chosen)",
    VIEWS: "item in (from kept) and visitor in (from chosen)",
    VISITORS: "visitor in (from chosen)",
    "offers/redemptions.parquet": "visitor in (from chosen)",
    "offers/targets.parquet": "visitor in (from chosen)",
}


class QuickSetup(Setup):
    """The set-up of the demo but for its longest step, over a part of the data."""

    @property
    def steps(self) -> Sequence[Step]:
        """All steps that leave something to look at in a shop."""
        return [step for step in super().steps if step.name != "model"]

    def import_data(self, progress: Progress) -> None:
        """As the demo does, and leave out most of it."""
        super().import_data(progress)
        with duckdb.connect() as engine:
            for statement in KEPT:
                engine.execute(statement.format(lake=self.lake))
            for name, condition in ROWS.items():
                keep_rows(engine, self.lake / name, condition)


def keep_rows(engine: duckdb.DuckDBPyConnection, file: Path, condition: str) -> None:
    """Leave only those rows in a Parquet file."""
    part = file.with_suffix(".part")
    engine.execute(f"copy (from '{file}' where {condition}) to '{part}' (format parquet, compression zstd)")
    part.replace(file)


if __name__ == "__main__":
    vars(demo_run)["Setup"] = QuickSetup
    sys.exit(main(["demo", *sys.argv[1:]]))

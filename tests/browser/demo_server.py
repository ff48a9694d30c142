"""Run as a program: `vitrine demo` with a quick set-up: a part of the data, and the ranker that is in the repository.

Real goods bought by real households, but a quarter of these and only what sold at least forty times, because cards and
neighbours of all take minutes. And nothing is left to the luck of an id: nobody is held out of campaigns, and no page
view takes the ladder's last rung as an exercise.
"""

import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.cli import demo_run, main
from vitrine.cli.build_plan import BUNDLED
from vitrine.cli.demo_bundle import make_bundle
from vitrine.cli.demo_journal import Step
from vitrine.cli.demo_setup import Setup
from vitrine.local.stack import LocalStack
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
HELD_OUT: Final = re.compile(r"^ *(holdout|control): .*\n", re.MULTILINE)
RARELY: Final = {"VITRINE_EXERCISE_PER_MILLION": "1"}


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


class CertainStack(LocalStack):
    """The stack of the demo, in which no answer hangs on the luck of an id."""

    def __init__(self, template: Path, state: Path, *, environment: Mapping[str, str], **others: Any) -> None:
        super().__init__(template, state, environment={**environment, **RARELY}, **others)


def bundle_for_all(state: Path, folder: Path) -> Path:
    """The demo's bundle with a copy of the store's files that withholds campaigns from nobody.

    Raises:
        InvalidStore: a store file is wrong.
    """
    everybodys = state.resolve() / "everybodys"
    shutil.rmtree(everybodys, ignore_errors=True)
    shutil.copytree(folder / "store", everybodys / "store")
    for name in BUNDLED:
        if name != "store":
            (everybodys / name).symlink_to(folder / name)
    for file in everybodys.rglob("*.yaml"):
        file.write_text(HELD_OUT.sub("", file.read_text("utf-8")), "utf-8")
    return make_bundle(state, everybodys)


if __name__ == "__main__":
    vars(demo_run).update(Setup=QuickSetup, LocalStack=CertainStack, make_bundle=bundle_for_all)
    sys.exit(main(["demo", *sys.argv[1:]]))

"""Both engines side by side: a file runs on both over the same tables, and rows are compared."""

import math
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from tests.spark.world import build_world, needs, parameters
from vitrine.refresh.engine import Engine
from vitrine.refresh.spark_engine import SparkEngine, local_session
from vitrine.refresh.sql_engine import Columns, Limits, query

QUICK = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",  # a small table is read sooner than code for it is compiled
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
}
SMALL = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # half the start of a short life
    "spark.shuffle.compress": "false",
}
DIGITS = 6  # of a floating point number that have to agree

Rows = list[tuple[Any, ...]]


@dataclass(slots=True)
class Rig:
    """The engines, and which tables Spark has a copy of."""

    duck: Engine
    spark: SparkEngine
    session: SparkSession
    copied: set[str] = field(default_factory=set)

    def copy(self, table: str) -> None:
        """Give Spark DuckDB's table, once."""
        if table not in self.copied:
            arrow = self.duck._connection.table(table).to_arrow_table()
            self.session.createDataFrame(arrow).createOrReplaceTempView(table)
            self.copied.add(table)

    def run(self, name: str, branch: str = "", sabotage: tuple[str, str] = ("", "")) -> tuple[Rows, Rows]:
        """Rows of a file on DuckDB and on Spark; Spark runs a text in which something was replaced, if asked to."""
        for table in needs(name):
            self.copy(table)
        sql, values = query(name), parameters(name, branch)
        assert sabotage[0] in sql
        return self.duck.execute(sql, values), self.spark.execute(sql.replace(*sabotage), values)

    def columns(self, name: str) -> tuple[Columns, Columns]:
        """Columns of a file on both."""
        for table in needs(name):
            self.copy(table)
        values = parameters(name)
        return self.duck.columns(name, **values), self.spark.columns(name, **values)

    def another(self, folder: Path) -> SparkEngine:
        """An engine with tables of its own in the same Spark."""
        session = self.session.newSession()
        make_quick(session)
        return SparkEngine(temp=folder, session=session)

    def close(self) -> None:
        """Stop Spark."""
        self.spark.close()
        self.session.stop()


def make_quick(session: SparkSession) -> None:
    """Settings for tables of a few rows."""
    for name, value in QUICK.items():
        session.conf.set(name, value)


def open_rig(duck: Engine, folder: Path) -> Rig:
    """Both engines, the world on DuckDB."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    session = local_session(Limits(threads=2, memory_mb=1000), SMALL)
    make_quick(session)
    build_world(duck, folder)
    return Rig(duck, SparkEngine(temp=folder, session=session), session)


def difference(one: Rows, other: Rows) -> str:
    """The first difference of two lists of rows, whatever their order; '' when there is none."""
    if len(one) != len(other):
        return f"{len(one)} rows and {len(other)} rows"
    for left, right in zip(sorted(one, key=_place), sorted(other, key=_place), strict=True):
        if not is_like(left, right):
            return f"{left} and {right}"
    return ""


def is_like(left: object, right: object) -> bool:
    """Whether two values or rows are the same, numbers up to a millionth."""
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(map(is_like, left, right))
    if isinstance(left, bool) or isinstance(right, bool) or not _is_number(left) or not _is_number(right):
        return bool(left == right)
    return math.isclose(float(left), float(right), rel_tol=10.0**-DIGITS, abs_tol=1e-9)  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    return hasattr(value, "__float__")


def _place(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where a row stands: by what is exact first, then by the numbers, rounded so that noise moves nothing."""
    exact = tuple(str(value) for value in row if not isinstance(value, float))
    rounded = tuple(f"{value:.5g}" for value in row if isinstance(value, float))
    return exact, rounded

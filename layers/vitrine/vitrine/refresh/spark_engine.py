"""Spark over a lake: the same tables and SQL files as on DuckDB, for a store that one machine does not hold.

A materialised table is a folder of Parquet files, because a view would compute everything before it again at each use.
What leaves Spark passes through DuckDB, so that columns have the very types that packing knows from there.

This module needs the extra `spark` (pyspark, pyarrow, sqlglot) and Java 17; `engines.open_engine` imports it on demand.
"""

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self

import duckdb
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import array, lit

from vitrine.errors import InvalidSource
from vitrine.refresh.lake import BotRule, load
from vitrine.refresh.lake_account import LakeAccount
from vitrine.refresh.lake_files import LakeFiles, find_lake_files
from vitrine.refresh.spark_dialect import spark_sql
from vitrine.refresh.sql_engine import Columns, Limits, Value, plain_columns, query, rows_of, used

NAME: Final = "vitrine"
SPARK_FAULTS: Final = (PySparkException, Py4JJavaError)
SHARED: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # an overflow or a wrong cast is an error, as on DuckDB
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
LOCAL: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.log.level": "ERROR",
    "spark.sql.catalogImplementation": "in-memory",
}


def local_session(limits: Limits, settings: Mapping[str, str] | None = None) -> SparkSession:
    """A session in this process's own Java, on loopback only and without the web page; `settings` go before ours."""
    builder = SparkSession.builder.master(f"local[{limits.threads}]").appName(NAME)
    sized = {
        "spark.driver.memory": f"{limits.memory_mb}m",
        "spark.sql.shuffle.partitions": str(limits.threads),
        "spark.default.parallelism": str(limits.threads),
    }
    for name, value in {**SHARED, **LOCAL, **sized, **(settings or {})}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


class SparkEngine:
    """sql_engine.SqlEngine on a Spark session."""

    def __init__(
        self,
        limits: Limits | None = None,
        temp: Path | str | None = None,
        bots: BotRule | None = None,
        session: SparkSession | None = None,
    ) -> None:
        """An engine without tables, on a given session or on one of its own in this process.

        Tables lie in `temp`: a folder, or for a session on several machines an address that all of them reach.
        """
        self._owns_session = session is None
        self._spark = session or local_session(limits or Limits())
        self._account = LakeAccount()
        self._bots = bots or BotRule()
        self._done: set[str] = set()
        self._numbers = count()
        self._folder = TemporaryDirectory(prefix="vitrine-spark-", dir=temp if isinstance(temp, Path) else None)
        own = Path(self._folder.name)
        self._tables = f"{temp}/{own.name}" if isinstance(temp, str) else _address(own)
        for name, value in SHARED.items():
            self._spark.conf.set(name, value)

    @staticmethod
    def session_of_job() -> SparkSession:
        """The session of the job that started this process: who runs the job has said where and how large."""
        return SparkSession.builder.appName(NAME).getOrCreate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def account(self) -> LakeAccount:
        """See SqlEngine."""
        return self._account

    def close(self) -> None:
        """See SqlEngine. A session that was given is left as it is."""
        if self._owns_session:
            self._spark.stop()
        self._folder.cleanup()

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """See SqlEngine."""
        return [tuple(row) for row in self._select(sql, parameters or {}).collect()]

    def put(self, table: str, columns: Mapping[str, Sequence[object]]) -> None:
        """See SqlEngine."""
        bound = {name: values for name, values in columns.items() if len(values)}
        with duckdb.connect() as typed:
            found = typed.sql(rows_of(columns), params=bound).to_arrow_table()
        self._spark.createDataFrame(found).createOrReplaceTempView(table)

    def materialise(self, name: str, **parameters: Value) -> None:
        """See SqlEngine."""
        sql = query(name)
        frame = self._select(sql, used(sql, parameters))
        path = f"{self._tables}/{name}-{next(self._numbers)}"
        frame.write.parquet(path)
        self._spark.read.schema(frame.schema).parquet(path).createOrReplaceTempView(name)

    def materialise_once(self, name: str) -> None:
        """See SqlEngine."""
        if name not in self._done:
            self.materialise(name)
            self._done.add(name)

    def view(self, name: str, sql: str, parameters: Mapping[str, Value] | None = None) -> None:
        """See SqlEngine."""
        self._select(sql, used(sql, parameters or {})).createOrReplaceTempView(name)

    def columns(self, name: str, **parameters: Value) -> Columns:
        """See SqlEngine."""
        sql = query(name)
        found = self._select(sql, used(sql, parameters)).toArrow()
        with duckdb.connect() as typed:
            return plain_columns(name, typed.from_arrow(found).fetchnumpy())

    def fields(self, table: str) -> Sequence[str]:
        """See SqlEngine."""
        return self._spark.table(table).columns

    def count(self, table: str) -> int:
        """See SqlEngine."""
        return self._spark.table(table).count()

    def write_parquet(self, table: str, order: str, path: Path) -> int:
        """See SqlEngine. The table passes through this process's memory."""
        path.parent.mkdir(parents=True, exist_ok=True)
        found = self._select(f"select * from {table} order by {order}", {}).toArrow()  # noqa: S608 names of ours
        with duckdb.connect() as typed:
            typed.from_arrow(found).write_parquet(str(path), compression="zstd")
        return int(found.num_rows)

    def view_parquet(self, name: str, *paths: Path | str) -> None:
        """See SqlEngine."""
        missing = [path for path in paths if isinstance(path, Path) and not path.is_file()]
        if missing:
            raise InvalidSource(f"{missing[0]} is missing; import a data set first")
        places = [_address(path) for path in paths]
        try:
            self._spark.read.parquet(*places).createOrReplaceTempView(name)
        except SPARK_FAULTS as error:
            raise InvalidSource(f"{paths[0]} is not a Parquet file: {error}") from error

    def load_lake(self, lake: Path, now_ms: int | None = None) -> LakeAccount:
        """See SqlEngine."""
        lines = Path(self._folder.name) / f"lines-{next(self._numbers)}"
        lines.mkdir()
        return self.load_files(find_lake_files(lake, lines), now_ms)

    def load_files(self, files: LakeFiles, now_ms: int | None = None) -> LakeAccount:
        """The same of a lake anywhere; see `lake_files.name_lake_files`."""
        self._done.clear()
        try:
            self._account = load(self, files, now_ms, self._bots)
        except SPARK_FAULTS as error:
            raise InvalidSource(f"a file of the lake is damaged: {error}") from error
        return self._account

    def _select(self, sql: str, parameters: Mapping[str, object]) -> DataFrame:
        values = {name: _bound(value) for name, value in parameters.items()}
        return self._spark.sql(spark_sql(sql), args=values)


def _address(path: Path | str) -> str:
    """Where Spark finds a file. It takes the characters of a local path as they are, so nothing is escaped."""
    return f"file://{path.resolve()}" if isinstance(path, Path) else path


def _bound(value: object) -> object:
    """A value as Spark binds it."""
    return array(*(lit(one) for one in value)) if isinstance(value, list | tuple) else value

"""DuckDB over a lake folder: the events, items and visitors as tables, and the SQL files by name.

Every precomputation is one SELECT in `sql/<name>.sql`, written in plain standard SQL so that the same files run on
Spark, too; what only this engine can do (reading files, binding parameters) stays in this module.
"""

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Final, Self

import duckdb

from vitrine.errors import InvalidSource
from vitrine.refresh.lake import BotRule, load
from vitrine.refresh.lake_account import LakeAccount
from vitrine.refresh.lake_files import ITEMS as ITEMS
from vitrine.refresh.lake_files import PURCHASES as PURCHASES
from vitrine.refresh.lake_files import VISITORS as VISITORS
from vitrine.refresh.lake_files import find_lake_files
from vitrine.refresh.sql_engine import Columns as Columns
from vitrine.refresh.sql_engine import Limits as Limits
from vitrine.refresh.sql_engine import Value as Value
from vitrine.refresh.sql_engine import plain_columns, query, rows_of, used
from vitrine.types import DAY_MS

WEEK_MS: Final = 7 * DAY_MS
WEEK_PHASE_MS: Final = 4 * DAY_MS + 4 * 3600 * 1000  # Monday 04:00 UTC; the epoch was a Thursday

DATABASE: Final = "work.duckdb"


def week_start_ms(first_event_ms: int, week: int) -> int:
    """First instant of a week of the data, counted from 1; weeks begin on Monday 04:00 UTC.

    That is midnight at the stores of The Complete Journey in summer, so this agrees with the data's own `week` column
    but for the purchases between 23:00 and 24:00 on winter Sundays: 604 of 1,469,307 rows. Weeks survive a move of
    the data by whole weeks.
    """
    first = (first_event_ms - WEEK_PHASE_MS) // WEEK_MS * WEEK_MS + WEEK_PHASE_MS
    return first + (week - 1) * WEEK_MS


class Engine:
    """sql_engine.SqlEngine on one DuckDB connection."""

    def __init__(self, limits: Limits | None = None, temp: Path | None = None, bots: BotRule | None = None) -> None:
        """An engine without tables. They lie in a file below `temp`, if given, and what does not fit spills there.

        Tables in memory would stay there, however little of it is left.
        """
        limits = limits or Limits()
        self._account = LakeAccount()
        self._bots = bots or BotRule()
        self._done: set[str] = set()
        self._lines: TemporaryDirectory[str] | None = None
        self._home = TemporaryDirectory(prefix="duckdb-", dir=temp) if temp else None
        self._connection = duckdb.connect(
            str(Path(self._home.name) / DATABASE) if self._home else ":memory:",
            config={
                "threads": limits.threads,
                "memory_limit": f"{limits.memory_mb}MB",
                "preserve_insertion_order": "false",
            },
        )
        self._connection.execute("set enable_progress_bar = false")
        self._connection.execute("set temp_directory = ?", [str(temp) if temp else ""])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def account(self) -> LakeAccount:
        """See SqlEngine."""
        return self._account

    def close(self) -> None:
        """See SqlEngine."""
        self._connection.close()
        if self._home:
            self._home.cleanup()
        self._drop_lines()

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """See SqlEngine; this one takes any statement."""
        return self._connection.execute(sql, dict(parameters or {})).fetchall()

    def put(self, table: str, columns: Mapping[str, Sequence[object]]) -> None:
        """See SqlEngine."""
        bound = {name: values for name, values in columns.items() if len(values)}
        self.execute(f"create or replace table {table} as {rows_of(columns)}", bound)

    def materialise(self, name: str, **parameters: Value) -> None:
        """See SqlEngine."""
        sql = query(name)
        self.execute(f"create or replace table {name} as {sql}", used(sql, parameters))

    def materialise_once(self, name: str) -> None:
        """See SqlEngine."""
        if name not in self._done:
            self.materialise(name)
            self._done.add(name)

    def view(self, name: str, sql: str, parameters: Mapping[str, Value] | None = None) -> None:
        """See SqlEngine. DuckDB's views take no parameters, so their values are written into the text."""
        values = used(sql, parameters or {})
        text = re.sub(r"\$(\w+)", lambda found: _literal(values[found[1]]), sql)
        self.execute(f"create or replace view {name} as {text}")

    def columns(self, name: str, **parameters: Value) -> Columns:
        """See SqlEngine."""
        sql = query(name)
        return plain_columns(name, self._connection.execute(sql, used(sql, parameters)).fetchnumpy())

    def fields(self, table: str) -> Sequence[str]:
        """See SqlEngine."""
        return list(self._connection.table(table).columns)

    def count(self, table: str) -> int:
        """See SqlEngine."""
        [[n]] = self._connection.table(table).aggregate("count(*)").fetchall()
        return int(n)

    def write_parquet(self, table: str, order: str, path: Path) -> int:
        """See SqlEngine."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection.table(table).order(order).write_parquet(str(path), compression="zstd")
        return self.count(table)

    def view_parquet(self, name: str, *paths: Path | str) -> None:
        """See SqlEngine."""
        missing = [path for path in paths if isinstance(path, Path) and not path.is_file()]
        if missing:
            raise InvalidSource(f"{missing[0]} is missing; import a data set first")
        try:
            found = self._connection.read_parquet([str(path) for path in paths], hive_partitioning=False)
            found.create_view(name, replace=True)
        except duckdb.Error as error:
            raise InvalidSource(f"{paths[0]} is not a Parquet file: {error}") from error

    def load_lake(self, lake: Path, now_ms: int | None = None) -> LakeAccount:
        """See SqlEngine."""
        self._done.clear()
        self._drop_lines()
        self._lines = TemporaryDirectory(prefix="vitrine-lines-")
        files = find_lake_files(lake, Path(self._lines.name))
        try:
            self._account = load(self, files, now_ms, self._bots)
        except duckdb.Error as error:
            raise InvalidSource(f"a file of the lake is damaged: {error}") from error
        return self._account

    def _drop_lines(self) -> None:
        """Remove the file of lines that waited, which a view of the lake loaded last reads."""
        if self._lines is not None:
            self._lines.cleanup()
            self._lines = None


def _literal(value: Value) -> str:
    """A value as SQL text."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if not math.isfinite(value):
        raise ValueError(f"{value} has no literal")
    return str(value).lower()

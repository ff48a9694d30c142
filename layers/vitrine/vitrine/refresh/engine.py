"""DuckDB over a lake folder: the events, items and visitors as tables, and the SQL files by name.

Every precomputation is one SELECT in `sql/<name>.sql`, written in plain standard SQL so that the same files can be
translated for another engine; what only this engine can do (reading files, casting JSON) stays in this module.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, get_args

import duckdb
import numpy as np
from numpy.typing import NDArray

from vitrine.errors import InvalidSource
from vitrine.types import DAY_MS, EventKind

WEEK_MS: Final = 7 * DAY_MS
WEEK_PHASE_MS: Final = 4 * DAY_MS + 4 * 3600 * 1000  # Monday 04:00 UTC; the epoch was a Thursday

ITEMS: Final = "catalog/items.parquet"
PURCHASES: Final = "events/import/purchases.parquet"
VISITORS: Final = "visitors/visitors.parquet"
RAW_EVENTS: Final = "events/raw"
READ_LINES: Final = (
    "insert into raw_lines select json from "
    "read_json_objects($files, format = 'newline_delimited', ignore_errors = true)"
)

Value = str | int | float | bool
Columns = dict[str, NDArray[Any]]


def week_start_ms(first_event_ms: int, week: int) -> int:
    """First instant of a week of the data, counted from 1; weeks begin on Monday 04:00 UTC.

    That is midnight at the stores of The Complete Journey in summer, so this agrees with the data's own `week` column
    but for the purchases between 23:00 and 24:00 on winter Sundays: 604 of 1,469,307 rows. Weeks survive a move of
    the data by whole weeks.
    """
    first = (first_event_ms - WEEK_PHASE_MS) // WEEK_MS * WEEK_MS + WEEK_PHASE_MS
    return first + (week - 1) * WEEK_MS


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may use of the machine. The defaults leave room for everything else on a laptop."""

    threads: int = 2
    memory_mb: int = 1500


class Engine:
    """One connection; not safe to share between threads. Close it, or use it in a `with`."""

    def __init__(self, limits: "Limits | None" = None, temp: Path | None = None) -> None:
        """An engine without tables. What does not fit into memory spills to `temp`, if given."""
        limits = limits or Limits()
        self.faults: Counter[str] = Counter()
        self._done: set[str] = set()
        self._connection = duckdb.connect(
            config={
                "threads": limits.threads,
                "memory_limit": f"{limits.memory_mb}MB",
                "preserve_insertion_order": "false",
            }
        )
        self._connection.execute("set enable_progress_bar = false")
        self._connection.execute("set temp_directory = ?", [str(temp) if temp else ""])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give all memory back."""
        self._connection.close()

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        return self._connection.execute(sql, dict(parameters or {})).fetchall()

    def put(self, table: str, columns: Mapping[str, Sequence[object]]) -> None:
        """A table from Python values, one sequence per column; types are those of the values."""
        selected = ", ".join(f"unnest(${name}) as {name}" for name in columns)
        self.execute(f"create or replace table {table} as select {selected}", columns)

    def materialise(self, name: str, **parameters: Value) -> None:
        """Table `name` from `sql/<name>.sql`, replacing an older one."""
        sql = query(name)
        self.execute(f"create or replace table {name} as {sql}", _used(sql, parameters))

    def materialise_once(self, name: str) -> None:
        """Table `name` from `sql/<name>.sql`, unless this engine has made it before."""
        if name not in self._done:
            self.materialise(name)
            self._done.add(name)

    def columns(self, name: str, **parameters: Value) -> Columns:
        """The result of `sql/<name>.sql` in columns; NULL is NaN in columns of floats, and nowhere else allowed."""
        sql = query(name)
        found = self._connection.execute(sql, _used(sql, parameters)).fetchnumpy()
        return {column: _plain(name, column, values) for column, values in found.items()}

    def count(self, table: str) -> int:
        """Number of rows of a table or view."""
        [[n]] = self._connection.table(table).aggregate("count(*)").fetchall()
        return int(n)

    def write_parquet(self, table: str, order: str, path: Path) -> int:
        """Write a table to a Parquet file in the order of the columns named in `order`; the number of rows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection.table(table).order(order).write_parquet(str(path), compression="zstd")
        return self.count(table)

    def view_parquet(self, name: str, path: Path) -> None:
        """View `name` of a Parquet file.

        Raises:
            InvalidSource: there is no such file, or it is not Parquet.
        """
        if not path.is_file():
            raise InvalidSource(f"{path} is missing; import a data set first")
        try:
            self._connection.read_parquet(str(path)).create_view(name, replace=True)
        except duckdb.Error as error:
            raise InvalidSource(f"{path} is not a Parquet file: {error}") from error

    def load_lake(self, lake: Path) -> None:
        """Tables `items`, `visitors` and `events` of a lake folder.

        Events are the imported purchases and the collected JSON lines, each once per visitor, kind and id. Lines that
        are no JSON object, lack a field, or are of an unknown kind are left out and counted in `faults`.

        Raises:
            InvalidSource: the catalogue, the purchases or the visitors are missing or lack a column.
        """
        self.view_parquet("items_file", lake / ITEMS)
        self.view_parquet("visitors_file", lake / VISITORS)
        self.view_parquet("events_import", lake / PURCHASES)
        try:
            self._read_raw(lake / RAW_EVENTS)
            self.execute("create or replace table items as select * from items_file")
            self.execute("create or replace table visitors as select * from visitors_file")
            self.materialise("events")
        except duckdb.BinderException as error:
            raise InvalidSource(f"the lake lacks a column: {error}") from error
        self._done.clear()

    def _read_raw(self, folder: Path) -> None:
        """Table `raw_lines` of the collected lines, a line that is not JSON as null, and what is wrong with them."""
        damaged = self._read_lines([path for path in sorted(folder.rglob("*")) if path.is_file()])
        self.put("event_kinds", {"kind": get_args(EventKind)})
        self.materialise("events_raw")
        self.materialise("events_checked")
        counts = self.execute("select fault, count(*) from events_checked where fault is not null group by fault")
        self.faults = Counter({str(fault): int(n) for fault, n in counts})
        self.faults += Counter({"damaged file": damaged})

    def _read_lines(self, files: Sequence[Path]) -> int:
        """Fill `raw_lines` from all files at once; one by one where one is damaged. How many were left out."""
        self.execute("create or replace table raw_lines (json json)")
        if not files or self._insert_lines(files):
            return 0
        return sum(not self._insert_lines([path]) for path in files)

    def _insert_lines(self, files: Sequence[Path]) -> bool:
        """Whether all of these files could be read; nothing of them is kept otherwise."""
        try:
            self.execute(READ_LINES, {"files": [str(path) for path in files]})
        except duckdb.Error:
            return False
        return True


def query(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (files("vitrine.refresh") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def _used(sql: str, parameters: Mapping[str, Value]) -> dict[str, Value]:
    return {name: parameters[name] for name in set(re.findall(r"\$(\w+)", sql))}


def _plain(name: str, column: str, values: NDArray[Any]) -> NDArray[Any]:
    """The column without a mask."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if values.mask.any() and values.dtype.kind != "f":
        raise InvalidSource(f"column {column!r} of {name} has missing values")
    return np.asarray(values.filled(np.nan) if values.dtype.kind == "f" else values.data)

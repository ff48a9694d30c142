"""Files of checked events: one schema, written by one hand, so that every engine reads the same.

DuckDB writes them, also where Spark reads the lake: a night's new lines are few, whatever has piled up before.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.errors import InvalidSource
from vitrine.types import DAY_MS

SCHEMA_VERSION: Final = 1
SCHEMA: Final = {
    "id": "varchar",
    "visitor": "varchar",
    "kind": "varchar",
    "at_ms": "bigint",
    "item": "varchar",
    "quantity": "integer",
    "price": "integer",
    "session": "varchar",
    "region": "varchar",
    "query": "varchar",
    "decision": "varchar",
    "placement": "varchar",
    "slot": "integer",
    "answers": "varchar",
}
"""Columns of version 1. A change of any of them is a new version, and this code reads none but its own."""

VERSIONED: Final = re.compile(r"-v(\d+)\.parquet$")
LONGEST_LINE: Final = 16 << 20  # of JSON; Firehose takes records of 1 MB
ONE_OF_EACH: Final = (
    " qualify row_number() over (partition by visitor, kind, id "
    "order by at_ms, item nulls first, quantity nulls first, price nulls first, session nulls first) = 1"
)
TYPES: Final = ", ".join(f"{name}: {kind!r}" for name, kind in SCHEMA.items())
READ_LINES: Final = (
    "create or replace temp table batch as select * from "  # noqa: S608 the names are ours
    f"read_json($path, format = 'newline_delimited', columns = {{{TYPES}}}, maximum_object_size = {LONGEST_LINE})"
    f"{ONE_OF_EACH}"
)
FIND_DAYS: Final = "select distinct at_ms // $day_ms as day from batch order by day"
TAKE_DAY: Final = "create or replace temp table rows as select * from batch where at_ms // $day_ms = $day"
UNKNOWN: Final = (
    " and not exists (select 1 from read_parquet($known, hive_partitioning = false) as known "
    "where known.visitor = batch.visitor and known.kind = batch.kind and known.id = batch.id)"
)
READ_FILES: Final = (
    f"create or replace temp table rows as select {', '.join(SCHEMA)} from "  # noqa: S608 the names are ours
    f"read_parquet($paths, hive_partitioning = false){ONE_OF_EACH}"
)
IN_ORDER: Final = "select * from rows order by at_ms, visitor, kind, id"


def day_name(day: int) -> str:
    """The ISO date of a day counted from 1970."""
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat()


def file_name(stem: str) -> str:
    """The name of a file of the present schema."""
    return f"{stem}-v{SCHEMA_VERSION}.parquet"


def check_version(name: str) -> None:
    """Say nothing of a file that this code can read.

    Raises:
        InvalidSource: its name is of no version, or of another one.
    """
    version = VERSIONED.search(name)
    if version is None or int(version[1]) != SCHEMA_VERSION:
        raise InvalidSource(f"{name} is not of version {SCHEMA_VERSION} of the events' schema; update Vitrine")


class EventFiles:
    """One DuckDB connection to write and merge files of events. Close it, or use it in a `with`."""

    def __init__(self, threads: int = 1, memory_mb: int = 1000) -> None:
        self._connection = duckdb.connect(config={"threads": threads, "memory_limit": f"{memory_mb}MB"})

    def __enter__(self) -> "EventFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def write_lines(self, lines: Path, target: Path) -> int:
        """A file of the events in a file of JSON lines that `event_lines` has made, each once; their number."""
        self._rows(READ_LINES, path=str(lines))
        self._write("select * from batch", target)
        [[n]] = self._rows("select count(*) from batch")
        return int(n)

    def read(self, lines: Path) -> Sequence[int]:
        """Take such lines in; the days of their events, counted from 1970 and ascending."""
        self._rows(READ_LINES, path=str(lines))
        return [int(day) for (day,) in self._rows(FIND_DAYS, day_ms=DAY_MS)]

    def write_day(self, day: int, known: Sequence[Path], target: Path) -> int:
        """A file of the events of a day that were read and are not in the known files; their number.

        No file is written when there is none.
        """
        if known:
            paths = [str(path) for path in known]
            self._rows(TAKE_DAY + UNKNOWN, day_ms=DAY_MS, day=day, known=paths)
        else:
            self._rows(TAKE_DAY, day_ms=DAY_MS, day=day)
        return self._write_rows(target)

    def merge(self, sources: Sequence[Path], target: Path) -> int:
        """One file of the events of all sources, each once; their number.

        Raises:
            InvalidSource: a source is not Parquet, or lacks a column.
        """
        try:
            self._rows(READ_FILES, paths=[str(path) for path in sources])
        except duckdb.Error as error:
            raise InvalidSource(f"a file of events is damaged: {error}") from error
        return self._write_rows(target)

    def _write_rows(self, target: Path) -> int:
        [[n]] = self._rows("select count(*) from rows")
        if n:
            self._write(IN_ORDER, target)
        return int(n)

    def _write(self, select: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._connection.sql(select).write_parquet(str(target), compression="zstd")

    def _rows(self, sql: str, **parameters: object) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, parameters).fetchall()

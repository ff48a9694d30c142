"""What the precomputations need of a database: named SELECTs over tables, and columns of results.

DuckDB does it in one process (`engine.Engine`), Spark on as many machines as it is given (`spark_engine.SparkEngine`).
Both run the same files of `sql/`; what only one of them can do (reading files, binding parameters) stays in its module.
"""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import InvalidSource
from vitrine.refresh.lake_account import LakeAccount
from vitrine.values import dataclass

NO_TEXTS: Final = "cast([] as varchar[])"  # an empty list by itself is one of integers

EngineKind = Literal["duckdb", "spark"]
Value: TypeAlias = str | int | float | bool
Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the engine may use of the machine. The defaults leave room for everything else on a laptop."""

    threads: int = 2
    memory_mb: int = 1500


class SqlEngine(Protocol):
    """Tables by name, and the SQL files over them. Not safe to share between threads. Close it, or use it in a `with`.

    SQL is DuckDB's dialect as far as it is standard, with parameters as $name; a parameter that the text does not name
    is ignored by the methods that take a file's name.
    """

    @property
    def account(self) -> LakeAccount:
        """What the lake that was loaded last holds; of an empty lake before that."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    def close(self) -> None:
        """Give memory and temporary files back."""
        ...

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """All rows of one SELECT."""
        ...

    def put(self, table: str, columns: Mapping[str, Sequence[object]]) -> None:
        """A table from Python values, one sequence per column; types are those of the values, text without any."""
        ...

    def materialise(self, name: str, **parameters: Value) -> None:
        """Table `name` from `sql/<name>.sql`, replacing an older one."""
        ...

    def materialise_once(self, name: str) -> None:
        """Table `name` from `sql/<name>.sql`, unless this engine has made it since the lake was loaded."""
        ...

    def view(self, name: str, sql: str, parameters: Mapping[str, Value] | None = None) -> None:
        """View `name` of a SELECT: for what is read once or twice and too large to copy."""
        ...

    def columns(self, name: str, **parameters: Value) -> Columns:
        """The result of `sql/<name>.sql` in columns; NULL is NaN in columns of floats, and nowhere else allowed."""
        ...

    def fields(self, table: str) -> Sequence[str]:
        """Names of the columns of a table or view."""
        ...

    def count(self, table: str) -> int:
        """Number of rows of a table or view."""
        ...

    def write_parquet(self, table: str, order: str, path: Path) -> int:
        """Write a table to a Parquet file in the order of the columns named in `order`; the number of rows."""
        ...

    def view_parquet(self, name: str, *paths: Path | str) -> None:
        """View `name` of Parquet files of the same columns.

        Raises:
            InvalidSource: a file is not there, or is not Parquet.
        """
        ...

    def load_lake(self, lake: Path, now_ms: int | None = None) -> LakeAccount:
        """Tables `items`, `visitors` and `events` of a lake folder; see `lake.load`.

        Raises:
            InvalidSource: there is no catalogue, or a file is damaged or lacks a column.
        """
        ...


def query(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return (files("vitrine.refresh") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def used(sql: str, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """The parameters that the text names; KeyError for one that it lacks."""
    text = re.sub(r"--.*", "", sql)
    return {name: parameters[name] for name in sorted(set(re.findall(r"\$(\w+)", text)))}


def rows_of(columns: Mapping[str, Sequence[object]]) -> str:
    """DuckDB's SELECT of values that are bound as one list per column."""
    parts = (f"unnest({f'${name}' if len(values) else NO_TEXTS}) as {name}" for name, values in columns.items())
    return f"select {', '.join(parts)}"


def plain_columns(name: str, found: Mapping[str, NDArray[Any]]) -> Columns:
    """Columns without masks.

    Raises:
        InvalidSource: a column other than of floats has missing values.
    """
    return {column: _plain(name, column, values) for column, values in found.items()}


def _plain(name: str, column: str, values: NDArray[Any]) -> NDArray[Any]:
    if not isinstance(values, np.ma.MaskedArray):
        return values
    if values.mask.any() and values.dtype.kind != "f":
        raise InvalidSource(f"column {column!r} of {name} has missing values")
    return np.asarray(values.filled(np.nan) if values.dtype.kind == "f" else values.data)

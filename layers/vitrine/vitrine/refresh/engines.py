"""Which engine computes: DuckDB in this process, or Spark for what one machine does not hold."""

from pathlib import Path
from typing import TYPE_CHECKING

from vitrine.errors import DependencyFailed
from vitrine.refresh.engine import Engine
from vitrine.refresh.sql_engine import EngineKind, Limits, SqlEngine

if TYPE_CHECKING:
    from vitrine.refresh.spark_engine import SparkEngine


def open_engine(kind: EngineKind, limits: Limits | None = None, temp: Path | None = None) -> SqlEngine:
    """An engine without tables, in this process; close it, or use it in a `with`.

    Raises:
        DependencyFailed: Spark is asked for and not installed.
    """
    return Engine(limits, temp) if kind == "duckdb" else _spark()(limits, temp)


def open_cluster(tables: str) -> "SparkEngine":
    """Spark on the machines of the job that this process belongs to, its tables under an address that all reach.

    Raises:
        DependencyFailed: Spark is not installed.
    """
    engine = _spark()
    return engine(temp=tables, session=engine.session_of_job())


def _spark() -> "type[SparkEngine]":
    """Imported when asked for, because no Lambda function carries the extra."""
    try:
        from vitrine.refresh.spark_engine import SparkEngine
    except ModuleNotFoundError as error:
        raise DependencyFailed("spark", f"{error.name} is not installed; run: pip install 'vitrine[spark]'") from error
    return SparkEngine

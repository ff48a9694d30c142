"""When visitors need their refillable goods again, as a file for messages and forecasts to read."""

from pathlib import Path
from typing import Final

from vitrine.refresh.sql_engine import SqlEngine

DUE: Final = "lists/due.parquet"
"""Where it lies in a lake: visitor, item, due_ms, every_days and score, by visitor and instant."""


def write_due(engine: SqlEngine, path: Path) -> int:
    """Write it from the tables that `build_lists` has left in the engine; the number of rows."""
    engine.materialise("due")
    return engine.write_parquet("due", "visitor, due_ms, item", path)

"""The SQL files in Spark's words: parsed as DuckDB's dialect, written as Spark's by sqlglot.

sqlglot knows most of what differs: where NULL sorts, names of functions and types, how a parameter is written. Three
things it leaves to us. A number with a point is a DECIMAL to both, but DuckDB divides decimals as doubles while Spark
keeps six digits: here it is a double. A quoted name of a column is a word of its own. And what Spark cannot say is an
error, not something else that runs.
"""

from functools import lru_cache
from typing import Final

import sqlglot
from sqlglot import ErrorLevel, exp

MOST_TEXTS: Final = 500  # files and small selects


@lru_cache(MOST_TEXTS)
def spark_sql(text: str) -> str:
    """One SELECT for Spark; parameters stay parameters, $name becomes :name.

    Raises:
        sqlglot.errors.SqlglotError: the text is no SQL, or Spark cannot do this.
    """
    tree = sqlglot.parse_one(text, read="duckdb")
    return tree.transform(_double).sql(dialect="spark", unsupported_level=ErrorLevel.RAISE, comments=False)


def _double(node: exp.Expression) -> exp.Expression:
    """A literal number with a point as a double."""
    if isinstance(node, exp.Literal) and not node.is_string and not node.this.isdecimal():
        return exp.cast(node.copy(), exp.DataType.Type.DOUBLE, copy=False)
    return node

"""What a refresh predicts of a visitor, as it rides in the row of their own lists, and the segments that it names.

What is predicted is a habit of weeks; what the session at hand tells, campaigns ask beside it (visit.intent, cart.*).
"""

from collections.abc import Mapping
from typing import Final

import orjson

from vitrine.types import Absent, Row

SEGMENTS: Final = (
    "new",
    "champions",
    "loyal",
    "at_risk",
    "promising",
    "lost",
    "hibernating",
    "regular",
    "prospect",
)
"""By recency, frequency and money (refresh/segments.py); `prospect` has never bought."""

Predicted = Mapping[str, float | str]
"""Values by attribute name; what is not predicted is not there."""


def read_predicted(row: Row | Absent) -> Predicted:
    """The numbers and texts in the `predicted` attribute (JSON) of the visitor's lists; none where there is none."""
    said = None if isinstance(row, Absent) else row.get("predicted")
    try:
        plain = orjson.loads(said) if isinstance(said, str) else None
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(plain, dict):
        return {}
    return {name: _value(value) for name, value in plain.items() if type(value) in (int, float, str)}


def _value(value: float | str) -> float | str:
    return value if isinstance(value, str) else float(value)

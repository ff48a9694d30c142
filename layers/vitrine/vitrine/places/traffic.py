"""The note that visitors of a cell were served lately: only such cells are asked about at the weather service."""

from datetime import datetime
from typing import Final, NamedTuple

from vitrine import keys
from vitrine.types import DAY_MS, Absent, Key, Row

TRAFFIC_MS: Final = DAY_MS
"""A cell without a visitor for so long is quiet."""
RENEW_MS: Final = TRAFFIC_MS // 4
"""A note older than this is renewed: a busy cell costs four writes a day."""
KEPT_S: Final = 7 * 86_400


class Mark(NamedTuple):
    """Arguments of Table.replace: the key, the new row, and the revision that it takes the place of."""

    key: Key
    row: Row
    expected_rev: int | None


def mark_traffic(cell: str, row: Row | Absent, now: datetime) -> Mark | None:
    """What to write because a visitor of the cell is served, given the row under keys.weather_traffic.

    None when the note is fresh or could not be read. Losing the race for the write is no loss.
    """
    if row is Absent.NOT_READ or is_busy(row, now, RENEW_MS):
        return None
    rev = None if isinstance(row, Absent) else row.get("rev")
    now_ms = int(now.timestamp() * 1000)
    known = rev if isinstance(rev, int) else None
    noted: Row = {"at_ms": now_ms, "ttl": now_ms // 1000 + KEPT_S, "rev": (known or 0) + 1}
    return Mark(keys.weather_traffic(cell), noted, known)


def is_busy(row: Row | Absent, now: datetime, within_ms: int = TRAFFIC_MS) -> bool:
    """Whether visitors of the cell were served within the last so many milliseconds."""
    at_ms = None if isinstance(row, Absent) else row.get("at_ms")
    return isinstance(at_ms, int) and int(now.timestamp() * 1000) - at_ms < within_ms

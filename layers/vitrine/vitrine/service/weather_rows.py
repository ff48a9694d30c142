"""Rows of the present weather, held in memory for some seconds: they are written twice an hour, or by an operator who
wants to see what comes of it. How old the observation itself is, every page view looks at.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from vitrine.decisions.ladder import WEATHER
from vitrine.types import Absent, Key, Row, Rows

TTL: Final = timedelta(seconds=20)
MAX_HELD: Final = 2_000
"""Rows of about 1 KB in memory. A store of one continent has some thousand cells; those held longest go first."""


class WeatherRows:
    """Rows by key; cells without weather are held, too, unread ones never. One request at a time."""

    def __init__(self, ttl: timedelta = TTL, size: int = MAX_HELD) -> None:
        self._ttl_s = ttl.total_seconds()
        self._size = size
        self._held: dict[Key, tuple[float, Row | Absent]] = {}

    def find(self, wanted: Iterable[Key], now: datetime) -> dict[Key, Row | Absent]:
        """Those of the keys that are held and fresh. A clock that was set back ends them, too."""
        now_s, held = now.timestamp(), self._held
        return {key: held[key][1] for key in wanted if key in held and 0 <= now_s - held[key][0] < self._ttl_s}

    def keep(self, rows: Rows, now: datetime) -> None:
        """Hold the rows of weather among these, which were just read."""
        for key, row in rows.items():
            if key.pk.startswith(WEATHER) and row is not Absent.NOT_READ:
                self._held.pop(key, None)  # so that it goes to the end
                self._held[key] = (now.timestamp(), row)
        while len(self._held) > self._size:
            del self._held[next(iter(self._held))]

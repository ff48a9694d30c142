"""Notes that visitors of a weather cell are being served, so that only weather somebody needs is fetched."""

import logging
from datetime import datetime, timedelta
from typing import Final

from vitrine import keys
from vitrine.errors import DependencyFailed
from vitrine.places.traffic import mark_traffic
from vitrine.ports import PageTable

LOOK_EVERY: Final = timedelta(hours=1)
TRY_AGAIN: Final = timedelta(minutes=5)
"""After a failure; a table that is down must not see a new attempt with every page view."""

MIN_TIME_S: Final = 0.01
"""With less time left a note waits for the next page view."""

logger = logging.getLogger(__name__)


class TrafficNotes:
    """Renews a cell's note when it is old: looks at most once an hour and environment, before the answer leaves, for
    after it Lambda stops the process."""

    def __init__(self, table: PageTable) -> None:
        self._table = table
        self._looked: dict[str, datetime] = {}

    def note(self, cell: str | None, now: datetime, left_s: float) -> None:
        """Visitors of this cell are there. It takes as many seconds as are left at most."""
        if cell is None:
            return
        looked = self._looked.get(cell)
        if looked is not None and timedelta(0) <= now - looked < LOOK_EVERY:  # a clock that was set back looks anew
            return
        if left_s < MIN_TIME_S:
            return
        self._looked[cell] = now
        key = keys.weather_traffic(cell)
        try:
            mark = mark_traffic(cell, self._table.read([key], left_s / 2)[key], now)
            if mark is not None:
                self._table.replace(*mark, left_s / 2)
        except DependencyFailed as error:
            self._looked[cell] = now - LOOK_EVERY + TRY_AGAIN
            logger.warning("the traffic of a weather cell was not noted: %s", error)

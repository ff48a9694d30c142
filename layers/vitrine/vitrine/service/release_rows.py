"""Rows of a release held in memory: shelves, related lists, session rows. Within a release they never change.

A few goods make most page views, so most of what a page reads of them has been read before: what is held costs neither
a read unit nor time. A visitor's own rows are not held: their next page view mostly meets another environment.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from vitrine.types import Absent, Key, ReleaseId, Row, Rows

ROW_BYTES: Final = 500
"""What Python needs beside the bytes of a row: key, dictionary, entry (measured by tracemalloc on CPython 3.11)."""

SETTLED_S: Final = 60.0
"""For so long after a flip a row that seems missing may only not have arrived: reads are eventually consistent."""

SHARED: Final = ("L#", "I#")
"""How partition keys begin of rows that are the same for all visitors."""

OF_A_RELEASE: Final = ("R#", "S#")
"""How their sort keys begin. A card is of no release."""


class ReleaseRows:
    """Rows by key, those asked for longest ago given up first. Knows rows that do not exist, too, never unread ones.

    One request at a time. 24 MB hold about 7,000 rows of items.
    """

    def __init__(self, max_bytes: int, seconds: Callable[[], float] = time.monotonic) -> None:
        self._held: OrderedDict[Key, Row | Absent] = OrderedDict()
        self._lists: ReleaseId | None = None
        self._max_bytes = max_bytes
        self._seconds = seconds
        self._since_s = 0.0
        self.n_bytes = 0

    def find(self, wanted: Sequence[Key]) -> dict[Key, Row | Absent]:
        """Those of the keys that are held."""
        found = {}
        for key in wanted:
            row = self._held.get(key)
            if row is not None:
                found[key] = row
                self._held.move_to_end(key)
        return found

    def keep(self, rows: Rows, lists: ReleaseId) -> None:
        """Hold the shared rows among these; those of other lists are forgotten."""
        if lists != self._lists:
            self._held.clear()
            self.n_bytes, self._lists, self._since_s = 0, lists, self._seconds()
        for key, row in rows.items():
            if self._is_sure(row) and key not in self._held and is_shared(key):
                self._held[key] = row
                self.n_bytes += size_of(row)
        while self.n_bytes > self._max_bytes:
            self.n_bytes -= size_of(self._held.popitem(last=False)[1])

    def _is_sure(self, row: Row | Absent) -> bool:
        if row is Absent.MISSING:
            return self._seconds() - self._since_s > SETTLED_S
        return row is not Absent.NOT_READ


def is_shared(key: Key) -> bool:
    """Whether all visitors find the same under this key for as long as its release lives."""
    return key.pk.startswith(SHARED) and key.sk.startswith(OF_A_RELEASE)


def size_of(row: Row | Absent) -> int:
    """About how many bytes of memory a row takes."""
    if isinstance(row, Absent):
        return ROW_BYTES
    return ROW_BYTES + sum([len(value) for value in row.values() if isinstance(value, (bytes, str))])

"""Shelves held in memory: all visitors of a region see the same ones, and within a release they never change."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from vitrine.types import Absent, Key, ReleaseId, Row, Rows

MAX_HELD: Final = 500
"""Rows of about 10 KB; those asked for longest ago go first."""

SHELF: Final = "L#"


class ShelfCache:
    """Rows of shelves by key. Knows shelves that do not exist, too, never unread ones. One request at a time."""

    def __init__(self) -> None:
        self._held: OrderedDict[Key, Row | Absent] = OrderedDict()
        self._lists: ReleaseId | None = None

    def find(self, wanted: Sequence[Key]) -> dict[Key, Row | Absent]:
        """Those of the keys that are held."""
        found = {}
        for key in wanted:
            if key in self._held:
                found[key] = self._held[key]
                self._held.move_to_end(key)
        return found

    def keep(self, rows: Rows, lists: ReleaseId) -> None:
        """Hold the shelves among the rows; those of other lists are forgotten."""
        if lists != self._lists:
            self._held.clear()
            self._lists = lists
        for key, row in rows.items():
            if key.pk.startswith(SHELF) and row is not Absent.NOT_READ:
                self._held[key] = row
        while len(self._held) > MAX_HELD:
            self._held.popitem(last=False)

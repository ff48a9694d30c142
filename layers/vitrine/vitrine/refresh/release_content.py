"""All table rows of a release: the lists, with what is predicted of their visitors, and the session rows."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import TypeAlias

import numpy as np

from vitrine import keys
from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, ItemTable, pack
from vitrine.refresh.lists import ReleaseLists
from vitrine.types import ItemId, Key, ReleaseId, Row, VisitorId
from vitrine.values import dataclass, field

Filled: TypeAlias = dict[str, str | int | bytes | bool]
"""A row while it is filled."""


@dataclass(frozen=True, slots=True)
class ReleaseContent:
    """What `publish` writes. `sessions` are packed session rows by item, None for a store without use for them.

    `predicted` holds what is known of visitors beside their lists, as JSON; one without purchases has a row for that
    alone.
    """

    lists: ReleaseLists
    predicted: Mapping[VisitorId, str] = field(default_factory=dict, repr=False)
    sessions: Mapping[ItemId, bytes] | None = field(default=None, repr=False)

    @property
    def as_of_ms(self) -> int:
        """See release_rows.ReleaseRows."""
        return self.lists.as_of_ms

    @property
    def row_count(self) -> int:
        """See release_rows.ReleaseRows."""
        return self.lists.row_count + len(self._prospects()) + len(self.sessions or {})

    def counts(self) -> Mapping[str, int]:
        """How many items, shelves and visitors have lists; and items session rows, if there is use for them."""
        sessions = {} if self.sessions is None else {"items with sessions": len(self.sessions)}
        return {**self.lists.counts(), **sessions}

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """See release_rows.ReleaseRows."""
        own = {keys.personal(visitor, release): text for visitor, text in self.predicted.items()}
        listed = ((key, row | _predicted(own.get(key))) for key, row in self._plain(release))
        nothing: Filled = {"table": _empty_table()}
        prospects = (
            (keys.personal(one, release), nothing | _predicted(self.predicted[one])) for one in self._prospects()
        )
        told = (self.sessions or {}).items()
        sessions = ((keys.session_row(item, release), {"table": table}) for item, table in told)
        return chain(listed, prospects, sessions)

    def _plain(self, release: ReleaseId) -> Iterator[tuple[Key, Filled]]:
        return ((key, dict(row)) for key, row in self.lists.rows(release))

    def _prospects(self) -> list[VisitorId]:
        """Visitors of whom something is predicted, and who have no lists of their own."""
        listed = set(self.lists.visitors())
        return [visitor for visitor in self.predicted if visitor not in listed]


def _empty_table() -> bytes:
    columns = {name: np.empty(0, dtype) for name, dtype in ITEM_COLUMNS.items()}
    scores = {name: np.empty(0, np.float16) for name in PERSONAL_COLUMNS}
    return pack(ItemTable([], columns | scores))


def _predicted(text: str | None) -> Filled:
    return {} if text is None else {"predicted": text}

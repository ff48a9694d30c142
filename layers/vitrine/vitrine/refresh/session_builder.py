"""Session rows from past visits: which neighbours a row names, and what it says of each.

First come the neighbours that visits really went to or came from, then, in reserved places, its kin: one item in five
is viewed next without ever having stood in one visit with an item before it. A row takes as many as its 4,096 bytes
hold.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import code
from vitrine.catalog.session_rows import (
    COLUMNS,
    ITEM_COLUMNS,
    MAX_ROW_BYTES,
    OVERHEAD_BYTES,
    Codes,
    SessionRow,
    encode,
    entry_bytes,
)
from vitrine.ports import Progress
from vitrine.refresh.session_kin import Kin, find_kin
from vitrine.refresh.session_pairs import (
    AFTER,
    AFTER_DECAYED,
    BEFORE_DECAYED,
    N_COUNTS,
    Pairs,
    count_pairs,
    measure_items,
)
from vitrine.refresh.sessions import Floats, Indices, Sessions
from vitrine.types import ItemId
from vitrine.values import dataclass

MAX_ENTRIES: Final = 150
RESERVED: Final = 50
"""Places of a full row for kin; a row with few counted neighbours has more of them."""

VISITS: Final = ITEM_COLUMNS.index("n_visits")
MAX_VIEWS: Final = 3_000_000
"""Views that rows are made of, the newest: sorting their pairs takes some 1,100 bytes of memory for each."""

BEFORE_WEIGHT: Final = 0.7
OLD_WEIGHT: Final = 0.1
STAGE: Final = "find neighbours"


@dataclass(frozen=True, slots=True)
class RowTable:
    """The rows of all items, one below the other: entries starts[i]:starts[i + 1] are the row of ids[i].

    `right` int64 [entries] is the item an entry names, `keys` uint32 [items] and `codes` uint8 [len(COLUMNS), entries]
    are as in SessionRow. An item that was never looked at has an empty row.
    """

    ids: NDArray[np.object_]
    keys: NDArray[np.uint32]
    starts: Indices
    right: Indices
    codes: Codes

    def row(self, item: int) -> SessionRow:
        """The row of an item, by its index."""
        entries = slice(self.starts[item], self.starts[item + 1])
        right = self.right[entries]
        return SessionRow(self.ids[right].tolist(), self.keys[right], self.codes[:, entries])

    def known(self) -> Indices:
        """Indices of the items that have a row."""
        return np.flatnonzero(np.diff(self.starts))


def build_rows(sessions: Sessions, progress: Progress) -> RowTable:
    """Rows of all items of these visits; the same visits give the same rows."""
    sessions = sessions.newest(MAX_VIEWS)
    if not len(sessions):
        return _no_rows(sessions)
    ids = _array(sessions.ids)
    sizes = np.fromiter(map(entry_bytes, sessions.ids), np.int64, len(sessions.ids))
    facts = measure_items(sessions).columns
    entries = _entries(count_pairs(sessions), facts[VISITS], progress).those(sizes)
    left, right = entries.left, entries.right
    columns: Codes = np.empty((len(COLUMNS), len(left)), np.uint8)
    columns[:N_COUNTS] = encode(entries.counts)
    columns[N_COUNTS] = encode(entries.kinship)
    columns[N_COUNTS + 1 :] = encode(facts)[:, right]
    starts = np.searchsorted(left, np.arange(len(ids) + 1)).astype(np.int64)
    keys = np.fromiter(map(code, sessions.ids), np.uint32, len(ids))
    return RowTable(ids, keys, starts, right, columns)


def _no_rows(sessions: Sessions) -> RowTable:
    nothing = np.empty(0, np.int64)
    starts = np.zeros(len(sessions.ids) + 1, np.int64)
    keys = np.zeros(len(sessions.ids), np.uint32)
    return RowTable(_array(sessions.ids), keys, starts, nothing, np.empty((len(COLUMNS), 0), np.uint8))


def _array(ids: Sequence[ItemId]) -> NDArray[np.object_]:
    array = np.empty(len(ids), np.object_)
    array[:] = ids
    return array


@dataclass(frozen=True, slots=True)
class _Entries:
    """Entries of rows, row by row: left and right item, `counts` float32 [N_COUNTS, entries], `kinship` [entries]."""

    left: Indices
    right: Indices
    counts: Floats
    kinship: Floats

    def those(self, sizes: Indices) -> "_Entries":
        """The entries that fit into the bytes of their rows, of items of these sizes [items]."""
        total = np.cumsum(sizes[self.right])
        first = np.searchsorted(self.left, self.left)
        within = total - total[first] + sizes[self.right[first]]
        kept = within <= MAX_ROW_BYTES - OVERHEAD_BYTES
        return _Entries(self.left[kept], self.right[kept], self.counts[:, kept], self.kinship[kept])


def _entries(pairs: Pairs, visits: Floats, progress: Progress) -> _Entries:
    """The entries of all rows in their order: counted neighbours first, strongest first, then kin, closest first."""
    n_items = len(visits)
    strength = _strength(pairs)
    first = _strongest(pairs, strength)
    keys = pairs.left[first] * n_items + pairs.right[first]  # those of one row side by side
    found = []
    for chunk, kin in find_kin(pairs, strength, visits, n_items):
        part = slice(*np.searchsorted(pairs.left[first], (chunk[0], chunk[-1] + 1)))
        found.append(_with_kin(keys[part], kin, n_items))
        progress(STAGE, int(chunk[-1]) + 1, n_items)
    progress(STAGE, n_items, n_items)
    all_keys, kinship = (np.concatenate(part) for part in zip(*found, strict=True))
    left, right = np.divmod(all_keys, n_items)
    return _Entries(left, right, _counts_of(pairs, n_items, all_keys), kinship)


def _strength(pairs: Pairs) -> Floats:
    counts = pairs.counts
    strength: Floats = counts[AFTER_DECAYED] + BEFORE_WEIGHT * counts[BEFORE_DECAYED] + OLD_WEIGHT * counts[AFTER]
    return strength


def _strongest(pairs: Pairs, strength: Floats) -> Indices:
    """The pairs of each row that counts give it: the item with itself, then the strongest."""
    ranked = np.where(pairs.left == pairs.right, np.inf, strength)
    order = np.lexsort((pairs.right, -ranked, pairs.left))
    left = pairs.left[order]
    place = np.arange(len(order)) - np.searchsorted(left, left)
    return order[place < MAX_ENTRIES - RESERVED]


def _with_kin(keys: Indices, kin: Kin, n_items: int) -> tuple[Indices, Floats]:
    """Keys of some rows, filled up with their closest kin, row by row; and the kinship of all [entries]."""
    at = np.minimum(np.searchsorted(kin.keys, keys), max(len(kin.keys) - 1, 0))
    known: Floats = np.zeros(len(keys), np.float32)
    if len(kin.keys):
        known = np.where(kin.keys[at] == keys, kin.kinship[at], np.float32(0.0))
    new = ~np.isin(kin.keys, keys)
    kin_keys, kinship = kin.keys[new], kin.kinship[new]
    closest = np.lexsort((kin_keys, -kinship, kin_keys // n_items))
    kin_keys, kinship = kin_keys[closest], kinship[closest]
    left = kin_keys // n_items
    place = np.arange(len(left)) - np.searchsorted(left, left)
    counted = np.searchsorted(keys // n_items, left, "right") - np.searchsorted(keys // n_items, left)
    fits = place + counted < MAX_ENTRIES
    every, values = np.concatenate([keys, kin_keys[fits]]), np.concatenate([known, kinship[fits]])
    order = np.argsort(every // n_items, kind="stable")
    return every[order], values[order]


def _counts_of(pairs: Pairs, n_items: int, wanted: Indices) -> Floats:
    """Counts of the pairs of these keys, 0 for those that never stood in one visit: float32 [N_COUNTS, wanted]."""
    keys = pairs.left * n_items + pairs.right  # ascending
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    counts: Floats = np.where(keys[at] == wanted, pairs.counts[:, at], np.float32(0.0))
    return counts

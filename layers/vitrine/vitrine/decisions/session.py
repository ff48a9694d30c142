"""Candidates for the next view of a visit, from its last items and their session rows.

The rows of the last eight different items are merged into columns, provenance kept. Items of the visit are candidates
like all others: going back is the commonest next step in real visits, and a placement that does not want it hides them
afterwards. Training calls the very same functions, see `refresh.session_examples`.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import code
from vitrine.catalog.session_rows import ITEM_COLUMNS, PAIR_COLUMNS, VALUES, SessionRow
from vitrine.types import ItemId
from vitrine.values import dataclass

Floats = NDArray[np.float32]
Indices = NDArray[np.int64]

MAX_ROWS: Final = 8
MAX_VIEWS: Final = 50
"""Views of a visit that are looked at, the newest; the rows of at most MAX_ROWS of their items are read."""

N_PAIR: Final = len(PAIR_COLUMNS)


@dataclass(frozen=True, slots=True)
class SessionCandidates:
    """Candidates of one visit in columns, sorted by key.

    `keys` is uint32 [n], `links` float32 [rows, len(PAIR_COLUMNS), n] with 0 where a row does not name the candidate,
    `own` float32 [len(ITEM_COLUMNS), n] with NaN for items of the visit that no row names. `places` holds for each row
    how many different items were looked at after its own. `views` is int64 [views]: the candidate that each view of the
    visit is, newest first. `named` int64 [n] is where a candidate is first named: among the visit's items, then row by
    row.
    """

    keys: NDArray[np.uint32]
    links: Floats
    own: Floats
    places: tuple[int, ...]
    views: Indices
    named: Indices

    def __len__(self) -> int:
        return len(self.keys)


def items_to_read(visit: Sequence[ItemId]) -> tuple[ItemId, ...]:
    """The items whose rows a prediction needs, newest first: at most MAX_ROWS different ones."""
    return tuple(dict.fromkeys(visit[:MAX_VIEWS]))[:MAX_ROWS]


def merge(visit: Sequence[ItemId], read: Sequence[tuple[int, SessionRow]]) -> SessionCandidates:
    """Candidates of a visit: its own items and all that the rows name. `read` holds (place, row), newest first."""
    seen = np.fromiter((code(item) for item in visit), np.uint32, len(visit))
    keys, named, position = np.unique(
        np.concatenate([seen, *(row.keys for _, row in read)]), return_index=True, return_inverse=True
    )
    links: Floats = np.zeros((len(read), N_PAIR, len(keys)), np.float32)
    own: Floats = np.full((len(ITEM_COLUMNS), len(keys)), np.nan, np.float32)
    start = len(visit)
    for index, (_, row) in enumerate(read):
        values, at = VALUES[row.codes], position[start : start + len(row)]
        links[index][:, at] = values[:N_PAIR]
        own[:, at] = values[N_PAIR:]
        start += len(row)
    return SessionCandidates(
        keys=keys,
        links=links,
        own=own,
        places=tuple(place for place, _ in read),
        views=position[: len(visit)],
        named=named,
    )

"""Session rows: an item and what visits that held it went on to, in at most 4,096 bytes.

A row is a table in columns. Its first entry is the item itself, the others are its neighbours, the nearest first.
Every number is one byte: counts span six decades and a ranker looks at their logarithm, so 255 steps of 7 %
lose nothing that it could use, and the row holds four times as many neighbours as with floats. `keys` are 32-bit codes
of the ids: candidates of several rows are merged on them without touching a string. Two of the few hundred candidates
of a visit share a code once in some 50,000 visits; they then count as one item there, which is all the harm.
"""

from collections.abc import Sequence
from typing import Any, Final

import msgpack
import numpy as np
from numpy.typing import NDArray

from vitrine.errors import InvalidRelease
from vitrine.types import ItemId
from vitrine.values import dataclass

FORMAT_VERSION: Final = 1
MAX_ROW_BYTES: Final = 4096
OVERHEAD_BYTES: Final = 32
"""More than MessagePack's own bytes: version, count, lengths of four binaries and the array around them."""

ID_SEPARATOR: Final = "\n"

PAIR_COLUMNS: Final = (
    "next",  # times the neighbour was the very next view
    "next_lately",  # the same, the newest visits weigh most
    "after",  # times it came later, divided by the distance
    "after_decayed",  # the same, older visits weigh less
    "after_lately",  # the same, the newest visits weigh most
    "before",  # as `after`, where it came earlier
    "before_decayed",
    "before_lately",
    "kin",  # how much the two share their neighbours, see refresh.session_kin
)
"""What a row says of the item and a neighbour; for the item itself, of coming back to it."""

ITEM_COLUMNS: Final = (
    "n_visits",  # visits that held the neighbour
    "visits_decayed",  # the same, older visits weigh less
    "visits_lately",  # the same, the newest visits weigh most
    "age",  # how long ago it was first seen
    "silence",  # how long ago it was last seen
)
"""What a row says of the neighbour by itself. Ages are in spans, see `refresh.sessions`."""

COLUMNS: Final = (*PAIR_COLUMNS, *ITEM_COLUMNS)

SMALLEST: Final = 0.004
LARGEST: Final = 100_000.0
STEP: Final = float(np.log(LARGEST / SMALLEST)) / 254

VALUES: Final[NDArray[np.float32]] = np.concatenate(
    [np.zeros(1), np.exp(np.log(SMALLEST) + STEP * np.arange(255))]
).astype(np.float32)
"""What each code stands for: 0, then 0.004 to 100,000 in steps of 7 %."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """An item and its neighbours: n ids, their codes `keys` uint32 [n], `codes` uint8 [len(COLUMNS), n]."""

    ids: Sequence[ItemId]
    keys: NDArray[np.uint32]
    codes: Codes

    def __len__(self) -> int:
        return len(self.keys)


def encode(values: NDArray[np.floating[Any]]) -> Codes:
    """The nearest code of each non-negative number; what is above 0 never becomes 0."""
    positive = values > 0.0
    steps = np.log(np.where(positive, values, SMALLEST) / SMALLEST) / STEP
    codes: Codes = np.where(positive, 1 + np.clip(np.rint(steps), 0, 254), 0).astype(np.uint8)
    return codes


def entry_bytes(item: ItemId) -> int:
    """Bytes that one entry of a row takes; with OVERHEAD_BYTES the sum is never below the packed size."""
    return len(item.encode()) + len(ID_SEPARATOR) + 4 + len(COLUMNS)


def pack_session_row(row: SessionRow) -> bytes:
    """Bytes of a row.

    Raises:
        InvalidRelease: lengths differ, an id holds a line feed, or the row is above MAX_ROW_BYTES.
    """
    n = len(row.ids)
    if any(ID_SEPARATOR in item for item in row.ids):
        raise InvalidRelease("an item id holds a line feed")
    if row.keys.shape != (n,) or row.codes.shape != (len(COLUMNS), n):
        raise InvalidRelease(f"a session row has {n} ids, keys {row.keys.shape} and codes {row.codes.shape}")
    keys = row.keys.astype("<u4").tobytes()
    data: bytes = msgpack.packb((FORMAT_VERSION, n, ID_SEPARATOR.join(row.ids), keys, row.codes.tobytes()))
    if len(data) > MAX_ROW_BYTES:
        raise InvalidRelease(f"a session row has {len(data):,} bytes, at most {MAX_ROW_BYTES:,} are allowed")
    return data


def unpack_session_row(data: bytes) -> SessionRow:
    """The row that `pack_session_row` wrote; its arrays are read-only views of `data`.

    Raises:
        InvalidRelease: the bytes are not a row of this format version.
    """
    try:
        version, n, ids, keys, codes = msgpack.unpackb(data)
        if version != FORMAT_VERSION:
            raise InvalidRelease(f"session row has format {version}, this code reads {FORMAT_VERSION}")
        row = SessionRow(
            ids=ids.split(ID_SEPARATOR) if n else [],
            keys=np.frombuffer(keys, "<u4"),
            codes=np.frombuffer(codes, np.uint8).reshape(len(COLUMNS), n),
        )
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException) as error:
        raise InvalidRelease(f"session row is damaged: {error}") from error
    if len(row.ids) != n or len(row.keys) != n:
        raise InvalidRelease("session row is damaged: lengths differ")
    return row

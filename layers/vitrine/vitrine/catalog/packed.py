"""Lists of items in columns, packed into one binary attribute.

A list row of the table (an item's related items, a region's shelf, a visitor's own items) is one `ItemTable`: ids and
numeric columns of equal length. Packed, it is MessagePack of the ids joined by a line feed and of raw little-endian
arrays, so decoding is a handful of C calls and no Python loop over items (DynamoDB's own list of numbers costs a
Python object per number and 21 bytes of item size each).

Relations are score columns of one table rather than separate lists: an item that is both `similar` and
`bought_together` carries its price, stock and category once. NaN in a score column means "not in this list".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgpack
import numpy as np

from vitrine.errors import InvalidRelease
from vitrine.types import ItemId

FORMAT_VERSION: Final = 2  # 1 had no department
MAX_REGIONS: Final = 32  # bits of the `regions` column
ID_SEPARATOR: Final = "\n"

ITEM_COLUMNS: Final[Mapping[str, str]] = {
    "key": "<u8",  # item_key(id): lists are merged on it
    "price": "<i4",  # minor units
    "discount": "<f2",  # 1 - price / regular price, 0..1
    "margin": "<f2",  # declared estimate, share of the price, 0..1
    "department": "<u4",  # code() of the category path's first level
    "category": "<u4",  # code() of the category path's first two levels
    "leaf": "<u4",  # code() of the whole category path
    "brand": "<u4",  # code() of the brand
    "regions": "<u4",  # bit r set: in stock in the store's r-th region
    "age_days": "<u2",  # days since it was first seen, at the release
    "popularity": "<f2",  # log1p of decayed units sold, whole store
}
"""Columns that every table carries for each of its items."""

RELATION_COLUMNS: Final = ("bought_together", "similar")
"""Score columns of an item's row (`<f4`). The first row of the table is the item itself, with NaN in both."""

SHELF_COLUMNS: Final = ("popular", "new", "discounted")
"""Score columns of a region's or category's shelf (`<f4`)."""

PERSONAL_COLUMNS: Final = ("personal", "n_bought", "days_since", "interval_days")
"""Columns of a visitor's own items (`<f4`): score; times bought; days since the last time, at the release; mean days
between purchases, NaN below two."""


def item_key(item: ItemId) -> int:
    """64-bit key of an item id: the first 8 bytes of BLAKE2b, little-endian (publishing refuses collisions)."""
    return int.from_bytes(blake2b(item.encode(), digest_size=8).digest(), "little")


def code(text: str) -> int:
    """32-bit code of a category path or brand: the first 4 bytes of BLAKE2b, little-endian."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "little")


@dataclass(frozen=True, slots=True)
class ItemTable:
    """Items in columns: `ids` has n entries, every column is a one-dimensional array of n numbers."""

    ids: Sequence[ItemId]
    columns: Mapping[str, "np.ndarray[Any, Any]"]

    def __len__(self) -> int:
        return len(self.ids)


def pack(table: ItemTable) -> bytes:
    """Bytes of a table.

    Raises:
        InvalidRelease: a column's length differs from the ids', or an id holds a line feed.
    """
    n = len(table.ids)
    if any(ID_SEPARATOR in item for item in table.ids):
        raise InvalidRelease("an item id holds a line feed")
    for name, column in table.columns.items():
        if column.shape != (n,):
            raise InvalidRelease(f"column {name!r} has shape {column.shape}, expected ({n},)")
    columns = [
        (name, column.dtype.newbyteorder("<").str, column.astype(column.dtype.newbyteorder("<"), copy=False).tobytes())
        for name, column in table.columns.items()
    ]
    packed: bytes = msgpack.packb((FORMAT_VERSION, n, ID_SEPARATOR.join(table.ids), columns))
    return packed


def unpack(data: bytes) -> ItemTable:
    """The table that `pack` wrote; its arrays are read-only views of `data`.

    Raises:
        InvalidRelease: the bytes are not a table of this format version.
    """
    try:
        version, n, ids, columns = msgpack.unpackb(data)
        if version != FORMAT_VERSION:
            raise InvalidRelease(f"packed list has format {version}, this code reads {FORMAT_VERSION}")
        table = ItemTable(
            ids=ids.split(ID_SEPARATOR) if n else [],
            columns={name: np.frombuffer(raw, dtype=dtype) for name, dtype, raw in columns},
        )
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException) as error:
        raise InvalidRelease(f"packed list is damaged: {error}") from error
    if len(table.ids) != n or any(len(column) != n for column in table.columns.values()):
        raise InvalidRelease("packed list is damaged: lengths differ")
    return table


def region_mask(regions: Iterable[int]) -> int:
    """Bit mask of region indices, as stored in the `regions` column.

    Raises:
        InvalidRelease: an index is outside 0..31.
    """
    mask = 0
    for index in regions:
        if not 0 <= index < MAX_REGIONS:
            raise InvalidRelease(f"region index {index} is outside 0..{MAX_REGIONS - 1}")
        mask |= 1 << index
    return mask

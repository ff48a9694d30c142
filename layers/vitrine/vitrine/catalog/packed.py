"""Lists of items in columns, packed into one binary attribute.

A list row of the table (an item's related items, a region's shelf, a visitor's own items) is one `ItemTable`: ids and
numeric columns of equal length. Packed, it is MessagePack of its parts (see `catalog.parts`): ids joined by a line
feed, and raw little-endian arrays. Reading it is one C call; a column is decoded when somebody asks for it (DynamoDB's
own list of numbers costs a Python object per number and 21 bytes of item size each). DynamoDB bills reads by 4 KB
begun, so a table that would begin the second is compressed; it has a format version of its own, with one part.

Relations are score columns of one table rather than separate lists: an item that is both `similar` and
`bought_together` carries its price, stock and category once. NaN in a score column means "not in this list".
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final, Self

import msgpack
import numpy as np

from vitrine.catalog.columns import Column
from vitrine.catalog.parts import RECORD_BYTES, SEPARATOR, Parts, parts_of
from vitrine.errors import InvalidRelease
from vitrine.types import ItemId

FORMAT_VERSION: Final = 4  # 1 had no department, 2 a block per column, 3 a block per type of column
SQUEEZED_VERSION: Final = 5
"""Of a compressed table: code that reads no such tables says so, and does not take them for damaged ones."""

PLAIN_BYTES: Final = 3_600
"""A longer table is compressed: 4 KB less what else is in a row."""

MAX_BYTES: Final = 1 << 20
"""Unpacked; a shelf has 10 KB."""

MAX_REGIONS: Final = 32  # bits of the `regions` column

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

RELATION_COLUMNS: Final = (
    "bought_together",
    "viewed_together",
    "similar",
    "accessories",
    "upsell",
    "downsell",
    "bundle",
)
"""Score columns of an item's row (`<f4`). The first row of the table is the item itself, with NaN in all of them."""

SHELF_COLUMNS: Final = ("popular", "trending", "new", "discounted")
"""Score columns of a region's or category's shelf (`<f4`)."""

PERSONAL_COLUMNS: Final = ("personal", "replenish", "n_bought", "days_since", "interval_days")
"""Columns of a visitor's own items (`<f4`): two list scores, what they buy and what is due again (NaN: not refillable);
times bought; days since the last time, at the release; mean days between purchases, NaN below two."""


def item_key(item: ItemId) -> int:
    """64-bit key of an item id: the first 8 bytes of BLAKE2b, little-endian (publishing refuses collisions)."""
    return int.from_bytes(blake2b(item.encode(), digest_size=8).digest(), "little")


def code(text: str) -> int:
    """32-bit code of a category path or brand: the first 4 bytes of BLAKE2b, little-endian."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "little")


class ItemTable:
    """Items in columns: `ids` has n entries, every column is a one-dimensional array of n numbers. Immutable."""

    __slots__ = ("_columns", "_ids", "_parts")

    def __init__(self, ids: Sequence[ItemId], columns: Mapping[str, Column]) -> None:
        self._ids: Sequence[ItemId] | None = ids
        self._columns: Mapping[str, Column] | None = columns
        self._parts: Parts | None = None

    @classmethod
    def of(cls, parts: Parts) -> Self:
        """The table of these parts, decoded as far as somebody looks at it."""
        table = cls.__new__(cls)
        table._ids, table._columns, table._parts = None, None, parts
        return table

    @property
    def ids(self) -> Sequence[ItemId]:
        """The items, in the order of the columns."""
        if self._ids is None:
            self._ids = self.parts.ids.split(SEPARATOR) if self.parts.n else []
        return self._ids

    @property
    def columns(self) -> Mapping[str, Column]:
        """ITEM_COLUMNS and the scores, by name; the arrays may be read-only."""
        if self._columns is None:
            self._columns = self.parts.columns()
        return self._columns

    @property
    def parts(self) -> Parts:
        """What the table is packed and merged from. Raises as `parts_of`."""
        if self._parts is None:
            self._parts = parts_of(self.ids, self.columns)
        return self._parts

    def has(self, scores: Sequence[str]) -> bool:
        """Whether these are among its columns of scores."""
        names = self.parts.names
        return names == SEPARATOR.join(scores) or set(names.split(SEPARATOR)).issuperset(scores)

    def __len__(self) -> int:
        return len(self.ids) if self._parts is None else self._parts.n


def pack(table: ItemTable) -> bytes:
    """Bytes of a table.

    Raises:
        InvalidRelease: a column is missing, of another length than the ids or of another type than declared, there are
            too many score columns or kinds of items, or an id holds a line feed.
    """
    if any(SEPARATOR in item for item in table.ids):
        raise InvalidRelease("an item id holds a line feed")
    lacking = [name for name in ITEM_COLUMNS if name not in table.columns]
    if lacking:
        raise InvalidRelease(f"a table lacks the columns {', '.join(lacking)}")
    for name, column in table.columns.items():
        if column.shape != (len(table),):
            raise InvalidRelease(f"column {name!r} has shape {column.shape}, expected ({len(table)},)")
        expected = (ITEM_COLUMNS[name],) if name in ITEM_COLUMNS else ("<f4", "<f2")
        if column.dtype.str not in expected:
            raise InvalidRelease(f"column {name!r} is of type {column.dtype}, expected {np.dtype(expected[0])}")
    packed: bytes = msgpack.packb((FORMAT_VERSION, *table.parts))
    return packed if len(packed) <= PLAIN_BYTES else _squeezed(table.parts)


def unpack(data: bytes) -> ItemTable:
    """The table that `pack` wrote.

    Raises:
        InvalidRelease: the bytes are not a table of these format versions.
    """
    try:
        version, *told = msgpack.unpackb(data)
        if version not in (FORMAT_VERSION, SQUEEZED_VERSION):
            reads = f"{FORMAT_VERSION} and {SQUEEZED_VERSION}"
            raise InvalidRelease(f"packed list has format {version}, this code reads {reads}")
        parts = Parts(*told) if version == FORMAT_VERSION else _opened(*told)
        parts.check()
    except (ValueError, TypeError, AttributeError, LookupError, zlib.error, msgpack.UnpackException) as error:
        raise InvalidRelease(f"packed list is damaged: {error}") from error
    return ItemTable.of(parts)


def _squeezed(parts: Parts) -> bytes:
    """The parts compressed, the records byte by byte: first the first bytes of all of them, then the second ones."""
    turned = parts._replace(records=_turned(parts.records, RECORD_BYTES))
    packed: bytes = msgpack.packb((SQUEEZED_VERSION, zlib.compress(msgpack.packb(turned))))
    return packed


def _opened(squeezed: bytes) -> Parts:
    """The parts that were compressed. Raises as decoding does."""
    parts = Parts(*msgpack.unpackb(zlib.decompressobj().decompress(squeezed, MAX_BYTES)))
    return parts._replace(records=_turned(parts.records, parts.n))


def _turned(data: bytes, width: int) -> bytes:
    """Lines of `width` bytes each, read column by column."""
    return np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes() if data else data


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

"""Lists of items in columns, packed into one binary attribute.

A list row of the table (an item's related items, a region's shelf, a visitor's own items) is one `ItemTable`: ids and
numeric columns of equal length. Packed, it is MessagePack of the ids joined by a line feed and of raw little-endian
arrays, so decoding is a handful of C calls and no Python loop over items (DynamoDB's own list of numbers costs a
Python object per number and 21 bytes of item size each).

Relations are score columns of one table rather than separate lists: an item that is both `similar` and
`bought_together` carries its price, stock and category once. NaN in a score column means "not in this list".

Columns of one type travel as one block. Packing loses nothing: a block takes fewer bytes only where that gives back
the very same numbers. Scores that half floats hold exactly travel as such, a column of NaN alone as its name, and the
codes of category and brand, which repeat within a row, as numbers into the few that there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

import msgpack
import numpy as np
from numpy.typing import NDArray

from vitrine.errors import InvalidRelease
from vitrine.types import ItemId

FORMAT_VERSION: Final = 3  # 1 had no department, 2 a block per column
MAX_REGIONS: Final = 32  # bits of the `regions` column
TYPES: Final = {name: np.dtype(name) for name in ("|u1", "<u2", "<u4", "<u8", "<i4", "<f2", "<f4")}
MAX_PLACES: Final = 256  # what one byte can tell apart
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

CODE_COLUMNS: Final = ("department", "category", "leaf", "brand")
"""The codes among them: items that share leaf and brand share all four."""

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


@dataclass(frozen=True, slots=True)
class ItemTable:
    """Items in columns: `ids` has n entries, every column is a one-dimensional array of n numbers."""

    ids: Sequence[ItemId]
    columns: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.ids)


def pack(table: ItemTable) -> bytes:
    """Bytes of a table.

    Raises:
        InvalidRelease: a column's length differs from the ids', its type is none of TYPES, or an id holds a line feed.
    """
    n = len(table.ids)
    ids = ID_SEPARATOR.join(table.ids)
    if ids.count(ID_SEPARATOR) != max(n - 1, 0):
        raise InvalidRelease("an item id holds a line feed")
    of_type: dict[str, dict[str, NDArray[Any]]] = {}
    for name, column in table.columns.items():
        if column.shape != (n,):
            raise InvalidRelease(f"column {name!r} has shape {column.shape}, expected ({n},)")
        dtype = column.dtype.str.replace(">", "<")
        if dtype not in TYPES:
            raise InvalidRelease(f"column {name!r} is of type {column.dtype}, expected one of {', '.join(TYPES)}")
        of_type.setdefault(dtype, {})[name] = column.astype(TYPES[dtype], copy=False)
    blocks = [block for dtype, columns in of_type.items() for block in _blocks(dtype, columns, n)]
    packed: bytes = msgpack.packb((FORMAT_VERSION, n, ids, blocks))
    return packed


Block = tuple[Sequence[str], str, str, bytes, bytes]
"""Names of the columns, their type, the type of the bytes, the bytes row by row, the place in those per item.

Places are one byte each, and none where every item has its own; a block without bytes is NaN."""


def _blocks(dtype: str, columns: Mapping[str, NDArray[Any]], n: int) -> Iterator[Block]:
    """Columns of one type in as few bytes as give them back."""
    if not n:
        yield list(columns), dtype, dtype, b"", b""
    elif dtype == "<f4":
        yield from _score_blocks(list(columns), np.array(list(columns.values())))
    elif dtype in ("<i4", "<u4"):
        yield from _integer_blocks(dtype, columns)
    else:
        yield list(columns), dtype, dtype, np.array(list(columns.values())).tobytes(), b""


def _integer_blocks(dtype: str, columns: Mapping[str, NDArray[Any]]) -> Iterator[Block]:
    """The codes together, as places among the kinds of goods there are; every other column in the narrowest type."""
    codes = CODE_COLUMNS if columns.keys() >= set(CODE_COLUMNS) else ()
    if codes:
        yield _code_block(dtype, codes, np.array([columns[name] for name in codes]))
    for name, column in columns.items():
        if name not in codes:
            wire = _narrowest(dtype, int(column.min()), int(column.max()))
            yield [name], dtype, wire, column.astype(TYPES[wire], copy=False).tobytes(), b""


def _narrowest(dtype: str, least: int, most: int) -> str:
    if least < 0 or most > 0xFFFF:
        return dtype
    return "|u1" if most <= 0xFF else "<u2"


def _code_block(dtype: str, names: Sequence[str], block: NDArray[Any]) -> Block:
    leaf, brand = block[-2].astype("<u8"), block[-1]
    _, first, place = np.unique(leaf << np.uint64(32) | brand, return_index=True, return_inverse=True)
    known = block[:, first]
    if len(first) <= MAX_PLACES and np.array_equal(known[:, place], block):
        return names, dtype, dtype, known.tobytes(), place.astype("<u1").tobytes()
    return names, dtype, dtype, block.tobytes(), b""


def _score_blocks(names: Sequence[str], block: NDArray[Any]) -> Iterator[Block]:
    """Up to three blocks of scores [k, n]: NaN alone, exact in half floats, and the others."""
    with np.errstate(over="ignore"):
        half = block.astype("<f2")
    is_empty = np.isnan(block).all(axis=1)
    is_half = ~is_empty & ((half == block) | np.isnan(block)).all(axis=1)
    is_whole = ~is_empty & ~is_half
    if is_empty.any():
        yield _named(names, is_empty), "<f4", "<f4", b"", b""
    if is_half.any():
        yield _named(names, is_half), "<f4", "<f2", half[is_half].tobytes(), b""
    if is_whole.any():
        yield _named(names, is_whole), "<f4", "<f4", block[is_whole].tobytes(), b""


def _named(names: Sequence[str], chosen: NDArray[np.bool_]) -> list[str]:
    return [name for name, is_chosen in zip(names, chosen.tolist(), strict=True) if is_chosen]


def unpack(data: bytes) -> ItemTable:
    """The table that `pack` wrote; its arrays may be read-only views of `data`.

    Raises:
        InvalidRelease: the bytes are not a table of this format version.
    """
    try:
        version, n, ids, blocks = msgpack.unpackb(data)
        if version != FORMAT_VERSION:
            raise InvalidRelease(f"packed list has format {version}, this code reads {FORMAT_VERSION}")
        items: list[ItemId] = ids.split(ID_SEPARATOR) if n else []
        if len(items) != n:
            raise InvalidRelease("packed list is damaged: lengths differ")
        columns: dict[str, NDArray[Any]] = {}
        for names, *block in blocks:
            cells = _cells(n, len(names), *block)
            for at, name in enumerate(names):
                columns[name] = cells[at]
    except (ValueError, TypeError, AttributeError, LookupError, msgpack.UnpackException) as error:
        raise InvalidRelease(f"packed list is damaged: {error}") from error
    return ItemTable(items, columns)


def _cells(n: int, k: int, dtype: str, wire: str, raw: bytes, places: bytes) -> NDArray[Any]:
    """The k columns of a block: [k, n]."""
    if not raw:
        nothing = np.empty((k, n), TYPES[dtype])
        nothing.fill(np.nan if n else 0)
        return nothing
    cells = np.frombuffer(raw, TYPES[wire])
    if places:
        cells = cells.reshape(k, -1).take(np.frombuffer(places, np.uint8), axis=1)
    cells = cells.reshape(k, n)
    return cells if dtype == wire else cells.astype(TYPES[dtype])


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

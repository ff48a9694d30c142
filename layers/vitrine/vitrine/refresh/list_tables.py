"""Cut packed tables out of long sorted columns.

A release has tens of thousands of tables. They are slices of a few columns that SQL has sorted, so making one costs a
handful of numpy calls and no Python per row.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ITEM_COLUMNS, ItemTable, code, item_key
from vitrine.errors import InvalidRelease
from vitrine.types import ItemId
from vitrine.values import dataclass

Columns = Mapping[str, NDArray[Any]]
MAX_AGE_DAYS: Final = np.iinfo(np.uint16).max
AISLE_LEVELS: Final = 2  # of a category path: what the `category` column codes


@dataclass(frozen=True, slots=True)
class Assortment:
    """The items of a release, numbered: ids as objects [n] and ITEM_COLUMNS, each [n]."""

    ids: NDArray[np.object_]
    columns: Columns

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Slices:
    """Tables by key: that of the k-th key has the rows from starts[k] to starts[k + 1].

    `number` is the item of each row, `scores` are float32 columns of the same length.
    """

    place: Mapping[Any, int]
    starts: NDArray[np.intp]
    number: NDArray[np.integer[Any]]
    scores: Columns

    def table(self, key: object, items: Assortment) -> ItemTable | None:
        """The table of a key, None when there is none."""
        at = self.place.get(key)
        if at is None:
            return None
        rows = slice(self.starts[at], self.starts[at + 1])
        number = self.number[rows]
        columns = {name: column[number] for name, column in items.columns.items()}
        columns.update((name, column[rows]) for name, column in self.scores.items())
        return ItemTable(ids=items.ids[number].tolist(), columns=columns)


def slices(
    sorted_by: Sequence[NDArray[Any]], key_of: Callable[..., object], number: NDArray[Any], scores: Columns
) -> Slices:
    """Tables of rows that are adjacent and agree in all columns of `sorted_by`; `key_of` maps those values to a key."""
    n_rows = len(number)
    changed = np.zeros(max(n_rows - 1, 0), bool)
    for column in sorted_by:
        changed |= np.asarray(column[1:] != column[:-1], bool)
    heads = np.concatenate([np.zeros(min(n_rows, 1), np.intp), np.flatnonzero(changed) + 1])
    keys = zip(*(column[heads].tolist() for column in sorted_by), strict=True)
    return Slices(
        place={key_of(*values): at for at, values in enumerate(keys)},
        starts=np.append(heads, n_rows),
        number=number,
        scores={name: column.astype("<f4", copy=False) for name, column in scores.items()},
    )


def in_half_floats(scores: Columns) -> Columns:
    """The scores as they come back from half floats, in which a packed table takes half the bytes.

    They keep three digits, and what is beyond 65,504 stays finite. Training sees the numbers that serving reads.
    """
    largest = np.finfo(np.float16).max
    return {name: np.minimum(column, largest).astype("<f2").astype("<f4") for name, column in scores.items()}


def assortment(state: Columns) -> Assortment:
    """ITEM_COLUMNS of the items whose state is given in columns, in the same order.

    Raises:
        InvalidRelease: two item ids share a key.
    """
    price = state["price"].astype(np.float64)
    regular = np.maximum(state["regular_price"].astype(np.float64), 1.0)
    category: Sequence[str] = state["category"].tolist()
    columns = {
        "key": item_keys(state["item"].tolist()),
        "price": price,
        "discount": np.clip(1.0 - price / regular, 0.0, 1.0),
        "margin": state["margin"],
        "department": _codes(path.partition("/")[0] for path in category),
        "category": _codes("/".join(path.split("/")[:AISLE_LEVELS]) for path in category),
        "leaf": _codes(category),
        "brand": _codes(state["brand"].tolist()),
        "regions": state["mask"],
        "age_days": np.clip(state["age_days"], 0, MAX_AGE_DAYS),
        "popularity": np.log1p(state["units"]),
    }
    return Assortment(
        ids=np.asarray(state["item"], dtype=object),
        columns={name: columns[name].astype(dtype) for name, dtype in ITEM_COLUMNS.items()},
    )


def item_keys(items: Sequence[ItemId]) -> NDArray[np.uint64]:
    """Keys of item ids: uint64 [n].

    Raises:
        InvalidRelease: two ids share a key; one of them must be renamed.
    """
    keys = np.fromiter((item_key(item) for item in items), np.uint64, len(items))
    known, counts = np.unique(keys, return_counts=True)
    if len(known) < len(keys):
        at = int(np.flatnonzero(counts > 1)[0])
        both = [items[int(i)] for i in np.flatnonzero(keys == known[at])]
        raise InvalidRelease(f"items {both[0]} and {both[1]} share a key; rename one of them")
    return keys


def _codes(texts: Iterable[str]) -> NDArray[np.uint32]:
    known: dict[str, int] = {}
    found = [known[text] if text in known else known.setdefault(text, code(text)) for text in texts]
    return np.array(found, np.uint32)

"""Which items a rule or a row speaks of, as a mask over the columns of the candidates."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.items import Card
from vitrine.catalog.packed import code, item_key
from vitrine.decisions.candidates import Candidates, Mask
from vitrine.types import ItemId
from vitrine.values import dataclass, field

Codes = NDArray[np.uint32]
Columns: TypeAlias = Mapping[str, NDArray[Any]]

FEW: Final = 6
"""Up to so many values are compared one by one: most rules name one category or brand, and isin takes its time."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Items that fulfil all that is given.

    `keys` are item keys (uint64), `departments`, `categories` and `leaves` are codes of category paths of one, two
    and three levels, of which one must fit; `brands` are codes of brands. `ranges` bounds numeric columns, both ends
    included: price (minor units), discount (share), margin (share), age_days, popularity, n_regions (regions that have
    it). `stocked_in` is a mask of region bits, one of which must have it. `but` takes items out again.
    """

    keys: NDArray[np.uint64] | None = None
    departments: Codes | None = None
    categories: Codes | None = None
    leaves: Codes | None = None
    brands: Codes | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    stocked_in: int = 0
    but: "Selector | None" = None

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing, and so selects everything."""
        given = (self.keys, self.departments, self.categories, self.leaves, self.brands, self.but)
        return all(part is None for part in given) and not self.ranges and not self.stocked_in

    def mask(self, candidates: Candidates) -> Mask:
        """Which candidates are selected: bool [n]."""
        return self.mask_of(candidates.item, len(candidates))

    def mask_of(self, columns: Columns, n: int) -> Mask:
        """Which of n items in columns are selected: bool [n]. What is not known (no column, NaN) never fits."""
        mask: Mask = np.ones(n, np.bool_)
        for name, wanted in (("key", self.keys), ("brand", self.brands)):
            if wanted is not None:
                mask &= _among(columns, name, wanted, n)
        paths = {"department": self.departments, "category": self.categories, "leaf": self.leaves}
        fits = [_among(columns, name, wanted, n) for name, wanted in paths.items() if wanted is not None]
        if fits:
            mask &= np.logical_or.reduce(fits)
        for name, bounds in self.ranges.items():
            mask &= _within(columns, name, bounds, n)
        if self.stocked_in:
            mask &= (columns["regions"] & np.uint32(self.stocked_in)) != 0
        if self.but is not None:
            mask &= ~self.but.mask_of(columns, n)
        return mask


def _among(columns: Columns, name: str, wanted: NDArray[Any], n: int) -> Mask:
    column = columns.get(name)
    if column is None:
        return np.zeros(n, np.bool_)
    if len(wanted) > FEW:
        return np.isin(column, wanted)
    found: Mask = np.zeros(n, np.bool_)
    for value in wanted:
        found |= column == value
    return found


def _within(columns: Columns, name: str, bounds: tuple[float, float], n: int) -> Mask:
    """Bounds are compared in the column's own precision: 20 % off is "from 0.2", however float16 rounds it."""
    column = np.bitwise_count(columns["regions"]) if name == "n_regions" else columns.get(name)
    if column is None:
        return np.zeros(n, np.bool_)
    with np.errstate(over="ignore"):  # a bound beyond float16 is infinite, as it should be
        inside: Mask = (column >= bounds[0]) & (column <= bounds[1])
    return inside


def selects(items: Selector, item: ItemId, card: Card) -> bool:
    """Whether a selector means an item of which only the card tells: not its brand, margin, age or popularity."""
    return bool(items.mask_of(columns_of_card(item, card), 1)[0])


def columns_of_card(item: ItemId, card: Card) -> Columns:
    """What a card tells of an item, each column [1]. Its brand, margin, age and popularity are not known."""
    path = card.category.split("/")
    discount = 1.0 - card.price / card.regular_price if card.regular_price > 0 else np.nan
    return {
        "key": np.array([item_key(item)], np.uint64),
        "price": np.array([card.price], np.int64),
        "discount": np.array([discount], np.float16),
        "department": np.array([code(path[0])], np.uint32),
        "category": np.array([code("/".join(path[:2]))], np.uint32),
        "leaf": np.array([code(card.category)], np.uint32),
        "regions": np.array([card.regions], np.uint32),
    }

"""What facts are computed from, and how one fact is declared: its attribute and its computation side by side.

What several facts need (the local day, the cart's lines, rows of items) is computed when the first of them asks, once.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from vitrine.catalog.packed import ItemTable, code
from vitrine.decisions.affinities import DEPTHS, Shares, brand_shares, category_shares
from vitrine.decisions.candidates import Lists
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Store
from vitrine.decisions.predicted import Predicted
from vitrine.decisions.visit import Visit
from vitrine.places.calendar import LocalDay, local_day
from vitrine.places.regions import Region, Shop
from vitrine.places.weather import Weather
from vitrine.rules.conditions import Attribute
from vitrine.types import CartLine, ItemId
from vitrine.visitors.profile import Profile


@dataclass(frozen=True)  # no slots: cached properties live in the instance's dict
class Sources:
    """What is known when campaigns are chosen. None says that it is not known: `profile` None was not read.

    `predicted` is what a refresh predicted of the visitor, by name.
    """

    context: Context
    visit: Visit
    profile: Profile | None
    lists: Lists
    store: Store
    weather: Weather | None = None
    predicted: Predicted = field(default_factory=dict)

    @cached_property
    def now_ms(self) -> int:
        """The instant of the decision."""
        return int(self.context.now.timestamp() * 1000)

    @cached_property
    def session_start_ms(self) -> int:
        """When the session began, as far as the page told; else now."""
        return self.now_ms - int(self.context.request.visit.seconds * 1000)

    @property
    def memory(self) -> Profile | None:
        """The profile of a visitor who may be recognised; None for a stranger, too: nobody can tell if they are new."""
        return self.profile if self.context.request.visitor is not None else None

    @property
    def is_untold(self) -> bool:
        """Whether the visitor has a past that could not be read."""
        return self.context.request.visitor is not None and self.profile is None

    @property
    def region(self) -> Region | None:
        """The visitor's region as the store describes it."""
        return self.store.places.regions.get(self.context.region)

    @cached_property
    def day(self) -> LocalDay | None:
        """Clock and calendar in the visitor's region."""
        return None if self.region is None else local_day(self.context.now, self.region)

    @cached_property
    def nearest(self) -> tuple[Shop, float] | None:
        """The nearest shop and its distance in kilometres."""
        geo = self.context.geo
        return None if geo is None else self.store.places.nearest_shop(geo)

    @cached_property
    def lines(self) -> tuple[CartLine, ...] | None:
        """The cart: the page's word, else what is remembered; None when that could not be read."""
        cart = self.context.request.cart
        if cart or self.context.request.visitor is None:
            return cart
        return None if self.profile is None else self.profile.cart()

    @cached_property
    def categories(self) -> Shares | None:
        """See affinities.category_shares."""
        return category_shares(self.lists)

    @cached_property
    def brands(self) -> Shares | None:
        """See affinities.brand_shares."""
        return brand_shares(self.lists)

    @cached_property
    def rows(self) -> Mapping[ItemId, tuple[ItemTable, int]]:
        """Where the columns of an item stand: in its own row of related lists, else in another list that was read."""
        found: dict[ItemId, tuple[ItemTable, int]] = {}
        for table in (self.lists.category_shelf, self.lists.shelf, self.lists.personal):
            if table is not None:
                found.update((item, (table, at)) for at, item in enumerate(table.ids))
        found.update((seed.item, (seed.table, 0)) for seed in self.lists.seeds if len(seed.table))
        return found

    def price_of(self, item: ItemId) -> int | None:
        """Price per unit in minor units, None when no list that was read has the item."""
        place = self.rows.get(item)
        return None if place is None else int(place[0].columns["price"][place[1]])

    def categories_of(self, items: Iterable[ItemId]) -> tuple[int, ...] | None:
        """Codes of the items' categories at all depths, of those that are known; None when there are and none is."""
        items = tuple(items)
        places = [self.rows[item] for item in items if item in self.rows]
        if items and not places:
            return None
        return tuple(dict.fromkeys(int(table.columns[depth][at]) for table, at in places for depth in DEPTHS))


def path_codes(path: str) -> tuple[int, ...]:
    """Codes of a category path and of all above it."""
    levels = path.strip("/").split("/")
    return tuple(code("/".join(levels[: depth + 1])) for depth in range(len(levels)) if levels[0])


Compute: TypeAlias = Callable[[Sources], Any]
"""The value of a fact as its attribute declares it, None when it is unknown. Never raises."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One attribute and how it is computed."""

    attribute: Attribute
    compute: Compute


def string(about: str, compute: Compute, values: tuple[str, ...] = ()) -> Fact:
    """A fact that is a text, one of `values` where that is closed."""
    return Fact(Attribute("string", about, values), compute)


def number(about: str, compute: Compute) -> Fact:
    """A fact that is a number."""
    return Fact(Attribute("number", about), compute)


def boolean(about: str, compute: Compute) -> Fact:
    """A fact that is true or false."""
    return Fact(Attribute("boolean", about), compute)


def texts(about: str, compute: Compute) -> Fact:
    """A fact that is a list of texts, such as item ids."""
    return Fact(Attribute("strings", about), compute)


def codes(about: str, compute: Compute) -> Fact:
    """A fact that is a list of categories or brands: people write their names, the lists hold their codes."""
    return Fact(Attribute("strings", about, encode=code), compute)

"""Placements as the store declares them: where something is shown and which strategies fill it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vitrine.errors import InvalidField
from vitrine.types import PageType, RegionId

Audience = Literal["known", "active", "anyone"]
BY_MODEL: Final = "model"
REGION_SHELF: Final = "popular"

MAX_HIDE_BOUGHT_DAYS: Final = 31
"""The profile is asked for purchases no older than this."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to fill a placement: items of `lists`, best first by the ranker or by one list's own score.

    `audience`: `known` visitors have lists of their own, `active` ones have looked at or put aside something.
    `other_category` keeps out what is of the page item's own kind (accompanying goods are no substitutes).
    """

    audience: Audience
    lists: tuple[str, ...]
    order: str
    other_category: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """A named place on pages of some types. `size` is the most it shows; `title` is per locale.

    `max_per_kind` bounds the items of one kind (one category path), so that a row is no list of twelve milks.
    """

    name: str
    pages: frozenset[PageType]
    size: int
    title: Mapping[str, str]
    strategies: tuple[Strategy, ...]
    hide_bought_days: int
    max_per_kind: int

    @property
    def takes_bestsellers(self) -> bool:
        """Whether the region's bestsellers may stand in: only where the store itself puts them for anyone."""
        return any(way.audience == "anyone" and REGION_SHELF in way.lists for way in self.strategies)


@dataclass(frozen=True, slots=True)
class Store:
    """The store's files, compiled. `regions` are in the order of their stock bits."""

    name: str
    currency: str
    locales: tuple[str, ...]
    regions: tuple[RegionId, ...]
    default_region: RegionId
    placements: Mapping[str, Placement]

    def placements_of(self, page: PageType, names: tuple[str, ...] | None) -> tuple[Placement, ...]:
        """The placements to fill: those named, or all of the page's type.

        Raises:
            InvalidField: a name is not one of the store's.
        """
        if names is None:
            return tuple(placement for placement in self.placements.values() if page in placement.pages)
        unknown = next((index for index, name in enumerate(names) if name not in self.placements), None)
        if unknown is not None:
            raise InvalidField("there is no placement of this name in the store", f"placements.{unknown}")
        return tuple(self.placements[name] for name in dict.fromkeys(names))

"""The store as it declares itself: placements with their own actions, campaigns, rules, places."""

from collections.abc import Mapping
from typing import Final

from vitrine.decisions.actions import Action
from vitrine.decisions.bundles import BundleOffer
from vitrine.decisions.campaigns import Audiences, Campaign, CampaignIndex, Holdout, Persona
from vitrine.decisions.merchandising import Rule
from vitrine.decisions.selection import Selector
from vitrine.errors import InvalidField
from vitrine.places.regions import Places
from vitrine.types import PageType, RegionId
from vitrine.values import dataclass, field

MAX_HIDE_BOUGHT_DAYS: Final = 31
"""The profile is asked for purchases no older than this."""


@dataclass(frozen=True, slots=True)
class Placement:
    """A named place on pages of some types, and what it shows when no campaign wins it."""

    name: str
    pages: frozenset[PageType]
    action: Action


@dataclass(frozen=True, slots=True)
class Store:
    """The store's files, compiled. `regions` are in the order of their stock bits.

    `campaigns` are in the order in which they win: by priority, then as the files have them. `hosts` are those of the
    shop itself: a referrer among them is `internal`. `seasons` are the goods of each season and `warehouses` the
    priorities 0..1 of the regions, () when none is declared: both for blends (merchandising.emphasis_now). `bundles`
    are the offers for sets, in the order in which they are tried.
    """

    name: str
    currency: str
    locales: tuple[str, ...]
    regions: tuple[RegionId, ...]
    default_region: RegionId
    placements: Mapping[str, Placement]
    places: Places = field(default_factory=Places)
    audiences: Audiences = field(default_factory=dict)
    personas: tuple[Persona, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    rules: tuple[Rule, ...] = ()
    seasons: Mapping[str, Selector] = field(default_factory=dict)
    warehouses: tuple[float, ...] = ()
    holdout: Holdout | None = None
    hosts: frozenset[str] = frozenset()
    bundles: tuple[BundleOffer, ...] = ()
    index: CampaignIndex | None = None
    """campaigns.index_campaigns(campaigns), from whoever loads the store; without it every page view makes its own."""

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

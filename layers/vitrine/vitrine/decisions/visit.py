"""What is known of this visit: the caller's own words first, the stored profile where the caller is silent."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from vitrine.decisions.candidates import MAX_SEEDS_PER_ROLE, Role, recent_weight
from vitrine.decisions.context import Context, DecisionRequest
from vitrine.decisions.placements import MAX_HIDE_BOUGHT_DAYS, Store
from vitrine.types import ItemId
from vitrine.values import dataclass
from vitrine.visitors.profile import Profile


@dataclass(frozen=True, slots=True)
class Visit:
    """The items of a visit. `recent` is newest first; `bought_ms` gives the last purchase of items bought lately.

    `views` are the looks at items of this visit as far as they are known, newest first, the page's own among them; an
    item that was looked at twice is there twice.
    """

    page_item: ItemId | None
    recent: tuple[ItemId, ...]
    cart: tuple[ItemId, ...]
    bought_ms: Mapping[ItemId, int]
    views: tuple[ItemId, ...] = ()

    def seeds(self) -> list[tuple[ItemId, Role, float]]:
        """Items whose neighbours are wanted, each once, with role and weight: the page's, the cart's, the last seen."""
        return list(_seeds(self.page_item, self.cart[-MAX_SEEDS_PER_ROLE:], self.recent[:MAX_SEEDS_PER_ROLE]))

    def has_the_items_of(self, other: "Visit") -> bool:
        """Whether the same rows tell of both."""
        return (self.recent, self.cart, self.views) == (other.recent, other.cart, other.views)


@lru_cache(maxsize=4)  # a page view asks several times
def _seeds(
    page_item: ItemId | None, cart: tuple[ItemId, ...], recent: tuple[ItemId, ...]
) -> tuple[tuple[ItemId, Role, float], ...]:
    chosen: dict[ItemId, tuple[Role, float]] = {}
    if page_item is not None:
        chosen[page_item] = ("page", 1.0)
    for item in cart:
        chosen.setdefault(item, ("cart", 1.0))
    for index, item in enumerate(recent):
        chosen.setdefault(item, ("recent", recent_weight(index)))
    return tuple((item, role, weight) for item, (role, weight) in chosen.items())


def resolve_visit(request: DecisionRequest, profile: Profile | None, now: datetime) -> Visit:
    """The visit, from the request and from the profile if there is one that may be used."""
    recent, cart = request.recent, tuple(line.item for line in request.cart)
    bought: Mapping[ItemId, int] = {}
    if profile is not None:
        recent = tuple(dict.fromkeys((*recent, *profile.recent_items(MAX_SEEDS_PER_ROLE))))
        cart = cart or tuple(line.item for line in profile.cart())
        bought = profile.bought_since(int((now - timedelta(days=MAX_HIDE_BOUGHT_DAYS)).timestamp() * 1000))
    page = () if request.page.item is None else (request.page.item,)
    return Visit(request.page.item, recent, cart, bought, (*page, *(request.recent or recent)))


def at_home(context: Context, profile: Profile | None, store: Store) -> Context:
    """The context in the visitor's home region, when the request itself does not say where they are."""
    if profile is None or context.region_source != "default" or profile.region not in store.regions:
        return context
    bit = store.regions.index(profile.region)
    return replace(context, region=profile.region, region_bit=bit, region_source="profile")

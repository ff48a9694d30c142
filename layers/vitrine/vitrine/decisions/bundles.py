"""What an item costs in a set with another one: the sum of both live prices, less what the store's offer takes off.

The same for everybody: a bundle is another product, so its price may differ where the price of one item may not.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from vitrine.catalog.items import Card
from vitrine.decisions.answers import Bundle, Reason
from vitrine.decisions.selection import Selector, selects
from vitrine.types import ItemId
from vitrine.values import dataclass

BUNDLE: Final = "bundle_"
"""How the names of lists begin whose items make a set with their seed."""


@dataclass(frozen=True, slots=True)
class BundleOffer:
    """`share` (0..1) off the sum of two prices where `items` selects the added one; None selects everything."""

    name: str
    share: float
    items: Selector | None = None


def bundle_of(
    item: ItemId, reason: Reason, cards: Mapping[ItemId, Card], offers: Sequence[BundleOffer]
) -> Bundle | None:
    """The set that an item makes with the one that led to it, by the first offer that is for it; None without either.

    None, too, where the other item is not known, has no price, or is sold in another currency.
    """
    if reason.seed is None or not reason.list.startswith(BUNDLE):
        return None
    card, other = cards.get(item), cards.get(reason.seed)
    if card is None or other is None or other.price <= 0 or other.currency != card.currency:
        return None
    offer = next((one for one in offers if one.items is None or selects(one.items, item, card)), None)
    if offer is None:
        return None
    apart = card.price + other.price
    return Bundle(reason.seed, offer.name, round(apart * (1.0 - offer.share)), apart, card.currency)


def partners(reasons: Iterable[Reason]) -> list[ItemId]:
    """The items that picks with these reasons would make a set with: their cards are wanted, too."""
    return [reason.seed for reason in reasons if reason.seed is not None and reason.list.startswith(BUNDLE)]

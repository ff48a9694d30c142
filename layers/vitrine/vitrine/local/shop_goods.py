"""Goods as a page shows them: what the live cards say, and where they say nothing, what the catalogue said."""

from collections.abc import Iterable, Mapping
from typing import Final

from vitrine.catalog.items import Card, card_in
from vitrine.errors import DependencyFailed
from vitrine.keys import card
from vitrine.local.shop_catalogue import Catalogue
from vitrine.ports import PageTable
from vitrine.types import Absent, ItemId
from vitrine.values import dataclass

TIMEOUT_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Good:
    """One item in one region. Prices are in minor units; `category` is a path."""

    item: ItemId
    title: str
    image: str
    price: int
    regular_price: int
    currency: str
    category: str
    in_stock: bool
    regions: int

    @property
    def address(self) -> str:
        """Its page in this shop, whatever address its card has."""
        return f"/shop/p/{self.item}"

    @property
    def saving(self) -> int:
        """How many per cent it is cheaper than usual; 0 when it is not."""
        return max(0, round(100 - 100 * self.price / self.regular_price)) if self.regular_price > 0 else 0


class LiveGoods:
    """Reads cards of a table, one batch for a page."""

    def __init__(self, table: PageTable, catalogue: Catalogue) -> None:
        self._table = table
        self._catalogue = catalogue

    def read(self, items: Iterable[ItemId], region: int) -> Mapping[ItemId, Good]:
        """Those of the items that there are, as they are in a region, which is told by its bit.

        An item without a card is one that is sold no longer. While the table does not answer, prices and stock are
        those of the last import.
        """
        wanted = list(dict.fromkeys(items))
        cards = self._cards(wanted)
        rest = [item for item in wanted if not isinstance(cards[item], Card)]
        articles = self._catalogue.articles(rest)
        goods = {}
        for item in wanted:
            shown = cards[item]
            if isinstance(shown, Card):
                goods[item] = good_of(item, shown, shown.is_in_stock(region))
            elif item in articles:
                last = articles[item].card
                goods[item] = good_of(item, last, shown is Absent.NOT_READ and last.is_in_stock(region))
        return goods

    def _cards(self, items: list[ItemId]) -> dict[ItemId, Card | Absent]:
        keys = {item: card(item) for item in items}
        try:
            rows = self._table.read(list(keys.values()), TIMEOUT_S) if keys else {}
        except DependencyFailed:
            return dict.fromkeys(items, Absent.NOT_READ)
        return {item: card_in(rows[key]) for item, key in keys.items()}


def good_of(item: ItemId, shown: Card, in_stock: bool) -> Good:
    """An item as its card shows it."""
    return Good(
        item, shown.title, shown.image, shown.price, shown.regular_price, shown.currency, shown.category, in_stock,
        shown.regions,
    )  # fmt: skip

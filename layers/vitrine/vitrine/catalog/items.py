"""What the catalogue knows of an item, and the small part of it, the card, that a page shows.

Cards live in rows of their own, outside any release, because price and stock change between refreshes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from vitrine.catalog.packed import region_mask
from vitrine.errors import InvalidRelease
from vitrine.types import ItemId, RegionId, Row

ITEM_URL: Final = "/shop/p/"
Brand = Literal["National", "Private"]


@dataclass(frozen=True, slots=True)
class Item:
    """One article of the catalogue, as in `catalog/items.parquet` of the lake.

    Prices are per unit in minor units; `category` is a path of slugs (`department/category/type`); `margin` is a
    share of the price; `regions` are the regions that have it in stock.
    """

    item: ItemId
    title: str
    category: str
    brand: str
    price: int
    regular_price: int
    margin: float
    url: str
    image: str
    regions: tuple[RegionId, ...]
    first_seen_ms: int


@dataclass(frozen=True, slots=True)
class Card:
    """What a page shows of an item. `regions` is a bit mask: bit r set means in stock in the store's r-th region."""

    title: str
    url: str
    image: str
    price: int
    regular_price: int
    currency: str
    regions: int
    category: str

    def is_in_stock(self, region_bit: int) -> bool:
        """Whether the region of that bit (0..31) has the item."""
        return bool(self.regions >> region_bit & 1)


def card_row(item: Item, region_bits: Mapping[RegionId, int], currency: str, updated_ms: int) -> Row:
    """The row under keys.card(item.item).

    Raises:
        InvalidRelease: the item is in stock in a region that the store does not have.
    """
    unknown = [region for region in item.regions if region not in region_bits]
    if unknown:
        raise InvalidRelease(f"item {item.item} is in stock in regions that the store lacks: {', '.join(unknown)}")
    return {
        "title": item.title,
        "url": item.url,
        "image": item.image,
        "price": item.price,
        "regular_price": item.regular_price,
        "currency": currency,
        "regions": region_mask(region_bits[region] for region in item.regions),
        "category": item.category,
        "updated_ms": updated_ms,
    }


def parse_card(row: Row) -> Card:
    """The card in a row.

    Raises:
        InvalidRelease: the row is not a card.
    """
    match row:
        case {
            "title": str(title),
            "url": str(url),
            "image": str(image),
            "price": int(price),
            "regular_price": int(regular_price),
            "currency": str(currency),
            "regions": int(regions),
            "category": str(category),
        } if bool not in map(type, (price, regular_price, regions)):  # to `int()` a boolean is a number
            return Card(title, url, image, price, regular_price, currency, regions, category)
    raise InvalidRelease("a card row is damaged")

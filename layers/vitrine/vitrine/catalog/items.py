"""What the catalogue knows of an item, and the small part of it, the card, that a page shows.

Cards live in rows of their own, outside any release, because price and stock change between refreshes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import orjson

from vitrine.catalog.goods import Goods
from vitrine.catalog.packed import region_mask
from vitrine.errors import InvalidRelease
from vitrine.types import Absent, RegionId, Row

ITEM_URL: Final = "/shop/p/"


@dataclass(frozen=True, slots=True)
class Item(Goods):
    """One article of the catalogue, as in `catalog/items.parquet` of the lake."""

    first_seen_ms: int


@dataclass(frozen=True)  # no slots: cached properties live in the instance's dict
class Card:
    """What a page shows of an item. `regions` is a bit mask: bit r set means in stock in the store's r-th region.

    Cards are held for a while and shown again and again, so each is encoded once.
    """

    title: str
    url: str
    image: str
    price: int
    regular_price: int
    currency: str
    regions: int
    category: str

    @cached_property
    def shown(self) -> orjson.Fragment:
        """The card as answers show it."""
        return orjson.Fragment(
            orjson.dumps(
                {
                    "title": self.title,
                    "url": self.url,
                    "image": self.image,
                    "price": self.price,
                    "regular_price": self.regular_price,
                    "currency": self.currency,
                    "category": self.category,
                }
            )
        )

    @cached_property
    def kept(self) -> bytes:
        """The values of its fields, in order, as a JSON list: what a record keeps."""
        return orjson.dumps(
            (
                self.title,
                self.url,
                self.image,
                self.price,
                self.regular_price,
                self.currency,
                self.regions,
                self.category,
            )
        )

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


def card_in(row: Row | Absent) -> Card | Absent:
    """The card in a row; a damaged one is as good as not read."""
    if isinstance(row, Absent):
        return row
    try:
        return parse_card(row)
    except InvalidRelease:
        return Absent.NOT_READ


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

"""Items, and the cards that pages show of them."""

import pytest

from vitrine.catalog.items import Card, Item, card_row, parse_card
from vitrine.errors import InvalidRelease

MILK = Item(
    item="3",
    title="Milk 1 gal, own brand",
    category="grocery/milk/milk",
    brand="Private",
    price=279,
    regular_price=299,
    margin=0.35,
    url="/shop/p/3",
    image="/media/grocery/milk/milk.svg",
    regions=("north", "west"),
    first_seen_ms=1_483_271_606_000,
)
BITS = {"north": 0, "east": 1, "south": 2, "west": 3}


def test_a_card_survives_its_row():
    """What is parsed from a row is what the item said, with the regions as a bit mask."""
    card = parse_card(card_row(MILK, BITS, "USD", 5))
    assert card == Card(MILK.title, MILK.url, MILK.image, 279, 299, "USD", 0b1001, MILK.category)


def test_stock_is_read_per_region():
    """A region's bit says whether it has the item."""
    card = parse_card(card_row(MILK, BITS, "USD", 5))
    assert [card.is_in_stock(bit) for bit in range(4)] == [True, False, False, True]


def test_an_unknown_region_is_refused():
    """A card in stock where the store is not names the region instead of losing it."""
    with pytest.raises(InvalidRelease, match="west"):
        card_row(MILK, {"north": 0}, "USD", 5)


GOOD = card_row(MILK, BITS, "USD", 5)


@pytest.mark.parametrize(
    "row",
    [{}, GOOD | {"price": "279"}, *(GOOD | {name: True} for name in ("price", "regular_price", "regions", "title"))],
)
def test_a_damaged_row_is_refused(row):
    """A row that lacks a field, or has one of another type, is not served as a card."""
    with pytest.raises(InvalidRelease):
        parse_card(row)

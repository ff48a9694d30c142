"""The demo shop's cookies. What a browser sends may be anything: what cannot be right is as if it had not been sent."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from vitrine.types import ItemId

CART: Final = "shop_cart"
FAVOURITES: Final = "shop_favourites"
CONSENT: Final = "shop_consent"
LOCALE: Final = "shop_locale"
VISITOR: Final = "shop_visitor"
REGION: Final = "shop_region"
STUDIO: Final = "vitrine_studio"

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
MOST_LINES: Final = 60
MOST_PIECES: Final = 99
LONGEST: Final = 3_500  # browsers keep 4,096 bytes of a cookie with its name and attributes
ITEM: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
LINE: Final = re.compile(rf"({ITEM.pattern}):([1-9][0-9]?)")
SEPARATOR: Final = "."


def is_item(text: str) -> bool:
    """Whether it has the form of an item's id that fits a cookie."""
    return ITEM.fullmatch(text) is not None


def read_cart(text: str) -> dict[ItemId, int]:
    """Pieces by item, in the order in which they were put in."""
    lines = (LINE.fullmatch(part) for part in text[:LONGEST].split(SEPARATOR))
    return dict([(line[1], int(line[2])) for line in lines if line][:MOST_LINES])


def write_cart(cart: Mapping[ItemId, int]) -> str:
    """The cookie of a cart; '' for an empty one."""
    return fitting(f"{item}:{pieces}" for item, pieces in cart.items())


def with_pieces(cart: Mapping[ItemId, int], item: ItemId, pieces: int) -> dict[ItemId, int]:
    """The cart with so many pieces of an item, without it for none. A full cart takes no new line."""
    changed = {**cart, item: min(pieces, MOST_PIECES)}
    if pieces <= 0:
        del changed[item]
    return changed if len(changed) <= MOST_LINES else dict(cart)


def read_favourites(text: str) -> tuple[ItemId, ...]:
    """Items, the last favoured first."""
    return tuple(dict.fromkeys(part for part in text[:LONGEST].split(SEPARATOR) if is_item(part)))[:MOST_LINES]


def write_favourites(items: Iterable[ItemId]) -> str:
    """The cookie of favourites; '' for none."""
    return fitting(items)


def fitting(parts: Iterable[str]) -> str:
    """As many of the parts, from the first, as a cookie holds."""
    text = ""
    for part in parts:
        longer = f"{text}{SEPARATOR}{part}" if text else part
        if len(longer) > LONGEST:
            break
        text = longer
    return text

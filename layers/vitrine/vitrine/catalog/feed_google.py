"""Google Merchant feeds: RSS 2.0 and Atom with `g:` elements, and the tab-separated form.

Source: https://support.google.com/merchants/answer/7052112 (product data specification).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from vitrine.catalog.feed_items import FeedForm, Ignored, RawItem, Told
from vitrine.catalog.feed_xml import Element, Path, elements

PREFIX: Final = "g:"  # by name: many shops forget to declare the namespace, and nobody calls it otherwise
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "item": ("id",),
    "title": ("title",),
    "price": ("price",),
    "sale_price": ("sale_price",),
    "sale_dates": ("sale_price_effective_date",),
    "available": ("availability",),
    "category": ("product_type", "google_product_category"),
    "brand": ("brand",),
    "image": ("image_link",),
    "url": ("link",),
    "cost": ("cost_of_goods_sold",),
}
"""product_type is the shop's own word; Google's taxonomy is for Google's shelves, and often only a number."""

_ITEMS: Final[frozenset[Path]] = frozenset({("rss", "channel", "item"), ("feed", "entry"), ("channel", "item")})


def google_items(chunks: Iterable[bytes], form: FeedForm, ignored: Ignored) -> Told:
    """The items of an RSS or Atom feed. Fields are named without `g:`; those of other prefixes keep theirs.

    Raises:
        Damaged: see feed_xml.elements.
    """
    wanted = form.wanted
    for element in elements(chunks, _ITEMS.__contains__):
        yield RawItem(element.line, _fields(element, wanted, ignored))


def _fields(item: Element, wanted: frozenset[str], ignored: Ignored) -> dict[str, str]:
    """The first text of each wanted field; Google's word counts before RSS's or Atom's own."""
    found: dict[str, str] = {}
    google: set[str] = set()
    for part in item.parts:
        name = part.name.removeprefix(PREFIX)
        is_google = name != part.name
        if name not in wanted:
            ignored.note(name)
        elif name not in found or (is_google and name not in google):
            found[name] = part.text or part.attributes.get("href", "")  # Atom's links
            google |= {name} if is_google else set()
    return found

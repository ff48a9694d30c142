"""YML, the catalogue format of Yandex Market: offers, and a tree of categories by id that stands before them.

Source: https://yandex.ru/support/marketplace/assortment/auto/yml.html and
https://yandex.ru/support/partnermarket/export/yml.html.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from vitrine.catalog.feed_items import LIST_SEPARATOR, Damaged, FeedFault, FeedForm, Ignored, RawItem, Told
from vitrine.catalog.feed_xml import Element, Path, elements

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "item": ("id",),
    "title": ("name", "model"),
    "price": ("price",),
    "regular_price": ("oldprice",),
    "currency": ("currencyId",),
    "available": ("available",),
    "category": ("category",),
    "brand": ("vendor",),
    "image": ("picture",),
    "url": ("url",),
    "cost": ("purchase_price",),
}
OUTLET: Final = "outlet:"
"""Stock of an outlet is the field `outlet:<id>`; a parameter is `param:<name>`; a category's names are `category`."""

MAX_CATEGORIES: Final = 100_000
MAX_LEVELS: Final = 30
_SHOP: Final = ("yml_catalog", "shop")
_CATEGORY: Final[Path] = (*_SHOP, "categories", "category")
_OFFER: Final[Path] = (*_SHOP, "offers", "offer")
_WANTED: Final = frozenset({_CATEGORY, _OFFER})


class Categories:
    """The tree, as far as it has been read."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}

    def add(self, element: Element) -> None:
        """Take a `<category id parentId>name</category>`.

        Raises:
            Damaged: there are too many.
        """
        if len(self._known) >= MAX_CATEGORIES:
            raise Damaged(element.line, f"there are more than {MAX_CATEGORIES:,} categories")
        self._known[element.attributes.get("id", "")] = (element.attributes.get("parentId", ""), element.text[:200])

    def names(self, category: str) -> str | None:
        """Its name and those above it, from the root; None when it, or one above it, is not known or is its own parent.

        An orphan keeps what is known of its branch.
        """
        found: list[str] = []
        while category in self._known and len(found) <= MAX_LEVELS:
            category, name = self._known[category]
            found.append(name)
        return LIST_SEPARATOR.join(reversed(found)) if 0 < len(found) <= MAX_LEVELS else None


def yml_items(chunks: Iterable[bytes], form: FeedForm, ignored: Ignored) -> Told:
    """The offers of a YML file.

    Raises:
        Damaged: see feed_xml.elements.
    """
    wanted, categories = form.wanted, Categories()
    for element in elements(chunks, _WANTED.__contains__):
        if element.name == _CATEGORY[-1]:
            categories.add(element)
            continue
        fields = _fields(element, wanted, ignored)
        category = next((part.text for part in element.parts if part.name == "categoryId"), None)
        names = None if category is None else categories.names(category)
        if category is not None and names is None:
            hint = "categories stand before the offers, each with its own id"
            message = f"there is no category {category[:40]!r}"
            yield FeedFault(element.line, form.text(fields, "item"), "field", message, hint)
            continue
        yield RawItem(element.line, fields if names is None else {**fields, "category": names})


def _fields(offer: Element, wanted: frozenset[str], ignored: Ignored) -> dict[str, str]:
    """The first text of each wanted field; an offer of the type vendor.model is named by prefix, vendor and model."""
    found = {name: offer.attributes[name] for name in ("id", "available") if name in offer.attributes}
    named = {part.name: part.text for part in reversed(offer.parts)}
    if "name" not in named and "model" in named:
        parts = (named.get(part, "") for part in ("typePrefix", "vendor", "model"))
        found["model"] = " ".join(part for part in parts if part)
    for part in offer.parts:
        for name, text in _told(part):
            if name in wanted:
                found.setdefault(name, text)
            elif name != "categoryId":
                ignored.note(name)
    return found


def _told(part: Element) -> Iterable[tuple[str, str]]:
    """What one element in an offer says, under the names of fields."""
    if part.name == "outlets":
        return [(f"{OUTLET}{one.attributes.get('id', '')}", one.attributes.get("instock", "0")) for one in part.parts]
    if part.name == "param":
        return [(f"param:{part.attributes.get('name', '')[:100]}", part.text)]
    return [(part.name, part.text)]

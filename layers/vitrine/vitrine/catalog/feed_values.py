"""Texts of a feed to values of the catalogue: ids, titles, addresses, category paths, availability, dates of a sale."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from unicodedata import category, normalize

from vitrine.catalog.feed_items import LIST_SEPARATOR, BadValue

MAX_ID_BYTES: Final = 128  # as in the public API
MAX_TITLE: Final = 200
MAX_BRAND: Final = 100
MAX_LEVEL: Final = 60
MAX_URL: Final = 2_000
OTHER: Final = "other"
"""Category of items of which none is told."""

_IN: Final = frozenset(
    [
        "in_stock",
        "instock",
        "available",
        "available_for_order",
        "limited_availability",
        "yes",
        "y",
        "true",
        "да",
        "есть",
    ]
)
_OUT: Final = frozenset(
    ["out_of_stock", "outofstock", "sold_out", "soldout", "discontinued", "unavailable", "no", "n", "false", "нет"]
)
_LATER: Final = frozenset(["preorder", "pre_order", "presale", "pre_sale", "backorder", "back_order"])
_NUMBER: Final = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?", re.ASCII)
_NOT_IN_ADDRESSES: Final = re.compile(r"[ <>\"'\\`]")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def parse_id(text: str) -> str:
    """An item's id.

    Raises:
        BadValue: it is empty or too long, or the public API would refuse it.
    """
    found = text.strip()
    if not found:
        raise BadValue("the item has no id", "every item needs one, the same in every feed")
    if len(found.encode("utf-8", "replace")) > MAX_ID_BYTES:
        raise BadValue(f"the id is longer than {MAX_ID_BYTES} bytes", "use the article number")
    if not found.isprintable() or " " in found:
        raise BadValue("the id holds white space or hidden characters", "use letters, digits and dashes")
    return found


def parse_title(text: str) -> str:
    """A title of one line, cut at MAX_TITLE letters.

    Raises:
        BadValue: nothing of it can be seen.
    """
    found = one_line(text)
    if not found:
        raise BadValue("the title is empty")
    return found if len(found) <= MAX_TITLE else f"{found[: MAX_TITLE - 1]}…"


def one_line(text: str) -> str:
    """The text with single spaces and without hidden characters, among them those that turn its direction."""
    if not text.isprintable():
        text = "".join(sign for sign in text if sign.isspace() or category(sign) not in _HIDDEN)
    return " ".join(text.split())


def parse_address(text: str, what: str) -> str:
    """A web address or an absolute path of the shop; '' stays ''.

    Raises:
        BadValue: it is another kind of address, which a page must not link to, or no address.
    """
    found = text.strip()
    is_web = found.lower().startswith(("https://", "http://"))
    if found and not is_web and not (found.startswith("/") and not found.startswith("//")):
        raise BadValue(f"the {what} is no web address", "begin with https:// or /")
    if len(found) > MAX_URL:
        raise BadValue(f"the {what} is longer than {MAX_URL} letters")
    if not found.isprintable() or _NOT_IN_ADDRESSES.search(found):
        raise BadValue(f"the {what} holds characters that an address cannot have", "write them as %20 and the like")
    return found


@lru_cache(maxsize=4_096)  # a shop has more items than categories
def category_path(text: str, separator: str) -> str:
    """A category as a path of slugs: department, category and, of what is deeper, the last level.

    A number alone (as Google's taxonomy has them) says nothing to people and counts as none: that is OTHER.
    """
    names = [one_line(name) for part in text.split(LIST_SEPARATOR) for name in part.split(separator)]
    levels = [level for level in map(slug, names) if level]
    if not levels or (len(levels) == 1 and levels[0].isdigit()):
        return OTHER
    return "/".join(levels if len(levels) <= 3 else (*levels[:2], levels[-1]))


def slug(text: str) -> str:
    """Lower-case words of letters and digits of any script, joined by dashes, at most MAX_LEVEL letters."""
    words = re.sub(r"[\W_]+", "-", normalize("NFKC", text).lower())
    return words.strip("-")[:MAX_LEVEL].strip("-")


def is_available(text: str, *, sells_preorders: bool) -> bool:
    """Whether words or a quantity say that an item can be had now.

    Raises:
        BadValue: they are none that we know.
    """
    bare = text.strip()
    if _NUMBER.fullmatch(bare):
        return float(bare.replace(",", ".")) > 0
    word = re.sub(r"[\s_-]+", "_", bare.lower().rpartition("/")[2])  # also https://schema.org/InStock
    if word in _LATER:
        return sells_preorders
    if word not in _IN | _OUT:
        raise BadValue(f"the availability is {bare[:40]!r}", "use in_stock, out_of_stock, preorder or a quantity")
    return word in _IN


def is_within(dates: str, now_ms: int) -> bool:
    """Whether an instant lies in `start/end` (ISO 8601, both with zone; without one they are UTC).

    Raises:
        BadValue: these are no two dates.
    """
    start, _, end = dates.partition("/")
    try:
        bounds = [datetime.fromisoformat(text.strip()) for text in (start, end)]
    except ValueError as error:
        raise BadValue("the dates of the sale price are no two ISO dates", "write start/end") from error
    begins, ends = ((bound if bound.tzinfo else bound.replace(tzinfo=UTC)).timestamp() * 1000 for bound in bounds)
    return begins <= now_ms < ends

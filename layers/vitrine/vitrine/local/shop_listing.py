"""How a shopper wants a list: its order, what is left out, which page."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from vitrine.types import ItemId
from vitrine.values import dataclass

USUAL: Final = "popular"
ORDERS: Final[Mapping[str, str]] = {
    USUAL: "stock.sold desc, stock.n",
    "price": "stock.price, stock.n",
    "price-down": "stock.price desc, stock.n",
    "saving": "stock.saving desc, stock.sold desc, stock.n",
    "new": "stock.first_seen_ms desc, stock.n",
    "title": "stock.title, stock.n",
}
"""Names of orders and their terms over the table `stock`."""
LAST_PAGE: Final = 9_999


@dataclass(frozen=True, slots=True)
class Wish:
    """`sale`: only what is cheaper than usual; `own`: only own brands; pages count from 1."""

    sort: str = USUAL
    sale: bool = False
    own: bool = False
    page: int = 1

    def address(self, path: str, **more: str) -> str:
        """The path with this wish as its query; what is usual is left out."""
        said = {
            **more,
            "sort": self.sort if self.sort != USUAL else "",
            "sale": "1" if self.sale else "",
            "own": "1" if self.own else "",
            "page": str(self.page) if self.page > 1 else "",
        }
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{path}?{query}" if query else path


@dataclass(frozen=True, slots=True)
class Found:
    """Ids of a page of goods, how many there are on all pages, and which page it is."""

    items: tuple[ItemId, ...]
    total: int
    page: int


def read_wish(query: Mapping[str, str]) -> Wish:
    """The wish of an address; whatever makes no sense is as if it was left out."""
    sort, page = query.get("sort", ""), query.get("page", "")
    return Wish(
        sort=sort if sort in ORDERS else USUAL,
        sale=query.get("sale") == "1",
        own=query.get("own") == "1",
        page=min(max(int(page), 1), LAST_PAGE) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def near_pages(page: int, last: int) -> list[int]:
    """Numbers to link to: the first, the last and those around; 0 stands for a gap."""
    near = sorted({1, last, *range(max(1, page - 1), min(last, page + 1) + 1)})
    shown: list[int] = []
    for number in near:
        if shown and number - shown[-1] > 1:
            shown.append(0)
        shown.append(number)
    return shown

"""The pages of the demo shop that show goods. Each is a decent page without Vitrine: that is its default content."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from vitrine.local.shop_catalogue import PAGE_SIZE, Catalogue
from vitrine.local.shop_goods import Good, LiveGoods
from vitrine.local.shop_listing import ORDERS, Found, Wish
from vitrine.local.shop_names import Words
from vitrine.local.shop_views import Page, pager, row
from vitrine.local.shop_visit import Visit
from vitrine.types import ItemId

N_ROW: Final = 12
N_SPARE: Final = 24
"""Ids read for a row: some are sold out since the import, some stand in a row above."""
FRESH: Final = ("produce", "bakery")
STAPLES: Final = ("grocery/milk", "grocery/eggs", "grocery/baked-bread-buns-rolls", "grocery/cheese", "grocery/coffee")
TREATS: Final = ("grocery/soft-drinks", "grocery/bag-snacks", "grocery/cookies-cones", "grocery/ice-cream")
TILL: Final = ("drugstore-and-home/gum-and-mints", "grocery/breakfast-and-snack-bars", "drugstore-and-home/magazine")
SIZE: Final = re.compile(r"(?:(\d+) x )?(\d+(?:\.\d+)?) (oz|lb|gal|qt|pt|l|ml|ct|dozen|g|kg)\b")


class Pages:
    """Makes pages of the catalogue and the live goods; `words` gives the texts of a visit."""

    def __init__(self, catalogue: Catalogue, goods: LiveGoods, words: Callable[[Visit], Words]) -> None:
        self._catalogue = catalogue
        self._goods = goods
        self._words = words

    def departments(self, visit: Visit) -> list[str]:
        """Paths of the departments that have something in stock, the fullest first."""
        shelves = self._catalogue.shelves(visit.region.bit)
        return sorted((path for path in shelves if "/" not in path), key=lambda path: -shelves[path])

    def home(self, visit: Visit) -> Page:
        """The way in."""
        bit, ask = visit.region.bit, self._catalogue
        rows = self._rows(
            visit,
            recs=ask.bestsellers(bit, "", N_SPARE),
            again=self._best_of(visit, STAPLES),
            moment=self._best_of(visit, FRESH),
            discounted=ask.deals(bit, "", N_SPARE * 2),
            trending=self._best_of(visit, TREATS),
            discover=ask.novelties(bit, N_SPARE),
        )
        shelves = ask.shelves(bit)
        tiles = [(path, shelves[path], self._picture(visit, path)) for path in self.departments(visit)]
        return Page("home", self._words(visit).say("home"), {"type": "home"}, {"rows": rows, "tiles": tiles})

    def category(self, visit: Visit, path: str, wish: Wish) -> Page | None:
        """A category with those below it; None when the region has nothing of it."""
        bit, words = visit.region.bit, self._words(visit)
        shelves = self._catalogue.shelves(bit)
        if path not in shelves:
            return None
        found = self._catalogue.listing(bit, path, wish)
        top = self._catalogue.deals(bit, path, N_SPARE)
        goods = self._goods.read([*found.items, *top], bit)
        address = f"/shop/c/{path}"
        below = [(one, n) for one, n in shelves.items() if one.rpartition("/")[0] == path]
        return self._listing(
            Page(
                "category",
                words.category(path),
                {"type": "category", "category": path},
                {
                    "path": path,
                    "below": sorted(below, key=lambda one: -one[1]),
                    "n_deals": self._catalogue.n_deals(bit, path),
                    "rows": {"top": row(chosen(goods, top), set(), N_ROW)},
                },
            ),
            address, wish, found, goods,
        )  # fmt: skip

    def search(self, visit: Visit, text: str, wish: Wish) -> Page:
        """What the words of a search find."""
        bit, words = visit.region.bit, self._words(visit)
        found = self._catalogue.search(bit, text, wish)
        instead = () if found.total else self._catalogue.bestsellers(bit, "", N_SPARE)
        goods = self._goods.read([*found.items, *instead], bit)
        about = {"type": "search", "query": text} if text else {"type": "search"}
        shelves = self._catalogue.found_shelves(bit, text)
        values = {"text": text, "shelves": shelves, "rows": {"instead": row(chosen(goods, instead), set())}}
        return self._listing(
            Page("search", words.say("found_for", text=text) if text else words.say("search"), about, values),
            "/shop/search", wish, found, goods, q=text,
        )  # fmt: skip

    def product(self, visit: Visit, item: ItemId) -> Page | None:
        """One item; None for one that the shop never had."""
        bit, ask = visit.region.bit, self._catalogue
        good = self._goods.read([item], bit).get(item)
        if good is None:
            return None
        shelf = good.category.rpartition("/")[0]
        department = good.category.partition("/")[0]
        rows = self._rows(
            visit,
            {item},
            similar=ask.listing(bit, good.category, Wish()).items,
            accompanying=ask.bestsellers(bit, department, N_SPARE),
            viewed=ask.bestsellers(bit, shelf, N_SPARE),
        )
        article = ask.articles([item]).get(item)
        measure = SIZE.search(good.title)
        values = {
            "good": good,
            "stocked": [bit for bit in range(good.regions.bit_length()) if good.regions >> bit & 1],
            "brand": article.brand if article else "",
            "size": measure[0] if measure else "",
            "per_unit": per_unit(good.price, measure),
            "rows": rows,
        }
        return Page("product", good.title, {"type": "product", "item": item}, values)

    def _listing(
        self, page: Page, address: str, wish: Wish, found: Found, goods: Mapping[ItemId, Good], **more: str
    ) -> Page:
        """The page with its list and what turns its pages."""
        listed = [good for good in chosen(goods, found.items) if good.in_stock]
        last = max(1, -(-found.total // PAGE_SIZE))
        values = {
            **page.values,
            "listed": listed,
            "total": found.total,
            "wish": wish,
            "sorts": list(ORDERS),
            "address": address,
            "more": more,
            "page_number": found.page,
            "last_page": last,
            "pages": pager(address, wish, found.page, last, **more),
        }
        return Page(page.template, page.title, page.about, values, tuple(good.item for good in listed))

    def _best_of(self, visit: Visit, shelves: Sequence[str]) -> list[ItemId]:
        """Bestsellers of several shelves, by turns."""
        lists = [self._catalogue.bestsellers(visit.region.bit, shelf, 8) for shelf in shelves]
        longest = max(map(len, lists))
        return [items[place] for place in range(longest) for items in lists if place < len(items)]

    def _rows(self, visit: Visit, seen: set[ItemId] | None = None, **lists: Sequence[ItemId]) -> dict[str, list[Good]]:
        """A row of goods per list, in the order of the page; no item stands in two."""
        goods = self._goods.read([item for items in lists.values() for item in items], visit.region.bit)
        shown = set(seen or ())
        return {name: row(chosen(goods, items), shown, N_ROW) for name, items in lists.items()}

    def _picture(self, visit: Visit, path: str) -> str:
        """The picture of what sells best in a category."""
        best = self._catalogue.bestsellers(visit.region.bit, path, 1)
        article = self._catalogue.articles(best).get(best[0]) if best else None
        return article.card.image if article else ""


def chosen(goods: Mapping[ItemId, Good], items: Sequence[ItemId]) -> list[Good]:
    """Those of the items that there are, in order."""
    return [goods[item] for item in items if item in goods]


def per_unit(price: int, measure: re.Match[str] | None) -> tuple[int, str] | None:
    """The price of one ounce, pound or piece; None where that says nothing new."""
    if measure is None or measure[3] == "dozen":
        return None
    amount = int(measure[1] or 1) * float(measure[2])
    return (round(price / amount), measure[3]) if amount > 1 else None

"""What the demo shop sells: lists, search and households, read from the file that `shop_build` made.

All lists hold ids of goods that a region has in stock, best first. A connection is opened per question, which takes a
tenth of a millisecond and lets any thread ask.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from vitrine.catalog.items import Card
from vitrine.local.shop_listing import ORDERS, USUAL, Found, Wish
from vitrine.types import DAY_MS, ItemId
from vitrine.values import dataclass

WORD: Final = re.compile(r"\w+")
MOST_WORDS: Final = 8
PAGE_SIZE: Final = 24
FOUND: Final = "words cross join stock on stock.n = words.rowid"  # cross: SQLite joins in this order
BEST_MATCH: Final = "bm25(words, 3.0, 1.0) - min(stock.sold, 300) / 100.0, stock.n"
"""A word of the title counts three times one of a category; a hundred sales a year count about as much as a word."""
USUALLY: Final = ORDERS[USUAL]
ON_OFFER: Final = f"(stock.saving > 150) * {USUALLY}"
QUARTER_MS: Final = 90 * DAY_MS
RECENT: Final = f"(stock.first_seen_ms > (select max(first_seen_ms) from stock) - {QUARTER_MS}) * {USUALLY}"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Article:
    """What the catalogue alone knows of an item; its card as of the last import."""

    item: ItemId
    brand: str
    card: Card


@dataclass(frozen=True, slots=True)
class Household:
    """A household of the data: how often it shopped, where it lives, the shelves it likes most."""

    visitor: str
    baskets: int
    region: str
    likes: tuple[str, ...]


class Catalogue:
    """The file, in questions that pages ask. `currency` is the store's."""

    def __init__(self, file: Path, currency: str) -> None:
        self._address = f"{file.resolve().as_uri()}?mode=ro"
        self._currency = currency
        self.shelves = lru_cache(maxsize=32)(self._shelves)
        self.bestsellers = lru_cache(maxsize=1024)(self._bestsellers)

    def articles(self, items: Sequence[ItemId]) -> Mapping[ItemId, Article]:
        """Those of the items that it knows."""
        rows = self._ask(f"select * from items where item in ({', '.join('?' * len(items))})", *items)  # noqa: S608
        return {row[1]: self._article(row) for row in rows}

    def listing(self, region: int, category: str, wish: Wish) -> Found:
        """A page of what a category and those below it hold; '' is the whole shop."""
        where, values = inside(region, category)
        return self._page("stock", where, values, wish, ORDERS[wish.sort])

    def search(self, region: int, text: str, wish: Wish) -> Found:
        """A page of goods with all of the words, or with any of them when none has all; the last may be unfinished."""
        order = BEST_MATCH if wish.sort == USUAL else ORDERS[wish.sort]
        found = Found((), 0, 1)
        for between in (" ", " OR "):
            if terms := between.join(terms_of(text)):
                found = self._page(FOUND, "words match ? and stock.region = ?", (terms, region), wish, order)
            if found.total:
                break
        return found

    def found_shelves(self, region: int, text: str) -> Mapping[str, int]:
        """How many goods with all of the words each department holds, the fullest first."""
        if not (terms := " ".join(terms_of(text))):
            return {}
        sql = f"""
            select substr(stock.category, 1, instr(stock.category || '/', '/') - 1) as top, count(*)
            from {FOUND} where words match ? and stock.region = ? group by top order by 2 desc, 1
            """  # noqa: S608
        return dict(self._ask(sql, terms, region))

    def _bestsellers(self, region: int, category: str, n: int, order: str = USUALLY) -> tuple[ItemId, ...]:
        where, values = inside(region, category)
        sql = f"""
            select item from items join (
                select n, row_number() over (order by {order}) as place from (
                    select *, row_number() over (partition by stock.category order by {order}) as among
                    from stock where {where}
                ) as stock where among = 1 order by place limit ?
            ) using (n) order by place
            """  # noqa: S608 - order and where are of this module
        return tuple(item for (item,) in self._ask(sql, *values, n))

    def deals(self, region: int, category: str, n: int) -> tuple[ItemId, ...]:
        """Goods that are much cheaper than usual and sell: one of each category."""
        return self.bestsellers(region, category, n, ON_OFFER)

    def novelties(self, region: int, n: int) -> tuple[ItemId, ...]:
        """Goods that came last and sell: one of each category."""
        return self.bestsellers(region, "", n, RECENT)

    def n_deals(self, region: int, category: str) -> int:
        """How many goods of a category are cheaper than usual."""
        where, values = inside(region, category)
        [(n,)] = self._ask(f"select count(*) from stock where {where} and stock.saving > 0", *values)  # noqa: S608
        return int(n)

    def _shelves(self, region: int) -> Mapping[str, int]:
        rows = self._ask("select category, count(*) from stock where region = ? group by category", region)
        shelves: dict[str, int] = {}
        for category, n in rows:
            parts = category.split("/")
            for depth in range(1, len(parts) + 1):
                path = "/".join(parts[:depth])
                shelves[path] = shelves.get(path, 0) + n
        return shelves

    def household(self, visitor: str) -> Household | None:
        """A household of the data."""
        rows = self._ask("select * from households where visitor = ?", visitor)
        return household_in(rows[0]) if rows else None

    def households(self, n: int) -> Sequence[Household]:
        """Households that shop often and like different shelves, the most frequent first."""
        sql = """
            select visitor, baskets, region, likes from (
                select *, row_number() over (
                    partition by substr(likes, 1, instr(likes || ' ', ' ')) order by baskets desc, visitor
                ) as among from households
            ) where among = 1 order by baskets desc, visitor limit ?
            """
        return [household_in(row) for row in self._ask(sql, n)]

    def _page(self, tables: str, where: str, values: Sequence[object], wish: Wish, order: str) -> Found:
        """The asked page of the rows, or the last one that there is."""
        where += (" and stock.saving > 0" if wish.sale else "") + (" and stock.own = 1" if wish.own else "")
        [(total,)] = self._ask(f"select count(*) from {tables} where {where}", *values)  # noqa: S608
        page = min(wish.page, max(1, -(-total // PAGE_SIZE)))
        sql = f"""
            select item from {tables} join items on items.n = stock.n where {where} order by {order} limit ? offset ?
            """  # noqa: S608 - all parts are of this module
        rows = self._ask(sql, *values, PAGE_SIZE, (page - 1) * PAGE_SIZE)
        return Found(tuple(item for (item,) in rows), total, page)

    def _article(self, row: Sequence[Any]) -> Article:
        _, item, title, category, brand, price, regular_price, url, image, regions = row
        return Article(item, brand, Card(title, url, image, price, regular_price, self._currency, regions, category))

    def _ask(self, sql: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self._address, uri=True)) as connection:
            return connection.execute(sql, values).fetchall()


def terms_of(text: str) -> list[str]:
    """What to look for, as FTS5 takes it: https://www.sqlite.org/fts5.html#full_text_query_syntax."""
    return [f'"{word}"*' for word in WORD.findall(text.lower())[:MOST_WORDS]]


def inside(region: int, category: str) -> tuple[str, tuple[object, ...]]:
    """A condition for rows of `stock` of a region, in a category or below it."""
    if not category:
        return "stock.region = ?", (region,)
    return "stock.region = ? and (stock.category = ? or stock.category between ? and ?)", (
        region, category, f"{category}/", f"{category}/\U0010ffff",
    )  # fmt: skip


def household_in(row: Sequence[Any]) -> Household:
    """The household in a row."""
    visitor, baskets, region, likes = row
    return Household(visitor, baskets, region, tuple(likes.split()))

"""The demo shop over a catalogue that was made up: thirty kinds of milk, a banana, and goods with nasty titles."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import duckdb
import orjson
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from vitrine.adapters.memory import MemoryTable
from vitrine.catalog.items import Card
from vitrine.keys import card
from vitrine.local.shop import Shop, open_shop
from vitrine.local.shop_site import ShopSite
from vitrine.refresh.lake_files import ITEMS, PURCHASES, VISITORS

ROOT: Final = Path(__file__).parents[2]
STOREFRONT: Final = ROOT / "storefront"
HOSTILE: Final = """<script>alert("1")</script>'{{7*7}}' & Sons #2"""
BANANA: Final = "900"
NASTY: Final = "901"
SOUTHERN: Final = "902"
GONE: Final = "903"
HOUSEHOLD: Final = "h718"
OURS: Final = {"sec-fetch-site": "same-origin"}
BLOCK: Final = re.compile(r'<script type="application/json" id="(\w+)">(.*?)</script>', re.DOTALL)
T = TypeVar("T")

Visit = Callable[["Browser"], Awaitable[T]]


def items() -> list[tuple[str, str, str, str, int, int, list[str]]]:
    """Item, title, category, brand, price, regular price, regions."""
    milk = [
        (
            str(n),
            f"Milk {n} gal #{n}",
            "grocery/milk/milk",
            "Private" if n % 2 else "National",
            100 + n,
            100 + n,
            ["north"],
        )
        for n in range(1, 31)
    ]
    return [
        *milk,
        (BANANA, "Bananas 2 lb", "produce/tropical-fruit/bananas", "National", 90, 120, ["north", "south"]),
        (NASTY, HOSTILE, "produce/nuts/nuts", "National", 500, 500, ["north"]),
        (SOUTHERN, "Peaches", "produce/stone-fruit/peaches", "National", 300, 300, ["south"]),
        (GONE, "Plums", "produce/stone-fruit/plums", "National", 200, 200, []),
    ]  # fmt: skip


def write_lake(lake: Path) -> None:
    """The Parquet files that the shop reads of a lake."""
    for name in (ITEMS, PURCHASES, VISITORS):
        (lake / name).parent.mkdir(parents=True, exist_ok=True)
    rows = [(*row[:6], 0.25, f"/shop/p/{row[0]}", f"/media/{row[2]}.svg", row[6], 1_000) for row in items()]
    bought = [(HOUSEHOLD, item, f"s{n}", "north") for n, item in enumerate([BANANA, BANANA, NASTY, "1", "1", "1", "2"])]
    with duckdb.connect() as connection:
        connection.execute(
            "create table items (item varchar, title varchar, category varchar, brand varchar, price int,"
            " regular_price int, margin double, url varchar, image varchar, regions varchar[], first_seen_ms bigint)"
        )
        connection.executemany("insert into items values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("create table bought (visitor varchar, item varchar, session varchar, region varchar)")
        connection.executemany("insert into bought values (?, ?, ?, ?)", bought)
        connection.execute("create table visitors as select 'h718' as visitor, 'south' as region")
        for table, name in (("items", ITEMS), ("bought", PURCHASES), ("visitors", VISITORS)):
            connection.execute(f"copy {table} to '{lake / name}' (format parquet)")


def cards() -> MemoryTable:
    """Live cards as of the last refresh, bit by bit of the four regions."""
    bits = {"north": 1, "south": 4}
    table = MemoryTable()
    for item, title, category, _, price, regular, regions in items():
        mask = sum(bits[region] for region in regions)
        shown = Card(title, f"/shop/p/{item}", f"/media/{category}.svg", price, regular, "USD", mask, category)
        fields = ("title", "url", "image", "price", "regular_price", "currency", "regions", "category")
        table.rows[card(item)] = {name: getattr(shown, name) for name in fields}
    return table


@dataclass
class Counter:
    """A shop, the table that it reads, and what its log was told."""

    shop: Shop
    table: MemoryTable
    told: list[str] = field(default_factory=list)

    def site(self) -> ShopSite:
        """The open shop on no gateway yet."""
        site = ShopSite(STOREFRONT, lambda _, line: self.told.append(line))
        site.shop = self.shop
        return site

    def ask(self, visit: Visit[T], site: ShopSite | None = None) -> T:
        """What a visit with a browser of its own comes to."""

        async def one() -> T:
            application = web.Application()
            (site or self.site()).mount(application)
            async with TestClient(TestServer(application)) as client:
                return await visit(Browser(client))

        return asyncio.run(one())

    def page(self, path: str, **cookies: str) -> "Seen":
        """A page as somebody with these cookies sees it."""
        return self.ask(lambda browser: browser.get(path, **cookies))


@dataclass(frozen=True)
class Seen:
    """An answer, read. `cookies` are those that it sets, by name, with their attributes."""

    status: int
    text: str
    headers: Mapping[str, str]
    cookies: Mapping[str, Any]

    def block(self, name: str = "vitrine") -> Any:
        """A JSON block of the page."""
        return orjson.loads(dict(BLOCK.findall(self.text))[name])

    def listed(self) -> list[str]:
        """Ids of all cards of the page, in order."""
        return re.findall(r'<li class="card" data-item="(\w+)">', self.text)


class Browser:
    """A client that keeps cookies and follows no redirect."""

    def __init__(self, client: TestClient[Any, Any]) -> None:
        self._client = client

    async def get(self, path: str, **cookies: str) -> Seen:
        """A page."""
        async with self._client.get(path, cookies=cookies, allow_redirects=False) as response:
            return Seen(response.status, await response.text(), response.headers, response.cookies)

    async def post(self, path: str, headers: Mapping[str, str] = OURS, **form: str) -> Seen:
        """A form."""
        async with self._client.post(path, data=form, headers=headers, allow_redirects=False) as response:
            return Seen(response.status, await response.text(), response.headers, response.cookies)


def open_counter(folder: Path) -> Counter:
    """The shop over a lake of its own, with a mint whose tokens are easy to read."""
    write_lake(folder / "lake")
    table = cards()
    shop = open_shop(
        STOREFRONT / "shop", ROOT / "store", folder / "lake", folder, table, lambda visitor: f"v1.k1.{visitor}.mac"
    )
    return Counter(shop, table)

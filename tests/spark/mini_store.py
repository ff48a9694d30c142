"""A small store with everything that makes engines differ: ties, nulls, discounts, foreign letters, thin goods.

Made in code, so that it is the same everywhere. Types of goods have their own companions and their own rhythm, which
fills every list: what goes together, what is bought after, what is bought again.
"""

from datetime import UTC, datetime
from pathlib import Path
from random import Random

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake, write_table
from tests.fixtures.lake.raw_lines import lines
from vitrine.refresh.compaction import compact
from vitrine.refresh.lake import IMPORTED
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.lists import Regions

REGIONS = Regions(("north", "south", "запад"), "north")
LAST_DAY = 240
KINDS = [
    ("grocery/pasta/spaghetti", "Spaghetti 500 g"),
    ("grocery/pasta/penne", "Penne, Größe M"),
    ("grocery/sauce/tomato", "Томатный соус 'Дача'"),
    ("grocery/drinks/coffee", "Café moulu"),
    ("grocery/drinks/tea", "Чай чёрный"),
    ("home/kitchen/pans", "Pan 24 cm"),
    ("home/kitchen/knives", "Knife \\ steel"),
    ("drug", "Soap"),
]
PER_KIND = 9


def goods() -> list[Good]:
    """Items of every kind: two brands, namesakes, prices that repeat, some new, some gone, some never sold."""
    found = []
    for kind, (category, title) in enumerate(KINDS):
        for n in range(PER_KIND):
            price = 100 + 40 * (n // 2) + 7 * kind
            found.append(
                Good(
                    f"i{kind}{n}",
                    category,
                    title if n % 3 == 0 else f"{title} #{n // 3 + 2}" if n % 3 == 1 else f"{title} {'L' * n}",
                    ("National", "Вкус", "Private")[n % 3],
                    price,
                    price + (30 if n % 4 == 1 else 0),
                    [("north", "south"), ("north",), ("запад", "south", "north"), ()][(n + kind) % 4],
                    LAST_DAY - 20 if n == 7 else 0,
                )
            )
    return found


def sales() -> list[Sale]:
    """Baskets of seventy visitors. Kinds go in pairs, and some kinds are bought again in a steady rhythm."""
    luck = Random(7)
    found = []
    for visitor in range(70):
        for basket in range(3 + visitor % 9):
            day = luck.randrange(LAST_DAY * 24) / 24
            kind = luck.choice([0, 0, 1, 3, 5])
            wanted = {(kind, luck.randrange(4)), ((kind + 2) % 8, luck.randrange(3)), (7, visitor % 2)}
            wanted |= {(luck.randrange(8), luck.randrange(PER_KIND))} if luck.random() < 0.5 else set()
            found += [_sale(visitor, f"b{basket}", day, *item, luck) for item in sorted(wanted)]
            if kind == 5:
                found.append(_sale(visitor, f"after{basket}", day + 3, 6, luck.randrange(3), luck))
        if visitor % 3 == 0:
            found += [_sale(visitor, f"tea{n}", 20 * n + visitor / 9, 4, visitor % 2, luck) for n in range(12)]
    return found


def _sale(visitor: int, basket: str, day: float, kind: int, n: int, luck: Random) -> Sale:
    price = 100 + 40 * (n // 2) + 7 * kind
    paid = price - 20 if luck.random() < 0.3 else price
    region = luck.choice(["north", "south", "запад", None, "nowhere"])
    units = luck.choice([1, 1, 2, 9])
    return Sale(f"v{visitor:02}", f"v{visitor}-{basket}", day, f"i{kind}{n}", region, units, paid, price)


def write_store(folder: Path) -> Path:
    """A lake of purchases and views of the import, daily files, and an object of the stream that waits."""
    lake = write_lake(folder, goods(), sales(), {"v03": "south", "v04": "nowhere", "v05": "запад"})
    luck = Random(8)
    views = []
    for session in range(160):
        kind, visitor, day = luck.choice([0, 1, 3, 5]), luck.randrange(60), luck.randrange(LAST_DAY - 60, LAST_DAY)
        for n in range(luck.randrange(1, 7)):
            item = f"i{kind if luck.random() < 0.8 else (kind + 2) % 8}{luck.randrange(5)}"
            at = at_ms(day + session % 24 / 24) + n * 20_000
            views.append((f"w{session}-{n}", f"v{visitor:02}", "view", at, item, 1, None, None, f"w{session}", None))
    write_table(lake / "events" / "import" / "views.parquet", IMPORTED, views)
    objects = FolderObjects(lake)
    for number, first in enumerate((0, 40)):
        objects.put(f"events/raw/2017/09/0{number + 1}/part", lines(*(_stray(n) for n in range(first, first + 40))))
        if number == 0:
            compact(objects, REFERENCE, lambda *_: None, keep_days=400)
    return lake


def _stray(n: int) -> dict[str, object] | bytes:
    """Events of the stream: carts and purchases, unknown items, garbage, and one that comes twice."""
    if n % 13 == 0:
        return b'{"id": '
    at = at_ms(LAST_DAY - 1 - n % 5) + n
    kind = ("add_to_cart", "purchase", "view", "impression")[n % 4]
    known = {"id": f"x{n % 37}", "visitor": f"v{n % 20:02}", "kind": kind, "at_ms": at, "item": f"i{n % 8}{n % 7}"}
    return known | {"quantity": n % 3 + 1, "price": 150, "session": f"x{n % 11}"}


REFERENCE_MS = at_ms(LAST_DAY + 1)
REFERENCE = datetime.fromtimestamp(REFERENCE_MS / 1000, UTC)

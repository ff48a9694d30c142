"""Makes the demo shop's catalogue: the lake's items in an SQLite file that a page can ask in milliseconds.

The lake's Parquet file answers in half a second, and 67,000 goods in memory would take 100 MB of the demo's. Prices
and stock in the file order and filter its lists only; what pages show of them comes from the live cards.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import duckdb

from vitrine.catalog.packed import region_mask
from vitrine.refresh.lake_files import ITEMS, PURCHASES, VISITORS
from vitrine.types import RegionId

SCHEMA: Final = """
create table items (
    n integer primary key, item text not null unique, title text not null, category text not null, brand text not null,
    price integer not null, regular_price integer not null, url text not null, image text not null,
    regions integer not null
);
create table stock (
    region integer not null, category text not null, n integer not null, sold integer not null, price integer not null,
    saving integer not null, own integer not null, first_seen_ms integer not null, title text not null,
    primary key (region, n)
) without rowid;
create index shelf on stock (region, category);
create virtual table words using fts5 (title, category, content = '', prefix = '2 3', tokenize = 'unicode61');
create table households (
    visitor text primary key, baskets integer not null, region text not null, likes text not null
) without rowid;
"""
OWN_BRAND: Final = "Private"

_ITEMS: Final = """
with sold as (
    select item, map_from_entries(list((region, n))) as lines
    from (select item, region, count(*) as n from read_parquet($purchases) group by item, region)
    group by item
)
select item, title, category, brand, price, regular_price, url, image, regions, first_seen_ms, coalesce(lines, map())
from read_parquet($items) left join sold using (item)
order by item
"""

_HOUSEHOLDS: Final = """
with bought as (
    select visitor, session, split_part(category, '/', 1) || '/' || split_part(category, '/', 2) as shelf
    from read_parquet($purchases) join read_parquet($items) using (item)
),
usual as (select shelf, count(*) / sum(count(*)) over () as share from bought group by shelf),
likes as (
    select
        visitor, shelf,
        row_number() over (partition by visitor order by count(*) * ln(1 / any_value(share)) desc, shelf) as place
    from bought join usual using (shelf)
    group by visitor, shelf
),
baskets as (select visitor, count(distinct session) as n from bought group by visitor)
select visitor, n, coalesce(any_value(region), ''), coalesce(string_agg(shelf, ' ' order by place), '')
from baskets join likes using (visitor) left join read_parquet($visitors) using (visitor)
where place <= 3
group by visitor, n
"""
"""Households with what they buy more than others: lines of a shelf, weighed by how rare the shelf is in all carts."""


def build_catalogue(lake: Path, file: Path, regions: Sequence[RegionId], names: Mapping[str, str]) -> int:
    """Write the catalogue of a lake folder, in place of an older one; the number of items.

    `regions` in the order of their bits; `names` are more words by which the goods of a category can be
    found, by its slug.
    """
    draft = file.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    files = {"items": str(lake / ITEMS), "purchases": str(lake / PURCHASES)}
    with duckdb.connect() as source, closing(sqlite3.connect(draft)) as target:
        target.executescript(f"pragma journal_mode = off; pragma synchronous = off; {SCHEMA}")
        items = source.execute(_ITEMS, files).fetchall()
        bits = {region: bit for bit, region in enumerate(regions)}
        target.executemany("insert into items values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", item_rows(items, bits))
        target.executemany("insert into stock values (?, ?, ?, ?, ?, ?, ?, ?, ?)", stock_rows(items, bits))
        target.executemany("insert into words (rowid, title, category) values (?, ?, ?)", word_rows(items, names))
        households = source.execute(_HOUSEHOLDS, {**files, "visitors": str(lake / VISITORS)}).fetchall()
        target.executemany("insert into households values (?, ?, ?, ?)", households)
        target.commit()
    draft.replace(file)
    return len(items)


def item_rows(items: Sequence[tuple[Any, ...]], bits: Mapping[RegionId, int]) -> Iterator[tuple[Any, ...]]:
    """Rows of `items`, numbered from 1."""
    for n, (*plain, regions, _, _) in enumerate(items, 1):
        yield (n, *plain, region_mask(bits[region] for region in known(regions, bits)))


def stock_rows(items: Sequence[tuple[Any, ...]], bits: Mapping[RegionId, int]) -> Iterator[tuple[Any, ...]]:
    """Rows of `stock`: one per item and region that has it. `saving` is in thousandths of the regular price."""
    for n, (_, title, category, brand, price, regular, _, _, regions, first_seen_ms, sold) in enumerate(items, 1):
        saving = (regular - price) * 1000 // max(regular, 1)
        for region in known(regions, bits):
            lines = sold.get(region, 0)
            yield bits[region], category, n, lines, price, saving, int(brand == OWN_BRAND), first_seen_ms, title


def word_rows(items: Iterable[tuple[Any, ...]], names: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """Rows of `words`: of what some region has in stock, its title and what its categories are called."""
    for n, (_, title, category, _, _, _, _, _, regions, _, _) in enumerate(items, 1):
        if regions:
            spelled = (names.get(slug, "") for slug in category.split("/"))
            yield n, title, " ".join((category.replace("/", " ").replace("-", " "), *spelled))


def known(regions: Iterable[RegionId], bits: Mapping[RegionId, int]) -> list[RegionId]:
    """Those of the regions that the store has."""
    return [region for region in regions if region in bits]

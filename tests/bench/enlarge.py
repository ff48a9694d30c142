"""A lake of any size out of a real one: whole households copied, so that what people buy stays what people buy.

The copies of a household are new visitors with new baskets. In each copy every item is exchanged with one of the
BLOCK items that sell about as often in its own type of goods, each block turned by its own amount: what goes together
stays together as types and as popularity goes, and no two copies buy quite the same. Baskets as a whole are moved by
up to JITTER_MS. The first copy is the original, households are taken in the order of a hash until there are enough
events, and everything is decided by hashes: the same lake comes out each time. Items, regions and the span of time are
not enlarged: it is a shop with more customers, not with more shelves.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from tests.bench.harness import BenchFailed
from vitrine.ports import Progress
from vitrine.refresh.compaction_desk import DAILY
from vitrine.refresh.event_files import SCHEMA, SCHEMA_VERSION
from vitrine.refresh.lake import IMPORTED
from vitrine.types import DAY_MS

BLOCK: Final = 8
JITTER_MS: Final = 3 * DAY_MS
BYTES_PER_EVENT: Final = 60  # of free disk: about 22 of Parquet, the rest for what the engine spills
ITEMS: Final = "catalog/items.parquet"
VISITORS: Final = "visitors/visitors.parquet"
IMPORTS: Final = "events/import"

SWAPS: Final = """
create table swaps as
with ranked as (
    select items.item, category,
        (row_number() over (partition by category order by coalesce(n, 0) desc, items.item) - 1) as rank
    from items left join (select item, count(*) as n from source group by item) as sold on sold.item = items.item
),
placed as (
    select *, rank // $block as block, rank % $block as place,
        count(*) over (partition by category, rank // $block) as size
    from ranked
)
select copy, x.item, y.item as other
from placed as x
cross join (select unnest(range(cast($copies as bigint))) as copy) as copies
join placed as y on y.category = x.category and y.block = x.block
    and y.place = case copy when 0 then x.place else (x.place + hash(copy, x.category, x.block) % x.size) % x.size end
"""
TAKEN: Final = """
create table taken as
select copy, visitor
from (
    select copy, visitor, n, sum(n) over (order by copy, hash(visitor), visitor) as so_far
    from (select visitor, count(*) as n from source group by visitor) as visitors
    cross join (select unnest(range(cast($copies as bigint))) as copy) as copies
) as counted
where so_far - n < $events
"""
COPY: Final = """
select
    id || '-' || $copy as id, source.visitor || '-' || $copy as visitor, kind,
    least($last, at_ms + case $copy when 0 then 0
        else cast(hash($copy, source.visitor, session) % (2 * $jitter) as bigint) - $jitter end) as at_ms,
    coalesce(swaps.other, source.item) as item, quantity, price, regular_price,
    session || '-' || $copy as session, region
from source
join taken on taken.copy = $copy and taken.visitor = source.visitor
left join swaps on swaps.copy = $copy and swaps.item = source.item
order by at_ms, id
"""


@dataclass(frozen=True, slots=True)
class Enlarged:
    """A lake folder and what is in it."""

    lake: Path
    events: int
    visitors: int
    copies: int
    bytes: int


def enlarge(source: Path, lake: Path, events: int, progress: Progress) -> Enlarged:
    """Write a lake of about so many events, one file of events per copy of the households.

    Raises:
        BenchFailed: the disk is too full.
    """
    free = shutil.disk_usage(lake.parent).free
    if free < events * BYTES_PER_EVENT:
        raise BenchFailed(
            f"{events:,} events need {events * BYTES_PER_EVENT / 1e9:.0f} GB of disk, {free / 1e9:.0f} free"
        )
    for name in (ITEMS, VISITORS, f"{IMPORTS}/x"):
        (lake / name).parent.mkdir(parents=True)
    shutil.copyfile(source / ITEMS, lake / ITEMS)
    with duckdb.connect(config={"threads": 2, "memory_limit": "3GB"}) as db:
        db.execute("set enable_progress_bar = false")
        db.execute("set temp_directory = ?", [str(lake / "spill")])
        db.read_parquet(str(source / ITEMS)).create_view("items")
        db.read_parquet(str(source / VISITORS)).create_view("visitors")
        db.read_parquet(str(source / IMPORTS / "*.parquet"), union_by_name=True).create("source")
        [[n, last_ms]] = db.execute("select count(*), max(at_ms) from source").fetchall()
        copies = -(-events // n)
        db.execute(SWAPS, {"copies": copies, "block": BLOCK})
        db.execute(TAKEN, {"copies": copies, "events": events})
        for copy in range(copies):
            progress(f"enlarge to {events:,} events", copy, copies)
            values = {"copy": copy, "last": last_ms, "jitter": JITTER_MS}
            _write(db, COPY, values, lake / IMPORTS / f"copy-{copy:04}.parquet")
        _write(
            db,
            "select visitor || '-' || copy as visitor, region, crm from visitors join taken using (visitor)",
            {},
            lake / VISITORS,
        )
        progress(f"enlarge to {events:,} events", copies, copies)
        [[written]] = db.read_parquet(str(lake / IMPORTS / "*.parquet")).aggregate("count(*)").fetchall()
        [[visitors]] = db.execute("select count(*) from taken").fetchall()
    shutil.rmtree(lake / "spill", ignore_errors=True)
    size = sum(path.stat().st_size for path in lake.rglob("*.parquet"))
    return Enlarged(lake, written, visitors, copies, size)


def into_days(lake: Path) -> None:
    """Turn the events of an enlarged lake into files of days, as compaction leaves what a shop collects.

    Collected events know no regular price: what is discounted is told by the catalogue's.
    """
    columns = {name: name if name in IMPORTED else "null" for name in SCHEMA}
    named = ", ".join(f"cast({columns[name]} as {kind}) as {name}" for name, kind in SCHEMA.items())
    with duckdb.connect(config={"threads": 1, "memory_limit": "3GB"}) as db:  # one thread: one file a day
        db.execute("set enable_progress_bar = false")
        db.execute("set temp_directory = ?", [str(lake / "spill")])
        db.execute(
            f"copy (select {named}, strftime(make_timestamp(at_ms * 1000), '%Y-%m-%d') as day "
            f"from read_parquet('{lake / IMPORTS}/*.parquet')) to '{lake / DAILY}' "
            f"(format parquet, compression zstd, partition_by (day), filename_pattern 'all-{{i}}-v{SCHEMA_VERSION}')"
        )
    shutil.rmtree(lake / IMPORTS)
    shutil.rmtree(lake / "spill", ignore_errors=True)


def _write(db: duckdb.DuckDBPyConnection, sql: str, values: dict[str, int], path: Path) -> None:
    for name, value in values.items():
        sql = sql.replace(f"${name}", str(value))
    db.execute(f"copy ({sql}) to '{path}' (format parquet, compression zstd)")

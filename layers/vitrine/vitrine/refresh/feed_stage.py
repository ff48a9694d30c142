"""A feed beside the catalogue it may replace, as tables of an engine; what is compared is then plain SQL.

The parsed feed goes through a file of JSON lines, so that a feed of any length passes in constant memory.

Tables: `feed_rows` (good rows in the feed's order), `feed_faulted` (ids of bad ones), `known_items` and `known_stock`
(the catalogue, and what former feeds dropped: not `is_listed`), and then `feed_verdicts`, `feed_catalogue`,
`feed_stock` and `feed_changes`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

import duckdb
import orjson

from vitrine.catalog.feed_gates import Bounds, Tally
from vitrine.catalog.feed_items import FeedFault, FeedItem
from vitrine.errors import InvalidSource
from vitrine.ports import Progress
from vitrine.refresh.engine import Engine

SHOWN: Final = 20
EVERY: Final = 20_000
STAGE: Final = "read the feed"
ROWS: Final = {
    "n": "bigint",
    "line": "bigint",
    "item": "varchar",
    "title": "varchar",
    "category": "varchar",
    "brand": "varchar",
    "price": "integer",
    "regular_price": "integer",
    "margin": "double",
    "url": "varchar",
    "image": "varchar",
    "regions": "varchar[]",
    "digest": "varchar",
}
ITEM_COLUMNS: Final = (*list(ROWS)[2:-1], "first_seen_ms")
"""Columns of `catalog/items.parquet`, as every import writes them."""


@dataclass(slots=True)
class Heard:
    """What reading a feed came to, beside its good rows. `shown` are the first faults."""

    rows: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    shown: list[FeedFault] = field(default_factory=list)
    damage: str = ""

    def note(self, fault: FeedFault) -> None:
        """Count a fault, and keep it if it is one of the first."""
        if fault.kind == "damaged":
            self.damage = str(fault)
            return
        self.rows += 1
        self.faults[fault.kind] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(fault)


def stage_feed(engine: Engine, told: Iterable[FeedItem | FeedFault], scratch: Path, progress: Progress) -> Heard:
    """Tables `feed_rows` and `feed_faulted` of what a feed says; what is wrong with it."""
    heard = Heard()
    good, bad = scratch / "feed_rows.jsonl", scratch / "feed_faulted.jsonl"
    with good.open("wb") as rows, bad.open("wb") as faulted:
        for n, one in enumerate(told):
            if isinstance(one, FeedItem):
                heard.rows += 1
                rows.write(orjson.dumps(_row(n, one), option=orjson.OPT_APPEND_NEWLINE))
            else:
                heard.note(one)
                if one.item:
                    faulted.write(orjson.dumps({"item": one.item}, option=orjson.OPT_APPEND_NEWLINE))
            if n % EVERY == 0:
                progress(STAGE, n, 0)
    progress(STAGE, heard.rows, heard.rows)
    load_lines(engine, "feed_rows", ROWS, good)
    load_lines(engine, "feed_faulted", {"item": "varchar"}, bad)
    return heard


def stage_catalogue(engine: Engine, catalogue: Path, gone: Path) -> None:
    """Tables `known_items` and `known_stock` of two Parquet files, either of which may be missing.

    Raises:
        InvalidSource: one is no Parquet file, or lacks a column.
    """
    columns = ", ".join(ITEM_COLUMNS)
    types = ", ".join(f"{name} {ROWS.get(name, 'bigint')}" for name in ITEM_COLUMNS)
    engine.execute(f"create or replace table known_items ({types}, is_listed boolean, dropped_ms bigint)")
    try:
        if catalogue.is_file():
            engine.view_parquet("catalogue_file", catalogue)
            engine.execute(f"insert into known_items select {columns}, true, null from catalogue_file")  # noqa: S608
        if gone.is_file():
            engine.view_parquet("gone_file", gone)
            engine.execute(
                f"insert into known_items select {columns}, false, gone_ms from gone_file "  # noqa: S608
                "where item not in (select item from known_items)"
            )
    except duckdb.Error as error:
        raise InvalidSource(f"the catalogue lacks a column: {error}") from error
    _unnest(engine, "known_stock", "known_items")


def compare(engine: Engine, bounds: Bounds, now_ms: int, drop: float, *, accepts: bool) -> None:
    """Tables `feed_verdicts`, `feed_catalogue`, `feed_stock` and `feed_changes`; `accepts` takes odd prices, too."""
    engine.materialise("feed_verdicts", factor=bounds.factor, jump=bounds.price_jump)
    engine.materialise("feed_catalogue", accepts=accepts, now_ms=now_ms)
    _unnest(engine, "feed_stock", "feed_catalogue")
    engine.materialise("feed_changes", now_ms=now_ms, drop=drop)


def tally(engine: Engine, heard: Heard) -> Tally:
    """What the gates look at."""
    verdicts = Counter(dict(engine.execute("select verdict, count(*) from feed_verdicts group by verdict")))
    gone = _one(engine, "select count(*) from feed_changes where kind = 'gone'")
    stocked, still = engine.execute(
        "select count(distinct before.item), count(distinct after.item) from known_stock as before "
        "join known_items on known_items.item = before.item and is_listed "
        "join feed_catalogue on feed_catalogue.item = before.item "
        "left join feed_stock as after on after.item = before.item"
    )[0]
    return Tally(
        rows=heard.rows,
        items=engine.count("feed_catalogue"),
        listed=_one(engine, "select count(*) from known_items where is_listed"),
        compared=_one(engine, "select count(*) from feed_verdicts where is_listed and price > 0"),
        stocked=stocked,
        gone=gone,
        sold_out=stocked - still,
        jumps=verdicts["jump"] + verdicts["misprint"],
        misprints=verdicts["misprint"],
        zero_prices=verdicts["zero price"],
        duplicates=verdicts["duplicate"],
        currencies=heard.faults["currency"],
        faults=heard.faults.total(),
        damage=heard.damage,
    )


def load_lines(engine: Engine, table: str, types: Mapping[str, str], file: Path) -> None:
    """A table of the fields of JSON lines; a field that a line lacks is null."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
    engine.execute(
        f"create or replace table {table} as "  # noqa: S608
        f"select * from read_json($file, format = 'newline_delimited', columns = {{{columns}}})",
        {"file": str(file)},
    )


def _one(engine: Engine, sql: str) -> int:
    [[n]] = engine.execute(sql)
    return int(n)


def _row(n: int, item: FeedItem) -> dict[str, object]:
    said = {name: getattr(item, name) for name in ITEM_COLUMNS[:-1]}
    digest = blake2b(orjson.dumps(said), digest_size=12).hexdigest()
    return {"n": n, "line": item.line, **said, "digest": digest}


def _unnest(engine: Engine, table: str, items: str) -> None:
    """One row per item and region that has it."""
    engine.execute(
        f"create or replace table {table} as "  # noqa: S608
        f"select distinct item, region from (select item, unnest(regions) as region from {items})"
    )

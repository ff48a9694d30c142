"""All tables that SQL files read, made on DuckDB: what files make in the order of their needs, the rest by hand."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import sqlglot
from sqlglot import exp

from tests.fixtures.lake.builders import at_ms, write_journey
from tests.spark.mini_store import LAST_DAY, REFERENCE_MS, REGIONS, write_store
from vitrine.refresh import journey_import
from vitrine.refresh.crm_stage import IDENTITIES, IDS, VISITORS
from vitrine.refresh.crm_stage import ROWS as CRM_ROWS
from vitrine.refresh.engine import WEEK_MS, Engine
from vitrine.refresh.feed_stage import ITEM_COLUMNS, ROWS
from vitrine.refresh.journey_import import SOURCES, VIEW_RULES
from vitrine.refresh.lake import IMPORTED
from vitrine.refresh.lists import RULES
from vitrine.refresh.sql_engine import Value, query, used

NAMES = sorted(path.name.removesuffix(".sql") for path in (files("vitrine.refresh") / "sql").iterdir())
VIEWS = {"events_imported"}
"""Files that loading a lake makes into views."""

DAY_MS = 86_400_000
AS_OF_MS = at_ms(LAST_DAY) + 1

PARAMETERS: Mapping[str, Value] = {
    **VIEW_RULES,
    **RULES,
    "min_support": 3,  # the store is small
    "views_ms": 400 * DAY_MS,
    "as_of_ms": AS_OF_MS,
    "anchor_ms": AS_OF_MS - DAY_MS,
    "live": True,
    "latest_ms": REFERENCE_MS,
    "bot_day": 30,
    "bot_total": 60,
    "from_ms": at_ms(20),
    "to_ms": at_ms(LAST_DAY),
    "until_ms": at_ms(LAST_DAY),
    "purchases": 5,
    "lines": 4,
    "cut": "c",
    "prior": 4.0,
    "shift_ms": 14 * DAY_MS,
    "month_ms": WEEK_MS * 52 // 12,
    "url": "/shop/p/",
    "media": "/media/",
    "suffix": ".svg",
    "now_ms": REFERENCE_MS,
    "since_ms": REFERENCE_MS - 5 * DAY_MS,
    "accepts": False,
    "factor": 10.0,
    "jump": 0.5,
    "drop": 0.1,
    "region": "north",
    "source": "tills",
    "day_ms": REFERENCE_MS // DAY_MS * DAY_MS,
    "most": 20,
}
"""A value for everything that a file leaves open. A file that names something else has to be given it here."""

OTHERWISE: Mapping[str, Mapping[str, Value]] = {
    "the other branch": {"live": False, "accepts": True},
}
"""Other values that take a file's other branches."""


@cache
def needs(name: str) -> frozenset[str]:
    """Tables that a file reads."""
    tree = sqlglot.parse_one(query(name), read="duckdb")
    read = {table.name for table in tree.find_all(exp.Table)}
    return frozenset(read - {cte.alias for cte in tree.find_all(exp.CTE)})


def in_order(names: Sequence[str]) -> Iterator[str]:
    """Files, each after those that it reads."""
    waiting = list(names)
    while waiting:
        ready = [name for name in waiting if not (needs(name) & set(waiting) - {name})]
        assert ready, f"these files read each other: {waiting}"
        yield from ready
        waiting = [name for name in waiting if name not in ready]


def build_world(engine: Engine, folder: Path) -> None:
    """Everything that the files read and make, on an engine."""
    engine.load_lake(write_store(folder / "lake"), REFERENCE_MS)
    index = [region == REGIONS.default for region in REGIONS.ids]
    engine.put("region_index", {"r": [0, 1, 2], "region": list(REGIONS.ids), "is_default": index})
    people = [f"v{n:02}" for n in range(0, 70, 2)]
    engine.put("visitor_personas", {"visitor": people, "persona": ["хозяин", "hunter"] * 17 + ["hunter"]})
    _put_journey(engine, folder / "journey")
    _put_feed(engine)
    _put_extract(engine)
    for name in in_order(NAMES):
        if name not in VIEWS:
            engine.materialise(name, **PARAMETERS)
        if name == "journey_lines":
            journey_import._assign_stores(engine, REGIONS.ids)
        if name == "journey_habits":
            journey_import._describe_households(engine)


def _put_journey(engine: Engine, folder: Path) -> None:
    write_journey(folder)
    for name, file in SOURCES.items():
        engine.view_parquet(name, folder / file)
    engine.put("margins", {"brand": ["National", "Private"], "margin": [0.2, 0.35]})
    journey_import._name_products(engine)


def _put_rows(engine: Engine, table: str, types: Mapping[str, str], rows: Sequence[Mapping[str, object]]) -> None:
    """A table of declared types; a field that a row lacks is null."""
    engine.execute(f"create or replace table {table} ({', '.join(f'{name} {kind}' for name, kind in types.items())})")
    for row in rows:
        values = ", ".join(f"${name}" for name in row)
        engine.execute(f"insert into {table} ({', '.join(row)}) values ({values})", row)


def _good(item: str, price: int, **fields: object) -> dict[str, object]:
    known = {"item": item, "title": f"Товар {item}", "category": "a/b", "brand": None, "price": price, "margin": 0.2}
    return known | {"regular_price": price, "url": "/p", "image": "/i", "regions": ["north", "south"]} | fields


def _put_feed(engine: Engine) -> None:
    """A feed with every verdict: new, cheaper, dearer, misprinted, free, twice alike, twice unlike, gone, back."""
    said = [
        _good("new", 100),
        _good("drop", 80, regions=["south"]),
        _good("rise", 120, regions=None),
        _good("jump", 300),
        _good("misprint", 10_000),
        _good("zero", 0),
        _good("twice", 100),
        _good("twice", 100),
        _good("odd", 100),
        _good("odd", 101),
        _good("back", 90),
        _good("i00", 80),
    ]
    digests = ["d"] * 9 + ["e", "d", "d"]
    rows = [{"n": n, "line": n + 2, **row, "digest": digests[n]} for n, row in enumerate(said)]
    _put_rows(engine, "feed_rows", ROWS, rows)
    _put_rows(engine, "feed_faulted", {"item": "varchar"}, [{"item": "faulted"}, {"item": "drop"}])
    names = ["drop", "rise", "jump", "misprint", "zero", "twice", "odd", "faulted", "gone", "i00"]
    known = [{**_good(name, 100), "first_seen_ms": 5, "is_listed": True} for name in names]
    for name, days in (("back", 3), ("long gone", 9)):
        dropped = {"first_seen_ms": 5, "is_listed": False, "dropped_ms": REFERENCE_MS - days * DAY_MS}
        known.append({**_good(name, 100), **dropped})
    types = {name: ROWS.get(name, "bigint") for name in ITEM_COLUMNS}
    _put_rows(engine, "known_items", {**types, "is_listed": "boolean", "dropped_ms": "bigint"}, known)
    stock = {"item": "varchar", "region": "varchar"}
    _put_rows(engine, "known_stock", stock, [{"item": n, "region": r} for n in names for r in ("north", "south")])
    _put_rows(engine, "feed_stock", stock, [{"item": "drop", "region": "south"}, {"item": "new", "region": "north"}])


def _put_extract(engine: Engine) -> None:
    """An extract of the tills: people known by card or by themselves, orders with the same item twice."""
    rows = [
        {"n": 0, "visitor": "v01", "attributes": '{"points": 5}'},
        {"n": 1, "region": "south", "attributes": "{}"},
        {"n": 2, "attributes": '{"points": 7}', "order_id": "o1", "at_ms": 5, "item": "i00", "quantity": 1},
        {"n": 3, "attributes": "{}", "order_id": "o1", "at_ms": 5, "item": "i00", "quantity": 2, "price": 90},
        {"n": 4, "attributes": "{}", "order_id": "o2", "at_ms": 6, "item": "i01"},
    ]
    ids = [{"n": n, "kind": "card", "sureness": 1, "digest": f"c{n % 3}"} for n in range(1, 5)]
    ids += [{"n": n, "kind": "email", "sureness": 2, "digest": "m"} for n in (2, 4)]
    known = [("card", "c1", "v02", 3), ("card", "c2", "v03", 3), ("card", "c2", "v04", 3), ("email", "m", "v05", 9)]
    _put_rows(engine, "crm_rows", CRM_ROWS, rows)
    _put_rows(engine, "crm_ids", IDS, ids)
    _put_rows(engine, "identities", IDENTITIES, [dict(zip(IDENTITIES, one, strict=True)) for one in known])
    _put_rows(engine, "visitors_before", VISITORS, [{"visitor": "v02", "region": "south", "crm": '{"a": 1}'}])
    before = {"visitor": "v09", "kind": "purchase", "at_ms": 1, "item": "i00", "quantity": 1, "price": 1}
    _put_rows(engine, "purchases_before", IMPORTED, [{"id": "tills-o1-i00", **before}, {"id": "tills-o0-x", **before}])


def parameters(name: str, branch: str = "") -> dict[str, Value]:
    """The values that a file names. AssertionError for one that nobody has given it."""
    known = {**PARAMETERS, **OTHERWISE.get(branch, {})}
    try:
        return used(query(name), known)
    except KeyError as lacking:
        raise AssertionError(f"{name}.sql names {lacking}, which world.PARAMETERS lacks") from lacking

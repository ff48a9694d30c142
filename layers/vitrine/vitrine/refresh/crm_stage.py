"""An extract beside what the lake knows of visitors, as tables of an engine, in memory that does not grow with it.

Tables: `crm_rows`, `crm_ids` (digests of the rows), `identities`, `visitors_before`, `purchases_before`; then
`crm_matches`, `crm_people`, `visitors_after` and `crm_purchases`.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import duckdb
import orjson

from vitrine.catalog.feed_items import FeedFault
from vitrine.errors import InvalidSource
from vitrine.ports import Progress
from vitrine.refresh.crm_rows import ExtractRow
from vitrine.refresh.engine import Engine
from vitrine.refresh.feed_stage import Heard, load_lines
from vitrine.refresh.lake import IMPORTED
from vitrine.visitors.identifiers import KINDS

EVERY: Final = 20_000
STAGE: Final = "read the extract"
ROWS: Final = {
    "n": "bigint",
    "visitor": "varchar",
    "region": "varchar",
    "attributes": "varchar",
    "order_id": "varchar",
    "at_ms": "bigint",
    "item": "varchar",
    "quantity": "integer",
    "price": "integer",
    "regular_price": "integer",
}
IDS: Final = {"n": "bigint", "kind": "varchar", "sureness": "integer", "digest": "varchar"}
IDENTITIES: Final = {"kind": "varchar", "digest": "varchar", "visitor": "varchar", "seen_ms": "bigint"}
VISITORS: Final = {"visitor": "varchar", "region": "varchar", "crm": "varchar"}


def stage_extract(engine: Engine, told: Iterable[ExtractRow | FeedFault], scratch: Path, progress: Progress) -> Heard:
    """Tables `crm_rows` and `crm_ids`; what is wrong with the extract."""
    heard = Heard()
    rows, ids = scratch / "crm_rows.jsonl", scratch / "crm_ids.jsonl"
    with rows.open("wb") as row_lines, ids.open("wb") as id_lines:
        for n, one in enumerate(told):
            if isinstance(one, FeedFault):
                heard.note(one)
                continue
            heard.rows += 1
            row_lines.write(_line(_plain(n, one)))
            for kind, digest in one.ids.items():
                id_lines.write(_line({"n": n, "kind": kind, "sureness": KINDS.index(kind) + 1, "digest": digest}))
            if n % EVERY == 0:
                progress(STAGE, n, 0)
    progress(STAGE, heard.rows, heard.rows)
    load_lines(engine, "crm_rows", ROWS, rows)
    load_lines(engine, "crm_ids", IDS, ids)
    return heard


def load_known(engine: Engine, identities: Path, visitors: Path, purchases: Path) -> None:
    """Tables of three Parquet files, each of which may be missing.

    Raises:
        InvalidSource: one is no Parquet file, or lacks a column.
    """
    for table, types, file in (
        ("identities", IDENTITIES, identities),
        ("visitors_before", VISITORS, visitors),
        ("purchases_before", IMPORTED, purchases),
    ):
        engine.execute(
            f"create or replace table {table} ({', '.join(f'{name} {kind}' for name, kind in types.items())})"
        )
        if not file.is_file():
            continue
        engine.view_parquet("known_file", file)
        try:
            engine.execute(f"insert into {table} select {', '.join(types)} from known_file")  # noqa: S608 names are ours
        except duckdb.Error as error:
            raise InvalidSource(f"{file.name} lacks a column: {error}") from error


def learn_identities(engine: Engine, now_ms: int) -> int:
    """Add what rows with a visitor and other identifiers teach to `identities`; how many pairs are new."""
    before = engine.count("identities")
    engine.execute(
        "create or replace table identities as "
        "select kind, digest, visitor, max(seen_ms) as seen_ms from ("
        "select * from identities union all select crm_ids.kind, crm_ids.digest, crm_rows.visitor, $now_ms "
        "from crm_ids join crm_rows on crm_rows.n = crm_ids.n where crm_rows.visitor is not null) "
        "group by kind, digest, visitor",
        {"now_ms": now_ms},
    )
    return engine.count("identities") - before


def merge(engine: Engine, source: str, region: str, scratch: Path) -> None:
    """Tables `crm_matches`, `crm_people`, `visitors_after` and `crm_purchases`.

    An attribute that the extract declares is what the extract says; the others stay as they were. `region` is for
    visitors of whom no region is known.
    """
    engine.materialise("crm_matches")
    engine.materialise("crm_people", region=region)
    engine.materialise("crm_purchases", source=source)
    merged = scratch / "visitors.jsonl"
    with merged.open("wb") as lines:
        for visitor, home, crm, attributes in engine.execute("select visitor, region, crm, attributes from crm_people"):
            lines.write(_line({"visitor": visitor, "region": home, "crm": _merged(crm, attributes)}))
    load_lines(engine, "visitors_told", VISITORS, merged)
    engine.execute(
        "create or replace table visitors_after as select * from visitors_told union all "
        "select * from visitors_before where visitor not in (select visitor from visitors_told)"
    )


def _merged(crm: str, attributes: str) -> str:
    known: dict[str, Any] = orjson.loads(crm) | orjson.loads(attributes)
    return orjson.dumps({name: value for name, value in sorted(known.items()) if value is not None}).decode()


def _plain(n: int, row: ExtractRow) -> dict[str, object]:
    order = row.order
    bought = (
        {
            "order_id": order.order,
            "at_ms": order.at_ms,
            "item": order.item,
            "quantity": order.quantity,
            "price": order.price,
            "regular_price": order.regular_price,
        }
        if order is not None
        else {}
    )
    attributes = orjson.dumps(dict(row.attributes)).decode()
    return {"n": n, "visitor": row.visitor, "region": row.region, "attributes": attributes, **bought}


def _line(plain: Mapping[str, object]) -> bytes:
    return orjson.dumps(plain, option=orjson.OPT_APPEND_NEWLINE)

"""Loading a lake: items, visitors and events as tables, and an account of what does not count.

The same for every engine: it is told which files there are and reads them, the rest is SQL.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

from vitrine.errors import InvalidSource
from vitrine.refresh.lake_account import LakeAccount
from vitrine.refresh.lake_files import LakeFiles
from vitrine.refresh.sql_engine import SqlEngine, query
from vitrine.types import DAY_MS, EventKind
from vitrine.values import dataclass

IMPORTED: Final = {
    "id": "varchar",
    "visitor": "varchar",
    "kind": "varchar",
    "at_ms": "bigint",
    "item": "varchar",
    "quantity": "integer",
    "price": "integer",
    "regular_price": "integer",
    "session": "varchar",
    "region": "varchar",
}
"""Columns of every file under `events/import/`, in any order and among any others."""

COLLECTED: Final = {name: kind for name, kind in IMPORTED.items() if name != "regular_price"}
KNOWN_VISITORS: Final = {"visitor": "varchar", "region": "varchar", "crm": "varchar"}
SOURCES: Final = {
    "imported": "events_import",
    "collected": "events_daily",
    "collected, not yet compacted": "events_pending",
}
FOREVER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class BotRule:
    """Deeds from which a visitor is none: on one day (UTC), and in all that the lake holds.

    A person who shops for a day from morning to night leaves some hundreds; 50,000 are 125 a day for 400 days.
    """

    day: int = 2_000
    total: int = 50_000


def load(engine: SqlEngine, files: LakeFiles, now_ms: int | None, bots: BotRule) -> LakeAccount:
    """Tables `items`, `visitors` and `events`, and the account of them. Without `now_ms` nothing is in the future.

    `events` has (visitor, kind, at_ms, item, quantity, price, regular_price, session, region): imported events as they
    stand in their files, where nobody looks for copies, and of the collected ones each visitor, kind and id once, if it
    was not imported. A store may lack visitors, imported events or collected ones.

    Raises:
        InvalidSource: a file is damaged or lacks a column.
    """
    engine.view_parquet("items_file", files.items)
    _view_one(engine, "visitors_file", files.visitors, KNOWN_VISITORS)
    _view_imports(engine, files.imports)
    _view_all(engine, "events_daily", files.daily, COLLECTED)
    _view_one(engine, "events_pending", files.pending, COLLECTED)
    engine.put("event_kinds", {"kind": get_args(EventKind)})
    engine.materialise("items")
    engine.materialise("visitors")
    latest = {"latest_ms": FOREVER if now_ms is None else now_ms + DAY_MS}
    engine.view("events_imported", query("events_imported"), latest)
    engine.materialise("events_collected", **latest)
    engine.materialise("events_bots", bot_day=bots.day, bot_total=bots.total)
    engine.materialise("events")
    return _account(engine, files)


def _view_imports(engine: SqlEngine, paths: Sequence[Path | str]) -> None:
    """View `events_import` of all files of the import, whatever the order and the width of their columns."""
    names = [f"events_import_{at}" for at in range(len(paths))]
    for name, path in zip(names, paths, strict=True):
        _view_one(engine, name, path, IMPORTED)
    columns = ", ".join(IMPORTED)
    union = " union all ".join(f"select {columns} from {name}" for name in names)  # noqa: S608 the names are ours
    engine.view("events_import", union or _nothing(IMPORTED))


def _view_one(engine: SqlEngine, name: str, path: Path | str | None, columns: Mapping[str, str]) -> None:
    _view_all(engine, name, [] if path is None else [path], columns)


def _view_all(engine: SqlEngine, name: str, paths: Sequence[Path | str], columns: Mapping[str, str]) -> None:
    """View of the declared columns of some files that have the same ones; without rows when there are none."""
    if not paths:
        engine.view(name, _nothing(columns))
        return
    engine.view_parquet(f"{name}_files", *paths)
    lacking = [column for column in columns if column not in engine.fields(f"{name}_files")]
    if lacking:
        raise InvalidSource(f"{paths[0]} lacks the column {', '.join(lacking)}")
    selected = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in columns.items())
    engine.view(name, f"select {selected} from {name}_files")  # noqa: S608 the names are ours


def _nothing(columns: Mapping[str, str]) -> str:
    selected = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns.items())
    return f"select {selected} from (select 1 as one) as nothing where one = 0"  # noqa: S608 the names are ours


def _account(engine: SqlEngine, files: LakeFiles) -> LakeAccount:
    left_out = files.left_out.copy()
    for table in ("events_imported", "events_collected"):
        faults = f"select fault, count(*) from {table} where fault is not null group by fault"  # noqa: S608 two of ours
        left_out.update(Counter({str(fault): int(n) for fault, n in engine.execute(faults)}))
    [[bots, deeds]] = engine.execute("select count(*), coalesce(sum(deeds), 0) from events_bots")
    [[n, first_ms, last_ms]] = engine.execute("select count(*), min(at_ms), max(at_ms) from events")
    [[unknown]] = engine.execute(
        "select count(*) from events left join items on items.item = events.item "
        "where events.item is not null and items.item is null"
    )
    rows = {source: engine.count(view) for source, view in SOURCES.items()}
    return LakeAccount(
        rows={source: n_rows for source, n_rows in rows.items() if n_rows},
        left_out={reason: left_out[reason] for reason in sorted(left_out) if left_out[reason]},
        bots=int(bots),
        bot_events=int(deeds),
        unknown_items=int(unknown),
        events=int(n),
        first_ms=first_ms,
        last_ms=last_ms,
        missing=files.missing,
    )

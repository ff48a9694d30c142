"""The lists of a release, built from the lake by the SQL files and cut into packed tables.

Building as of an instant uses nothing that happened later: that is how training sees the past. As of the last day of
the events, price and stock are the catalogue's; as of an earlier instant they are what purchases up to then tell.

Tables are slices of a few long sorted columns, so the tens of thousands of them cost no Python per row.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np

from vitrine import keys
from vitrine.catalog.packed import PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable, pack
from vitrine.errors import InvalidSource
from vitrine.ports import Progress
from vitrine.refresh.list_rules import RULES, TABLES
from vitrine.refresh.list_tables import Assortment, Slices, assortment, in_half_floats, slices
from vitrine.refresh.sql_engine import Columns, SqlEngine, Value
from vitrine.types import DAY_MS, ItemId, Key, RegionId, ReleaseId, Row, VisitorId
from vitrine.values import dataclass, field

STAGE: Final = "lists"


@dataclass(frozen=True, slots=True)
class Regions:
    """The store's regions in the order of their stock bits; `default` is home to visitors of whom none is known."""

    ids: tuple[RegionId, ...]
    default: RegionId


@dataclass(frozen=True, slots=True)
class ReleaseLists:
    """All lists as of an instant. Tables are cut when asked for."""

    as_of_ms: int
    _items: Assortment = field(repr=False)
    _related: Slices = field(repr=False)
    _shelves: Slices = field(repr=False)
    _personal: Slices = field(repr=False)

    def personal(self, visitor: VisitorId) -> ItemTable | None:
        """A visitor's own items, strongest first; None for a visitor without purchases."""
        return self._personal.table(visitor, self._items)

    def related(self, item: ItemId) -> ItemTable | None:
        """The item itself, then its neighbours; None for an item that is neither in stock nor sold lately."""
        return self._related.table(item, self._items)

    def shelf(self, region: RegionId, category: str | None) -> ItemTable | None:
        """A region's shelf, or that of a department, aisle, whole category path or persona ('@' and its name) in it.

        None where it is empty.
        """
        return self._shelves.table((region, category), self._items)

    def visitors(self) -> Sequence[VisitorId]:
        """Visitors with lists of their own."""
        return list(self._personal.place)

    def items(self) -> Sequence[ItemId]:
        """Items with related lists."""
        return list(self._related.place)

    def bestsellers(self, region: RegionId, n: int, scope: str | None = None) -> Sequence[ItemId]:
        """The n items that sell best in a region, or on one of its shelves, best first."""
        table = self.shelf(region, scope)
        if table is None:
            return []
        popular = table.columns["popular"]
        best = np.argsort(-np.nan_to_num(popular, nan=-1.0), kind="stable")[:n]
        return [table.ids[at] for at in best if not np.isnan(popular[at])]

    @property
    def parts(self) -> Mapping[str, Slices]:
        """The tables by what they are of: items, shelves, visitors."""
        return {"items": self._related, "shelves": self._shelves, "visitors": self._personal}

    @property
    def assortment(self) -> Assortment:
        """The items that can be on a list."""
        return self._items

    def counts(self) -> Mapping[str, int]:
        """How many items, shelves and visitors have lists."""
        return {kind: len(tables.place) for kind, tables in self.parts.items()}

    @property
    def row_count(self) -> int:
        """How many rows `rows` gives."""
        return sum(self.counts().values())

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """Every list as a row of the table, packed."""
        for item in self._related.place:
            yield keys.related(item, release), self._row(self._related, item)
        for region, category in self._shelves.place:
            yield keys.shelf(region, category, release), self._row(self._shelves, (region, category))
        for visitor in self._personal.place:
            yield keys.personal(visitor, release), self._row(self._personal, visitor)

    def _row(self, tables: Slices, key: object) -> Row:
        table = tables.table(key, self._items)
        return {} if table is None else {"table": pack(table)}


def build_lists(
    engine: SqlEngine, regions: Regions, as_of_ms: int, progress: Progress, *, has_personas: bool = False
) -> ReleaseLists:
    """All lists as of an instant, from the lake that the engine has loaded.

    Windows and decay look back from the last event before the instant, so that a pause in the data does not empty the
    shelves; ages and days since count to the instant itself. With `has_personas` the engine has a table
    `visitor_personas` (visitor, persona) and every persona gets shelves; snapshots of the past have none, for what is
    told of visitors today would tell of their future.

    Raises:
        InvalidSource: nothing was bought before the instant.
        InvalidRelease: two item ids share a key.
    """
    engine.put(
        "region_index",
        {
            "r": list(range(len(regions.ids))),
            "region": list(regions.ids),
            "is_default": [region == regions.default for region in regions.ids],
        },
    )
    if not has_personas:
        engine.put("visitor_personas", {"visitor": [""], "persona": [""]})  # nobody; a table of no rows has no types
    for name in ("item_index", "visitor_index", "basket_index", "homes", "sales"):
        engine.materialise_once(name)
    parameters = {**RULES, **_anchor(engine, as_of_ms)}
    for done, name in enumerate(TABLES):
        progress(STAGE, done, len(TABLES) + 1)
        engine.materialise(name, **parameters)
    progress(STAGE, len(TABLES), len(TABLES) + 1)
    lists = _collect(engine, regions.ids, as_of_ms, parameters)
    progress(STAGE, len(TABLES) + 1, len(TABLES) + 1)
    return lists


def _anchor(engine: SqlEngine, as_of_ms: int) -> dict[str, Value]:
    """Instant to look back from, and whether the catalogue speaks for the instant."""
    [[last_ms]] = engine.execute("select max(at_ms) from sales where at_ms < $as_of", {"as_of": as_of_ms})
    [[newest_ms]] = engine.execute("select max(at_ms) from sales")
    if last_ms is None:
        raise InvalidSource("nothing was bought before the instant that the lists should look back from")
    return {
        "as_of_ms": as_of_ms,
        "anchor_ms": min(as_of_ms, last_ms + 1),
        "live": newest_ms - as_of_ms < DAY_MS,
    }


def _collect(
    engine: SqlEngine, store_regions: Sequence[RegionId], as_of_ms: int, parameters: Mapping[str, Value]
) -> ReleaseLists:
    items = assortment(engine.columns("item_columns"))
    related, shelves, personal = (engine.columns(name, **parameters) for name in ("related", "shelves", "personal"))
    visitors = [visitor for [visitor] in engine.execute("select visitor from visitor_index order by v")]
    return ReleaseLists(
        as_of_ms=as_of_ms,
        _items=items,
        _related=slices(
            [related["a"]], lambda a: items.ids[a], related["b"], in_half_floats(_only(related, RELATION_COLUMNS))
        ),
        _shelves=slices(
            [shelves["r"], shelves["scope"]],
            lambda r, scope: (store_regions[r], scope or None),
            shelves["n"],
            _only(shelves, SHELF_COLUMNS),
        ),
        _personal=slices(
            [personal["v"]],
            lambda v: visitors[v],
            personal["n"],
            in_half_floats(_only(personal, PERSONAL_COLUMNS)),
        ),
    )


def _only(columns: Columns, names: Sequence[str]) -> Columns:
    return {name: columns[name] for name in names}

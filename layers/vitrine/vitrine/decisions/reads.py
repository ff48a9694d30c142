"""Which rows one decision needs: planned before anything is read, so that one batched read answers most page views."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from vitrine import keys
from vitrine.catalog.items import Card
from vitrine.catalog.packed import (
    PERSONAL_COLUMNS,
    RELATION_COLUMNS,
    SHELF_COLUMNS,
    ItemTable,
    unpack,
)
from vitrine.decisions.candidates import Lists, Seed
from vitrine.decisions.claims import budget_keys
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Placement
from vitrine.decisions.release import Release, parse_pointer
from vitrine.decisions.session import items_to_read
from vitrine.decisions.visit import Visit
from vitrine.errors import InvalidRelease
from vitrine.types import Absent, ItemId, Key, ReleaseId, Row, Rows

MAX_TABLES: Final = 512  # of 2 KB for an item, 10 KB for a shelf
MAX_KEYS: Final = 2048

ReadRows: TypeAlias = Callable[[Sequence[Key]], Rows]
"""Rows of the keys; NOT_READ instead of an error when the store does not answer in time."""

ReadCards: TypeAlias = Callable[[Sequence[ItemId]], Mapping[ItemId, Card | Absent]]
"""Live cards of the items, cached or read."""


related_key = lru_cache(maxsize=MAX_KEYS)(keys.related)
"""A page view needs each twice, and other page views need those of popular items."""


def wanted_keys(context: Context, visit: Visit, release: Release, placements: Sequence[Placement]) -> list[Key]:
    """Pointer, all of the visitor's rows, weather, budgets, the region's shelves, related lists of the visit's items.

    Asked before the profile is known it gives the first read; asked again with it, what is new is the second.
    """
    request, lists = context.request, release.lists
    wanted = [keys.RELEASE_POINTER, keys.shelf(context.region, None, lists)]
    if request.page.category is not None:
        wanted.append(keys.shelf(context.region, request.page.category, lists))
    if request.visitor is not None and not request.is_first:
        wanted += [keys.profile(request.visitor), keys.personal(request.visitor, lists), keys.shown(request.visitor)]
    if request.device_visitor is not None:
        wanted.append(keys.shown(request.device_visitor))
    cell = weather_cell(context, release)
    if cell is not None:
        wanted.append(keys.weather(cell))
    index = release.store.index
    wanted += budget_keys(index.budgeted if index else release.store.campaigns, placements, context)
    wanted += [related_key(item, lists) for item, _, _ in visit.seeds()]
    if any(placement.action.row is not None and placement.action.row.looks_ahead for placement in placements):
        wanted += session_keys(visit, release)
    return wanted


def session_keys(visit: Visit, release: Release) -> list[Key]:
    """Keys of the session rows that foretell what the visit looks at next."""
    return [keys.session_row(item, release.lists) for item in items_to_read(visit.views)]


def weather_cell(context: Context, release: Release) -> str | None:
    """The cell whose weather counts for the visitor, None where the store has told no coordinates."""
    return release.store.places.weather_cell(context.region, context.geo)


def shelf_keys(context: Context, release: Release, scopes: Iterable[str]) -> dict[str, Key]:
    """Keys of the shelves of these category paths or personas in the visitor's region."""
    return {scope: keys.shelf(context.region, scope, release.lists) for scope in scopes}


def lists_of(context: Context, visit: Visit, release: ReleaseId, rows: Rows) -> tuple[Lists, bool]:
    """The lists in the rows, decoded, and whether all were there to see.

    Unseen is a row that was not read or is damaged; and every row, when the release has been retired since.
    """
    request = context.request
    shelf = Wanted(rows, keys.shelf(context.region, None, release), SHELF_COLUMNS)
    category = own = NOTHING
    if request.page.category:
        category = Wanted(rows, keys.shelf(context.region, request.page.category, release), SHELF_COLUMNS)
    if request.visitor is not None and not request.is_first:
        own = Wanted(rows, keys.personal(request.visitor, release), PERSONAL_COLUMNS)
    seeds, all_seen = [], shelf.seen and category.seen and own.seen
    for item, role, weight in visit.seeds():
        related = Wanted(rows, related_key(item, release), RELATION_COLUMNS)
        all_seen = all_seen and related.seen
        if related.table is not None:
            seeds.append(Seed(item, role, weight, related.table))
    lists = Lists(personal=own.table, shelf=shelf.table, category_shelf=category.table, seeds=seeds)
    return lists, all_seen and _is_kept(release, rows)


def asked_for_shelves(wanted: Mapping[str, Key], rows: Rows) -> tuple[dict[str, ItemTable], bool]:
    """The shelves that strategies ask for, by scope, and whether all were there to see."""
    found = {scope: Wanted(rows, key, SHELF_COLUMNS) for scope, key in wanted.items()}
    tables = {scope: shelf.table for scope, shelf in found.items() if shelf.table is not None}
    return tables, all(shelf.seen for shelf in found.values())


def _is_kept(lists: ReleaseId, rows: Rows) -> bool:
    """Whether the lists still have their rows, as far as the pointer in the rows tells.

    Reads are eventually consistent: a pointer to lists that are older than these knows nothing of them yet.
    """
    row = rows.get(keys.RELEASE_POINTER, Absent.NOT_READ)
    if isinstance(row, Absent) or (row.get("lists") or row.get("release")) == lists:
        return True
    try:
        pointer = parse_pointer(row)
        return pointer.keeps(lists) or (lists[:1].isdigit() and lists > pointer.lists)  # ids begin with their instant
    except InvalidRelease:
        return True


class Wanted:
    """One list row: `table` is None when there is none, `seen` is False when nobody could tell."""

    __slots__ = ("seen", "table")

    def __init__(self, rows: Rows, key: Key, scores: Sequence[str]) -> None:
        row = rows.get(key, Absent.NOT_READ)
        self.table: ItemTable | None = None
        self.seen = row is not Absent.NOT_READ
        if not isinstance(row, Absent):
            try:
                self.table = _table(row, scores)
            except InvalidRelease:
                self.seen = False


NOTHING: Final = Wanted({keys.RELEASE_POINTER: Absent.MISSING}, keys.RELEASE_POINTER, ())
"""A row that was not wanted."""


unpack_shared = lru_cache(maxsize=MAX_TABLES)(unpack)
"""Rows that all visitors share are held from one page view to the next (service.release_rows); so is what they say. A
visitor's own mostly comes once."""


def _table(row: Row, scores: Sequence[str]) -> ItemTable | None:
    """The table in a row, with all scores that a merge needs; None for an empty one."""
    data = row.get("table")
    if not isinstance(data, bytes):
        raise InvalidRelease("a list row holds no table")
    table = unpack(data) if scores is PERSONAL_COLUMNS else unpack_shared(data)
    if not table.has(scores):
        raise InvalidRelease(f"a list row lacks one of the columns {', '.join(scores)}")
    return table if len(table) else None

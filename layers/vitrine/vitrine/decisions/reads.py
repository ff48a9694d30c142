"""Which rows one decision needs: planned before anything is read, so that one batched read answers most page views."""

from vitrine import keys
from vitrine.catalog.packed import ItemTable, unpack
from vitrine.decisions.candidates import Lists, Seed
from vitrine.decisions.context import Context
from vitrine.decisions.visit import Visit
from vitrine.errors import InvalidRelease
from vitrine.types import Absent, Key, ReleaseId, Row, Rows


def wanted_keys(context: Context, visit: Visit, release: ReleaseId) -> list[Key]:
    """Pointer, profile, the visitor's lists, the region's shelves, related lists of the visit's items.

    Asked before the profile is known it gives the first read; asked again with it, what is new is the second.
    """
    request = context.request
    wanted = [keys.RELEASE_POINTER, keys.shelf(context.region, None, release)]
    if request.page.category is not None:
        wanted.append(keys.shelf(context.region, request.page.category, release))
    if request.visitor is not None:
        wanted += [keys.profile(request.visitor), keys.personal(request.visitor, release)]
    return wanted + [keys.related(item, release) for item, _, _ in visit.seeds()]


def lists_of(context: Context, visit: Visit, release: ReleaseId, rows: Rows) -> tuple[Lists, bool]:
    """The lists in the rows, decoded, and whether all were there to see: a row not read or damaged counts as unseen."""
    request = context.request
    shelf = Wanted(rows, keys.shelf(context.region, None, release))
    category = (
        Wanted(rows, keys.shelf(context.region, request.page.category, release)) if request.page.category else None
    )
    own = Wanted(rows, keys.personal(request.visitor, release)) if request.visitor else None
    seeds = [(seed, Wanted(rows, keys.related(seed[0], release))) for seed in visit.seeds()]
    lists = Lists(
        personal=own.table if own else None,
        shelf=shelf.table,
        category_shelf=category.table if category else None,
        seeds=[Seed(*seed, wanted.table) for seed, wanted in seeds if wanted.table is not None],
    )
    return lists, all(wanted.seen for wanted in (shelf, category, own, *(row for _, row in seeds)) if wanted)


class Wanted:
    """One list row: `table` is None when there is none, `seen` is False when nobody could tell."""

    def __init__(self, rows: Rows, key: Key) -> None:
        row = rows.get(key, Absent.NOT_READ)
        self.table: ItemTable | None = None
        self.seen = row is not Absent.NOT_READ
        if not isinstance(row, Absent):
            try:
                self.table = unpack(_bytes(row))
            except InvalidRelease:
                self.seen = False


def _bytes(row: Row) -> bytes:
    data = row.get("table")
    if not isinstance(data, bytes):
        raise InvalidRelease("a list row holds no table")
    return data

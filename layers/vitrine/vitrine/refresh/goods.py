"""Which goods are not in what is published: categories without a shelf in any region, items without a card."""

from collections.abc import Collection, Sequence
from typing import Final

from vitrine import keys
from vitrine.errors import DeadlineExceeded
from vitrine.ports import Table
from vitrine.refresh.published import read_pointer
from vitrine.types import Absent, ItemId, Key, RegionId, Rows
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 30.0  # for some thousand rows: a shelf of every named category in every region


@dataclass(frozen=True, slots=True)
class Missing:
    """Category paths and item ids that nothing is published of."""

    categories: frozenset[str] = frozenset()
    items: frozenset[ItemId] = frozenset()


def missing_goods(
    categories: Collection[str], items: Collection[ItemId], regions: Sequence[RegionId], table: Table
) -> Missing | None:
    """Those of the categories and items that the current lists and the cards do not have.

    None when there is nothing to look into: no release yet, or its lists are for none of these regions. A category is
    there as soon as something of it sells in one region.

    Raises:
        InvalidRelease: the pointer could not be read, or is damaged.
        DependencyFailed: the table did not answer, or not in time.
    """
    pointer = read_pointer(table)
    if pointer is None:
        return None
    whole = [keys.shelf(region, None, pointer.lists) for region in regions]
    shelves = {path: [keys.shelf(region, path, pointer.lists) for region in regions] for path in categories}
    cards = {item: [keys.card(item)] for item in items}
    wanted = [*whole, *(key for below in (shelves, cards) for some in below.values() for key in some)]
    rows = table.read(wanted, READ_TIMEOUT_S)
    if not _is_there(whole, rows):
        return None
    return Missing(
        frozenset(path for path, some in shelves.items() if not _is_there(some, rows)),
        frozenset(item for item, some in cards.items() if not _is_there(some, rows)),
    )


def _is_there(some: Sequence[Key], rows: Rows) -> bool:
    """Whether one of the rows is there. What was left unread is not missing."""
    found = [rows[key] for key in some]
    if any(not isinstance(row, Absent) for row in found):
        return True
    if Absent.NOT_READ in found:
        raise DeadlineExceeded("table", "what the files name could not be looked up in time; try again")
    return False

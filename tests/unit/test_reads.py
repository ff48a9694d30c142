"""List rows as a decision sees them: decoded as far as somebody looks, and once for all whom they are shared by."""

import numpy as np
import pytest

from tests.unit.tables import personal, related, shelf
from vitrine import keys
from vitrine.catalog.columns import Column, Columns
from vitrine.catalog.packed import PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable, pack
from vitrine.decisions.reads import Wanted
from vitrine.types import Absent, Row

KEY = keys.shelf("north", None, "r1")


@pytest.mark.parametrize(
    ("table", "columns"), [(shelf(["a", "b"]), SHELF_COLUMNS), (related("a", ["b"]), RELATION_COLUMNS)]
)
def test_what_all_visitors_share_is_decoded_once(table: ItemTable, columns: tuple[str, ...]) -> None:
    """Its bytes stay the same from one page view to the next."""
    row: Row = {"table": pack(table)}
    assert Wanted({KEY: row}, KEY, columns).table is Wanted({KEY: row}, KEY, columns).table


def test_what_belongs_to_one_visitor_is_held_nowhere() -> None:
    """Their next page view mostly meets another environment."""
    own: Row = {"table": pack(personal(["a"]))}
    tables = [Wanted({KEY: own}, KEY, PERSONAL_COLUMNS).table for _ in range(2)]
    assert tables[0] is not tables[1]


@pytest.mark.parametrize("row", [{}, {"table": b"\x00"}, {"table": pack(shelf(["a"]))[:-1]}, {"table": "text"}])
def test_a_damaged_shelf_is_unseen_every_time(row: Row) -> None:
    """It is no shelf without items, and that nothing came of it is not held either."""
    for _ in range(2):
        wanted = Wanted({KEY: row}, KEY, SHELF_COLUMNS)
        assert (wanted.table, wanted.seen) == (None, False)


def test_missing_is_seen_and_unread_is_not() -> None:
    """Who has no list has none; of who was not read nobody knows."""
    assert Wanted({KEY: Absent.MISSING}, KEY, SHELF_COLUMNS).seen
    assert not Wanted({KEY: Absent.NOT_READ}, KEY, SHELF_COLUMNS).seen
    assert not Wanted({}, KEY, SHELF_COLUMNS).seen


def test_a_table_of_other_scores_is_unseen() -> None:
    """A shelf where related lists should be tells nothing of them."""
    wanted = Wanted({KEY: {"table": pack(shelf(["a"]))}}, KEY, RELATION_COLUMNS)
    assert (wanted.table, wanted.seen) == (None, False)


def test_columns_are_made_when_asked_for_and_once() -> None:
    """To ask whether there is one makes none."""
    made: list[str] = []

    def make(name: str) -> Column:
        made.append(name)
        return np.zeros(3)

    columns = Columns(("a", "b"), make)
    assert ("a" in columns, "c" in columns, list(columns), len(columns), made) == (True, False, ["a", "b"], 2, [])
    assert columns["a"] is columns["a"]
    assert made == ["a"]
    assert columns.get("c") is None
    with pytest.raises(KeyError):
        columns["c"]

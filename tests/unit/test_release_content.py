"""The table rows of a release: lists, what is predicted of visitors, session rows."""

from dataclasses import replace

import orjson
import pytest

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, unpack
from vitrine.decisions.predicted import read_predicted
from vitrine.decisions.reads import Wanted
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.lists import Regions, build_lists
from vitrine.refresh.release_content import ReleaseContent
from vitrine.refresh.release_rows import write_rows

R = "20261122T000000-00000000"
TOLD = orjson.dumps({"predicted.churn": 0.5}).decode()


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """The lists of two items that a and b buy together."""
    bought = [Sale(who, f"{who}{day}", day, item) for who in "ab" for day in range(3) for item in ("milk", "rolls")]
    lake = write_lake(tmp_path_factory.mktemp("lake"), [Good("milk"), Good("rolls")], bought)
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(lake)
        return build_lists(engine, Regions(("north",), "north"), at_ms(4), lambda *_: None)


@pytest.fixture
def content(lists):
    """Something is predicted of a, who has lists, and of c, who has none; milk has a session row."""
    return ReleaseContent(lists, {"a": TOLD, "c": TOLD}, {"milk": b"packed"})


def test_what_is_predicted_lies_beside_the_visitors_lists(content, lists):
    """The lists' own bytes are those without it."""
    rows, plain = dict(content.rows(R)), dict(lists.rows(R))
    key = keys.personal("a", R)
    assert rows[key] == {**plain[key], "predicted": TOLD}
    assert rows[keys.personal("b", R)] == plain[keys.personal("b", R)]
    assert read_predicted(rows[key]) == {"predicted.churn": 0.5}


def test_who_has_no_lists_has_a_row_that_serving_takes_for_none(content):
    """Its table is whole and empty: nothing is shown of it, and nothing counts as unread."""
    row = dict(content.rows(R))[keys.personal("c", R)]
    table = unpack(row["table"])
    assert (len(table), set(table.columns)) == (0, {*ITEM_COLUMNS, *PERSONAL_COLUMNS})
    wanted = Wanted({keys.personal("c", R): row}, keys.personal("c", R), PERSONAL_COLUMNS)
    assert (wanted.table, wanted.seen) == (None, True)
    assert row["predicted"] == TOLD


def test_session_rows_lie_beside_the_lists_of_their_item(content):
    """Under a key of their own, so that who does not need them does not pay for them."""
    rows = dict(content.rows(R))
    assert rows[keys.session_row("milk", R)] == {"table": b"packed"}
    assert keys.session_row("milk", R).pk == keys.related("milk", R).pk
    assert keys.session_row("rolls", R) not in rows


@pytest.mark.parametrize("sessions", [None, {}, {"milk": b"1", "tea": b"2"}])
@pytest.mark.parametrize("predicted", [{}, {"a": TOLD}, {"c": TOLD, "d": TOLD}])
def test_there_are_as_many_rows_as_it_says(content, predicted, sessions):
    """No two share a key, and what is written of them stands the check of a publication."""
    some = replace(content, predicted=predicted, sessions=sessions)
    rows = list(some.rows(R))
    assert len(rows) == len(dict(rows)) == some.row_count
    table = MemoryTable()
    write_rows(some, R, table, MemoryObjects(), lambda *_: None).verify(table)
    assert len(table.rows) == some.row_count


def test_rows_come_in_the_same_order_every_time(content):
    """A killed run is gone on with by comparing batches."""
    assert list(content.rows(R)) == list(content.rows(R))
    assert [row for _, row in content.rows(R)] == [row for _, row in content.rows("20261123T000000-00000000")]


def test_counts_tell_of_session_rows_only_where_there_is_use_for_them(content, lists):
    """A store that does not look ahead is not one that has lost them."""
    assert content.counts() == {**lists.counts(), "items with sessions": 1}
    assert replace(content, sessions={}).counts()["items with sessions"] == 0
    assert replace(content, sessions=None).counts() == lists.counts()
    assert content.as_of_ms == lists.as_of_ms

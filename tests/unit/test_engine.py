"""The engine: a lake folder as tables, bad lines counted, weeks of the data."""

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.lake.builders import START_MS, Good, Sale, at_ms, write_lake
from vitrine.errors import InvalidSource
from vitrine.refresh.engine import WEEK_MS, Engine, Limits, week_start_ms

GOODS = [Good("a"), Good("b")]
SALES = [Sale("h1", "s1", 0, "a"), Sale("h1", "s1", 0, "b")]
FIRST_EVENT_MS = 1_483_271_606_000  # Sunday 2017-01-01 11:53:26 UTC, as in The Complete Journey


@pytest.fixture
def engine():
    """An engine that is closed after the test."""
    with Engine(Limits(threads=1)) as engine:
        yield engine


@pytest.fixture
def lake(tmp_path):
    """A lake of two purchases."""
    return write_lake(tmp_path, GOODS, SALES)


def collect(lake, *lines):
    """Put lines into the folder where the stream writes."""
    folder = lake / "events" / "raw" / "2017" / "02" / "03"
    folder.mkdir(parents=True)
    (folder / "events-1-uuid").write_bytes(b"\n".join(lines) + b"\n")


def event(**fields):
    """A collected line."""
    fields = {"id": "e1", "visitor": "h2", "kind": "purchase", "at_ms": at_ms(1), "item": "a"} | fields
    return json.dumps(fields).encode()


def test_collected_events_join_the_imported_ones(engine, lake):
    """Purchases from the import and from the stream stand in one table, with defaults for what a line leaves out."""
    collect(lake, event(), event(id="e2", kind="view", item="b"))
    engine.load_lake(lake)
    found = engine.execute("select visitor, kind, item, quantity, session from events order by all")
    assert found == [
        ("h1", "purchase", "a", 1, "s1"),
        ("h1", "purchase", "b", 1, "s1"),
        ("h2", "purchase", "a", 1, "e1"),
        ("h2", "view", "b", 1, "e2"),
    ]
    assert not engine.account.left_out


def test_bad_lines_are_left_out_and_counted(engine, lake):
    """A line that is broken, lacks a field, is unknown or repeats an id is counted under its reason; good ones stay."""
    collect(
        lake,
        event(),
        event(),
        event(id="s1-a", visitor="h1"),
        b"not json",
        b'{"id": "\xff"}',
        event(id="e3", at_ms="soon"),
        event(id="e4", visitor=None),
        event(id="e5", kind="dance"),
        event(id="e6", at_ms=-1),
        b"[1, 2]",
    )
    engine.load_lake(lake)
    assert engine.count("events") == 3
    assert engine.account.left_out == {
        "duplicate": 2,
        "not a JSON object": 3,
        "a field is missing or of the wrong type": 2,
        "unknown kind": 1,
        "before 1970": 1,
    }


def test_nobody_erases_the_event_of_another(engine, lake):
    """One id of two visitors, or of two kinds, is two events, whoever came first; an imported purchase stays alone."""
    collect(
        lake,
        event(id="x", at_ms=at_ms(5)),
        event(id="x", visitor="thief", at_ms=at_ms(1)),
        event(id="x", kind="view"),
        event(id="s1-a", visitor="thief"),
        event(id="s1-a", visitor="h1"),
    )
    engine.load_lake(lake)
    found = engine.execute("select visitor, kind, count(*) from events group by all order by all")
    assert found == [("h1", "purchase", 2), ("h2", "purchase", 1), ("h2", "view", 1), ("thief", "purchase", 2)]
    assert engine.account.left_out == {"duplicate": 1}


def test_a_missing_catalogue_is_named(engine, lake):
    """Without the catalogue there is nothing to do, and the error says what is missing."""
    (lake / "catalog" / "items.parquet").unlink()
    with pytest.raises(InvalidSource, match=r"items\.parquet"):
        engine.load_lake(lake)


def test_a_damaged_file_is_named(engine, lake):
    """A file that is not Parquet is refused with its name."""
    (lake / "catalog" / "items.parquet").write_bytes(b"PAR?")
    with pytest.raises(InvalidSource, match=r"items\.parquet"):
        engine.load_lake(lake)


def test_a_missing_column_is_named(engine, lake, tmp_path):
    """A catalogue is allowed to lack nothing that events need; the error names the column."""
    engine.put("short", {"id": ["x"], "visitor": ["h1"]})
    engine.write_parquet("short", "id", lake / "events" / "import" / "purchases.parquet")
    with pytest.raises(InvalidSource, match="kind"):
        engine.load_lake(lake)


def test_a_view_has_its_values_in_it(engine):
    """A view is a SELECT with its parameters written into it; texts may hold quotes, and infinity is no value."""
    engine.put("letters", {"n": [1, 2, 3], "letter": ["a", "o'b", "c"]})
    engine.view("found", "select n from letters where letter = $letter or n > $n", {"letter": "o'b", "n": 2, "x": 1})
    assert engine.execute("select n from found order by n") == [(2,), (3,)]
    assert list(engine.fields("found")) == ["n"]
    with pytest.raises(ValueError, match="inf"):
        engine.view("found", "select n from letters where n < $n", {"n": float("inf")})


def test_a_table_without_rows_has_columns_of_text(engine):
    """Ids are text, and a join with nothing finds nothing."""
    engine.put("nobody", {"visitor": [], "persona": []})
    engine.put("people", {"visitor": ["h1"]})
    assert engine.execute("select * from people join nobody on nobody.visitor = people.visitor") == []


def test_a_parameter_that_is_named_must_be_there(engine):
    """Nothing is computed with a value that nobody gave."""
    engine.put("numbers", {"n": [1]})
    with pytest.raises(KeyError, match="n"):
        engine.view("found", "select n from numbers where n < $n", {"m": 1})


def test_parquet_is_written_in_order(engine, tmp_path):
    """A table is written sorted, and the number of rows is returned."""
    engine.put("numbers", {"n": [3, 1, 2]})
    assert engine.write_parquet("numbers", "n", tmp_path / "deep" / "n.parquet") == 3
    engine.view_parquet("back", tmp_path / "deep" / "n.parquet")
    assert engine.execute("select n from back") == [(1,), (2,), (3,)]


def test_tables_are_made_once_per_lake(engine, lake):
    """A table that does not depend on the instant is made once, and again for another lake."""
    engine.load_lake(lake)
    engine.materialise_once("item_index")
    engine.execute("delete from item_index")
    engine.materialise_once("item_index")
    assert engine.count("item_index") == 0
    engine.load_lake(lake)
    engine.materialise_once("item_index")
    assert engine.count("item_index") == 2


@pytest.mark.parametrize(
    ("week", "starts"),
    [(2, "2017-01-02T04:00"), (44, "2017-10-23T04:00"), (45, "2017-10-30T04:00"), (53, "2017-12-25T04:00")],
)
def test_weeks_are_those_of_the_data(week, starts):
    """Week 1 is the rest of the first event's week; weeks begin on Monday 04:00 UTC."""
    assert week_start_ms(FIRST_EVENT_MS, week) == int(datetime.fromisoformat(f"{starts}+00:00").timestamp() * 1000)


@given(st.integers(0, 4 * 10**12), st.integers(1, 60), st.integers(0, 600))
def test_weeks_survive_a_move_of_the_data(first_ms, week, weeks_moved):
    """Week 1 holds the first event, and moving the data by whole weeks moves every boundary with it."""
    assert week_start_ms(first_ms, 1) <= first_ms < week_start_ms(first_ms, 2)
    moved = week_start_ms(first_ms + weeks_moved * WEEK_MS, week)
    assert moved == week_start_ms(first_ms, week) + weeks_moved * WEEK_MS


def test_the_first_instant_of_the_small_lake_is_its_start(engine, lake):
    """Instants are milliseconds since 1970."""
    engine.load_lake(lake)
    assert engine.execute("select min(at_ms) from events") == [(START_MS,)]


def test_a_damaged_file_of_events_costs_only_itself(tmp_path):
    """One object that cannot be unpacked is counted; the events of all other files are there."""
    lake = write_lake(tmp_path, [Good("i1", "grocery/dairy/milk")], [Sale("h1", "b1", 0, "i1")])
    raw = lake / "events" / "raw" / "2026"
    raw.mkdir(parents=True)
    (raw / "broken.gz").write_bytes(b"\x1f\x8b\x08 not a gzip")
    line = {"id": "e1", "visitor": "h1", "kind": "view", "at_ms": at_ms(1), "item": "i1"}
    (raw / "good.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")
    with Engine() as engine:
        engine.load_lake(lake)
        assert engine.account.left_out == {"damaged file": 1}
        assert engine.execute("select count(*) from events where kind = 'view'") == [(1,)]

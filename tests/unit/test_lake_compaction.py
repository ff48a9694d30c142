"""Compaction: objects by arrival become files by day, each good line in the file of its day."""

import gzip
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.lake.raw_lines import DAY_MS, HOUR_MS, NOW, NOW_MS, event, lines, object_name, raw_objects
from tests.unit.lake_nights import busy_night, crowded, daily_rows, silent
from vitrine.adapters.memory import MemoryObjects
from vitrine.errors import InvalidSource
from vitrine.refresh import compaction_notes
from vitrine.refresh.compaction import compact
from vitrine.refresh.compaction_notes import compacted, read_notes
from vitrine.refresh.lake_folder import FolderObjects


def test_events_lie_by_their_day():
    """Each good line is in the file of its own UTC day, once, whatever day it arrived on."""
    objects = MemoryObjects(busy_night())
    done = compact(objects, NOW, silent)
    rows = daily_rows(objects)
    assert done.rows == len(rows) == len({row[1:] for row in rows}) == 30 + 1 + 1 + 1 + 2
    for day, *_, at_ms in rows:
        assert day == f"day={datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"
    assert ("day=2026-11-13", "b2", "v1", "view", NOW_MS - 9 * DAY_MS) in rows


def test_what_is_left_out_is_counted_and_kept():
    """Copies are counted; bad lines lie aside with their object, line number and reason; late ones say how late."""
    objects = MemoryObjects(busy_night())
    done = compact(objects, NOW, silent)
    assert done.left_out == {"not a JSON object": 1, "a field is missing or of the wrong type": 1, "duplicate": 2}
    assert done.late == {"over a week": 1, "over a day": 6, "over an hour": 25}
    [aside] = objects.names("events/damaged/")
    kept = [orjson.loads(line) for line in objects.objects[aside].splitlines()]
    assert [(line["line"], line["text"]) for line in kept] == [(31, "garbage"), (32, "{}")]
    assert kept[0]["object"] == object_name()
    assert done.section().tone == "warning"


def test_a_second_run_has_nothing_to_do():
    """Objects with a note are never read again, and files stay as they are."""
    objects = MemoryObjects(busy_night())
    compact(objects, NOW, silent)
    before = dict(objects.objects)
    assert compact(objects, NOW, silent).objects == 0
    assert objects.objects == before


def test_instants_out_of_the_span_are_set_aside():
    """Clocks of tomorrow and events older than is kept make no file; a little ahead is a clock like any other."""
    odd = [
        event(id="ahead", at_ms=NOW_MS + DAY_MS + 1),
        event(id="old", at_ms=NOW_MS - 401 * DAY_MS - 4 * HOUR_MS),
        event(id="seconds", at_ms=NOW_MS // 1000),
        event(id="fine", at_ms=NOW_MS + DAY_MS),
    ]
    objects = MemoryObjects(raw_objects(odd))
    done = compact(objects, NOW, silent)
    assert done.left_out == {"in the future": 1, "older than is kept": 2}
    assert [row[1] for row in daily_rows(objects)] == ["fine"]


def test_days_that_are_not_kept_go():
    """Daily files expire with the retention, and the others stay."""
    objects = MemoryObjects(raw_objects([event(id="a"), event(id="b", at_ms=NOW_MS - 5 * DAY_MS)]))
    compact(objects, NOW, silent)
    assert compact(objects, NOW + timedelta(days=3), silent, keep_days=5).expired == 1
    assert [row[1] for row in daily_rows(objects)] == ["a"]


def test_a_day_of_many_files_becomes_one():
    """More than a few files of one day are merged; the rows are the same."""
    objects = MemoryObjects(crowded())
    rows = daily_rows(objects)
    done = compact(objects, NOW, silent)
    assert done.merged == 1
    assert len(list(objects.names("events/daily/day=2026-11-22/"))) == 1
    assert set(rows) <= set(daily_rows(objects))


def test_many_notes_become_one(monkeypatch):
    """They are put together, and an object that has expired is forgotten."""
    monkeypatch.setattr(compaction_notes, "MOST_NOTES", 2)
    objects = MemoryObjects()
    for n in range(4):
        objects.put(object_name(number=n), lines(event(id=f"e{n}")))
        compact(objects, NOW, silent)
        if n == 1:
            objects.delete([object_name(number=0)])
    notes = read_notes(objects)
    assert len(notes) < 4
    assert compacted(notes.values()) == {object_name(number=n) for n in (1, 2, 3)}
    assert compact(objects, NOW, silent).objects == 0


def test_a_damaged_object_costs_only_its_end():
    """The lines before the damage count, and the object is named."""
    whole = gzip.compress(lines(*(event(id=f"e{n}") for n in range(20_000))))
    objects = MemoryObjects({object_name(): whole[:-100]})
    done = compact(objects, NOW, silent)
    assert list(done.unreadable) == [object_name()]
    assert 10_000 < done.rows < 20_000


def test_a_file_of_another_version_is_refused():
    """Rows of a schema that this code does not know are neither read nor merged."""
    objects = MemoryObjects(busy_night())
    objects.put("events/daily/day=2026-11-22/new-v2.parquet", b"PAR1")
    with pytest.raises(InvalidSource, match="version 1"):
        compact(objects, NOW, silent)


def test_a_damaged_note_is_named():
    """It says which, and that deleting it is safe."""
    objects = MemoryObjects({"events/compacted/x.json": b"{"})
    with pytest.raises(InvalidSource, match=r"compacted/x\.json is damaged; delete it"):
        compact(objects, NOW, silent)


@settings(max_examples=8, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from(["v1", "v2"]), st.integers(0, 3), st.integers(0, 4)), max_size=30
    )
)
def test_any_split_into_objects_and_runs_gives_the_same_events(drawn):
    """However events are spread over objects and runs, each is in the daily files once."""
    objects = MemoryObjects()
    for run in range(3):
        for number in range(2):
            some = [
                event(id=f"e{n}", visitor=visitor, at_ms=NOW_MS - days * DAY_MS)
                for n, visitor, days, place in drawn
                if place % 3 == run and place % 2 == number
            ]
            objects.put(object_name(number=run * 2 + number), lines(*some))
        compact(objects, NOW, silent)
    rows = [(visitor, id_) for _, id_, visitor, _, _ in daily_rows(objects)]
    assert {(v, f"e{n}") for n, v, *_ in drawn} == set(rows)


def test_a_folder_is_compacted_like_a_bucket(tmp_path):
    """The laptop's lake is a folder, and its daily files are the same."""
    folder = FolderObjects(tmp_path)
    for name, data in busy_night().items():
        folder.put(name, data)
    compact(folder, NOW, silent)
    memory = MemoryObjects(busy_night())
    compact(memory, NOW, silent)
    assert daily_rows(folder) == daily_rows(memory)

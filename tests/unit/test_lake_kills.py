"""Compaction that dies: nothing is lost and nothing counts twice, at whatever write it happens."""

import gzip

import pytest

from tests.fixtures.lake.raw_lines import NOW, event, lines, object_name
from tests.unit.lake_nights import Killed, MortalObjects, busy_night, crowded, daily_rows, readable, silent
from vitrine.adapters.memory import MemoryObjects
from vitrine.refresh.compaction import compact
from vitrine.refresh.compaction_desk import Desk


def undisturbed():
    """A run that nobody kills: its objects, with the log of writes."""
    objects = MortalObjects(crowded())
    compact(objects, NOW, silent)
    return objects


WHOLE = undisturbed()


def test_the_note_comes_after_the_rows():
    """So that a note is never a promise that is not kept; and files go only when their whole is there."""
    kinds = ["note" if "compacted/" in line else line.partition(" ")[0] for line in WHOLE.log]
    assert kinds[0] == "put"
    assert "delete" in kinds
    assert kinds.index("note") > kinds.index("put")
    whole = next(at for at, line in enumerate(WHOLE.log) if "merged-" in line)
    assert kinds.index("delete") > whole


@pytest.mark.parametrize("dies_after", [False, True])
@pytest.mark.parametrize("k", range(1, WHOLE.writes + 1))
def test_killed_at_any_write_nothing_is_lost_and_a_rerun_converges(k, dies_after):
    """At every moment a reader counts the same events, and the next run leaves the rows of an undisturbed one."""
    objects = MortalObjects(crowded(), dies_at=k, dies_after=dies_after)
    events = readable(objects)
    with pytest.raises(Killed):
        compact(objects, NOW, silent)
    assert readable(objects) == events
    objects.dies_at = 0
    compact(objects, NOW, silent)
    assert daily_rows(objects) == daily_rows(WHOLE)
    assert compact(objects, NOW, silent).objects == 0


def test_a_note_written_first_loses_events(monkeypatch):
    """Negative control: with the note before the rows, some death loses events, and the test above would say so."""
    monkeypatch.setattr(Desk, "_write_day", lambda self, day, batch: 1)
    objects = MemoryObjects(crowded())
    events = readable(objects)
    compact(objects, NOW, silent)
    assert readable(objects) != events


def test_more_objects_may_arrive_between_death_and_rerun():
    """The batch is another one then, and the rows that were written already are not written again."""
    objects = MortalObjects(busy_night(), dies_at=2)
    with pytest.raises(Killed):
        compact(objects, NOW, silent)
    objects.dies_at = 0
    objects.put(object_name(number=50), gzip.compress(lines(event(id="new"))))
    compact(objects, NOW, silent)
    rows = daily_rows(objects)
    assert len(rows) == len(set(rows)) == 36

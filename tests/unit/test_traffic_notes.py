"""Notes that a weather cell has visitors."""

from datetime import UTC, datetime, timedelta

from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DependencyFailed
from vitrine.service.traffic import LOOK_EVERY, TRY_AGAIN, TrafficNotes

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CELL = "39.0_-84.5"


def note(notes: TrafficNotes, at: datetime, cell: str | None = CELL) -> None:
    """Take note, with time enough."""
    notes.note(cell, at, 1.0)


def test_a_cell_is_noted_once_an_hour_at_most() -> None:
    """One look, whatever the traffic; a place without coordinates has no cell."""
    table = MemoryTable()
    notes = TrafficNotes(table)
    for minute in range(50):
        note(notes, NOW + timedelta(minutes=minute))
    note(notes, NOW, None)
    assert (table.reads, list(table.rows)) == (1, [keys.weather_traffic(CELL)])
    note(notes, NOW + LOOK_EVERY)
    assert table.reads == 2


def test_a_table_that_is_down_is_left_alone_for_a_while() -> None:
    """A failed note is tried again after minutes, not with the next page view."""
    table = MemoryTable(outage=DependencyFailed("table", "down"))
    notes = TrafficNotes(table)
    note(notes, NOW)
    table.outage = None
    note(notes, NOW + TRY_AGAIN - timedelta(seconds=1))
    assert table.rows == {}
    note(notes, NOW + TRY_AGAIN)
    assert list(table.rows) == [keys.weather_traffic(CELL)]


def test_a_page_view_without_time_leaves_the_note_to_the_next() -> None:
    """Nothing is read, and the next one with time looks at once."""
    table = MemoryTable()
    notes = TrafficNotes(table)
    notes.note(CELL, NOW, 0.001)
    assert table.reads == 0
    note(notes, NOW)
    assert table.reads == 1

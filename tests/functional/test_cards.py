"""Cards of the catalogue, written when they changed."""

from datetime import UTC, datetime

import pytest

from tests.functional.test_publish import Fuse, FusedTable, Killed
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.refresh.card_stamps import WRITTEN
from vitrine.refresh.cards import publish_cards


def cards(n, price=100, updated_ms=1):
    """Cards of n items; those of one price at one instant."""
    return iter(
        [(str(number), {"title": str(number), "price": price, "updated_ms": updated_ms}) for number in range(n)]
    )


def clock():
    """An instant that matters nowhere here."""
    return datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def quiet(stage, done, total):
    """No display."""


def test_the_first_time_all_cards_are_written_with_progress():
    """All cards are in the table afterwards and the last report says so."""
    table, reports = MemoryTable(), []
    assert publish_cards(cards(2_500), table, MemoryObjects(), clock, lambda *report: reports.append(report)) == 2_500
    assert len(table.rows) == 2_500
    assert reports[-1] == ("write the cards", 2_500, 2_500)


def test_only_what_changed_is_written_again():
    """The same cards of another night are left alone; a new price and a new item are written."""
    table, objects = MemoryTable(), MemoryObjects()
    publish_cards(cards(3), table, objects, clock, quiet)
    assert publish_cards(cards(3, updated_ms=2), table, objects, clock, quiet) == 0
    assert table.rows[keys.card("1")]["updated_ms"] == 1
    assert publish_cards(cards(4), table, objects, clock, quiet) == 1
    assert publish_cards(cards(4, price=90), table, objects, clock, quiet) == 4
    assert table.rows[keys.card("3")]["price"] == 90


def test_an_item_that_left_the_catalogue_loses_its_card():
    """What is not for sale any more cannot be shown."""
    table, objects = MemoryTable(), MemoryObjects()
    publish_cards(cards(3), table, objects, clock, quiet)
    assert publish_cards(cards(2), table, objects, clock, quiet) == 1
    assert set(table.rows) == {keys.card("0"), keys.card("1")}


def test_a_table_that_was_lost_gets_all():
    """What was written to another table is worth nothing to this one."""
    objects = MemoryObjects()
    publish_cards(cards(300), MemoryTable(), objects, clock, quiet)
    table = MemoryTable()
    assert publish_cards(cards(300), table, objects, clock, quiet) == len(table.rows) == 300


def test_anew_means_all():
    """Whoever asks for all cards gets them written, changed or not."""
    table, objects = MemoryTable(), MemoryObjects()
    assert [publish_cards(cards(3), table, objects, clock, quiet, anew=True) for _ in range(2)] == [3, 3]


@pytest.mark.parametrize("note", [b"\xff", b"[]"])
def test_a_damaged_note_means_all(note):
    """Nothing is known of what was written, so everything is."""
    assert publish_cards(cards(3), MemoryTable(), MemoryObjects({WRITTEN: note}), clock, quiet) == 3


def test_killed_half_way_no_card_is_forgotten():
    """The note of what was written comes after the rows."""
    table, objects = FusedTable(fuse=Fuse(1)), MemoryObjects()
    with pytest.raises(Killed):
        publish_cards(cards(2_500), table, objects, clock, quiet)
    table.fuse.left = -1
    assert publish_cards(cards(2_500), table, objects, clock, quiet) == len(table.rows) == 2_500

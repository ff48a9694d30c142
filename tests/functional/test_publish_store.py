"""Publishing store files without lists, alone and while a refresh is under way, in memory."""

from dataclasses import dataclass, field, replace

import pytest

from tests.functional.release_rig import (
    PARTS_1,
    START,
    Fuse,
    FusedObjects,
    FusedTable,
    Killed,
    SomeRows,
    after,
    campaigns_of,
    count_campaigns,
    files,
    load,
    publish_at,
    quiet,
    refresh_at,
    releases_with_rows,
)
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.decisions.release import PARTS, Pointer
from vitrine.errors import InvalidRelease, RefreshNeeded
from vitrine.refresh.publish import FLIPS, publish, publish_store
from vitrine.refresh.published import read_manifest, read_pointer
from vitrine.refresh.release import list_releases, roll_back


def test_store_files_are_published_without_a_row():
    """The new release reads the rows of the one before and has its model; only the store is another."""
    table, objects = MemoryTable(), MemoryObjects()
    first = refresh_at(0, table, objects)
    rows = {key: row for key, row in table.rows.items() if key != keys.RELEASE_POINTER}
    second = publish_at(1, table, objects, "summer", "rain")
    assert read_pointer(table) == second
    assert {key: row for key, row in table.rows.items() if key != keys.RELEASE_POINTER} == rows
    assert (second.previous, second.lists, second.previous_lists) == (first.release, first.release, first.release)
    before, now = read_manifest(objects, first), read_manifest(objects, second)
    assert (now.lists, now.rows, now.as_of_ms) == (first.release, before.rows, before.as_of_ms)
    assert {name for name in PARTS if now.parts[name] != before.parts[name]} == {"store.json"}
    assert campaigns_of(second, objects) == ["summer", "rain"]


def test_files_that_are_published_already_make_no_release():
    """Publishing the same files again changes nothing."""
    table, objects = MemoryTable(), MemoryObjects()
    first, before = refresh_at(0, table, objects), dict(objects.objects)
    assert publish_at(1, table, objects, "summer") == first
    assert objects.objects == before


def test_files_before_the_first_release_are_refused():
    """Without lists and a model there is nothing that the files could go with; the message says what makes them."""
    with pytest.raises(RefreshNeeded, match="vitrine refresh"):
        publish_at(0, MemoryTable(), MemoryObjects(), "summer")


@pytest.mark.parametrize("regions", [("south", "north"), ("north",), ("north", "south", "east")])
def test_files_with_other_regions_are_refused(regions):
    """A region's place is its bit in every stock mask that is out there: another order needs other lists and cards."""
    table, objects = MemoryTable(), MemoryObjects()
    first = refresh_at(0, table, objects)
    with pytest.raises(RefreshNeeded, match="vitrine refresh --store"):
        publish_store(files("summer", regions=regions), table, objects, after(1), load)
    assert read_pointer(table) == first


def test_files_on_top_of_a_store_that_cannot_be_read_are_refused():
    """Nobody could tell which regions the lists are for."""
    table, objects = MemoryTable(), MemoryObjects()
    publish(SomeRows(), replace(PARTS_1, store=b"of old"), None, table, objects, START, quiet)
    with pytest.raises(RefreshNeeded, match="another version"):
        publish_at(1, table, objects, "summer")


def test_rows_stay_as_long_as_the_current_or_the_previous_release_reads_them():
    """Campaigns come and go above the same lists; the lists go when a roll-back no longer leads to them."""
    table, objects = MemoryTable(), MemoryObjects()
    lists = refresh_at(0, table, objects).release
    for minute in (1, 2, 3):
        publish_at(minute, table, objects, f"c{minute}")
    newer = refresh_at(4, table, objects)
    assert releases_with_rows(table) == {lists, newer.release}
    assert newer.keeps(lists)
    assert campaigns_of(newer, objects) == ["c3"]
    after_it = publish_at(5, table, objects, "c5")
    assert not after_it.keeps(lists)
    assert releases_with_rows(table) == {lists, newer.release}  # publishing files deletes no rows: that takes a while
    newest = refresh_at(6, table, objects)
    assert releases_with_rows(table) == {newer.release, newest.release}
    assert not [name for name in objects.objects if name.startswith(f"keys/{lists}/")]
    states = [(one.state, one.lists, one.campaigns) for one in list_releases(table, objects, count_campaigns)]
    assert states == [
        ("current", newest.release, 1),
        ("previous", newer.release, 1),
        ("retired", newer.release, 1),
        *[("retired", lists, 1)] * 4,
    ]


def test_roll_back_goes_from_files_to_lists_and_back():
    """Each release says whose rows it reads, so the pointer knows it whichever kind it goes back to."""
    table, objects = MemoryTable(), MemoryObjects()
    first = refresh_at(0, table, objects)
    second = publish_at(1, table, objects, "rain")
    third = refresh_at(2, table, objects)
    back = roll_back(table, objects)
    assert (back.release, back.lists) == (second.release, first.release)
    assert (back.previous, back.previous_lists) == (third.release, third.release)
    assert campaigns_of(back, objects) == ["rain"]
    forth = roll_back(table, objects)
    assert (forth.release, forth.lists, forth.previous_lists) == (third.release, third.release, first.release)


def test_files_after_a_roll_back_go_with_the_lists_that_are_current():
    """They do not bring back the lists that were rolled back."""
    table, objects = MemoryTable(), MemoryObjects()
    first = refresh_at(0, table, objects)
    refresh_at(1, table, objects)
    roll_back(table, objects)
    assert publish_at(2, table, objects, "rain").lists == first.release


def test_files_published_while_lists_are_built_survive():
    """A refresh that finds other files when it is done takes them over, and the work of building lists is not lost."""
    table, objects = MemoryTable(), MemoryObjects()
    refresh_at(0, table, objects)
    published: list[Pointer] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        published.append(publish_at(10 + done, table, objects, f"at {done}"))

    pointer = refresh_at(1, table, objects, progress=meanwhile)
    assert read_pointer(table) == pointer
    assert (pointer.lists, pointer.previous) == (pointer.release, published[-1].release)
    assert campaigns_of(pointer, objects) == ["at 4100"]
    assert read_manifest(objects, pointer).rows == 4_100


@dataclass(slots=True)
class Contended(MemoryTable):
    """A table on which somebody publishes store files right before each of the first `n` flips of others."""

    objects: MemoryObjects = field(default_factory=MemoryObjects)
    n: int = 0

    def replace(self, key, row, expected_rev, timeout_s=None):
        if self.n:
            self.n, left = 0, self.n - 1
            publish_at(20 - left, self, self.objects, f"left {left}")
            self.n = left
        return MemoryTable.replace(self, key, row, expected_rev)


@pytest.mark.parametrize("n", [1, FLIPS - 1, FLIPS])
def test_a_refresh_flips_again_a_bounded_number_of_times(n):
    """Files published at the very last moment are taken over, too; against an endless row of them it gives up."""
    table = Contended()
    refresh_at(0, table, table.objects)
    table.n = n
    if n < FLIPS:
        pointer = refresh_at(1, table, table.objects)
        assert campaigns_of(pointer, table.objects) == ["left 0"]
    else:
        with pytest.raises(InvalidRelease, match="meanwhile"):
            refresh_at(1, table, table.objects)
    assert campaigns_of(read_pointer(table), table.objects) == ["left 0"]


def test_a_store_that_is_meant_to_replace_the_published_one_gives_way_to_none():
    """Who refreshes with files of their own is told that somebody published others meanwhile."""
    table = Contended()
    before = refresh_at(0, table, table.objects)
    table.n = 1
    with pytest.raises(InvalidRelease, match="meanwhile"):
        publish(SomeRows(), PARTS_1, before, table, table.objects, after(1), quiet, keeps_store=False)
    assert campaigns_of(read_pointer(table), table.objects) == ["left 0"]


def test_of_two_who_publish_files_at_once_one_wins():
    """Whoever flips second is told so: one marketer's files never silently replace another's."""
    table = Contended()
    refresh_at(0, table, table.objects)
    table.n = 1
    with pytest.raises(InvalidRelease, match="meanwhile"):
        publish_at(1, table, table.objects, "mine")
    assert campaigns_of(read_pointer(table), table.objects) == ["left 0"]


def test_a_refresh_whose_flip_was_answered_late_does_not_undo_what_came_on_top():
    """The answer to the flip is lost and files are published above it: the refresh has done its work."""

    @dataclass(slots=True)
    class Late(MemoryTable):
        objects: MemoryObjects = field(default_factory=MemoryObjects)
        is_late: bool = False

        def replace(self, key, row, expected_rev, timeout_s=None):
            written = MemoryTable.replace(self, key, row, expected_rev)
            if not self.is_late:
                return written
            self.is_late = False
            publish_at(2, self, self.objects, "on top")
            return False

    table = Late()
    refresh_at(0, table, table.objects)
    table.is_late = True
    pointer = refresh_at(1, table, table.objects)
    assert pointer == read_pointer(table)
    assert pointer.lists == pointer.previous
    assert campaigns_of(pointer, table.objects) == ["on top"]


def test_killed_at_any_write_of_store_files_what_is_served_is_whole():
    """Before the flip the old files serve, after it the new ones, and publishing again works at every point."""
    calm_table, calm_objects = MemoryTable(), MemoryObjects()
    refresh_at(0, calm_table, calm_objects)
    for n_writes in range(100):
        fuse = Fuse(n_writes)
        table = FusedTable(dict(calm_table.rows), fuse=fuse)
        objects = FusedObjects(dict(calm_objects.objects), fuse=fuse)
        try:
            publish_at(1, table, objects, "rain")
            break
        except Killed:
            fuse.left = -1
        assert campaigns_of(read_pointer(table), objects) == ["summer"]
        assert campaigns_of(publish_at(2, table, objects, "rain"), objects) == ["rain"]
    else:
        pytest.fail("publishing never ended")
    assert n_writes == len(PARTS) + 3  # parts, manifest, what serving reads, pointer


def test_killed_at_any_write_after_files_were_published_meanwhile():
    """The refresh that has to flip twice is killed at each of its writes: the files published meanwhile serve."""
    calm = MemoryTable()
    calm_objects = MemoryObjects()
    refresh_at(0, calm, calm_objects)
    for n_writes in range(100):
        fuse = Fuse(-1)
        table = FusedTable(dict(calm.rows), fuse=fuse)
        objects = FusedObjects(dict(calm_objects.objects), fuse=fuse)

        def meanwhile(stage, done, total, table=table, objects=objects, fuse=fuse, n_writes=n_writes):
            if stage == "write the release" and done == total:
                publish_at(5, table, objects, "rain")
                fuse.left = n_writes

        try:
            refresh_at(1, table, objects, progress=meanwhile)
            break
        except Killed:
            fuse.left = -1
        served = read_pointer(table)
        assert campaigns_of(served, objects) == ["rain"]
        assert sum(key.sk == f"R#{served.lists}" for key in table.rows) == 4_100
        last = refresh_at(6, table, objects)
        assert releases_with_rows(table) == {served.lists, last.release}
        assert campaigns_of(last, objects) == ["rain"]
    else:
        pytest.fail("publishing never ended")
    assert n_writes > 4


def test_rows_written_after_their_release_was_retired_are_found():
    """A refresh that was overtaken may write on for a while; the notes of its keys lead the next run to all of it."""
    table, objects = MemoryTable(), MemoryObjects()
    refresh_at(0, table, objects)

    def overtake(stage: str, done: int, total: int) -> None:
        if stage == "write the release" and done == 2_000:
            refresh_at(2, table, objects)

    with pytest.raises(InvalidRelease):
        refresh_at(1, table, objects, progress=overtake)
    last = refresh_at(3, table, objects)
    assert releases_with_rows(table) == {last.release, last.previous}

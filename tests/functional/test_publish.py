"""Publishing, listing, rolling back and retiring releases, on tables and buckets in memory."""

from hashlib import sha256

import orjson
import pytest

from tests.functional.release_rig import (
    PARTS_1,
    Fuse,
    FusedObjects,
    FusedTable,
    Killed,
    SomeRows,
    after,
    count_campaigns,
    quiet,
    refresh_at,
    releases_with_rows,
)
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.decisions.release import PARTS, Pointer, parse_manifest, parse_pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.refresh.publish import publish
from vitrine.refresh.published import read_manifest, read_pointer
from vitrine.refresh.release import list_releases, roll_back


def test_publish_writes_all_and_points_at_it():
    """Rows, parts and manifest of the release are there and the pointer names them."""
    table, objects = MemoryTable(), MemoryObjects()
    pointer = refresh_at(0, table, objects)
    assert pointer == read_pointer(table)
    assert pointer.release.startswith("20261122T012345-")
    assert (pointer.previous, pointer.rev) == (None, 1)
    manifest = read_manifest(objects, pointer)
    assert (manifest.rows, set(manifest.parts)) == (4_100, set(PARTS))
    assert table.rows[keys.related("4099", pointer.release)] == {"table": b"0 4099"}


def test_the_previous_release_is_kept_and_the_one_before_retired():
    """Of three releases the newest two have rows; the parts of the first stay for replays, the notes of its keys go."""
    table, objects = MemoryTable(), MemoryObjects()
    first, second, third = (refresh_at(minute, table, objects) for minute in range(3))
    assert third.previous == second.release
    assert releases_with_rows(table) == {second.release, third.release}
    assert objects.get(f"{first.release}/model.onnx") == b"model"
    assert {name.split("/")[1] for name in objects.objects if name.startswith("keys/")} == {
        second.release,
        third.release,
    }
    states = [release.state for release in list_releases(table, objects, count_campaigns)]
    assert states == ["current", "previous", "retired"]


def test_roll_back_makes_the_previous_release_current():
    """The pointer goes back and forth between two releases; nothing is rewritten."""
    table, objects = MemoryTable(), MemoryObjects()
    first, second = refresh_at(0, table, objects), refresh_at(1, table, objects)
    back = roll_back(table, objects)
    assert back == Pointer(first.release, first.manifest_sha256, second.release, 3)
    assert roll_back(table, objects).release == second.release


def test_a_release_after_a_roll_back_retires_the_one_rolled_back():
    """What was rolled back is no longer kept once something newer is current."""
    table, objects = MemoryTable(), MemoryObjects()
    first, _ = refresh_at(0, table, objects), refresh_at(1, table, objects)
    roll_back(table, objects)
    third = refresh_at(2, table, objects)
    assert releases_with_rows(table) == {first.release, third.release}


def test_roll_back_without_a_previous_release_is_refused():
    """There is nothing to go back to before the second release."""
    table, objects = MemoryTable(), MemoryObjects()
    with pytest.raises(InvalidRelease, match="no previous"):
        roll_back(table, objects)
    refresh_at(0, table, objects)
    with pytest.raises(InvalidRelease, match="no previous"):
        roll_back(table, objects)


def test_roll_back_to_a_damaged_release_is_refused():
    """A part that was altered since stops the roll-back; the current release stays."""
    table, objects = MemoryTable(), MemoryObjects()
    first, second = refresh_at(0, table, objects), refresh_at(1, table, objects)
    objects.objects[f"{first.release}/model.onnx"] = b"modem"
    with pytest.raises(InvalidRelease, match="sha256"):
        roll_back(table, objects)
    assert read_pointer(table) == second


@pytest.mark.parametrize("claimed", [4_099, 0, 5_000])
def test_a_release_with_another_number_of_rows_is_refused(claimed):
    """The number of rows written must be what the lists promised."""
    table, objects = MemoryTable(), MemoryObjects()
    first = refresh_at(0, table, objects)
    with pytest.raises(InvalidRelease, match="rows"):
        refresh_at(1, table, objects, SomeRows(claimed=claimed))
    assert read_pointer(table) == first


def test_a_row_that_reads_back_differently_stops_the_publication():
    """What the table gives back must be what was written."""

    class Forgetful(MemoryTable):
        def write(self, rows):
            return MemoryTable.write(self, ((key, {**row, "table": b""}) for key, row in rows))

    table = Forgetful()
    with pytest.raises(InvalidRelease, match="an item's row") as refused:
        refresh_at(0, table, MemoryObjects())
    assert "#" not in str(refused.value)  # no key: it could be a visitor's
    assert read_pointer(table) is None


def test_of_two_refreshes_at_once_one_wins():
    """Whoever flips second is told so, and the winner's release stays current."""
    table, objects = MemoryTable(), MemoryObjects()
    refresh_at(0, table, objects)
    winner: list[Pointer] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        if not winner:
            winner.append(publish(SomeRows(), PARTS_1, read_pointer(table), table, objects, after(2), quiet))

    with pytest.raises(InvalidRelease, match="meanwhile"):
        refresh_at(1, table, objects, progress=meanwhile)
    assert read_pointer(table) == winner[0]


def test_a_flip_whose_answer_was_lost_counts():
    """A retried write that finds its own first attempt in place has published."""

    class Forgetful(MemoryTable):
        def replace(self, key, row, expected_rev, timeout_s=None):
            MemoryTable.replace(self, key, row, expected_rev)
            return False

    table = Forgetful()
    assert refresh_at(0, table, MemoryObjects()) == read_pointer(table)


def test_killed_at_any_write_the_old_release_serves_and_the_next_run_converges():
    """At every point a whole release is served; the next run leaves two releases with rows and no debris."""
    calm_table, calm_objects = MemoryTable(), MemoryObjects()
    refresh_at(0, calm_table, calm_objects)
    for n_writes in range(100):
        fuse = Fuse(n_writes)
        table, objects = (
            FusedTable(dict(calm_table.rows), fuse=fuse),
            FusedObjects(dict(calm_objects.objects), fuse=fuse),
        )
        old = read_pointer(table)
        try:
            refresh_at(1, table, objects)
            break
        except Killed:
            fuse.left = -1
        served = read_pointer(table)
        assert served is not None
        assert read_manifest(objects, served).rows == 4_100
        assert sum(key.sk == f"R#{served.release}" for key in table.rows) == 4_100
        last = refresh_at(2, table, objects)
        assert releases_with_rows(table) == {served.release, last.release}
        assert last.previous == served.release
        assert served == old or served.rev == 2
    else:
        pytest.fail("publishing never ended")
    assert n_writes > 10


def test_killed_at_any_write_a_run_with_the_same_lists_goes_on():
    """Wherever it ended: the new release reads the rows that were begun, and none is left of any other."""
    calm_table, calm_objects = MemoryTable(), MemoryObjects()
    refresh_at(0, calm_table, calm_objects)
    lists, n_resumed = SomeRows(as_of_ms=1), 0
    for n_writes in range(100):
        fuse = Fuse(n_writes)
        table, objects = (
            FusedTable(dict(calm_table.rows), fuse=fuse),
            FusedObjects(dict(calm_objects.objects), fuse=fuse),
        )
        try:
            refresh_at(1, table, objects, lists)
            break
        except Killed:
            fuse.left = -1
        last = refresh_at(2, table, objects, lists)
        read_manifest(objects, last)
        assert releases_with_rows(table) == {last.lists, last.previous_lists}
        assert sum(key.sk == f"R#{last.lists}" for key in table.rows) == 4_100
        n_resumed += last.lists != last.release
    assert n_resumed > 5


def test_an_unchanged_refresh_writes_no_rows():
    """The same lists again, say with another model: another release of the same rows; its successor retires neither."""
    table, objects = MemoryTable(), MemoryObjects()
    lists = SomeRows()
    first, second = refresh_at(0, table, objects, lists), refresh_at(1, table, objects, lists)
    assert (second.previous, second.lists, second.previous_lists) == (first.release, first.release, first.release)
    assert releases_with_rows(table) == {first.release}
    assert roll_back(table, objects).release == first.release
    third = refresh_at(2, table, objects, SomeRows(as_of_ms=7))
    assert releases_with_rows(table) == {first.release, third.release}


def test_an_outage_of_the_table_is_reported_as_such():
    """A dependency that fails is not mistaken for an empty one."""
    table = MemoryTable(outage=DependencyFailed("table", "down"))
    with pytest.raises(DependencyFailed):
        refresh_at(0, table, MemoryObjects())
    with pytest.raises(InvalidRelease, match="in time"):
        read_pointer(MemoryTable(unread={keys.RELEASE_POINTER}))


def test_the_pointer_row_is_what_readers_parse():
    """What `publish` stores is a pointer for the serving side."""
    table = MemoryTable()
    pointer = refresh_at(0, table, MemoryObjects())
    assert parse_pointer(table.rows[keys.RELEASE_POINTER]) == pointer


def test_a_pointer_of_a_time_without_lists_is_read():
    """Releases that were published before lists could be shared had their own."""
    row = {"release": "r2", "manifest_sha256": "0" * 64, "previous": "r1", "rev": 2}
    pointer = parse_pointer(row)
    assert (pointer.lists, pointer.previous_lists) == ("r2", "r1")
    assert (pointer.keeps("r2"), pointer.keeps("r1"), pointer.keeps("r0")) == (True, True, False)
    assert parse_pointer({**row, "previous": ""}).previous_lists is None


def test_a_manifest_of_a_time_without_lists_is_read():
    """It says nothing of lists, because they were its own; one of the future is refused."""
    plain = {"format": 1, "release": "r1", "built_at_ms": 1, "as_of_ms": 1, "rows": 3, "parts": {}}
    data = orjson.dumps(plain)
    assert parse_manifest(data, sha256(data).hexdigest()).lists == "r1"
    for wrong in (orjson.dumps({**plain, "format": 3}), orjson.dumps({**plain, "format": 2})):
        with pytest.raises(InvalidRelease, match=r"format 3|damaged"):
            parse_manifest(wrong, sha256(wrong).hexdigest())

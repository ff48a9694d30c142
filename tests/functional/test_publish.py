"""Publishing, listing, rolling back and retiring releases, on tables and buckets in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.decisions.release import PARTS, Pointer, parse_pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.refresh.publish import Parts, publish, read_manifest, read_pointer
from vitrine.refresh.release import list_releases, retire, roll_back
from vitrine.types import Key, ReleaseId, Row

START = datetime(2026, 11, 22, 1, 23, 45, tzinfo=UTC)
PARTS_1 = Parts(b"model", b"{}", b'{"store": 1}', b"{}")


class Killed(BaseException):
    """The process ends here; nothing catches this."""


@dataclass
class SomeRows:
    """Rows of a release to be: one item's related list each."""

    n: int = 4_100
    as_of_ms: int = 1_000
    claimed: int | None = None

    @property
    def row_count(self) -> int:
        """What it says it will give."""
        return self.n if self.claimed is None else self.claimed

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """The rows."""
        for number in range(self.n):
            yield keys.related(str(number), release), {"table": f"{self.as_of_ms} {number}".encode()}


@dataclass
class Fuse:
    """Lets `left` writes pass and kills the process at the next one."""

    left: int

    def burn(self) -> None:
        """One write."""
        if self.left == 0:
            raise Killed
        self.left -= 1


@dataclass(slots=True)
class FusedTable(MemoryTable):
    """A table in memory that dies at the write the fuse says."""

    fuse: Fuse = field(default_factory=lambda: Fuse(-1))

    def write(self, rows):
        self.fuse.burn()
        return MemoryTable.write(self, rows)

    def delete(self, keys):
        self.fuse.burn()
        return MemoryTable.delete(self, keys)

    def replace(self, key, row, expected_rev):
        self.fuse.burn()
        return MemoryTable.replace(self, key, row, expected_rev)


@dataclass(slots=True)
class FusedObjects(MemoryObjects):
    """A bucket in memory that dies at the write the fuse says."""

    fuse: Fuse = field(default_factory=lambda: Fuse(-1))

    def put(self, name, data):
        self.fuse.burn()
        MemoryObjects.put(self, name, data)

    def delete(self, names):
        self.fuse.burn()
        return MemoryObjects.delete(self, names)


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def publish_at(minute: int, table: MemoryTable, objects: MemoryObjects, rows: SomeRows | None = None) -> Pointer:
    """Publish and retire as a refresh does, `minute` minutes after the start."""
    lists = rows or SomeRows(as_of_ms=minute)
    pointer = publish(lists, PARTS_1, table, objects, START + timedelta(minutes=minute), quiet)
    retire(pointer, table, objects, quiet)
    return pointer


def releases_with_rows(table: MemoryTable) -> set[str]:
    """Releases that have rows in the table."""
    return {key.sk.removeprefix("R#") for key in table.rows if key.sk.startswith("R#")}


def test_publish_writes_all_and_points_at_it():
    """Rows, parts and manifest of the release are there and the pointer names them."""
    table, objects = MemoryTable(), MemoryObjects()
    pointer = publish_at(0, table, objects)
    assert pointer == read_pointer(table)
    assert pointer.release.startswith("20261122T012345-")
    assert (pointer.previous, pointer.rev) == (None, 1)
    manifest = read_manifest(objects, pointer)
    assert (manifest.rows, set(manifest.parts)) == (4_100, set(PARTS))
    assert table.rows[keys.related("4099", pointer.release)] == {"table": b"0 4099"}


def test_the_previous_release_is_kept_and_the_one_before_retired():
    """Of three releases the newest two have rows; the parts of the first stay for replays, the notes of its keys go."""
    table, objects = MemoryTable(), MemoryObjects()
    first, second, third = (publish_at(minute, table, objects) for minute in range(3))
    assert third.previous == second.release
    assert releases_with_rows(table) == {second.release, third.release}
    assert objects.get(f"{first.release}/model.onnx") == b"model"
    assert {name.split("/")[1] for name in objects.objects if name.startswith("keys/")} == {
        second.release,
        third.release,
    }
    assert [release.state for release in list_releases(table, objects)] == ["current", "previous", "retired"]


def test_roll_back_makes_the_previous_release_current():
    """The pointer goes back and forth between two releases; nothing is rewritten."""
    table, objects = MemoryTable(), MemoryObjects()
    first, second = publish_at(0, table, objects), publish_at(1, table, objects)
    back = roll_back(table, objects)
    assert back == Pointer(first.release, first.manifest_sha256, second.release, 3)
    assert roll_back(table, objects).release == second.release


def test_a_release_after_a_roll_back_retires_the_one_rolled_back():
    """What was rolled back is no longer kept once something newer is current."""
    table, objects = MemoryTable(), MemoryObjects()
    first, _ = publish_at(0, table, objects), publish_at(1, table, objects)
    roll_back(table, objects)
    third = publish_at(2, table, objects)
    assert releases_with_rows(table) == {first.release, third.release}


def test_roll_back_without_a_previous_release_is_refused():
    """There is nothing to go back to before the second release."""
    table, objects = MemoryTable(), MemoryObjects()
    with pytest.raises(InvalidRelease, match="no previous"):
        roll_back(table, objects)
    publish_at(0, table, objects)
    with pytest.raises(InvalidRelease, match="no previous"):
        roll_back(table, objects)


def test_roll_back_to_a_damaged_release_is_refused():
    """A part that was altered since stops the roll-back; the current release stays."""
    table, objects = MemoryTable(), MemoryObjects()
    first, second = publish_at(0, table, objects), publish_at(1, table, objects)
    objects.objects[f"{first.release}/model.onnx"] = b"modem"
    with pytest.raises(InvalidRelease, match="sha256"):
        roll_back(table, objects)
    assert read_pointer(table) == second


@pytest.mark.parametrize("claimed", [4_099, 0, 5_000])
def test_a_release_with_another_number_of_rows_is_refused(claimed):
    """The number of rows written must be what the lists promised."""
    table, objects = MemoryTable(), MemoryObjects()
    first = publish_at(0, table, objects)
    with pytest.raises(InvalidRelease, match="rows"):
        publish_at(1, table, objects, SomeRows(claimed=claimed))
    assert read_pointer(table) == first


def test_a_row_that_reads_back_differently_stops_the_publication():
    """What the table gives back must be what was written."""

    class Forgetful(MemoryTable):
        def write(self, rows):
            return MemoryTable.write(self, ((key, {**row, "table": b""}) for key, row in rows))

    table = Forgetful()
    with pytest.raises(InvalidRelease, match="an item's row") as refused:
        publish_at(0, table, MemoryObjects())
    assert "#" not in str(refused.value)  # no key: it could be a visitor's
    assert read_pointer(table) is None


def test_of_two_publications_at_once_one_wins():
    """Whoever flips second is told so, and the winner's release stays current."""
    table, objects = MemoryTable(), MemoryObjects()
    publish_at(0, table, objects)
    winner: list[Pointer] = []

    def meanwhile(stage: str, done: int, total: int) -> None:
        if not winner:
            winner.append(publish(SomeRows(), PARTS_1, table, objects, START + timedelta(minutes=2), quiet))

    with pytest.raises(InvalidRelease, match="meanwhile"):
        publish(SomeRows(), PARTS_1, table, objects, START + timedelta(minutes=1), meanwhile)
    assert read_pointer(table) == winner[0]


def test_a_flip_whose_answer_was_lost_counts():
    """A retried write that finds its own first attempt in place has published."""

    class Forgetful(MemoryTable):
        def replace(self, key, row, expected_rev):
            MemoryTable.replace(self, key, row, expected_rev)
            return False

    table = Forgetful()
    assert publish_at(0, table, MemoryObjects()) == read_pointer(table)


def test_killed_at_any_write_the_old_release_serves_and_the_next_run_converges():
    """At every point a whole release is served; the next run leaves two releases with rows and no debris."""
    calm_table, calm_objects = MemoryTable(), MemoryObjects()
    publish_at(0, calm_table, calm_objects)
    for n_writes in range(100):
        fuse = Fuse(n_writes)
        table, objects = (
            FusedTable(dict(calm_table.rows), fuse=fuse),
            FusedObjects(dict(calm_objects.objects), fuse=fuse),
        )
        old = read_pointer(table)
        try:
            publish_at(1, table, objects)
            break
        except Killed:
            fuse.left = -1
        served = read_pointer(table)
        assert served is not None
        assert read_manifest(objects, served).rows == 4_100
        assert sum(key.sk == f"R#{served.release}" for key in table.rows) == 4_100
        last = publish_at(2, table, objects)
        assert releases_with_rows(table) == {served.release, last.release}
        assert last.previous == served.release
        assert served == old or served.rev == 2
    else:
        pytest.fail("publishing never ended")
    assert n_writes > 10


def test_an_outage_of_the_table_is_reported_as_such():
    """A dependency that fails is not mistaken for an empty one."""
    table = MemoryTable(outage=DependencyFailed("table", "down"))
    with pytest.raises(DependencyFailed):
        publish_at(0, table, MemoryObjects())
    with pytest.raises(InvalidRelease, match="in time"):
        read_pointer(MemoryTable(unread={keys.RELEASE_POINTER}))


def test_the_pointer_row_is_what_readers_parse():
    """What `publish` stores is a pointer for the serving side."""
    table = MemoryTable()
    pointer = publish_at(0, table, MemoryObjects())
    assert parse_pointer(table.rows[keys.RELEASE_POINTER]) == pointer

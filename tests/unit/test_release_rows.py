"""Writing a release's rows: what a killed run left is gone on with, and only that."""

from collections.abc import Iterator
from dataclasses import dataclass

import orjson
import pytest

from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.decisions.release import Pointer
from vitrine.errors import InvalidRelease
from vitrine.refresh.release_rows import KEYS, READ_TRIES, begun_releases, delete_rows, keys_name, write_rows
from vitrine.types import Key, ReleaseId, Row

N = 50
PER_BATCH = 8
N_BATCHES = 7


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Lists:
    """Fifty rows; `change` alters the one of that number."""

    change: int | None = None
    as_of_ms: int = 1
    row_count: int = N

    def rows(self, release: ReleaseId) -> Iterator[tuple[Key, Row]]:
        """The rows."""
        for number in range(N):
            yield keys.related(str(number), release), {"table": b"changed" if number == self.change else b"%d" % number}


@dataclass
class Counting(MemoryTable):
    """A table that counts the rows written and dies before the batch of that number."""

    n_written: int = 0
    dies_at: int | None = None
    batches: int = 0

    def write(self, rows):
        """See ports.Table."""
        if self.batches == self.dies_at:
            raise Killed
        self.batches += 1
        n = MemoryTable.write(self, rows)
        self.n_written += n
        return n


def write(lists, release, table, objects, begun=()):
    """Write without a display."""
    return write_rows(
        lists, release, table, objects, lambda stage, done, total: None, begun=begun, rows_per_batch=PER_BATCH
    )


def killed(at: int, lists: Lists | None = None) -> tuple[Counting, MemoryObjects]:
    """What a run left that was killed before writing the batch of that number."""
    table, objects = Counting(dies_at=at), MemoryObjects()
    with pytest.raises(Killed):
        write(lists or Lists(), "r1", table, objects)
    table.dies_at, table.n_written = None, 0
    return table, objects


def release_of(table: MemoryTable) -> set[str]:
    """Releases in the keys of the table."""
    return {key.sk for key in table.rows}


@pytest.mark.parametrize("at", range(N_BATCHES))
def test_the_same_lists_go_on_where_a_killed_run_ended(at: int) -> None:
    """Whole batches are not written again; in the end all rows are there once, under the first release's id."""
    table, objects = killed(at)
    written = write(Lists(), "r2", table, objects, begun=begun_releases(objects, None))
    assert (written.lists, written.found) == ("r1", at * PER_BATCH)
    assert table.n_written == N - at * PER_BATCH
    assert dict(Lists().rows("r1")) == table.rows
    written.verify(table)


@pytest.mark.parametrize("change", [0, 9, 30, 49])
def test_other_lists_begin_anew(change: int) -> None:
    """One changed row among those that were noted is enough; what is beyond is left for whoever retires."""
    table, objects = killed(N_BATCHES - 1)
    written = write(Lists(change), "r2", table, objects, begun=["r1"])
    assert (written.lists, written.found) == ("r2", 0)
    assert release_of(table) == {"R#r1", "R#r2"}
    delete_rows(list(objects.names(f"{KEYS}r1/")), table, objects)
    assert table.rows == dict(Lists(change).rows("r2"))


def test_lists_that_differ_only_behind_the_killed_point_go_on() -> None:
    """Nobody has noted what was to come, so nothing can contradict it."""
    table, objects = killed(2)
    written = write(Lists(change=49), "r2", table, objects, begun=["r1"])
    assert (written.lists, written.found) == ("r1", 2 * PER_BATCH)
    assert table.rows == dict(Lists(change=49).rows("r1"))


def test_lists_that_did_not_change_are_not_written_at_all() -> None:
    """A refresh of an unchanged lake reads the current release's rows."""
    table, objects = Counting(), MemoryObjects()
    write(Lists(), "r1", table, objects)
    current = Pointer("r1b", "", "r1", 2, "r1", "r1")
    written = write(Lists(), "r2", table, objects, begun=begun_releases(objects, current))
    assert (written.lists, written.found, table.n_written) == ("r1", N, N)


def test_only_what_nobody_retires_is_gone_on_with() -> None:
    """Later releases than the current one, newest first, and the current lists; older ones may be deleted just now."""
    objects = MemoryObjects({keys_name(release, 0): b"" for release in ("r1", "r2", "r3", "r5", "r6")})
    objects.put(keys_name("r7", 1), b"")  # the first rows of this one are gone
    current = Pointer("r4", "", "r3", 4, "r2", "r3")
    assert begun_releases(objects, current) == ["r6", "r5", "r2"]
    assert begun_releases(objects, None) == ["r6", "r5", "r3", "r2", "r1"]


def test_marks_whose_rows_are_gone_are_found_out() -> None:
    """The sample is read back from batches that were passed over, too."""
    table, objects = killed(N_BATCHES - 1)
    table.rows.clear()
    with pytest.raises(InvalidRelease, match="not what the table gives back"):
        write(Lists(), "r2", table, objects, begun=["r1"]).verify(table)


def test_marks_go_before_the_rows_do() -> None:
    """Killed while deleting, nothing is left that says of deleted rows that they are there."""

    class Dying(MemoryTable):
        def delete(self, keys):
            raise Killed

    table, objects = Dying(), MemoryObjects()
    write(Lists(), "r1", table, objects)
    with pytest.raises(Killed):
        delete_rows(list(objects.names(KEYS)), table, objects)
    left = list(objects.names(KEYS))
    assert len(left) == N_BATCHES
    assert not [name for name in left if name.endswith(".done")]


def test_notes_of_a_time_without_digests_are_deleted_and_not_gone_on_with() -> None:
    """They were lists of keys."""
    rows = list(Lists().rows("r1"))
    table = Counting(dict(rows))
    objects = MemoryObjects({keys_name("r1", 0): orjson.dumps([tuple(key) for key, _ in rows])})
    assert write(Lists(), "r2", table, objects, begun=["r1"]).lists == "r2"
    delete_rows([keys_name("r1", 0)], table, objects)
    assert release_of(table) == {"R#r2"}


def test_rows_that_are_left_unread_are_asked_again_and_then_told() -> None:
    """A throttled read is no proof of a lost row, and none of a written one."""

    class Busy(MemoryTable):
        def read(self, keys, timeout_s, *, latest=False):
            self.unread = set(keys) if self.reads + 1 < answers else set()
            return MemoryTable.read(self, keys, timeout_s, latest=latest)

    table, objects = Busy(), MemoryObjects()
    written = write(Lists(), "r1", table, objects)
    answers = READ_TRIES
    written.verify(table)
    table.reads, answers = 0, READ_TRIES + 1
    with pytest.raises(InvalidRelease, match="could not be read back in time"):
        written.verify(table)

"""Which release is served, and when another takes over."""

import threading
import time
from dataclasses import replace

import pytest

from tests.unit.pages import NOW_MS, Even, store
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.decisions.release import Manifest, Pointer, Release, parse_pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.service.releases import PAUSE_S, Releases

BUNDLE = Release("bundle", 0, store(), Even(), {})
FIRST = Pointer("r1", "0" * 64, None, 1)
SECOND = Pointer("r2", "1" * 64, "r1", 2)


class Loader:
    """Loads any release, unless told to fail; counts its loads."""

    def __init__(self) -> None:
        self.loads: list[str] = []
        self.fault: Exception | None = None

    def __call__(self, pointer: Pointer) -> Release:
        """The release of the pointer."""
        self.loads.append(pointer.release)
        if self.fault is not None:
            raise self.fault
        return replace(BUNDLE, id=pointer.release, as_of_ms=NOW_MS)


def notice(releases: Releases, pointer: Pointer) -> None:
    """Notice a pointer and wait for the load beside."""
    releases.notice(pointer.to_row())
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and "_load_aside" in thread.name:
            thread.join(5)


@pytest.fixture
def loader() -> Loader:
    """A loader that works."""
    return Loader()


def test_the_published_release_is_there_from_the_start(loader: Loader) -> None:
    """INIT reads the pointer and loads; without a pointer the bundle serves."""
    table = MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()})
    assert Releases(table, loader, lambda: BUNDLE).pinned().id == "r1"
    assert Releases(MemoryTable(), loader, lambda: BUNDLE).pinned().id == "bundle"


def test_a_start_without_a_table_serves_the_bundle_and_a_reload_mends_it(loader: Loader) -> None:
    """A dependency that is down at INIT costs freshness, not the start."""
    table = MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}, outage=DependencyFailed("table", "down"))
    releases = Releases(table, loader, lambda: BUNDLE)
    assert releases.pinned().id == "bundle"
    table.outage = None
    releases.reload()
    assert releases.pinned().id == "r1"


def test_a_newer_pointer_takes_over_and_an_old_reading_does_not(loader: Loader) -> None:
    """Eventually consistent reads may show yesterday's pointer again; a rollback is a new revision."""
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    for pointer in (SECOND, FIRST, SECOND):
        notice(releases, pointer)
    assert (releases.pinned().id, loader.loads) == ("r2", ["r1", "r2"])
    notice(releases, Pointer("r1", "0" * 64, "r2", 3))
    assert releases.pinned().id == "r1"


def test_a_refused_release_is_fetched_once(loader: Loader) -> None:
    """Altered bytes stay altered: no thread and no fetch per request; its successor is tried."""
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    loader.fault = InvalidRelease("altered")
    for _ in range(20):
        notice(releases, SECOND)
    assert (releases.pinned().id, loader.loads) == ("r1", ["r1", "r2"])
    loader.fault = None
    notice(releases, replace(SECOND, release="r3", rev=3))
    assert releases.pinned().id == "r3"


def test_a_refused_release_stays_refused_under_another_stamp_of_the_cards(loader: Loader) -> None:
    """Prices change many times a day, the bytes do not; after a rollback it is tried again."""
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    loader.fault = InvalidRelease("altered")
    pointer = SECOND
    for stamp in (b"1", b"2", b"3"):
        notice(releases, pointer)
        pointer = pointer.with_cards(stamp)
    assert (releases.pinned().id, loader.loads) == ("r1", ["r1", "r2"])
    loader.fault = None
    notice(releases, replace(FIRST, previous="r2", rev=9))
    notice(releases, replace(pointer, rev=10))
    assert (releases.pinned().id, loader.loads) == ("r2", ["r1", "r2", "r2"])


def test_a_stamp_of_the_cards_is_no_news(loader: Loader) -> None:
    """No thread is begun for it; a pointer of before it is an old reading all the same."""
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    stamped = FIRST.with_cards(b"stamp")
    releases._take_over = None  # type: ignore[assignment, method-assign]
    notice(releases, stamped)
    notice(releases, replace(SECOND, rev=1))
    assert (releases.pinned().id, loader.loads) == ("r1", ["r1"])


def test_a_bucket_that_is_down_is_left_alone_for_a_while(loader: Loader) -> None:
    """The release is tried again after a pause, not at every request."""
    now = [0.0]
    table = MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()})
    releases = Releases(table, loader, lambda: BUNDLE, seconds=lambda: now[0])
    loader.fault = DependencyFailed("bucket", "down")
    for _ in range(20):
        notice(releases, SECOND)
    assert loader.loads == ["r1", "r2"]
    loader.fault, now[0] = None, PAUSE_S
    notice(releases, SECOND)
    assert releases.pinned().id == "r2"


def test_a_damaged_pointer_changes_nothing(loader: Loader) -> None:
    """A row that is no pointer is not followed."""
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    releases.notice({"release": 7})
    assert releases.pinned().id == "r1"


def test_a_release_reads_its_own_lists_unless_it_says_whose() -> None:
    """A release of store files alone names the one that brought the rows; so do manifest and pointer."""
    assert BUNDLE.lists == "bundle"
    assert replace(BUNDLE, id="r2", lists="r1").lists == "r1"
    assert Manifest("r1", 0, 0, 0, {}).lists == "r1"
    assert (FIRST.lists, FIRST.previous_lists) == ("r1", None)
    assert (SECOND.lists, SECOND.previous_lists) == ("r2", "r1")


def test_a_pointer_keeps_the_lists_of_both_its_releases() -> None:
    """Three publications of files above the same lists keep those; the next lists keep them once more."""
    files = Pointer("r3", "1" * 64, "r2", 3, "r1", "r1")
    assert (files.keeps("r1"), files.keeps("r2"), files.keeps("r3")) == (True, False, False)
    lists = files.followed_by(Manifest("r4", 0, 0, 0, {}), "2" * 64)
    assert lists == Pointer("r4", "2" * 64, "r3", 4, "r4", "r1")
    assert (lists.keeps("r4"), lists.keeps("r1"), lists.keeps("r3")) == (True, True, False)
    assert parse_pointer(lists.to_row()) == lists


def test_files_alone_take_over_like_any_release(loader: Loader) -> None:
    """Another store under the same lists is another pointer, and so is the way back."""
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    files = FIRST.followed_by(Manifest("r2", 0, 0, 0, {}, "r1"), "2" * 64)
    for pointer in (files, files.followed_by(Manifest("r1", 0, 0, 0, {}), "0" * 64)):
        notice(releases, pointer)
    assert loader.loads == ["r1", "r2", "r1"]


def test_a_start_does_not_wait_for_a_slow_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bundle serves until the release has come, and does not take its place again."""
    monkeypatch.setattr("vitrine.service.releases.START_S", 0.01)
    may_end = threading.Event()

    def load(pointer: Pointer) -> Release:
        assert may_end.wait(10)
        return replace(BUNDLE, id=pointer.release)

    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), load, lambda: BUNDLE)
    assert releases.pinned().id == "bundle"
    may_end.set()
    for _ in range(1_000):
        if releases.pinned().id == FIRST.release:
            return
        time.sleep(0.01)
    pytest.fail("the release never came")

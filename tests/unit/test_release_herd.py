"""Many environments, one bucket: they take over a release each at its own moment, and leave it alone when it fails."""

import threading
from collections import Counter
from dataclasses import replace
from random import Random

from tests.unit.pages import NOW_MS
from tests.unit.test_countdown import Time
from tests.unit.test_releases import BUNDLE, FIRST, SECOND, Loader
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.decisions.release import Pointer, Release
from vitrine.errors import DependencyFailed
from vitrine.service.releases import PAUSE_S, SPREAD_S, Releases

N = 200
STEP_S = 0.1


class Bucket:
    """One bucket for all, which refuses a share of what it is asked. Counts requests by tenths of a second."""

    def __init__(self, time: Time, refuses: float) -> None:
        self.time, self.refuses, self.chance = time, refuses, Random(7)
        self.asked: Counter[int] = Counter()

    def load(self, pointer: Pointer) -> Release:
        """The release of the pointer, or a throttled request."""
        self.asked[round(self.time() / STEP_S)] += 1
        if self.chance.random() < self.refuses:
            raise DependencyFailed("bucket", "SlowDown")
        return replace(BUNDLE, id=pointer.release, as_of_ms=NOW_MS)


def settle() -> None:
    """Wait for all loads beside."""
    for thread in threading.enumerate():
        if "_load_aside" in thread.name:
            thread.join(5)


def start(time: Time, bucket: Bucket, spread_s: float = SPREAD_S) -> list[Releases]:
    """Environments that all start now."""
    table = MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()})
    return [Releases(table, bucket.load, lambda: BUNDLE, time, spread_s=spread_s) for _ in range(N)]


def live(time: Time, herd: list[Releases], pointer: Pointer, for_s: float) -> float:
    """Each has a page view every STEP_S; seconds until all serve what the pointer names."""
    began = time()
    row = pointer.to_row()
    while time() - began < for_s:
        for releases in herd:
            releases.notice(row)
        settle()
        if all(releases.pinned().id == pointer.release for releases in herd):
            break
        time.now_s += STEP_S
    return time() - began


def test_a_flip_is_taken_over_at_different_moments():
    """No tenth of a second has more than a tenth of all loads, and after the spread everybody has made one."""
    time = Time()
    bucket = Bucket(time, refuses=0.0)
    herd = start(time, bucket)
    bucket.asked.clear()
    assert live(time, herd, SECOND, 2 * SPREAD_S) <= SPREAD_S + STEP_S
    assert bucket.asked.total() == N
    assert max(bucket.asked.values()) < N / 10


def test_a_moment_that_was_drawn_is_kept_while_cards_are_stamped():
    """Stamps every tenth of a second put off nobody: all have taken over after the spread."""
    time = Time()
    herd = start(time, Bucket(time, refuses=0.0))
    pointer, began = SECOND, time()
    while any(releases.pinned().id != "r2" for releases in herd) and time() - began < 2 * SPREAD_S:
        live(time, herd, pointer, STEP_S)
        pointer = pointer.with_cards(b"%f" % time())
    assert time() - began <= SPREAD_S + 2 * STEP_S


def test_without_a_spread_all_would_load_at_once():
    """Negative control: it is the spread that does it."""
    time = Time()
    bucket = Bucket(time, refuses=0.0)
    herd = start(time, bucket, spread_s=0.0)
    bucket.asked.clear()
    live(time, herd, SECOND, SPREAD_S)
    assert max(bucket.asked.values()) == N


def test_a_bucket_that_throttles_half_of_a_cold_herd_is_asked_with_pauses():
    """One request each at the start; those refused serve the bundle, and try again at different moments until they have
    it. No page view waits for any of that."""
    time = Time()
    bucket = Bucket(time, refuses=0.5)
    herd = start(time, bucket)
    assert bucket.asked.total() == N
    served = Counter(releases.pinned().id for releases in herd)
    assert set(served) == {"bundle", "r1"}
    assert N / 4 < served["bundle"] < 3 * N / 4
    bucket.asked.clear()
    assert live(time, herd, FIRST, 40 * PAUSE_S) < 40 * PAUSE_S
    assert bucket.asked.total() < 3 * served["bundle"]
    assert max(bucket.asked.values()) < N / 8


def test_the_bundle_gives_way_at_once():
    """The first release of a new store is waited for."""
    time = Time()
    releases = Releases(MemoryTable(), Loader(), lambda: BUNDLE, time, spread_s=SPREAD_S)
    releases.notice(FIRST.to_row())
    settle()
    assert releases.pinned().id == "r1"


def test_a_pointer_that_is_followed_already_is_no_news():
    """It rides in every page view; neither it nor a damaged one makes anybody load."""
    loader = Loader()
    releases = Releases(MemoryTable({keys.RELEASE_POINTER: FIRST.to_row()}), loader, lambda: BUNDLE)
    row = FIRST.to_row()
    releases.notice(row)
    releases.notice({**row, "rev": "damaged"})
    releases.notice(SECOND.to_row())
    settle()
    assert loader.loads == ["r1", "r2"]

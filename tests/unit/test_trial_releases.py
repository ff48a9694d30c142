"""How serving follows a trial: it comes and goes with the pointer, and nothing of it keeps a release back."""

import threading
from dataclasses import replace

import pytest

from tests.unit.pages import Even, store
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.decisions.release import Manifest, Pointer, Release
from vitrine.decisions.rollout import Rollout
from vitrine.errors import DependencyFailed, InvalidModel
from vitrine.service.releases import PAUSE_S, Releases

SHADOW = Rollout("ranker-2", "f" * 64, "shadow", 0.05, 1_000)
CANARY = replace(SHADOW, stage="canary", since_ms=2_000)
FIRST = Pointer("r1", "0" * 64, None, 1)


class Bucket:
    """Loads releases and challengers, unless told to fail or to wait; counts its loads."""

    def __init__(self) -> None:
        self.releases: list[str] = []
        self.challengers: list[str] = []
        self.fault: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def load(self, pointer: Pointer) -> Release:
        """The release of the pointer."""
        self.releases.append(pointer.release)
        return Release(pointer.release, 0, store(), Even(), {})

    def challenger(self, rollout: Rollout) -> Even:
        """The ranker of a trial."""
        self.challengers.append(rollout.model)
        self.gate.wait(5)
        if self.fault is not None:
            raise self.fault
        return Even()


@pytest.fixture
def bucket() -> Bucket:
    """A bucket that answers."""
    return Bucket()


def releases_of(bucket: Bucket, pointer: Pointer = FIRST, **more) -> Releases:
    """Releases that have loaded what the pointer names."""
    table = MemoryTable({keys.RELEASE_POINTER: pointer.to_row()})
    return Releases(table, bucket.load, lambda: bucket.load(FIRST), load_challenger=bucket.challenger, **more)


def notice(releases: Releases, pointer: Pointer, wait: bool = True) -> None:
    """Notice a pointer and wait for the load beside."""
    releases.notice(pointer.to_row())
    for thread in threading.enumerate():
        if wait and "_load_aside" in thread.name:
            thread.join(5)


def test_a_trial_begins_changes_and_ends_without_another_load_of_the_release(bucket):
    """One fetch of the challenger serves all of its stages."""
    releases = releases_of(bucket)
    assert releases.serving().challenger is None
    for rev, rollout in enumerate((SHADOW, CANARY, None), 2):
        notice(releases, replace(FIRST, rev=rev, rollout=rollout))
        held = releases.serving().challenger
        assert (held and held.rollout) == rollout
    assert (bucket.releases, bucket.challengers) == (["r1"], ["ranker-2"])


def test_a_trial_goes_on_across_releases(bucket):
    """The nightly release does not fetch the challenger again."""
    releases = releases_of(bucket, replace(FIRST, rollout=SHADOW))
    challenger = releases.serving().challenger
    follows = replace(FIRST, rollout=SHADOW).followed_by(Manifest("r2", 0, 0, 0, {}), "1" * 64)
    notice(releases, follows)
    assert releases.serving().release.id == "r2"
    assert releases.serving().challenger is challenger is not None
    assert bucket.challengers == ["ranker-2"]


def test_a_refused_challenger_is_left_alone(bucket):
    """Its release serves, and its bytes are not fetched at every request; the next trial is followed again."""
    bucket.fault = InvalidModel("altered")
    releases = releases_of(bucket, replace(FIRST, rollout=SHADOW))
    for _ in range(10):
        notice(releases, replace(FIRST, rollout=SHADOW))
    assert (releases.pinned().id, releases.serving().challenger) == ("r1", None)
    assert bucket.challengers == ["ranker-2"]
    bucket.fault = None
    notice(releases, replace(FIRST, rev=2, rollout=replace(SHADOW, model="ranker-3", manifest_sha256="e" * 64)))
    assert releases.serving().challenger.rollout.model == "ranker-3"


def test_a_refused_challenger_is_not_fetched_again_for_a_stamp_of_the_cards(bucket):
    """It is the same trial; the next one is followed as ever."""
    bucket.fault = InvalidModel("altered")
    pointer = replace(FIRST, rollout=SHADOW)
    releases = releases_of(bucket, pointer)
    for stamp in (b"1", b"2", b"3"):
        pointer = pointer.with_cards(stamp)
        notice(releases, pointer)
    assert bucket.challengers == ["ranker-2"]
    bucket.fault = None
    notice(releases, pointer.with_rollout(CANARY))
    assert releases.serving().challenger.rollout == CANARY


def test_a_challenger_that_cannot_be_fetched_is_tried_again_after_a_pause(bucket):
    """The release is there at once, the challenger when the bucket answers again."""
    now = [0.0]
    bucket.fault = DependencyFailed("bucket", "down")
    releases = releases_of(bucket, replace(FIRST, rollout=SHADOW), seconds=lambda: now[0])
    for _ in range(10):
        notice(releases, replace(FIRST, rollout=SHADOW))
    assert (releases.pinned().id, bucket.challengers) == ("r1", ["ranker-2"])
    bucket.fault, now[0] = None, PAUSE_S
    notice(releases, replace(FIRST, rollout=SHADOW))
    assert releases.serving().challenger is not None
    notice(releases, replace(FIRST, rollout=SHADOW))
    assert (bucket.releases, bucket.challengers) == (["r1"], ["ranker-2", "ranker-2"])


def test_a_slow_bucket_keeps_no_request_waiting(bucket):
    """While the challenger is on its way, requests get the champion; a new release comes without it first."""
    releases = releases_of(bucket)
    bucket.gate.clear()
    notice(releases, replace(FIRST, rev=2, rollout=SHADOW), wait=False)
    for _ in range(5):
        notice(releases, replace(FIRST, rev=2, rollout=SHADOW), wait=False)
        assert releases.serving().challenger is None
    bucket.gate.set()
    notice(releases, replace(FIRST, rev=2, rollout=SHADOW))
    assert releases.serving().challenger is not None
    assert bucket.challengers == ["ranker-2"]


def test_who_is_champion_already_is_not_tried(bucket):
    """After a promotion that left its trial in the pointer for a moment."""
    releases = releases_of(bucket, replace(FIRST, rollout=replace(SHADOW, model="even")))
    assert releases.serving().challenger is None
    assert not bucket.challengers

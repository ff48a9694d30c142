"""The release that decisions pin, and its replacement while requests go on.

The pointer rides in every decision's batched read, so a flip is seen without a call of its own. The new release is
loaded beside the running one (N-1 stays published) and takes over for the next request. A challenger on trial, which
the pointer may name, comes and goes in the same way.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from random import SystemRandom
from typing import Final, TypeAlias

from vitrine import keys
from vitrine.decisions.release import Pointer, Release, parse_pointer
from vitrine.decisions.rollout import Rollout
from vitrine.errors import DependencyFailed, InvalidRelease, InvalidStore
from vitrine.ports import PageTable, Ranker
from vitrine.rules.attributes import InvalidCondition
from vitrine.service.trial import Challenger
from vitrine.types import Absent, Row
from vitrine.values import dataclass

POINTER_TIMEOUT_S: Final = 0.3
"""A start waits so long for the pointer. When it does not come the bundle serves; it rides in every read anyway."""

START_S: Final = 1.0
"""A start waits so long for a release to load. A bucket that takes longer finishes beside, and the bundle serves."""

PAUSE_S: Final = 5.0
"""After a release could not be loaded, it is left alone for half as long at least: requests must not each fetch it
again, nor all environments at the same moment."""

SPREAD_S: Final = 5.0
"""Environments that see a flip take over within so many seconds, each at a moment of its own: thousands at once would
be throttled by the bucket. Both releases may be served meanwhile, for the rows of N-1 are kept."""

UNFORESEEN: Final = (
    ArithmeticError,
    AttributeError,
    InvalidCondition,
    InvalidStore,
    LookupError,
    TypeError,
    ValueError,
)
"""What loading a release raises that passes all its checks and still is of no form that this code knows."""

LoadChallenger: TypeAlias = Callable[[Rollout], Ranker]
"""The ranker of a trial, verified. Raises InvalidModel or DependencyFailed."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Serving:
    """What one whole request uses: a release, and the challenger on trial beside its ranker, if there is one."""

    release: Release
    challenger: Challenger | None = None


class Releases:
    """Loads releases and holds the current one; the bundle, made only then, is served until the first one is there.

    Without `load_challenger` trials are not followed. A newer release is loaded up to `spread_s` after it was noticed.
    """

    def __init__(
        self,
        table: PageTable,
        load: Callable[[Pointer], Release],
        bundled: Callable[[], Release],
        seconds: Callable[[], float] = time.monotonic,
        load_challenger: LoadChallenger | None = None,
        spread_s: float = 0.0,
    ) -> None:
        self._table = table
        self._load = load
        self._spread_s = spread_s
        self._random = SystemRandom()  # the system's: restored snapshots must not load in step
        self._noticed: Pointer | None = None
        self._settled: Row | None = None  # the row of the current pointer, if nothing of it is still to be had
        self._due_at = 0.0
        self._load_challenger = load_challenger
        self._current: Serving | None = None
        self._pointer: Pointer | None = None  # of the current release, None for the bundle
        self._refused: Pointer | None = None
        self._lacks_challenger = False  # the one of the pointer could not be fetched, and may be later
        self._seconds = seconds
        self._not_before = 0.0
        self._loading = threading.Lock()
        self._swapping = threading.Lock()
        self._under_way: threading.Thread | None = None
        self.reload()
        if self._current is None:
            bundle = Serving(bundled())
            with self._swapping:  # a slow load may end at this very moment
                self._current = self._current or bundle

    def reload(self) -> None:
        """Look at the pointer now and take over what it names, within START_S: at start and after a restore."""
        try:
            row = self._table.read([keys.RELEASE_POINTER], POINTER_TIMEOUT_S)[keys.RELEASE_POINTER]
        except DependencyFailed as error:
            logger.warning("the release pointer could not be read, %s goes on: %s", self._current_id, error)
            return
        pointer = self._news(row)
        if pointer is not None and self._loading.acquire(blocking=False):
            self._begin_load(pointer).join(START_S)

    def pinned(self) -> Release:
        """The release to use for one whole request."""
        return self.serving().release

    def serving(self) -> Serving:
        """The release to use for one whole request, with the challenger on trial."""
        assert self._current is not None  # noqa: S101 - see __init__
        return self._current

    @property
    def _current_id(self) -> str:
        return "the bundle" if self._current is None else self._current.release.id

    def notice(self, row: Row | Absent) -> None:
        """Look at the pointer that a decision read; load what it names in the background if that is news."""
        if row == self._settled:
            return  # as nearly every time, and much cheaper than reading it
        pointer = self._news(row)
        if pointer is not None and self._is_due(pointer) and self._loading.acquire(blocking=False):
            self._begin_load(pointer)

    def _is_due(self, pointer: Pointer) -> bool:
        """Whether this environment's moment for the pointer has come. The bundle gives way at once."""
        if self._pointer is None or self._spread_s == 0.0:
            return True
        if self._noticed is None or not pointer.differs_in_cards_alone(self._noticed):
            self._noticed = pointer
            self._due_at = self._seconds() + self._random.uniform(0.0, self._spread_s)
        return self._seconds() >= self._due_at

    def _news(self, row: Row | Absent) -> Pointer | None:
        """The pointer in the row, if it is newer than ours and worth a try now.

        Reads are eventually consistent: a pointer with a lower revision is an old reading, not a rollback, which is
        a new revision of its own. Our own is worth another try while its challenger could not be fetched. With each
        stamp of the cards a pointer has a higher revision and is no other one.
        """
        if isinstance(row, Absent):
            return None
        try:
            pointer = parse_pointer(row)
        except InvalidRelease as error:
            logger.warning("%s; %s goes on", error, self._current_id)
            return None
        if self._pointer is not None:
            if pointer.rev < self._pointer.rev + (not self._lacks_challenger):
                return None
            if not self._lacks_challenger and pointer.differs_in_cards_alone(self._pointer):
                self._follow(pointer)
                return None
        is_refused = self._refused is not None and pointer.differs_in_cards_alone(self._refused)
        return None if is_refused or self._seconds() < self._not_before else pointer

    def _follow(self, pointer: Pointer) -> None:
        """Note that what serves is what this pointer names."""
        self._pointer, self._refused = pointer, None
        self._settled = None if self._lacks_challenger else replace(pointer, cards=b"").to_row()  # as notice sees it

    def _begin_load(self, pointer: Pointer) -> threading.Thread:
        """Load in the background; the caller holds `_loading`, which is given back at the end."""
        thread = self._under_way = threading.Thread(target=self._load_aside, args=(pointer,), daemon=True)
        thread.start()
        return thread

    def settle(self, timeout_s: float) -> None:
        """Give a load that is under way that much time: between page views Lambda stops its thread."""
        under_way = self._under_way
        if under_way is not None and timeout_s > 0:
            under_way.join(timeout_s)

    def _load_aside(self, pointer: Pointer) -> None:
        try:
            self._take_over(pointer)
        finally:
            self._under_way = None
            self._loading.release()

    def _take_over(self, pointer: Pointer) -> None:
        """Serve what the pointer names: first without a challenger, so that nothing of a trial keeps a release back."""
        held = None if self._current is None else self._current.challenger
        try:
            if not pointer.names_the_release_of(self._pointer):
                loaded = Serving(self._load(pointer))
                with self._swapping:
                    self._current = loaded
        except InvalidRelease as error:
            self._refused = pointer  # altered bytes stay altered
            logger.warning("release %s refused, %s goes on: %s", pointer.release, self._current_id, error)
        except UNFORESEEN:
            self._refused = pointer  # else every request would load it again
            logger.exception("release %s refused, %s goes on", pointer.release, self._current_id)
        except DependencyFailed as error:
            self._leave_alone()
            logger.warning("release %s not loaded, %s goes on: %s", pointer.release, self._current_id, error)
        else:
            self._current = Serving(self.pinned(), self._challenger_of(pointer, held))
            self._follow(pointer)

    def _leave_alone(self) -> None:
        self._not_before = self._seconds() + self._random.uniform(PAUSE_S / 2, PAUSE_S)

    def _challenger_of(self, pointer: Pointer, held: Challenger | None) -> Challenger | None:
        """The challenger that the pointer names: the held one if it is that already, else loaded; None without one."""
        rollout = pointer.rollout
        self._lacks_challenger = False
        if rollout is None or self._load_challenger is None or _is_champion(rollout, self.pinned()):
            return None
        if held is not None and held.rollout == rollout:
            return held
        try:
            if held is not None and held.rollout.manifest_sha256 == rollout.manifest_sha256:
                return Challenger(rollout, held.ranker)  # the same ranker in another stage
            return Challenger(rollout, self._load_challenger(rollout))
        except InvalidRelease as error:
            logger.warning("challenger %s refused, its trial is not followed: %s", rollout.model, error)
        except DependencyFailed as error:
            self._lacks_challenger = True
            self._leave_alone()
            logger.warning("challenger %s not loaded yet: %s", rollout.model, error)
        return None


def _is_champion(rollout: Rollout, release: Release) -> bool:
    return release.ranker is None or release.ranker.id == rollout.model

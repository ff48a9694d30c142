"""The release that decisions pin, and its replacement while requests go on.

The pointer rides in every decision's batched read, so a flip is seen without a call of its own. The new release is
loaded beside the running one (N-1 stays published) and takes over for the next request.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from vitrine import keys
from vitrine.decisions.release import Pointer, Release, parse_pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.ports import Table
from vitrine.types import Absent, Row

POINTER_TIMEOUT_S: Final = 1.0
PAUSE_S: Final = 5.0
"""After a release could not be loaded, it is left alone for so long: requests must not each fetch it again."""

logger = logging.getLogger(__name__)


class Releases:
    """Loads releases and holds the current one; the bundle, made only then, is served until the first one is there."""

    def __init__(
        self,
        table: Table,
        load: Callable[[Pointer], Release],
        bundled: Callable[[], Release],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._table = table
        self._load = load
        self._current: Release | None = None
        self._pointer: Pointer | None = None  # of the current release, None for the bundle
        self._refused: Pointer | None = None
        self._seconds = seconds
        self._not_before = 0.0
        self._loading = threading.Lock()
        self.reload()
        if self._current is None:
            self._current = bundled()

    def reload(self) -> None:
        """Look at the pointer now and take over what it names, in the caller's time: at start and after a restore."""
        try:
            row = self._table.read([keys.RELEASE_POINTER], POINTER_TIMEOUT_S)[keys.RELEASE_POINTER]
        except DependencyFailed as error:
            logger.warning("the release pointer could not be read, %s goes on: %s", self._current_id, error)
            return
        pointer = self._news(row)
        if pointer is not None:
            self._take_over(pointer)

    def pinned(self) -> Release:
        """The release to use for one whole request."""
        assert self._current is not None  # noqa: S101 - see __init__
        return self._current

    @property
    def _current_id(self) -> str:
        return "the bundle" if self._current is None else self._current.id

    def notice(self, row: Row | Absent) -> None:
        """Look at the pointer that a decision read; load what it names in the background if that is news."""
        pointer = self._news(row)
        if pointer is not None and self._loading.acquire(blocking=False):
            threading.Thread(target=self._load_aside, args=(pointer,), daemon=True).start()

    def _news(self, row: Row | Absent) -> Pointer | None:
        """The pointer in the row, if it is newer than ours and worth a try now.

        Reads are eventually consistent: a pointer with a lower revision is an old reading, not a rollback, which is
        a new revision of its own.
        """
        if isinstance(row, Absent):
            return None
        try:
            pointer = parse_pointer(row)
        except InvalidRelease as error:
            logger.warning("%s; %s goes on", error, self._current_id)
            return None
        is_old = self._pointer is not None and pointer.rev <= self._pointer.rev
        return None if is_old or pointer == self._refused or self._seconds() < self._not_before else pointer

    def _load_aside(self, pointer: Pointer) -> None:
        try:
            self._take_over(pointer)
        finally:
            self._loading.release()

    def _take_over(self, pointer: Pointer) -> None:
        try:
            self._current, self._pointer = self._load(pointer), pointer
        except InvalidRelease as error:
            self._refused = pointer  # altered bytes stay altered
            logger.warning("release %s refused, %s goes on: %s", pointer.release, self._current_id, error)
        except DependencyFailed as error:
            self._not_before = self._seconds() + PAUSE_S
            logger.warning("release %s not loaded, %s goes on: %s", pointer.release, self._current_id, error)

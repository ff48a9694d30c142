"""The release that decisions pin, and its replacement while requests go on.

The pointer rides in every decision's batched read, so a flip is seen without a call of its own. The new release is
loaded beside the running one (N-1 stays published) and takes over for the next request.
"""

import logging
import threading
from collections.abc import Callable
from typing import Final

from vitrine import keys
from vitrine.decisions.release import Pointer, Release, parse_pointer
from vitrine.errors import DependencyFailed, InvalidRelease
from vitrine.ports import Table
from vitrine.types import Absent, Row

POINTER_TIMEOUT_S: Final = 1.0

logger = logging.getLogger(__name__)


class Releases:
    """Loads releases and holds the current one; `bundled` is served until the first one is there."""

    def __init__(self, table: Table, load: Callable[[Pointer], Release], bundled: Release) -> None:
        self._load = load
        self._current = bundled
        self._refused: Pointer | None = None
        self._loading = threading.Lock()
        try:
            self._take_over(table.read([keys.RELEASE_POINTER], POINTER_TIMEOUT_S)[keys.RELEASE_POINTER])
        except DependencyFailed as error:
            logger.warning("the release pointer could not be read, serving the bundle: %s", error)

    def pinned(self) -> Release:
        """The release to use for one whole request."""
        return self._current

    def notice(self, pointer: Row | Absent) -> None:
        """Look at the pointer that a decision read; load what it names in the background if that is new."""
        if isinstance(pointer, Absent) or pointer.get("release") == self._current.id:
            return
        if self._loading.acquire(blocking=False):
            threading.Thread(target=self._load_aside, args=(pointer,), daemon=True).start()

    def _load_aside(self, row: Row) -> None:
        try:
            self._take_over(row)
        finally:
            self._loading.release()

    def _take_over(self, row: Row | Absent) -> None:
        if isinstance(row, Absent):
            return
        pointer: Pointer | None = None
        try:
            pointer = parse_pointer(row)
            if pointer == self._refused:
                return
            self._current = self._load(pointer)
        except InvalidRelease as error:
            self._refused = pointer  # altered bytes stay altered: do not fetch them again for every request
            logger.error("release refused, %s goes on: %s", self._current.id, error)  # noqa: TRY400 a message is enough
        except DependencyFailed as error:
            logger.warning("release not loaded, %s goes on: %s", self._current.id, error)

"""Whether to ask at all: an API that is down must not cost every page its whole deadline."""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from .outcomes import Failed, Failure

FAILURES: Final = 5
REST_S: Final = 1.0


class Health:
    """After FAILURES failed calls in a row one call in REST_S is let through, until one succeeds. Safe for threads."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        """All is well; `seconds` is the clock."""
        self._seconds = seconds
        self._lock = Lock()
        self._failures = 0
        self._next_at = 0.0

    def check(self) -> None:
        """Whether a call may be made now.

        Raises:
            Failed: it may not.
        """
        with self._lock:
            now = self._seconds()
            if self._failures < FAILURES:
                return
            if now < self._next_at:
                raise Failed("resting", f"the last {self._failures} calls failed")
            self._next_at = now + REST_S

    def note(self, failure: Failure | None) -> None:
        """What came of a call. One that was refused was answered, one that rests was not made."""
        if failure == "resting":
            return
        with self._lock:
            self._failures = 0 if failure in (None, "refused") else self._failures + 1
            if self._failures == FAILURES:
                self._next_at = self._seconds() + REST_S

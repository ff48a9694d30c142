"""Leaves a dependency that keeps failing alone for a while, so that nobody waits for it and it can recover.

After a few failures in a row calls are refused at once; now and then one is let through to see, and the first that
succeeds ends it. The pauses are of chance length, so that environments do not probe in step.
"""

import logging
import time
from collections.abc import Callable
from random import SystemRandom
from threading import Lock
from typing import Final

from vitrine.errors import LeftAlone

FAILURES: Final = 5
"""In a row; one page view makes up to three calls, so a moment of trouble in one is not yet an outage."""

PROBE_AFTER_S: Final = (0.9, 1.5)
"""Shortest and longest pause between two probes."""

log = logging.getLogger(__name__)


class Breaker:
    """One per dependency. Safe to use from several threads."""

    def __init__(
        self,
        dependency: str,
        monotonic: Callable[[], float] = time.monotonic,
        uniform: Callable[[float, float], float] | None = None,
    ) -> None:
        """`monotonic` is a clock in seconds; `uniform` draws between two numbers, by default from the system."""
        self._dependency = dependency
        self._monotonic = monotonic
        self._uniform = uniform or SystemRandom().uniform
        self._lock = Lock()
        self._failures = 0
        self._probe_at = 0.0

    def check(self) -> None:
        """Whether a call may be made now; who asks is to make it and tell how it went.

        Raises:
            LeftAlone: not now.
        """
        if self._failures < FAILURES:
            return
        with self._lock:
            now = self._monotonic()
            if now < self._probe_at:
                raise LeftAlone(self._dependency, f"not asked for now, its last {self._failures} calls failed")
            self._probe_at = now + self._uniform(*PROBE_AFTER_S)

    def succeed(self) -> None:
        """A call was answered."""
        if self._failures:
            with self._lock:
                was_open, self._failures = self._failures >= FAILURES, 0
            if was_open:
                log.warning("%s answers again", self._dependency)

    def fail(self) -> None:
        """A call was not answered, or only with an excuse."""
        with self._lock:
            self._failures += 1
            is_opened = self._failures == FAILURES
            if is_opened:
                self._probe_at = self._monotonic() + self._uniform(*PROBE_AFTER_S)
        if is_opened:
            log.warning("%s failed %d times in a row and is left alone for now", self._dependency, FAILURES)

    def reset(self) -> None:
        """Know nothing of the past."""
        with self._lock:
            self._failures = 0

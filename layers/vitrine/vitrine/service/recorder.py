"""Hands decision records to their stream before the answer goes: Lambda freezes what is left undone after it."""

import logging
import time
from collections.abc import Callable
from typing import Final

from vitrine.errors import DependencyFailed
from vitrine.ports import Stream

WAIT_S: Final = 0.025
"""An answer waits at most so long for its record to be taken."""

MIN_WAIT_S: Final = 0.002
"""With less time left nothing is sent: a delivery stream answers in some milliseconds."""

QUIET_S: Final = 60.0
"""For so long after a warning none is logged: a stream that is down would fill the log with one per page view."""

logger = logging.getLogger(__name__)


class Recorder:
    """Puts records into a stream that keeps to its timeout. `lost` counts those that it may not have taken."""

    def __init__(self, stream: Stream, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` is a clock that never goes back."""
        self._stream = stream
        self._seconds = seconds
        self._n_told = 0
        self._quiet_until_s: float | None = None
        self.lost = 0

    def record(self, record: bytes, time_left_s: float) -> None:
        """Hand a record over, within WAIT_S and the time that is left. Raises nothing."""
        timeout_s = min(WAIT_S, time_left_s)
        if timeout_s < MIN_WAIT_S:
            self._lose("no time was left for it")
            return
        try:
            refused = self._stream.put([record], timeout_s)
        except DependencyFailed as error:
            self._lose(str(error))
            return
        if refused:
            self._lose("the stream did not take it", refused)

    def _lose(self, reason: str, n: int = 1) -> None:
        """Count a lost record, and say how many were lost since this was last said, if that was long enough ago."""
        self.lost += n
        now_s = self._seconds()
        if self._quiet_until_s is not None and now_s < self._quiet_until_s:
            return
        n_new, self._n_told, self._quiet_until_s = self.lost - self._n_told, self.lost, now_s + QUIET_S
        logger.warning("%d decision record(s) lost (%d so far), the last because %s", n_new, self.lost, reason)

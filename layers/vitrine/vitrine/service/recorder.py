"""Hands decision records to their stream beside the answer, never in its way.

One record at a time: while the stream hangs, later records are dropped and counted rather than queued without bound.
"""

import logging
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final

from vitrine.errors import DependencyFailed
from vitrine.ports import Stream

WAIT_S: Final = 0.025
"""An answer waits at most so long for its record to be taken: Lambda freezes what is left undone after the answer."""

logger = logging.getLogger(__name__)


class Recorder:
    """Puts records into a stream from a thread of its own. `lost` counts those that were not taken."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="record")
        self._under_way: Future[int] | None = None
        self.lost = 0

    def record(self, record: bytes, time_left_s: float) -> None:
        """Hand a record over; come back when it is taken, or when WAIT_S or the time that is left has passed."""
        if self._under_way is not None and not self._under_way.done():
            self._lose("the one before it is still on its way")
            return
        self._under_way = self._thread.submit(self._put, record)
        wait([self._under_way], timeout=max(0.0, min(WAIT_S, time_left_s)))

    def _put(self, record: bytes) -> int:
        try:
            refused = self._stream.put([record])
        except DependencyFailed as error:
            self._lose(str(error))
            return 1
        if refused:
            self._lose("the stream did not take it")
        return refused

    def _lose(self, reason: str) -> None:
        self.lost += 1
        logger.warning("a decision record was lost (%d so far): %s", self.lost, reason)

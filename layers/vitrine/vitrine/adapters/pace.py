"""How fast a table may be written: a token bucket of write units.

Publishing is the only work that could take a table's whole throughput from the visitors' events, so it keeps to a
rate. A batch is let through while the bucket is not empty and may leave it in debt, which the next one waits for: so
batches of any size pass, and on average no more than the rate. What a write took is known only afterwards (deleting
costs what the row weighed); the difference is settled then.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

BURST_S: Final = 1.0  # unused units of so long may be spent at once; DynamoDB itself keeps those of 300 s


class Pace:
    """A token bucket that is safe to share between threads."""

    def __init__(
        self,
        units_per_s: float,
        seconds: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate, self._seconds, self._pause = units_per_s, seconds, pause
        self._lock = Lock()
        self._level = units_per_s * BURST_S
        self._at = seconds()

    def take(self, units: float) -> None:
        """Take units and wait until the bucket's debt before them is paid."""
        with self._lock:
            now = self._seconds()
            self._level = min(self._level + (now - self._at) * self._rate, self._rate * BURST_S)
            self._at = now
            debt, self._level = -self._level, self._level - units
        if debt > 0:
            self._pause(debt / self._rate)

    def settle(self, taken: float, consumed: float) -> None:
        """Give back what was taken too much, or take what was taken too little."""
        with self._lock:
            self._level += taken - consumed

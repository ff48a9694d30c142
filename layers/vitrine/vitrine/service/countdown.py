"""The one deadline of a request: every stage asks it how long it may still take, and it keeps what each one took.

Of the time that a caller grants, two thirds are for work; the rest is for what nobody here can hurry: the network, the
gateway, a collection of garbage, a processor that is busy elsewhere. Of the work each stage may have begun or be waited
for up to its share, so that what follows it has time left. The shares are the ladder's order in time: who gives up
first has the smallest.
"""

from collections.abc import Callable
from typing import Final

WORK_SHARE: Final = 2 / 3
"""Of the caller's deadline: 100 of 150 ms."""

WEATHER_UNTIL: Final = 0.3
"""Shares of the work after which a stage gives up. The weather is worth no second read that begins later."""

ROWS_UNTIL: Final = 0.6
"""Profile, lists, counters: later than this they are not waited for."""

MODEL_UNTIL: Final = 0.65
"""The model is asked only if it will be done by then, as far as what it took before tells. So for a challenger."""

CARDS_UNTIL: Final = 0.8
CLAIMS_UNTIL: Final = 0.9
RECORD_UNTIL: Final = 1.25
"""The record may use half of the reserve: it is all that stays of a decision, and nothing but the answer follows it."""

MIN_READ_S: Final = 0.002
"""No read is begun with less: DynamoDB answers within 2 to 5 ms, so it would cost units and bring nothing."""


class Countdown:
    """Counts down one request, on a clock in seconds that never goes back. Make it when the request comes in."""

    __slots__ = ("_deadline_s", "_last", "_seconds", "_started", "_work_s", "laps")

    def __init__(self, deadline_ms: float, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._started = self._last = seconds()
        self._deadline_s = deadline_ms / 1000
        self._work_s = self._deadline_s * WORK_SHARE
        self.laps: dict[str, float] = {}

    def left_s(self, until: float) -> float:
        """Seconds until this share of the work has passed; negative after that."""
        return self._started + self._work_s * until - self._seconds()

    def lap(self, stage: str) -> None:
        """End a stage: what passed since the last one is its, in milliseconds. A stage may come twice."""
        now = self._seconds()
        took_us = (now - self._last) * 1_000_000 + self.laps.get(stage, 0.0) * 1000
        self.laps[stage] = int(took_us + 0.5) / 1000  # several times as fast as `round`
        self._last = now

    @property
    def is_over(self) -> bool:
        """Whether the caller's deadline has passed."""
        return self._seconds() - self._started > self._deadline_s

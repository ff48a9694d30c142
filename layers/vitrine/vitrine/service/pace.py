"""What a release's model takes is measured, and it is left out where it would take longer than there is time.

A model passes its gate for speed before it may serve, so this is for the day on which that was not enough: a machine
that is too small, candidates that nobody foresaw. Then pages are ordered by rank fusion, and `skipped` says `model`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from vitrine.errors import InvalidModel
from vitrine.ports import Ranker
from vitrine.service.countdown import CLAIMS_UNTIL, MODEL_UNTIL, Countdown

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORGETS: Final = 0.9
"""Of the slowest measurement so much is left after each quicker one: a hiccup is forgotten after some twenty."""

NEGLIGIBLE_S: Final = 0.001
"""A model that takes no longer is asked as long as there is any time at all: leaving it out would save nothing."""

BELIEVED_S: Final = (2.0, 60.0)
"""A measurement of which nothing newer is known counts so long at first, and at most; then one page view finds out
anew. Each time that finds the model as slow as it was doubles it: a pause of this process is over in seconds, and a
model that is too slow keeps one page a minute waiting."""


class Pace:
    """How long scoring takes in this environment, a little on the careful side. One request at a time.

    Whether a request has time for its model is found out once: a page that is composed anew, because something could
    not be counted, is ordered by the same means, as it will be in a replay.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._model = ""
        self._took_s = 0.0
        self._measured_at = 0.0
        self._believed_s = BELIEVED_S[0]
        self._is_left_out = False
        self._countdown: Countdown | None = None
        self._is_in_time: bool | None = None

    def begin(self, countdown: Countdown) -> None:
        """Another request, which has this much time."""
        self._countdown = countdown
        self._is_in_time = None

    def expected_s(self, model: str) -> float:
        """Seconds that the model is going to take; 0 when nothing is known of it."""
        known = model == self._model and self._seconds() - self._measured_at < self._believed_s
        return self._took_s if known else 0.0

    def score(self, ranker: Ranker, features: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """The ranker's scores, measured also when it raises.

        Raises:
            InvalidModel: the model fails, or there is no time for it.
        """
        if self._is_in_time is None:
            self._is_in_time = self._has_time(ranker.id)
        if not self._is_in_time:
            self._is_left_out = True
            raise InvalidModel("there is no time to score")
        started, expected_s = self._seconds(), self.expected_s(ranker.id)
        try:
            return ranker.score(features)
        finally:
            self._measure(ranker.id, self._seconds() - started, expected_s)

    def _measure(self, model: str, took_s: float, expected_s: float) -> None:
        """Note what the model took; `expected_s` is what was believed before, 0 where that was nothing."""
        if self._is_left_out and not expected_s:
            is_as_slow = model == self._model and took_s > self._took_s / 2
            self._believed_s = min(self._believed_s * 2, BELIEVED_S[1]) if is_as_slow else BELIEVED_S[0]
        self._is_left_out = False
        self._model, self._took_s = model, max(took_s, expected_s * FORGETS)
        self._measured_at = self._seconds()

    def _has_time(self, model: str) -> bool:
        if self._countdown is None:
            return True
        left_s, any_left_s = self._countdown.left_s(MODEL_UNTIL), self._countdown.left_s(CLAIMS_UNTIL)
        return self.expected_s(model) <= max(left_s, min(NEGLIGIBLE_S, any_left_s))


class PacedRanker:
    """A release's model, asked only where the request of the moment has time for it."""

    __slots__ = ("_pace", "_ranker", "id")

    def __init__(self, ranker: Ranker, pace: Pace) -> None:
        self.id = ranker.id
        self._ranker = ranker
        self._pace = pace

    def score(self, features: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """See ports.Ranker and Pace.score."""
        return self._pace.score(self._ranker, features)

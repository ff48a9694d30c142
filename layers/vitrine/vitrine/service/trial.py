"""A challenger beside the champion: both score the candidates of a decision, one is shown, and both are timed.

A challenger passed its gate and is on trial all the same, so nothing here trusts it. It scores in a thread of its own
and is waited for during a part of the request's time, if that much is left; whatever it raises and however long it
takes, the champion's scores are there already. What the two take is measured in time of the processor: on a machine
that has no time for a thread everything comes late, and that is not the challenger's fault.
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.context import Context
from vitrine.decisions.rollout import Failure, Rollout, Trial, is_constant, overlap_of
from vitrine.ports import Ranker

if TYPE_CHECKING:
    from concurrent.futures import Future

Scores = NDArray[np.float32]

TIME_SHARE: Final = 0.1
"""Share of a request's deadline for which a challenger is waited for: 15 of 150 ms, where a champion takes 0.1.

Where less is left it is not asked at all: what came late then would be no fault of its own."""


class Challenger:
    """A ranker on trial, loaded and checked, with the trial's terms. Safe to share between threads.

    One page view at a time is scored: while it is still at one, the next is told `busy` rather than queued.
    """

    def __init__(self, rollout: Rollout, ranker: Ranker, seconds: Callable[[], float] = time.thread_time) -> None:
        from concurrent.futures import ThreadPoolExecutor  # no cold start without a trial pays for it

        self.rollout: Final = rollout
        self.ranker: Final = ranker
        self.seconds: Final = seconds
        self._thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="challenger")
        self._under_way: Future[tuple[Scores, float]] | None = None

    def beside(self, champion: Ranker, context: Context, left_s: Callable[[], float]) -> "TrialRanker | None":
        """What scores this decision in the champion's place; None when the trial has no part in it.

        `left_s` tells how many seconds of the request's time may still be spent, at the moment it is asked.

        The trial sees only visitors who agreed to be recognised, for of others there is no record; a dry run shows
        what its visitor would see, and counts as no trial of the shadow.
        """
        request = context.request
        is_canary = self.rollout.is_canary(request.visitor)
        is_shadowed = (
            request.visitor is not None and not request.options.dry_run and self.rollout.is_shadowed(context.decision)
        )
        if not is_canary and not is_shadowed:
            return None
        timeout_s = TIME_SHARE * request.options.deadline_ms / 1000
        return TrialRanker(champion, self, timeout_s, left_s, shows=is_canary)

    def score(self, features: Scores, timeout_s: float) -> tuple[Scores, float] | Failure:
        """Scores [n] of the features [n, d] and the seconds that they took, or why there are none."""
        if self._under_way is not None and not self._under_way.done():
            return "busy"
        self._under_way = asked = self._thread.submit(self._timed, features)
        try:
            error = asked.exception(timeout_s)
        except TimeoutError:
            return "late"
        if error is not None:  # of whatever kind: it is this model's fault, and costs nobody an answer
            return "invalid"
        scores, took_s = asked.result()
        is_sound = scores.shape == (len(features),) and bool(np.isfinite(scores).all())
        return (scores, took_s) if is_sound else "invalid"

    def _timed(self, features: Scores) -> tuple[Scores, float]:
        started = self.seconds()
        scores = self.ranker.score(features)
        return scores, self.seconds() - started


class TrialRanker:
    """The ranker of one decision: scores by both, gives those of the challenger if it `shows` and they are there.

    `trial` is what the last call told; None before there was one, and when there was no time to ask the challenger.
    """

    def __init__(
        self, champion: Ranker, challenger: Challenger, timeout_s: float, left_s: Callable[[], float], *, shows: bool
    ) -> None:
        self._champion = champion
        self._challenger = challenger
        self._timeout_s = timeout_s
        self._left_s = left_s
        self._shows = shows
        self._id = champion.id
        self.trial: Trial | None = None

    @property
    def id(self) -> str:
        """Id of the model whose scores were given last."""
        return self._id

    def score(self, features: Scores) -> Scores:
        """One finite score per row of the [n, d] matrix.

        Raises:
            InvalidModel: the champion gives none; then the challenger is not asked.
        """
        challenger = self._challenger
        started = challenger.seconds()
        own = self._champion.score(features)
        champion_ms = (challenger.seconds() - started) * 1000
        self._id, self.trial = self._champion.id, None
        if self._left_s() < self._timeout_s:
            return own
        told = challenger.score(features, self._timeout_s)
        if isinstance(told, str):
            self.trial = self._trial(own, champion_ms, failure=told)
            return own
        scores, took_s = told
        self.trial = self._trial(own, champion_ms, scores, took_s * 1000)
        if not self._shows:
            return own
        self._id = challenger.rollout.model
        return scores

    def _trial(
        self,
        own: Scores,
        champion_ms: float,
        scores: Scores | None = None,
        took_ms: float | None = None,
        failure: Failure | None = None,
    ) -> Trial:
        rollout = self._challenger.rollout
        return Trial(
            model=rollout.model,
            stage=rollout.stage,
            n=len(own),
            champion_ms=round(champion_ms, 4),
            ms=None if took_ms is None else round(took_ms, 4),
            failure=failure,
            overlap=None if scores is None else overlap_of(own, scores),
            constant=scores is not None and is_constant(scores),
        )

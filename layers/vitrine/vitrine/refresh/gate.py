"""What a challenger must show before any page view is scored by it, on trial or not: every check with its bound."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from vitrine.decisions.golden import check_golden, has_golden
from vitrine.errors import InvalidModel
from vitrine.ports import Ranker
from vitrine.refresh.drift import DRIFT, parse_drifts
from vitrine.refresh.evaluation import gain
from vitrine.refresh.network import Floats
from vitrine.values import dataclass

if TYPE_CHECKING:  # who watches a trial has these checks but not the layer that trains
    from vitrine.refresh.training import TrainedRanker

MAX_CHAMPION_BYTES: Final = 100_000
"""25,000 weights: 200 candidates score in a quarter of a millisecond on one slow core."""

MAX_SCORING_MS: Final = 5.0  # p99 of the trial below; a page view has 150 ms for everything
TRIAL_ROWS: Final = 200
TRIAL_RUNS: Final = 300
RIVALS: Final = ("popularity", "fusion", "champion")
LEAST_DIFFERENT: Final = 0.5
"""Share of different candidates that must get different scores."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the gate: what was found, what was asked for, and the objection; '' when there is none."""

    name: str
    found: str
    bound: str
    objection: str = ""

    @property
    def is_passed(self) -> bool:
        """Whether nothing speaks against the challenger here."""
        return not self.objection


def pass_gate(trained: "TrainedRanker", ranker: Ranker, timer: Callable[[], float]) -> list[Check]:
    """All checks of a challenger; `ranker` is the challenger, loaded.

    It must be surely better than the baselines and than a champion, if there is one, on page views that neither of
    them was fitted on; small; quick, by `timer` in seconds of work; finite, and able to tell candidates apart; it must
    give its golden vectors their scores, and meet features that are still distributed as in training.
    """
    try:
        scores = ranker.score(trained.sample)
    except InvalidModel as error:
        return [Check("finite scores", "none", "one finite score per candidate", f"it does not score: {error}")]
    return [
        _size(trained),
        *_comparisons(trained),
        Check("finite scores", f"{len(scores)} of {len(trained.sample)}", "one finite score per candidate"),
        _differences(scores, trained.sample),
        _speed(ranker, trained.sample, timer),
        _golden(trained, ranker),
        _drift(trained),
    ]


def scoring_ms(ranker: Ranker, sample: Floats, timer: Callable[[], float]) -> float:
    """Milliseconds in which 99 of 100 page views of 200 candidates are scored, made of the sample's rows."""
    rows = sample[np.arange(TRIAL_ROWS) % len(sample)]
    took = []
    for _ in range(TRIAL_RUNS):
        started = timer()
        ranker.score(rows)
        took.append(timer() - started)
    return float(np.percentile(took, 99)) * 1000


def _size(trained: "TrainedRanker") -> Check:
    n = len(trained.model)
    objection = f"it has {n:,} bytes, at most {MAX_CHAMPION_BYTES:,} are fast enough"
    is_small = n <= MAX_CHAMPION_BYTES
    return Check("size", f"{n:,} bytes", f"at most {MAX_CHAMPION_BYTES:,}", "" if is_small else objection)


def _comparisons(trained: "TrainedRanker") -> Iterator[Check]:
    for rival in RIVALS:
        if rival in trained.choose.methods:
            mean, low, high = gain(trained.choose, "model", rival, "ndcg10", trained.manifest.training["seed"])
            found = f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"
            objection = "" if low > 0.0 else f"NDCG@10 over {rival} is {found}, not surely better"
            yield Check(f"NDCG@10 over {rival}", found, "interval above 0", objection)


def _differences(scores: Floats, sample: Floats) -> Check:
    n_scores, n_rows = (len(np.unique(of, axis=0)) for of in (scores, sample))
    objection = f"it gives {n_rows} different candidates {n_scores} different scores"
    tells_apart = n_scores >= LEAST_DIFFERENT * n_rows
    found = f"{n_scores} scores of {n_rows} candidates"
    return Check("different scores", found, f"at least {LEAST_DIFFERENT:.0%}", "" if tells_apart else objection)


def _speed(ranker: Ranker, sample: Floats, timer: Callable[[], float]) -> Check:
    took_ms = scoring_ms(ranker, sample, timer)
    objection = f"scoring {TRIAL_ROWS} candidates took {took_ms:.1f} ms, at most {MAX_SCORING_MS} are allowed"
    is_quick = took_ms <= MAX_SCORING_MS
    return Check("p99 of scoring", f"{took_ms:.2f} ms", f"at most {MAX_SCORING_MS} ms", "" if is_quick else objection)


def _golden(trained: "TrainedRanker", ranker: Ranker) -> Check:
    name, bound = "golden vectors", "the scores of its manifest"
    if not has_golden(trained.manifest):
        return Check(name, "none", bound, "its manifest holds no golden vectors")
    try:
        check_golden(trained.manifest, ranker.score)
    except InvalidModel as error:
        return Check(name, "others", bound, str(error))
    return Check(name, "the same", bound)


def _drift(trained: "TrainedRanker") -> Check:
    """The feature that comes nearest to its bound, or all that are beyond theirs."""
    drifts = parse_drifts(trained.manifest.training.get(DRIFT))
    if not drifts:
        return Check("drift of features", "unknown", "PSI within bounds", "its manifest does not say how they moved")
    worst = max(drifts, key=lambda drift: drift.psi / drift.bound)
    beyond = [f"{drift.feature} {drift.psi:.2f} (at most {drift.bound:.2f})" for drift in drifts if drift.is_too_far]
    objection = f"features are not what they were in training, by PSI: {', '.join(beyond)}" if beyond else ""
    return Check("drift of features", f"{worst.feature} {worst.psi:.3f}", f"PSI at most {worst.bound:.2f}", objection)

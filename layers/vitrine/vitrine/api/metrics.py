"""What operators count, in CloudWatch's embedded metric format on standard output.

Every line costs: CloudWatch takes 0.50 USD for a gigabyte. So a whole decision prints nothing (how many there were is
Lambda's own `Invocations`), one with something to tell prints ONE line of some 400 bytes, whatever befell it, and times
are told by a sample: one decision in SAMPLED_EVERY, SAMPLE of them in a line of 2 KB, which is 4 bytes a decision.
Rungs and reasons stand in the names of metrics, not in dimensions, because a line can have each dimension only once.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from vitrine.api.emf import NAMESPACE as NAMESPACE
from vitrine.api.emf import emit as emit
from vitrine.decisions.ladder import UNREAD
from vitrine.decisions.outcome import BESTSELLERS
from vitrine.service.decide import Outcome

SERVICE: Final = "decide"
WATCH: Final = "watch_model"

SAMPLED_EVERY: Final = 10
SAMPLE: Final = 50  # a metric takes up to 100 values a line
SAMPLE_S: Final = 60.0
"""A sample that is not full by then is told as it is: a quiet shop wants to be seen, too."""

STAGES: Final = {"ReadMs": "read", "RankMs": "rank", "CardsMs": "cards", "RecordMs": "record"}
"""Stages that wait or that a release changes, by metric; each metric costs 0.30 USD a month while it is told."""

HOUR_MS: Final = 3_600_000.0


class Meter:
    """Counts the decisions of one execution environment. `seconds` is the wall clock, since 1970."""

    def __init__(self, seconds: Callable[[], float] = time.time) -> None:
        self._seconds = seconds
        self._decisions = 0
        self._sample: list[Mapping[str, float]] = []  # what stages took, by decision
        self._since_s = 0.0

    def count(self, outcome: Outcome) -> None:
        """Tell what befell a decision, if anything did, and now and then what decisions take."""
        told = list(told_of(outcome))
        if told:
            emit(SERVICE, Counter(told), None, self._seconds())
        if not outcome.strain.is_exercise:
            self._decisions += 1
            if self._decisions % SAMPLED_EVERY == 1:
                self._keep(outcome)

    def _keep(self, outcome: Outcome) -> None:
        now_s = self._seconds()
        if not self._sample:
            self._since_s = now_s
        self._sample.append(outcome.timings_ms)
        if len(self._sample) < SAMPLE and 0.0 <= now_s - self._since_s < SAMPLE_S:
            return
        emit(SERVICE, _times(self._sample), "Milliseconds", now_s)
        as_of_ms = outcome.strain.as_of_ms
        if as_of_ms:
            emit(SERVICE, {"ReleaseAgeHours": round((now_s * 1000 - as_of_ms) / HOUR_MS, 2)}, None, now_s)
        self._sample = []


def told_of(outcome: Outcome) -> Iterator[str]:
    """Names of the metrics that an outcome adds one to, as often as it does.

    An exercise is no fault: of it is told only that it was, and whether the bestsellers answered.
    """
    decision, strain = outcome.decision, outcome.strain
    fallbacks = [answer for answer in decision.placements if answer.fallback is not None]
    if strain.is_exercise:
        yield "Exercises"
        yield from ["ExercisesAnswered"] if any(one.fallback == BESTSELLERS for one in fallbacks) else []
    else:
        yield from (f"Skipped{_camel(stage)}" for stage in decision.skipped)
        yield from ["Degraded"] if decision.skipped else []
        yield from ["Fallbacks"] if fallbacks else []
        yield from (f"Fallbacks{_camel(reason)}" for one in fallbacks for reason in one.reasons)
        yield from ("Unfilled" for one in decision.placements if one.kind == "none" and UNREAD in one.reasons)
    yield from (f"{_camel(dependency)}{_camel(how)}" for dependency, how in strain.faults)
    yield from ["RecordsLost"] * strain.lost_records
    yield from ["DeadlinesMissed"] if strain.is_late else []
    if outcome.trial is not None and outcome.trial.failure is not None:
        yield "ChallengerFailures"
        yield f"ChallengerFailures{_camel(outcome.trial.failure)}"


def count_watched(action: str | None) -> None:
    """Count a trial that the watch has ended or promoted; what it leaves as it is counts nothing."""
    if action in ("roll back", "promote"):
        name = "ChallengersRolledBack" if action == "roll back" else "ChallengersPromoted"
        emit(WATCH, {name: 1}, None, time.time())


def _times(sample: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """What the sampled decisions took, in milliseconds: in all, and by stage as far as they had it."""
    told = {"DecideMs": [round(sum(laps.values()), 2) for laps in sample]}
    for name, stage in STAGES.items():
        times = [round(laps[stage], 2) for laps in sample if stage in laps]
        told |= {name: times} if times else {}
    return told


def _camel(name: str) -> str:
    return name.title().replace("_", "")

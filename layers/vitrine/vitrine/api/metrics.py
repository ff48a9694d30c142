"""Metrics of degraded decisions, in CloudWatch's embedded format on standard output.

A decision on which nothing gave up prints nothing: how many there were is Lambda's own `Invocations`.
"""

from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from vitrine.decisions.answers import Decision
from vitrine.decisions.rollout import Trial

NAMESPACE: Final = "Vitrine"
SERVICE: Final = "decide"
WATCH: Final = "watch_model"


def count_degraded(decision: Decision) -> None:
    """Count the stages that gave up, and the decision if anything in it is a fallback."""
    for stage in decision.skipped:
        _count("Skipped", {"service": SERVICE, "stage": stage})
    if any(answer.fallback for answer in decision.placements):
        _count("Fallbacks", {"service": SERVICE})


def count_trial(trial: Trial | None) -> None:
    """Count a page view on which a challenger failed and the champion's order was shown."""
    if trial is not None and trial.failure is not None:
        _count("ChallengerFailures", {"service": SERVICE, "reason": trial.failure})


def count_watched(action: str | None) -> None:
    """Count a trial that the watch has ended or promoted; what it leaves as it is counts nothing."""
    if action in ("roll back", "promote"):
        name = "ChallengersRolledBack" if action == "roll back" else "ChallengersPromoted"
        _count(name, {"service": WATCH})


def _count(name: str, dimensions: dict[str, str]) -> None:
    with single_metric(name, MetricUnit.Count, 1, namespace=NAMESPACE, default_dimensions=dimensions):
        pass

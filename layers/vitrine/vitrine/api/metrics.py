"""Metrics of degraded decisions, in CloudWatch's embedded format on standard output.

A decision on which nothing gave up prints nothing: how many there were is Lambda's own `Invocations`.
"""

from typing import Final

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from vitrine.decisions.answers import Decision

NAMESPACE: Final = "Vitrine"
SERVICE: Final = "decide"


def count_degraded(decision: Decision) -> None:
    """Count the stages that gave up, and the decision if anything in it is a fallback."""
    for stage in decision.skipped:
        _count("Skipped", {"service": SERVICE, "stage": stage})
    if any(answer.fallback for answer in decision.placements):
        _count("Fallbacks", {"service": SERVICE})


def _count(name: str, dimensions: dict[str, str]) -> None:
    with single_metric(name, MetricUnit.Count, 1, namespace=NAMESPACE, default_dimensions=dimensions):
        pass

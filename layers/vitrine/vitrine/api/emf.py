"""CloudWatch's embedded metric format: what operators count, as lines on standard output."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import orjson

NAMESPACE: Final = "Vitrine"

Values: TypeAlias = Mapping[str, float | Sequence[float]]


def emit(service: str, values: Values, unit: str | None, now_s: float) -> None:
    """One line of metrics of a service. Source: CloudWatch's specification of the embedded metric format."""
    metrics = [{"Name": name} if unit is None else {"Name": name, "Unit": unit} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["service"]], "Metrics": metrics}
    about = {"Timestamp": int(now_s * 1000), "CloudWatchMetrics": [directive]}
    print(orjson.dumps({"_aws": about, "service": service, **values}).decode(), flush=True)

"""From what was measured to what it costs: the bill of one call, item by item, and what falls due without any call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.bench.meter import Call
from vitrine.local.prices import GB, HOURS_PER_MONTH, KB, PRICES

ONE_VCPU_MB: Final = 1769
ACCESS_LOG_BYTES: Final = 190
"""A line of the format in template.yaml's AccessLogSettings, filled in."""

HTTP_HEAD_BYTES: Final = 400
"""Status line and headers that the gateway sends with an answer, roughly."""

COLD_SHARE: Final = 0.005
"""Share of calls that start an environment, an assumption: one in two hundred."""

TRACED_SHARE: Final = 0.05
"""X-Ray's default sampling rule: the first request of each second, which is left out here, and 5 % of the others."""

RECORD_MONTHS: Final = (1, 3)
"""How long records are kept as they are, and then at rest: at least three months are billed of that (template.yaml)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a function's calls take on average: milliseconds of CPU and of waiting, log bytes; what a start takes; and
    what the function is given."""

    memory_mb: int
    cpu_ms: float
    wait_ms: float
    log_bytes: float
    start_ms: float
    is_traced: bool
    has_snapshot: bool

    @property
    def billed_ms(self) -> float:
        """Duration with the share of a vCPU that the memory buys."""
        return self.cpu_ms * max(1.0, ONE_VCPU_MB / self.memory_mb) + self.wait_ms

    @property
    def usd_per_start(self) -> float:
        """A restored snapshot, or else INIT, which is billed as duration; it has a whole vCPU at least."""
        gb = self.memory_mb / KB
        return gb * (PRICES.snapstart_restored_gb if self.has_snapshot else self.start_ms / 1000 * PRICES.lambda_gb_s)


@dataclass(frozen=True, slots=True)
class Bill:
    """US dollars per call by item."""

    items: Mapping[str, float]

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.items.values())

    @classmethod
    def of(cls, calls: Sequence[Call], bytes_out: Sequence[int], plan: Plan) -> "Bill":
        """The mean bill over as many calls as there are `bytes_out`."""
        n = len(bytes_out)
        billed_bytes, kept_bytes = sum(call.billed_bytes for call in calls), sum(call.kept_bytes for call in calls)
        keeping = RECORD_MONTHS[0] * PRICES.s3_gb_month + RECORD_MONTHS[1] * PRICES.s3_instant_gb_month
        operations = [call.operation for call in calls]
        items = {
            "API Gateway, HTTP API": PRICES.api_request,
            "Lambda, requests": PRICES.lambda_request,
            "Lambda, duration x memory": plan.billed_ms / 1000 * plan.memory_mb / KB * PRICES.lambda_gb_s,
            "Lambda, starts": COLD_SHARE * plan.usd_per_start,
            "DynamoDB, read units": sum(call.read_units for call in calls) / n * PRICES.read_unit,
            "DynamoDB, write units": sum(call.write_units for call in calls) / n * PRICES.write_unit,
            "Firehose": billed_bytes / n / GB * PRICES.firehose_gb,
            "S3, records kept": kept_bytes / n / GB * keeping,
            "S3, reads": operations.count("GET object") / n * PRICES.s3_get,
            "Secrets Manager": operations.count("GetSecretValue") / n * PRICES.secret_call,
            "CloudWatch Logs": (plan.log_bytes + ACCESS_LOG_BYTES) / GB * PRICES.logs_gb,
            "X-Ray": TRACED_SHARE * PRICES.trace * plan.is_traced,
            "data out": (sum(bytes_out) / n + HTTP_HEAD_BYTES) / GB * PRICES.out_gb,
        }
        return cls(items)


def fixed_per_month(template: Mapping[str, Any], snapshots_mb: int) -> dict[str, float]:
    """What a deployed stack costs a month without a single call, in US dollars: template and memory of snapshots."""
    resources = list(template["Resources"].values())
    return {
        "cached snapshots": snapshots_mb / KB * PRICES.snapstart_cached_gb_s * HOURS_PER_MONTH * 3600,
        "secret": PRICES.secret_month * sum(each["Type"] == "AWS::SecretsManager::Secret" for each in resources),
        "alarms": PRICES.alarm_month * sum(each["Type"] == "AWS::CloudWatch::Alarm" for each in resources),
    }

"""An estimate of what one decision costs at list price, from what the studio sees of it.

It holds what grows with the decision: the gateway, the function's request and its duration, the rows that it reads and
the bytes that go out. Not in it: the record and its storage, counting, logs, cold starts. Those are the same for nearly
all decisions; `make bench ONLY=cost` meters everything on the whole stack.
"""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from vitrine.local.prices import AS_OF, GB, KB, MILLION, PRICES, REGION

HTTP_HEAD_BYTES: Final = 400
"""Status line and headers that go out with an answer, roughly."""

FIXED_UNITS: Final = 1.0
"""Read units of the release's pointer and the weather, read for every page view: half a unit per row of 4 KB."""

VISITOR_UNITS: Final = 2.0
"""Of profile, personal lists (two steps of 4 KB) and counters of a visitor who is recognised."""

MISSED_SHARE: Final = 0.15
"""Of the page's goods, the share whose card and neighbours a warm function has to read. An assumption: with it pages
come to 3 to 9 units, where `make bench ONLY=cost` meters 5.5 at the median."""

ROW_UNITS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """US dollars per million such decisions by item, what was assumed, and what prices stand behind it."""

    total: float
    items: Mapping[str, float]
    read_units: float
    duration_ms: float
    memory_mb: int
    bytes_out: int
    prices: str = f"list prices of {REGION}, {AS_OF}"

    def as_json(self) -> dict[str, Any]:
        """The estimate as plain values."""
        return asdict(self)


def estimate(
    answer: bytes, explanation: Mapping[str, Any] | None, timings_ms: Mapping[str, float], memory_mb: int, known: bool
) -> Estimate:
    """What a million decisions like this one would cost.

    Args:
        answer: as it goes to the page, before compression.
        explanation: that of POST /v1/explain; without it no goods are counted.
        timings_ms: of the stages, as on this machine. Waiting is billed as computing is. For a preview without the
            stage that explains.
        memory_mb: of the function.
        known: whether the visitor's own rows were read.
    """
    duration_ms = float(sum(timings_ms.values()))
    goods = len(set(goods_of(explanation or {})))
    units = FIXED_UNITS + VISITOR_UNITS * known + MISSED_SHARE * ROW_UNITS * goods
    bytes_out = len(gzip.compress(answer, compresslevel=6)) + HTTP_HEAD_BYTES
    items = {
        "API Gateway": PRICES.api_request,
        "Lambda, request": PRICES.lambda_request,
        "Lambda, duration": duration_ms / 1000 * memory_mb / KB * PRICES.lambda_gb_s,
        "DynamoDB, reads": units * PRICES.read_unit,
        "data out": bytes_out / GB * PRICES.out_gb,
    }
    per_million = {name: usd * MILLION for name, usd in items.items()}
    return Estimate(sum(per_million.values()), per_million, units, duration_ms, memory_mb, bytes_out)


def goods_of(explanation: Mapping[str, Any]) -> Iterator[str]:
    """Ids of all goods that a decision looked up one by one: what it shows and what led to that."""
    for placement in explanation.get("placements", {}).values():
        for row in (placement, *placement.get("rows", ())):
            yield from (item["item"] for item in row.get("items", ()))
    yield from (seed["item"] for seed in explanation.get("seeds", ()))

"""`make bench ONLY=cost`: what a million decisions cost at list price, from what the running stack was seen to use.

The whole stack of template.yaml runs as `make demo` runs it, over the demo's data, with a meter between functions and
the emulated AWS. Visits of the demo's own baskets are sent one after the other, with the events that a page sends.
Counted per call: read and write units, record bytes, bytes out, log bytes, CPU time and waiting of the function. The
prices stand in layers/vitrine/vitrine/local/prices.py.

A function with less than one vCPU (1,769 MB, says Lambda's developer guide) needs longer for the same CPU time, so
the billed duration is CPU time x 1769 / memory + waiting. Waiting is that for the emulator and the meter on this
machine, which is longer than DynamoDB's; it is printed apart.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any, Final

from tests.bench.bill import Bill, Plan, fixed_per_month
from tests.bench.cost_stack import Driver, open_driver
from tests.bench.meter import Call
from tests.bench.traffic import Visit, pages_of, visits_of
from vitrine.local.prices import AS_OF, MILLION, REGION
from vitrine.ports import Progress

VISITS: Final = 100
WARM_UP: Final = 60
"""Visits before anything is counted: an environment that has served for a while holds the cards of what sells."""
STAGE: Final = "page views"


@dataclass(frozen=True, slots=True)
class View:
    """One page view as it was measured. `campaigns` are those that won a placement."""

    kind: str
    is_known: bool
    calls: Sequence[Call]
    bytes_out: int
    duration_ms: float
    campaigns: frozenset[str] = frozenset()

    @property
    def read_units(self) -> float:
        """DynamoDB read units."""
        return sum(call.read_units for call in self.calls)

    @property
    def write_units(self) -> float:
        """DynamoDB write units."""
        return sum(call.write_units for call in self.calls)

    @property
    def requests(self) -> int:
        """Reading requests of DynamoDB."""
        return sum(call.operation == "BatchGetItem" for call in self.calls)


@dataclass(slots=True)
class Seen:
    """Everything that was measured; `views` are decisions, `events` batches of events."""

    views: list[View] = field(default_factory=list)
    events: list[View] = field(default_factory=list)


def run(progress: Progress, visits: int = VISITS, state: Path | None = None) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object."""
    with open_driver(state, progress) as driver:
        chosen = visits_of(driver.lake, visits + WARM_UP)
        for number, visit in enumerate(chosen[:WARM_UP], 1):
            _pay_visit(driver, visit, Seen())
            progress("warm up", number, WARM_UP)
        driver.begin()
        seen = Seen()
        for number, visit in enumerate(chosen[WARM_UP:], 1):
            _pay_visit(driver, visit, seen)
            progress(STAGE, number, visits)
        decide, collect = driver.plan("decide", len(seen.views)), driver.plan("collect", len(seen.events))
        fixed = fixed_per_month(driver.template, decide.memory_mb * decide.has_snapshot)
    return report(seen, decide, collect, fixed)


def _pay_visit(driver: Driver, visit: Visit, seen: Seen) -> None:
    """All pages of a visit, and after each what the snippet tells of it."""
    token = driver.token(visit.household) if visit.household else None
    is_known = visit.household is not None
    for kind, body in pages_of(visit):
        answer, view = _call(driver, "decide", kind, {**body, "visitor": token}, is_known)
        seen.views.append(view)
        token = answer["visitor"] or token
        if kind == "product":
            event = driver.view_event(body["page"]["item"])
            told = {"visitor": token, "session": visit.session, "consent": ["personalization"], "events": [event]}
            seen.events.append(_call(driver, "collect", "events", told, is_known)[1])


def _call(
    driver: Driver, function: str, kind: str, body: Mapping[str, Any], is_known: bool
) -> tuple[Mapping[str, Any], View]:
    answer = driver.post(function, body)
    won = frozenset(
        str(one["campaign"]) for one in answer.body.get("placements", {}).values() if one["campaign"] is not None
    )
    return answer.body, View(kind, is_known, driver.meter.take(), answer.bytes_out, answer.duration_ms, won)


def bill_of(views: Sequence[View], plan: Plan) -> Bill:
    """The mean bill of page views of a function: US dollars per call."""
    return Bill.of([call for view in views for call in view.calls], [view.bytes_out for view in views], plan)


def report(seen: Seen, decide: Plan, collect: Plan, fixed: Mapping[str, float]) -> list[str]:
    """Tables and the JSON object."""
    views = seen.views
    units = [view.read_units for view in views]
    cuts = quantiles(units, n=20, method="inclusive")
    bill = bill_of(views, decide)
    lines = [
        f"list prices of {REGION}, {AS_OF}; {len(views)} page views, {len(seen.events)} batches of events",
        f"decide: {decide.cpu_ms:.1f} ms CPU, {decide.wait_ms:.1f} ms waiting, {decide.billed_ms:.1f} ms billed at "
        f"{decide.memory_mb} MB, {decide.log_bytes:.0f} log bytes a call, {decide.start_ms:.0f} ms to start",
        "",
        *_by_item(bill),
        "",
        *_by_kind(views, decide, seen.events, collect),
        "",
        *_by_campaign(views, decide),
        "",
        *_by_row(views),
        "",
        "whatever the traffic, USD a month: " + ", ".join(f"{name} {usd:.2f}" for name, usd in fixed.items()),
    ]
    summary = {
        "bench": "cost",
        "usd_per_million": round(bill.total * MILLION, 3),
        "read_units_p50": cuts[9],
        "read_units_p95": cuts[18],
        "requests_mean": round(fmean(view.requests for view in views), 3),
        "write_units_mean": round(fmean(view.write_units for view in views), 3),
        "usd_per_million_events": round(bill_of(seen.events, collect).total * MILLION, 3),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]


def _by_item(bill: Bill) -> Iterable[str]:
    yield f"{'a million decisions':<34}{'USD':>8}"
    for name, usd in bill.items.items():
        yield f"{name:<34}{usd * MILLION:>8.3f}"
    yield f"{'all':<34}{bill.total * MILLION:>8.3f}"


def _by_kind(views: Sequence[View], decide: Plan, events: Sequence[View], collect: Plan) -> Iterable[str]:
    yield _head("call kind")
    groups: dict[str, list[View]] = defaultdict(list)
    for view in views:
        groups[f"decide {view.kind}, {'household' if view.is_known else 'newcomer'}"].append(view)
    for name in sorted(groups):
        yield _line(name, groups[name], decide)
    yield _line("events, one view each", events, collect)


def _by_campaign(views: Sequence[View], plan: Plan) -> Iterable[str]:
    yield _head("pages on which a campaign won")
    for name in sorted({name for view in views for name in view.campaigns}):
        yield _line(name, [view for view in views if name in view.campaigns], plan)
    yield _line("(no campaign)", [view for view in views if not view.campaigns], plan)


def _by_row(views: Sequence[View]) -> Iterable[str]:
    """The kinds of rows that are read, by the beginnings of their keys, the dearest first."""
    units: dict[str, float] = defaultdict(float)
    for view in views:
        for call in view.calls:
            for kind, number in call.units_of.items():
                units[kind] += number
    yield f"{'rows that a page view reads':<34}{'RRU':>7}"
    for kind, total in sorted(units.items(), key=lambda each: -each[1]):
        yield f"{kind:<34}{total / len(views):>7.2f}"


def _head(first: str) -> str:
    return f"{first:<34}{'calls':>7}{'reads':>7}{'RRU':>7}{'WRU':>7}{'USD/M':>8}"


def _line(name: str, views: Sequence[View], plan: Plan) -> str:
    if not views:
        return f"{name:<34}{0:>7}"
    reads = fmean(view.requests for view in views)
    read, written = fmean(view.read_units for view in views), fmean(view.write_units for view in views)
    usd = bill_of(views, plan).total * MILLION
    return f"{name:<34}{len(views):>7}{reads:>7.2f}{read:>7.2f}{written:>7.2f}{usd:>8.3f}"

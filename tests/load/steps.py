"""`make load`: what a core does, found by raising the rate step by step, and how latency grows on the way."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tests.bench.harness import BenchFailed
from tests.load.arrivals import Kind, arrivals, burst
from tests.load.picture import Chart, save
from tests.load.rig import Rig, State
from tests.load.samples import QUANTILES, Samples, known, quantiles
from vitrine.decisions.context import DEFAULT_DEADLINE_MS
from vitrine.ports import Progress

WARM_UP: Final = 1_500
PROBE_S: Final = 3.0
FRACTIONS: Final = (0.1, 0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
"""Rates of the steps as shares of what a burst was worked off with."""

BY_STAGE_AT: Final = 0.5
READS: Final = ("BatchGetItem",)
WRITES: Final = ("PutItem", "UpdateItem")
BUSY: Final = 0.9
"""Environments that are less busy than this at the highest throughput are not what limits it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps of so many seconds; `rates` None finds them by a burst."""

    kind: Kind = "poisson"
    step_s: float = 10.0
    rates: Sequence[float] | None = None
    seed: int = 1
    warm_up: int = WARM_UP


@dataclass(frozen=True, slots=True)
class Step:
    """One rate. `ms` are quantiles of page views; `cpu_ms` and `busy` are the environments', NaN where unknown."""

    rate: float
    done: float
    ms: Mapping[str, float]
    late: float
    busy: float
    cpu_ms: float
    samples: Samples
    calls: Mapping[str, int]

    @property
    def is_kept(self) -> bool:
        """Whether 99 of 100 callers had their answer within the deadline: a rate beyond what it can makes them wait."""
        return self.ms["p99"] <= DEFAULT_DEADLINE_MS


def climb(rig: Rig, plan: Plan, progress: Progress) -> list[Step]:
    """Warm up, then one step after the other.

    Raises:
        BenchFailed: an answer was not valid; figures of such a subject mean nothing.
    """
    rates = plan.rates
    if rates is None:
        capacity = capacity_of(rig, plan.warm_up, progress)
        rates = [fraction * capacity for fraction in FRACTIONS]
    else:
        checked(rig, rig.drive(burst(plan.warm_up), "warm up", progress))
    steps = []
    for number, rate in enumerate(rates):
        times = arrivals(plan.kind, rate, plan.step_s, plan.seed + number)
        rig.calls(), (before := rig.states())
        samples = checked(rig, rig.drive(times, f"{rate:,.0f} a second", progress))
        steps.append(measured(plan.step_s, samples, before, rig.states(), rig.calls()))
    return steps


def capacity_of(rig: Rig, warm_up: int, progress: Progress) -> float:
    """Requests a second with which a warm subject works off a burst.

    Raises:
        BenchFailed: an answer was not valid.
    """
    n, rate = warm_up, 0.0
    for name in ("warm up", "probe"):
        samples = checked(rig, rig.drive(burst(n), name, progress))
        rate = n / float(np.nanmax(samples.done))
        n = max(int(rate * PROBE_S), 1)
    return rate


def measured(
    seconds: float, samples: Samples, before: Sequence[State], after: Sequence[State], calls: Mapping[str, int]
) -> Step:
    """Figures of a step of so many seconds."""
    span_s = max(float(np.nanmax(samples.done)), seconds)
    cpu_s = sum(one.cpu_s for one in after) - sum(one.cpu_s for one in before)
    served = sum(one.served for one in after) - sum(one.served for one in before)
    return Step(
        rate=len(samples) / seconds,
        done=int((~np.isnan(samples.done)).sum()) / span_s,
        ms=quantiles(samples.latency_ms()[samples.decide]),
        late=float(samples.late().mean()),
        busy=cpu_s / span_s / len(after) if after else float("nan"),
        cpu_ms=cpu_s * 1000 / served if served else float("nan"),
        samples=samples,
        calls=calls,
    )


def checked(rig: Rig, samples: Samples) -> Samples:
    """The same samples.

    Raises:
        BenchFailed: one of them is not valid.
    """
    if n := samples.n_invalid():
        told = "\n".join(["; ".join(samples.faults[:3]), rig.log_tail()])
        raise BenchFailed(f"{n} of {len(samples)} requests had no valid answer: {told}")
    return samples


def report(steps: Sequence[Step], subject: str, cores: int | None, setting: str) -> list[str]:
    """A table, the stages at half the load, shares, calls, and the JSON object. `cores` None: nobody knows."""
    best, kept = max(steps, key=lambda step: step.done), [step for step in steps if step.is_kept]
    half = min(steps, key=lambda step: abs(step.rate - BY_STAGE_AT * best.done))
    sustained = max((step.done for step in kept), default=0.0)
    reads, writes = per_view(steps, *READS), per_view(steps, *WRITES)
    lines = [*table(steps), *by_stage(half), ""]
    lines.append(
        f"highest throughput {best.done:,.0f}/s; kept with p99 in {DEFAULT_DEADLINE_MS} ms: {sustained:,.0f}/s"
    )
    if cores is not None:
        lines.append(f"per core: {best.done / cores:,.0f}/s, kept {sustained / cores:,.0f}/s")
        if half.cpu_ms > 0:
            most = 1000 / half.cpu_ms
            lines.append(
                f"CPU {half.cpu_ms:.2f} ms a request, of which a core would do {most:,.0f} a second and no more"
            )
        if best.busy < BUSY:
            told = "what limited them is the generator's core, or other work on this machine"
            lines.append(f"environments were {best.busy:.0%} busy at the highest throughput: {told}")
    skipped, fallback = half.samples.share(half.samples.skipped), half.samples.share(half.samples.fallback)
    lines.append(f"at {half.rate:,.0f}/s: skipped {skipped:.2%}, fallback {fallback:.2%} of page views")
    if half.calls:
        lines.append(f"DynamoDB per page view, warm, over all steps: {reads:.2f} reads, {writes:.2f} writes")
    summary = {
        "bench": "load",
        "subject": subject,
        "per_core": round(best.done / cores, 1) if cores else None,
        "kept_per_core": round(sustained / cores, 1) if cores else None,
        "highest": round(best.done, 1),
        "kept": round(sustained, 1),
        "at_rate": round(half.rate, 1),
        **{f"{name}_ms": known(value) for name, value in half.ms.items()},
        "cpu_ms": known(half.cpu_ms),
        "skipped": round(skipped, 5),
        "fallback": round(fallback, 5),
        "dynamodb_reads": known(reads),
        "dynamodb_writes": known(writes),
        "late_sends": round(half.late, 5),
    }
    return [setting, *lines, json.dumps(summary, separators=(",", ":"))]


def table(steps: Sequence[Step]) -> list[str]:
    """Rates and latencies; the head names the columns."""
    heads = [*QUANTILES, "late", "busy", "CPU ms", "reads"]
    lines = [f"{'sent/s':>8}{'done/s':>8}" + "".join(f"{head:>9}" for head in heads)]
    for step in steps:
        figures = "".join(f"{value:>9.1f}" for value in step.ms.values())
        known = [f"{step.busy:.0%}", f"{step.cpu_ms:.2f}", f"{per_view([step], *READS):.2f}"]
        costs = "".join(f"{'-' if 'nan' in one else one:>9}" for one in known)
        lines.append(f"{step.rate:>8,.0f}{step.done:>8,.0f}{figures}{step.late:>9.2%}{costs}")
    told = "milliseconds from when a request was meant to be sent; late: sent over 5 ms after that; reads: of DynamoDB"
    return [*lines, f"{told} per page view"]


def by_stage(step: Step) -> list[str]:
    """Latency of one step by stage; `else` is all outside the stages: waiting for an environment, wire, JSON."""
    inside = np.nansum(np.array(list(step.samples.stages.values())), axis=0) if step.samples.stages else 0.0
    rows = {name: column[~np.isnan(column)] for name, column in step.samples.stages.items()}
    rows["else"] = (step.samples.latency_ms() - inside)[step.samples.decide]
    lines = [f"{f'stage at {step.rate:,.0f}/s':<16}" + "".join(f"{name:>9}" for name in QUANTILES)]
    return lines + [
        f"{name:<16}" + "".join(f"{one:>9.2f}" for one in quantiles(row).values()) for name, row in rows.items()
    ]


def per_view(steps: Sequence[Step], *operations: str) -> float:
    """Calls of the stores per page view; NaN where they are not known. Over all steps, cards expire in between."""
    views = sum(int(step.samples.decide.sum()) for step in steps)
    calls = sum(step.calls.get(name, 0) for step in steps for name in operations)
    return calls / views if views and any(step.calls for step in steps) else float("nan")


def picture(steps: Sequence[Step], path: Path) -> None:
    """Latency against load."""
    chart = Chart(
        title="Latency against load",
        x_title="requests sent a second",
        y_title="ms",
        xs=[step.rate for step in steps],
        lines={name: [step.ms[name] for step in steps] for name in ("p50", "p99", "p99.9")},
        limits={"deadline": float(DEFAULT_DEADLINE_MS)},
        marks={"highest throughput": max(step.done for step in steps)},
        is_log=True,
    )
    save([chart], path)

"""What a soak says at its end: a table of the faults, the three promises, and a picture over time."""

import json
from pathlib import Path
from typing import Final

import numpy as np

from tests.load.picture import Chart, save
from tests.load.samples import Samples, known, quantiles
from tests.load.soak import MB, MOST_DRIFT, MOST_SLOPE, Soaked
from tests.load.soak_plan import Fault

WINDOWS: Final = 240
"""Points of the picture's lines."""


def report(soaked: Soaked, path: Path) -> list[str]:
    """A table of faults, what became of the promises, and the JSON object."""
    samples, plan = soaked.samples, soaked.plan
    before, between = soaked.p99_ms()
    heads = "".join(f"{head:>9}" for head in ("views", "p50 ms", "p99 ms", "max ms", "degraded"))
    lines = [f"{'at s':>6} {'dependency':<15} {'fault':<12}{heads}"]
    lines += [_fault_line(samples, fault) for fault in plan.faults()]
    peak = max(one.rss for _, states in soaked.states for one in states) / MB
    n = samples.n_invalid()
    lines += [
        f"{len(samples):,} requests at {soaked.rate:,.0f}/s for {plan.seconds / 60:.1f} min, a fault every "
        f"{plan.period_s:.0f} s; picture: {path}",
        f"valid answers {1 - n / len(samples):.4%}; batches of events refused: {int(samples.refused.sum())}",
        f"memory {peak:.0f} MB at most, {soaked.slope():+.3f} MB per 1,000 requests in the tail (at most {MOST_SLOPE})",
        f"p99 {before:.1f} ms before the first fault, {between:.1f} ms between faults: {soaked.drift():+.1%} "
        f"(at most {MOST_DRIFT:.0%})",
        *(f"NOT KEPT: {failure}" for failure in soaked.failures()),
        *(f"the log: {line}" for line in soaked.unexpected),
    ]
    summary = {
        "bench": "soak",
        "minutes": round(plan.seconds / 60, 2),
        "requests": len(samples),
        "invalid": n,
        "rss_mb": round(peak, 1),
        "rss_mb_per_1000": known(soaked.slope()),
        "p99_before_ms": known(before),
        "p99_between_ms": known(between),
        "p99_drift": known(soaked.drift()),
        "kept": not soaked.failures(),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]


def _fault_line(samples: Samples, fault: Fault) -> str:
    within = samples.between(fault.start_s, fault.end_s)
    ms = quantiles(samples.latency_ms()[within])
    degraded = (samples.skipped | samples.fallback)[within]
    figures = f"{int(within.sum()):>9}{ms['p50']:>9.1f}{ms['p99']:>9.1f}{ms['max']:>9.1f}"
    share = f"{degraded.mean():>9.0%}" if len(degraded) else f"{'-':>9}"
    return f"{fault.start_s:>6.0f} {fault.dependency:<15} {fault.name:<12}{figures}{share}"


def picture(soaked: Soaked, path: Path) -> None:
    """p99 and memory over time; spans with a fault are shaded."""
    plan, samples = soaked.plan, soaked.samples
    step = max(plan.seconds / WINDOWS, 1.0)
    ends = np.arange(step, plan.seconds + step / 2, step).tolist()
    windows = [samples.latency_ms()[samples.between(end - step, end)] for end in ends]
    shown = [quantiles(window) for window in windows]
    bands = [(fault.start_s / 60, fault.end_s / 60) for fault in plan.faults()]
    latency = Chart(
        title="Latency over a soak; shaded: a dependency fails",
        x_title="minutes",
        y_title="ms",
        xs=[end / 60 for end in ends],
        lines={name: [one[name] for one in shown] for name in ("p50", "p99")},
        limits={},
        marks={"first fault": plan.baseline_s / 60},
        bands=bands,
        is_log=True,
    )
    seen = [(at_s / 60, states) for at_s, states in soaked.states if at_s <= plan.seconds]
    memory = Chart(
        title="Resident memory of the environments",
        x_title="minutes",
        y_title="MB",
        xs=[minute for minute, _ in seen],
        lines={"largest": [max(one.rss for one in states) / MB for _, states in seen]},
        limits={},
        marks={},
        bands=bands,
    )
    save([latency, memory], path)

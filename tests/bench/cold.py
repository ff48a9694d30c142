"""`make bench ONLY=cold`: from the start of the process to the first decision, ours against the naive handler.

Ours reads its secret, the release pointer and the release and verifies it; the naive one opens the bundled model. The
store has no campaigns. Bytecode is compiled, as `vitrine build` does it, and files are in the page cache for both. The
memory is that of a process which has answered WARM requests.
"""

import compileall
import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.harness import ROOT, Contestant, Stage, check_comparable, open_stage, plain_bundle
from vitrine.ports import Progress

ROUNDS: Final = 31  # a third of the starts meets whatever else the machine does: nine gave ratios from 0.33 to 0.52
WARM: Final = 200
KINDS: Final = ("ours", "naive")
COMPILED: Final = ("functions/decide", "layers/vitrine/vitrine", "tests/bench")


def run(progress: Progress, rounds: int = ROUNDS, bundle: Path = ROOT) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object."""
    times: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for folder in COMPILED:
        compileall.compile_dir(ROOT / folder, quiet=1)
    with (
        TemporaryDirectory(prefix="vitrine-bench-") as folder,
        open_stage(plain_bundle(Path(folder) / "plain", bundle)) as stage,
    ):
        check_comparable(*(start(kind, stage)[1] for kind in KINDS))
        for number in range(rounds):
            for kind in KINDS if number % 2 else reversed(KINDS):
                times[kind].append(start(kind, stage)[0])
            progress("start", number + 1, rounds)
        memory = {kind: warm_memory(kind, stage) for kind in KINDS}
    return report({kind: median(taken) for kind, taken in times.items()}, memory, rounds)


def start(kind: str, stage: Stage) -> tuple[float, dict[str, object]]:
    """Milliseconds until a fresh process has answered its first request, and the answer."""
    started = time.perf_counter()
    with Contestant(kind, stage) as contestant:
        answer = contestant.answer()
        return (time.perf_counter() - started) * 1000, answer


def warm_memory(kind: str, stage: Stage) -> float:
    """MB in RAM of a process that has answered WARM requests."""
    with Contestant(kind, stage) as contestant:
        contestant.measure(WARM)
        contestant.tell(json.dumps({"memory": True}))
        return float(json.loads(contestant.hear()))


def report(medians: dict[str, float], memory: dict[str, float], rounds: int) -> list[str]:
    """A table and the JSON object."""
    lines = [f"{'process start to first decision':<34}{'ms':>8}{'MB warm':>9}"]
    lines += [f"{kind:<34}{ms:>8.0f}{memory[kind]:>9.0f}" for kind, ms in medians.items()]
    lines.append(f"medians of {rounds} interleaved starts each; memory after {WARM} requests")
    summary = {
        "bench": "cold",
        "ours_ms": round(medians["ours"]),
        "naive_ms": round(medians["naive"]),
        "ratio_naive": round(medians["ours"] / medians["naive"], 3),
        "ours_mb": round(memory["ours"]),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]

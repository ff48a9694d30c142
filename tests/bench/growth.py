"""`make bench ONLY=growth`: what a warm page view costs when there is ten times as much of something.

Each row multiplies one thing by ten and leaves the rest: the items of all lists that the page reads (candidates), the
campaigns of its placements, the visitors in the table, the catalogue. The exponent e of cost ~ size^e is
log10(cost at ten times / cost): 0 says that it does not matter, 1 that cost grows as size does. Table reads of the real
DynamoDB do not depend on how many rows there are; that the handler does not either is what this shows.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from math import log10
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.bench.canned_data import Sizes
from tests.bench.harness import Contestant, Sample, interleave, open_stage, plain_bundle
from tests.bench.rules import make_store
from vitrine.ports import Progress

ROUNDS: Final = 15
REQUESTS: Final = 40
WARM_UP: Final = 100
TIMES: Final = 10
N_CAMPAIGNS: Final = 50
BASE: Final = Sizes()
ROOMY: Final = replace(BASE, items=BASE.items * TIMES)
"""The catalogue from which lists ten times as long can be drawn; the base of `candidates`, too."""

LONG: Final = replace(ROOMY, shelf=BASE.shelf * TIMES, personal=BASE.personal * TIMES, related=BASE.related * TIMES)


def run(progress: Progress, rounds: int = ROUNDS, requests: int = REQUESTS) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-bench-")))
        plain = plain_bundle(folder / "plain")
        few, many = (make_store(folder / str(n), n).bundle for n in (N_CAMPAIGNS, N_CAMPAIGNS * TIMES))
        bundles = {
            "base": (plain, BASE),
            "catalogue": (plain, ROOMY),
            "candidates": (plain, LONG),
            "visitors": (plain, replace(BASE, visitors=1_000 * TIMES)),
            "few campaigns": (few, BASE),
            "campaigns": (many, BASE),
        }
        stages = {name: stack.enter_context(open_stage(*each)) for name, each in bundles.items()}
        contestants = {name: stack.enter_context(Contestant("ours", stage)) for name, stage in stages.items()}
        for contestant in contestants.values():
            contestant.answer()
            contestant.measure(min(WARM_UP, rounds * requests))
        return report(interleave(contestants, rounds, requests, progress), rounds, requests)


def report(medians: dict[str, Sample], rounds: int, requests: int) -> list[str]:
    """A table and the JSON object."""
    before = {"catalogue": "base", "candidates": "catalogue", "visitors": "base", "campaigns": "few campaigns"}
    lines = [f"{'ten times as many':<20}{'CPU us':>10}{'before':>10}{'exponent':>10}"]
    exponents = {}
    for name, base in before.items():
        cost, was = medians[name].cpu_us, medians[base].cpu_us
        exponents[name] = round(log10(cost / was), 3)
        lines.append(f"{name:<20}{cost:>10.0f}{was:>10.0f}{exponents[name]:>10.3f}")
    lines.append(f"medians of {rounds} interleaved rounds of {requests} requests, each contestant in its own process")
    return [*lines, json.dumps({"bench": "growth", **exponents}, separators=(",", ":"))]

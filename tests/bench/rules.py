"""`make bench ONLY=rules`: what hundreds of campaigns cost one page view, and how long their store takes to load.

Stores of 10 to 1,000 campaigns with four conditions each, all for the placements of the page that is shown, drawn from
one seed: few campaigns match, so nearly all have to be looked at. Measured are the facts and the contest of a page view
as decide runs them, in one process and interleaved, and the exponent with which that grows: the slope of the logarithm
of the time over that of the number of campaigns. Beside it the whole request of the deployed handler over the store of
500.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import yaml

from tests.bench.canned_data import RELEASE, VISITOR, Canned
from tests.bench.harness import ROOT, BenchFailed, Contestant, open_stage
from vitrine.api.decide import DecideBody
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.decisions.contest import Contest
from vitrine.decisions.context import resolve_context
from vitrine.decisions.facts import Facts, Sources
from vitrine.decisions.findings import find_out
from vitrine.decisions.placements import Store
from vitrine.decisions.release import Release
from vitrine.ports import Progress
from vitrine.types import Absent

SIZES: Final = (10, 50, 100, 500, 1000)
SMALL, LARGE = 50, 500
CONDITIONS_EACH: Final = 4
ROUNDS: Final = 15
REQUESTS: Final = 40
N_VIEWS: Final = 24
"""Different page views, because what one of them costs depends on which attributes it happens to look at."""

LOADS: Final = 5
STORE: Final = ROOT / "tests" / "fixtures" / "store"
PLACEMENTS: Final = ("home.recs", "home.viewed", "home.discounted")


@dataclass(frozen=True, slots=True)
class Large:
    """A generated store: its folder's parent (a bundle), and the median time of loading it."""

    bundle: Path
    store: Store
    load_ms: float


def run(progress: Progress, rounds: int = ROUNDS, requests: int = REQUESTS) -> Sequence[str]:
    """Lines of the report; the last one is the JSON object."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="vitrine-bench-")))
        stores = {n: make_store(folder / str(n), n) for n in SIZES}
        stage = stack.enter_context(open_stage(stores[LARGE].bundle))
        ours = stack.enter_context(Contestant("ours", stage))
        ours.measure(min(100, rounds * requests))
        evaluations = {n: evaluation(large.store, stage.canned) for n, large in stores.items()}
        rules: dict[int, list[float]] = {n: [] for n in SIZES}
        whole = []
        for done in range(rounds):
            for n, evaluate in evaluations.items():
                rules[n].append(cpu_us(evaluate, max(1, requests // 8)) / N_VIEWS)
            whole.append(ours.measure(requests).cpu_us)
            progress("rounds", done + 1, rounds)
    return report({n: median(times) for n, times in rules.items()}, median(whole), stores[LARGE].load_ms)


def make_store(bundle: Path, n_campaigns: int) -> Large:
    """The test store with generated campaigns, as a bundle with the ranker, checked and loaded as a release is."""
    folder = bundle / "store"
    (folder / "campaigns").mkdir(parents=True)
    for file in STORE.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (bundle / "models").symlink_to(ROOT / "models")
    rng = np.random.default_rng(7)
    campaigns = {f"campaign-{number}": campaign(number, rng) for number in range(n_campaigns)}
    (folder / "campaigns" / "many.yaml").write_text(yaml.safe_dump({"campaigns": campaigns}), "utf-8")
    compiled = compile_store(folder)
    times = []
    for _ in range(LOADS):
        started = time.process_time()
        store = load_store(compiled)
        times.append((time.process_time() - started) * 1000)
    return Large(bundle, store, median(times))


def campaign(number: int, rng: np.random.Generator) -> dict[str, Any]:
    """A content campaign for one of the page's placements, under four conditions of different kinds."""
    chosen = rng.choice(len(CONDITIONS), CONDITIONS_EACH, replace=False)
    when: dict[str, Any] = {}
    for at in chosen:
        when |= CONDITIONS[int(at)](rng)
    title = {"en": f"Campaign {number}", "ru": f"Кампания {number}"}
    return {
        "placements": [PLACEMENTS[number % len(PLACEMENTS)]],
        "priority": int(rng.integers(100)),
        "when": when,
        "content": {"title": title},
    }


def _one_of(path: str, *values: str) -> Callable[[np.random.Generator], dict[str, Any]]:
    return lambda rng: {path: str(rng.choice(values))}


def _some_of(path: str, *values: str) -> Callable[[np.random.Generator], dict[str, Any]]:
    return lambda rng: {path: {"$in": [str(value) for value in rng.choice(values, 2, replace=False)]}}


def _above(path: str, low: int, high: int) -> Callable[[np.random.Generator], dict[str, Any]]:
    return lambda rng: {path: {"$gte": int(rng.integers(low, high))}}


CONDITIONS: Final[Sequence[Callable[[np.random.Generator], dict[str, Any]]]] = (
    _one_of("place.region", "north", "east", "south", "west"),
    _one_of("device.kind", "desktop", "mobile", "app"),
    _some_of("traffic.referrer", "search", "social", "email", "direct", "other"),
    _some_of("page.locale", "en", "ru", "de", "fr"),
    _above("visitor.purchases", 1, 60),
    _above("visitor.visits", 1, 60),
    _above("cart.items", 1, 8),
    _above("cart.value", 500, 9_000),
    _above("session.views", 1, 20),
    _above("signals.idle_s", 10, 120),
    lambda rng: {"signals.exit_intent": True},
    lambda rng: {"affinity.categories": {"$in": [f"grocery/aisle-{n}" for n in rng.integers(0, 40, 3)]}},
    lambda rng: {"page.query": {"$exists": bool(rng.integers(2))}},
)


def evaluation(store: Store, canned: Canned) -> Callable[[], object]:
    """A function that evaluates the campaigns of N_VIEWS page views from scratch.

    Raises:
        BenchFailed: no campaign is shown in any of them, so that there is nothing to measure.
    """
    release = Release(RELEASE, 0, store, None, {}, RELEASE)
    placements = store.placements_of("home", None)

    def read(keys: Any) -> Mapping[Any, Any]:
        return {key: canned.rows.get(key, Absent.MISSING) for key in keys}

    rng = np.random.default_rng(11)
    views = []
    for _ in range(N_VIEWS):
        request = DecideBody.checked(canned.request | varied(canned.request, rng)).to_domain(VISITOR)
        context = resolve_context("bench", datetime.now(UTC), request, store)
        views.append(find_out(context, release, placements, read))

    def evaluate() -> int:
        n_shown = 0
        for found in views:
            facts = Facts(Sources(found.context, found.visit, found.profile, found.lists, store, found.weather))
            contest = Contest(store, facts, found.context, found.exposures, found.is_spent, found.denied)
            contest.reserve(placements)
            for placement in placements:
                chosen = next(contest.of(placement))
                contest.settle(chosen)
                n_shown += chosen.campaign is not None
        return n_shown

    if not evaluate():
        raise BenchFailed("no campaign is shown in any page view")
    return evaluate


def varied(request: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """Parts of the request by which page views of one visitor differ."""
    return {
        "device": {"kind": str(rng.choice(["desktop", "mobile", "app"]))},
        "page": {"type": "home", "locale": str(rng.choice(["en", "ru"]))},
        "traffic": {"medium": str(rng.choice(["email", "social", "organic"]))},
        "visit": {"views": int(rng.integers(20)), "seconds": float(rng.integers(900))},
        "signals": {"exit_intent": bool(rng.integers(2)), "idle_s": float(rng.integers(120))},
        "cart": request["cart"][: int(rng.integers(3))],
        "recent": request["recent"][: int(rng.integers(4))],
    }


def cpu_us(call: Callable[[], object], times: int) -> float:
    """Mean CPU time of a call in microseconds."""
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times * 1e6


def exponent(times: Mapping[int, float]) -> float:
    """The power of a size with which times grow: slope of the least squares over their logarithms."""
    slope, _ = np.polyfit(np.log(list(times)), np.log(list(times.values())), 1)
    return float(slope)


def report(rules: Mapping[int, float], whole: float, load_ms: float) -> list[str]:
    """A table and the JSON object."""
    large, small = rules[LARGE], rules[SMALL]
    lines = [f"{'one page view':<34}{'CPU us':>10}"]
    lines += [f"{f'facts and contest, {n} campaigns':<34}{us:>10.0f}" for n, us in rules.items()]
    lines += [f"{'grows with the exponent':<34}{exponent(rules):>10.2f}"]
    lines += [f"{'the whole request':<34}{whole:>10.0f}", f"{'loading 500 campaigns':<34}{load_ms:>7.0f} ms"]
    summary = {
        "bench": "rules",
        "rules_cpu_us": round(large),
        "decide_cpu_us": round(whole),
        "ratio": round(large / whole, 3),
        "ratio_500_to_50": round(large / small, 2),
        "exponent": round(exponent(rules), 2),
        "load_ms": round(load_ms),
    }
    return [*lines, json.dumps(summary, separators=(",", ":"))]

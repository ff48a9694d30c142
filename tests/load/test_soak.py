"""The soak: a short one whose answers are all valid, and subjects that break each of its promises."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from statistics import median
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.bench.harness import ROOT
from tests.load import soak_report
from tests.load.arrivals import arrivals, burst
from tests.load.rig import DECIDE, Rig, Size, State
from tests.load.samples import Samples
from tests.load.small_rig import HANDLER, small_rig
from tests.load.soak import MOST_SLOPE, Soaked, by_environment, soak, tail_slope
from tests.load.soak_director import Seen
from tests.load.soak_plan import FAULTS, Plan
from tests.load.test_generator import QUICK, silent
from tests.load.traffic import Mix
from tests.unit.rankers import make_network, make_ranker_files

SMALL = Size(visitors=30, items=300, prepared=300)
LEAKS = "import json\nheld = []\ndef handler(event, context): held.append(bytes(100_000)); return json.loads(ANSWER)\n"
FAILS = "def handler(event, context): return {'statusCode': 503, 'body': '{}'}\n"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The example store with a small untrained model."""
    shutil.copytree(ROOT / "store", tmp_path / "store")
    (tmp_path / "models/ranker").mkdir(parents=True)
    model, manifest = make_ranker_files(*make_network(seed=1))
    (tmp_path / "models/ranker/model.onnx").write_bytes(model)
    (tmp_path / "models/ranker/manifest.json").write_bytes(manifest)
    return tmp_path


def test_every_answer_is_valid_while_dependencies_fail(bundle: Path) -> None:
    """The real handlers over stores that fail every three seconds: no answer is invalid, and the report holds all."""
    plan = Plan.of(12, rate=12, seed=2, period_s=3)
    soaked = soak(SMALL, Mix(events=0.1), plan, silent, bundle)
    assert soaked.samples.n_invalid() == 0, soaked.samples.faults
    assert soaked.samples.share(soaked.samples.skipped | soaked.samples.fallback) > 0  # the faults were felt
    *_, last = soak_report.report(soaked, bundle / "soak.svg")
    summary = json.loads(last)
    assert (summary["bench"], summary["invalid"], summary["requests"]) == ("soak", 0, len(soaked.samples))
    soak_report.picture(soaked, bundle / "soak.svg")
    ElementTree.parse(bundle / "soak.svg")


def test_invalid_answers_are_told(bundle: Path, tmp_path: Path) -> None:
    """Negative control: a handler that passes its dependencies' failure on breaks the first promise."""
    folder = tmp_path / "fails"
    folder.mkdir()
    (folder / "app.py").write_text(HANDLER + FAILS, encoding="utf-8")
    soaked = soak(SMALL, Mix(events=0.0), Plan.of(2, rate=5, seed=1, period_s=0.5), silent, bundle, {DECIDE: folder})
    assert any("answers are not valid: status 503" in failure for failure in soaked.failures())


def grown(rig: Rig) -> float:
    """The memory slope over some bursts, MB per 1,000 requests."""
    seen = []
    for number in range(8):
        assert rig.drive(burst(100), "test", silent).n_invalid() == 0
        seen.append((float(number), rig.states()))
    ((served, rss),) = by_environment(seen).values()
    return tail_slope(served, rss)


def test_a_leak_is_seen(tmp_path: Path) -> None:
    """Negative control: 100 KB held per request are about 100 MB per 1,000; without it there is next to nothing."""
    for name in ("leaks", "holds"):
        (tmp_path / name).mkdir()
    with small_rig(tmp_path / "leaks", LEAKS) as rig:
        assert grown(rig) > 50
    with small_rig(tmp_path / "holds", QUICK) as rig:
        assert grown(rig) <= MOST_SLOPE


def test_the_slope_is_that_of_the_tail() -> None:
    """What is loaded at the beginning does not count; a slope of 2 MB per 1,000 requests in the second half does."""
    served = list(range(0, 4_001, 100))
    settled = [50_000_000 + min(number, 1_500) * 10_000 for number in served]
    assert tail_slope(served, settled) == pytest.approx(0.0, abs=1e-9)
    growing = [rss + max(number - 2_000, 0) * 2_000 for number, rss in zip(served, settled, strict=True)]
    assert tail_slope(served, growing) == pytest.approx(2.0)
    assert np.isnan(tail_slope([0, 10], [1, 1]))


def made_up(plan: Plan, slower_after: float = 1.0) -> Soaked:
    """A soak in which all goes well, but page views after the baseline take so many times as long."""
    times = arrivals("poisson", 50, plan.seconds, seed=1)
    took_s = np.random.default_rng(1).gamma(4, 0.002, len(times)) * np.where(times < plan.baseline_s, 1.0, slower_after)
    yes, no = np.ones(len(times), bool), np.zeros(len(times), bool)
    samples = Samples(times, times, times + took_s, yes, yes, no, no, no, {}, [])
    states: Seen = [(float(at), [State(1, int(at * 50), 80_000_000, at)]) for at in range(0, int(plan.seconds), 2)]
    return Soaked(plan, 50, samples, states)


def test_a_subject_that_stays_as_it_was_keeps_its_promises() -> None:
    """Equal latency before and between faults, steady memory, valid answers: nothing is told."""
    assert made_up(Plan.of(600, 50, seed=1)).failures() == []


@pytest.mark.parametrize("factor", [1.5, 0.6])
def test_a_subject_that_became_late_is_told(factor: float) -> None:
    """Negative control: p99 between faults that is not the beginning's breaks the promise, and so does a faster one:
    the beginning was then no measure."""
    (failure,) = made_up(Plan.of(600, 50, seed=1), factor).failures()
    assert failure.startswith("p99 between faults is")


def test_unanswered_requests_are_as_late_as_can_be() -> None:
    """Negative control: an answer that never came is in the tail, and not left out of it."""
    soaked = made_up(Plan.of(600, 50, seed=1))
    lost = soaked.samples.intended > soaked.plan.baseline_s
    samples = replace(soaked.samples, done=np.where(lost, np.nan, soaked.samples.done), valid=~lost)
    failures = replace(soaked, samples=samples).failures()
    assert [failure.split(" ")[0] for failure in failures] == [str(lost.sum()), "p99"]


def test_each_period_has_a_fault_and_calm() -> None:
    """Twenty minutes: three without a fault, then one in each half minute, every kind of it, and calm in between."""
    plan = Plan.of(20 * 60, None, seed=1)
    faults = plan.faults()
    before, between = plan.calm()
    assert plan.baseline_s == 180
    assert len(faults) == len(between) == 34
    assert {one.name for one in faults} == {name for name, _ in FAULTS}
    assert faults == Plan.of(20 * 60, None, seed=1).faults()
    assert median(end - start for start, end in [*before, *between]) == 15
    assert all(end <= plan.baseline_s for _, end in before)
    for fault, (start, end) in zip(faults, between, strict=True):
        assert fault.end_s < start
        assert end <= fault.start_s + plan.period_s

"""The benches run, compare like with like, and end in the JSON line that they promise."""

import copy
import json
import math
import shutil

import pytest

from tests.bench import cold, decide, rules
from tests.bench.harness import ROOT, BenchFailed, check_comparable
from tests.unit.rankers import make_network, make_ranker_files

ANSWER = {
    "model": "ranker-1",
    "skipped": [],
    "placements": {"home.recs": {"fallback": None, "items": [{"id": "1", "card": {"title": "Milk"}}]}},
}


@pytest.fixture
def bundle(tmp_path):
    """The example store with a small untrained model."""
    shutil.copytree(ROOT / "store", tmp_path / "store")
    (tmp_path / "models/ranker").mkdir(parents=True)
    model, manifest = make_ranker_files(*make_network(seed=1))
    (tmp_path / "models/ranker/model.onnx").write_bytes(model)
    (tmp_path / "models/ranker/manifest.json").write_bytes(manifest)
    return tmp_path


@pytest.mark.no_cover
def test_decide_bench_ends_in_its_json_line(bundle):
    """One short round gives positive times, and ratios that are quotients of them."""
    summary = json.loads(decide.run(lambda *_: None, rounds=1, requests=2, bundle=bundle)[-1])
    assert list(summary) == ["bench", "ours_cpu_us", "naive_cpu_us", "floor_cpu_us", "ratio_naive", "ratio_floor"]
    assert summary.pop("bench") == "decide"
    assert all(value > 0 for value in summary.values())
    assert summary["ratio_naive"] == pytest.approx(summary["ours_cpu_us"] / summary["naive_cpu_us"], rel=0.01)
    assert summary["ratio_floor"] == pytest.approx(summary["ours_cpu_us"] / summary["floor_cpu_us"], rel=0.05)


def test_cold_bench_ends_in_its_json_line(bundle):
    """One start of each gives positive times and their ratio."""
    summary = json.loads(cold.run(lambda *_: None, rounds=1, bundle=bundle)[-1])
    assert list(summary) == ["bench", "ours_ms", "naive_ms", "ratio_naive", "ours_mb"]
    assert summary["bench"] == "cold"
    assert summary["ratio_naive"] == pytest.approx(summary["ours_ms"] / summary["naive_ms"], rel=0.01)
    assert 0 < summary["ours_mb"] < 200


@pytest.mark.no_cover
def test_rules_bench_ends_in_its_json_line():
    """One short round gives positive times, and ratios that are quotients of them."""
    summary = json.loads(rules.run(lambda *_: None, rounds=1, requests=2)[-1])
    figures = ["rules_cpu_us", "decide_cpu_us", "ratio", "ratio_500_to_50", "exponent", "load_ms"]
    assert list(summary) == ["bench", *figures]
    assert summary.pop("bench") == "rules"
    assert math.isfinite(summary.pop("exponent"))  # of so few requests it may have either sign
    assert all(value > 0 for value in summary.values())
    assert summary["ratio"] == pytest.approx(summary["rules_cpu_us"] / summary["decide_cpu_us"], abs=0.001)


def test_like_answers_are_compared():
    """Equal answers pass the check."""
    check_comparable(ANSWER, copy.deepcopy(ANSWER))


@pytest.mark.parametrize(
    ("side", "change"),
    [
        (0, {"skipped": ["model"]}),
        (0, {"model": None}),
        (0, {"placements": {"home.recs": {**ANSWER["placements"]["home.recs"], "fallback": "bestsellers"}}}),
        (1, {"placements": {"home.recs": {"fallback": None, "items": []}}}),
        (1, {"padding": "x" * 100}),
    ],
)
def test_unlike_answers_are_refused(side, change):
    """Negative control: a stage given up, a fallback, fewer items or a larger answer makes the bench fail."""
    answers = [copy.deepcopy(ANSWER), copy.deepcopy(ANSWER)]
    answers[side].update(change)
    with pytest.raises(BenchFailed):
        check_comparable(*answers)

"""Releases as the handler serves them: no answer mixes two, and no model serves that should not."""

import ast
from pathlib import Path

import pytest

from tests.bench.harness import ROOT
from tests.faults.flips import flip_about
from tests.faults.forecast import runs_in
from tests.faults.forks import quiet
from tests.faults.stage import Stage, open_stage
from tests.faults.supply import poison_supply

UNSAFE = frozenset(("cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "torch"))
"""Modules that run what they load."""


def test_no_answer_mixes_two_releases(stage: Stage) -> None:
    """The pointer is flipped again and again; both releases serve, each whole."""
    flips = flip_about(stage, 160, 20, quiet)
    assert (flips.misses, len(flips.seen)) == ([], 2)


def test_a_ranker_of_another_release_is_seen(stage: Stage) -> None:
    """Negative control: a loader that keeps the first ranker it ever loaded."""
    assert any("was scored by" in miss for miss in flip_about(stage, 60, 20, quiet, "mixed").misses)


def test_a_bad_model_does_not_serve(stage: Stage) -> None:
    """Not in a running environment, which keeps its release, nor in a fresh one; the next good one serves in both."""
    assert poison_supply(stage, "flipped byte") == []


@pytest.mark.parametrize(("kind", "sabotage"), [("flipped byte", "digest"), ("giant", "size")])
def test_a_bad_model_that_serves_is_seen(stage: Stage, kind: str, sabotage: str) -> None:
    """Negative controls: every digest agrees, a model may be of any size."""
    assert any("expected" in miss for miss in poison_supply(stage, kind, sabotage))


def test_what_is_deployed_loads_nothing_that_runs() -> None:
    """No module of the product imports one that executes what it reads."""
    files = [*(ROOT / "layers").rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    assert len(files) > 100
    assert {file.name: found for file in files if (found := imported(file) & UNSAFE)} == {}


def imported(file: Path) -> set[str]:
    """Packages that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_weather_out_of_date_counts_for_nothing() -> None:
    """A campaign for the heat runs in fresh heat only; the control is weather that never expires."""
    with open_stage(ROOT) as example:
        assert runs_in(example) == {"fresh": True, "stale": False}
        assert runs_in(example, "stale") == {"fresh": True, "stale": True}

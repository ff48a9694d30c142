"""Environments that start while something is down: they answer from the bundle, in time, and find their release."""

from dataclasses import replace

import pytest

from tests.faults.forks import quiet
from tests.faults.sabotage import AT_ONCE
from tests.faults.stage import DEPENDENCIES, Stage
from tests.faults.starts import Bounds, herd, in_step, start_without, take_over_s

GENEROUS = Bounds(init_ms=10_000.0, first_ms=1_500.0, within_s=15.0)


@pytest.mark.parametrize(("down", "fault"), [(("secretsmanager",), "throttle"), (DEPENDENCIES, "hang")])
def test_an_environment_starts_without_its_dependencies(stage: Stage, down: tuple[str, ...], fault: str) -> None:
    """The first answers are valid; when the fault is over the environment helps itself."""
    assert start_without(stage, down, fault, GENEROUS).misses == []


@pytest.mark.parametrize("throttled", [0.0, 0.5])
def test_a_herd_starts_at_once(stage: Stage, throttled: float) -> None:
    """Each environment fetches its release as one object; none fails because half of all calls are refused."""
    assert herd(stage, 2, throttled, quiet, bounds=GENEROUS).misses == []


def test_a_greedy_herd_is_seen(stage: Stage) -> None:
    """Negative control: an environment that fetches everything twice is one too many."""
    misses = herd(stage, 1, 0.0, quiet, "twice", bounds=replace(GENEROUS, first_ms=10_000.0)).misses
    assert any("objects fetched" in miss for miss in misses)


def test_a_herd_in_step_is_seen(stage: Stage) -> None:
    """Negative control: environments that all fetch a new release as soon as they see it."""
    bounds = replace(GENEROUS, spread_s=5.0)  # with both starts and answers as slow as a busy machine makes them
    assert any("within" in miss for miss in in_step(take_over_s(stage, 2, bounds, AT_ONCE), bounds))

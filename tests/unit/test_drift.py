"""How far features have moved since training."""

import numpy as np
import pytest

from vitrine.refresh.drift import CUSTOMARY_BOUND, drift_facts, measure_drift, parse_drifts, psi

RNG = np.random.default_rng(5)


def normal(n: int, mean: float = 0.0) -> np.ndarray:
    """A sample."""
    return RNG.normal(mean, 1.0, n).astype(np.float32)


def test_the_index_is_what_its_formula_says():
    """Two bins of a half each that become 0.8 and 0.2, and none missing: 0.3 ln 1.6 - 0.3 ln 0.4."""
    then = np.array([0] * 50 + [1] * 50, np.float32)
    now = np.array([0] * 80 + [1] * 20, np.float32)
    assert psi(then, now) == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4), abs=1e-6)


def test_the_same_distribution_is_nearly_nothing_and_another_one_is_not():
    """By chance it is about (bins - 1) (1/n + 1/m)."""
    assert psi(normal(20_000), normal(20_000)) < 0.005
    assert psi(normal(20_000), normal(20_000, 0.1)) < 0.05
    assert psi(normal(20_000), normal(20_000, 1.0)) > CUSTOMARY_BOUND


def test_values_that_go_missing_are_drift():
    """A feature that no list brings any more is not what it was."""
    gone = normal(5_000)
    gone[::2] = np.nan
    assert psi(normal(5_000), gone) > CUSTOMARY_BOUND
    assert psi(np.full(10, np.nan, np.float32), np.full(10, np.nan, np.float32)) == 0.0
    assert psi(np.zeros(0, np.float32), normal(10)) == 0.0


def test_a_feature_may_move_as_it_did_in_training():
    """The age of items grows in every store; the bound of what stands still is the customary one."""
    n = 4_000
    growing = np.linspace(0, 4, n).astype(np.float32) + normal(n) / 4
    trained = np.stack([growing, normal(n)], axis=1)
    recent = np.stack([normal(n) / 4 + 4.5, normal(n, 2.0)], axis=1)
    age, still = measure_drift(["age", "still"], trained, recent)
    assert age.psi > CUSTOMARY_BOUND
    assert not age.is_too_far
    assert (still.bound, still.is_too_far) == (CUSTOMARY_BOUND, True)


def test_a_manifest_keeps_what_was_measured():
    """Rounded, and nothing where nothing was measured."""
    drifts = measure_drift(["a"], normal(100)[:, None], normal(100)[:, None])
    (read,) = parse_drifts(drift_facts(drifts))
    assert (read.feature, read.psi) == ("a", pytest.approx(drifts[0].psi, abs=1e-4))
    assert parse_drifts(None) == []

"""Exact linear models, and how predictions are measured."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.refresh.calibration import auc, binned, brier, calibration_error, log_error, mid_ranks
from vitrine.refresh.glm import fit_linear, losses


def drawn(n=4_000, d=3, seed=1):
    """Standardised features."""
    return np.random.default_rng(seed).standard_normal((n, d))


def test_a_logistic_model_finds_what_made_the_outcomes():
    """Weights and bias within four standard errors of the true ones."""
    rows = drawn()
    odds = rows @ np.array([1.0, -0.5, 0.0]) + 0.3
    came = (np.random.default_rng(2).random(len(rows)) < 1 / (1 + np.exp(-odds))).astype(float)
    found = fit_linear(rows, came, "chance", penalty=1e-6)
    assert found.weights == pytest.approx([1.0, -0.5, 0.0], abs=0.16)
    assert found.bias == pytest.approx(0.3, abs=0.16)
    assert found.mean(rows).mean() == pytest.approx(came.mean(), abs=1e-6)


def test_an_amount_model_meets_the_sum_and_takes_zeros():
    """The mean of the predictions is that of the amounts, most of which are zero."""
    rows = drawn()
    amounts = np.random.default_rng(3).poisson(np.exp(rows[:, 0] - 1.0)) * 250.0
    found = fit_linear(rows, amounts / amounts.mean(), "amount", penalty=1e-6)
    assert found.mean(rows).mean() == pytest.approx(1.0, abs=1e-6)
    assert found.weights[0] == pytest.approx(1.0, abs=0.1)


def test_separable_data_stay_finite():
    """The penalty keeps the weights from going where certainty lies."""
    rows = np.linspace(-1, 1, 50)[:, None]
    found = fit_linear(rows, (rows[:, 0] > 0).astype(float), "chance", penalty=1e-3)
    assert np.isfinite(found.weights).all()
    assert auc(found.mean(rows), (rows[:, 0] > 0).astype(float)) == 1.0


@pytest.mark.parametrize("family", ["chance", "amount"])
def test_a_target_of_zeros_is_fitted(family):
    """Nothing came: means near nothing, no error."""
    found = fit_linear(drawn(100), np.zeros(100), family, penalty=1e-3)
    assert found.mean(drawn(100)).max() < 0.01


@pytest.mark.parametrize("family", ["chance", "amount"])
def test_the_true_mean_loses_least(family):
    """Both losses are proper: no other constant does better than the mean."""
    target = np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    at = [losses(np.full(5, mean), target, family).mean() for mean in (0.4, 0.6, 0.8)]
    assert min(at) == at[1]


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_told_apart(pairs):
    """Counted over all pairs, ties half; 0.5 when there is nothing to tell apart."""
    scores, came = np.array([float(s) for s, _ in pairs]), np.array([float(c) for _, c in pairs])
    did, did_not = scores[came > 0], scores[came == 0]
    if not len(did) or not len(did_not):
        assert auc(scores, came) == 0.5
        return
    wins = (did[:, None] > did_not).sum() + 0.5 * (did[:, None] == did_not).sum()
    assert auc(scores, came) == pytest.approx(wins / (len(did) * len(did_not)))


def test_equal_values_share_a_rank():
    """The mean of the ranks that they would have."""
    assert mid_ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [1.5, 0.0, 1.5, 3.0]


def test_calibration_error_is_zero_for_true_chances_and_not_for_boasts():
    """Chances that come true within four standard errors; doubled log odds do not."""
    chance = np.linspace(0.05, 0.95, 20_000)
    came = (np.random.default_rng(4).random(len(chance)) < chance).astype(float)
    boast = 1 / (1 + ((1 - chance) / chance) ** 2)
    assert calibration_error(chance, came) < 0.02
    assert calibration_error(boast, came) > 0.05
    assert brier(chance, came) < brier(boast, came)


def test_bins_hold_equally_many():
    """Ten bins of predictions in order; fewer where there are fewer predictions."""
    bins = binned(np.arange(95.0), np.arange(95.0))
    assert bins.counts.sum() == 95
    assert bins.counts.max() - bins.counts.min() <= 1
    assert (np.diff(bins.predicted) > 0).all()
    assert len(binned(np.array([0.1, 0.2]), np.array([0.0, 1.0])).counts) == 2


def test_log_error_is_relative():
    """Ten times as much of everything is the same error, nearly."""
    assert log_error(np.array([100.0]), np.array([200.0])) == pytest.approx(
        log_error(np.array([1000.0]), np.array([2000.0])), abs=0.01
    )

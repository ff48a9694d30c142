"""The ranker's network: loss, gradients and fitting."""

from itertools import pairwise

import numpy as np
import pytest

from vitrine.refresh.network import (
    Groups,
    Network,
    Training,
    fit,
    gradients,
    initialise,
    measure_scaling,
    score,
    softmax,
    target_shares,
)


def quiet(stage: str, done: int, total: int) -> None:
    """No display."""


def some_groups(seed: int, n_groups: int = 60, d: int = 4) -> Groups:
    """Groups in which the candidate with the largest first feature was bought."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 9, n_groups)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rows = rng.standard_normal((starts[-1], d)).astype(np.float32)
    bought = np.zeros(starts[-1], np.bool_)
    for start, end in pairwise(starts):
        bought[start + np.argmax(rows[start:end, 0])] = True
    return Groups(rows, bought, starts)


def mean_loss(network: Network, rows, bought, starts) -> float:
    """The listwise loss, written anew from its definition."""
    shares = softmax(score(network, rows), starts)
    return float(-(target_shares(bought, starts) * np.log(shares)).sum() / (len(starts) - 1))


def test_softmax_sums_to_one_in_every_group():
    """The shares of a group's candidates are a distribution, also for large scores."""
    shares = softmax(np.array([1000.0, 1000.0, -5.0, 0.0, 3.0], np.float32), np.array([0, 2, 5]))
    assert np.allclose([shares[:2].sum(), shares[2:].sum()], 1.0)


def test_gradients_match_finite_differences():
    """Each gradient equals the slope of the loss, measured by moving one weight."""
    groups = some_groups(1, n_groups=5)
    network = initialise((4, 6, 3), np.random.default_rng(2))
    doubled = Network(
        *(tuple(array.astype(np.float64) for array in part) for part in (network.weights, network.biases))
    )
    slope = gradients(doubled, groups.rows.astype(np.float64), groups.bought, groups.starts)
    for arrays, slopes in ((doubled.weights, slope.weights), (doubled.biases, slope.biases)):
        for array, expected in zip(arrays, slopes, strict=True):
            at = (0,) * array.ndim
            array[at] += 1e-5
            above = mean_loss(doubled, groups.rows, groups.bought, groups.starts)
            array[at] -= 2e-5
            below = mean_loss(doubled, groups.rows, groups.bought, groups.starts)
            array[at] += 1e-5
            assert expected[at] == pytest.approx((above - below) / 2e-5, abs=1e-4)


def test_fit_learns_a_plain_rule():
    """A rule that one feature tells is found: the bought candidate is first in nearly all unseen groups."""
    train, unseen = some_groups(3, n_groups=400), some_groups(4)
    scaling = measure_scaling(train.rows)
    network = fit(train, scaling, Training(epochs=8, learning_rate=1e-2), lambda _: 0.0, quiet)
    scores = score(network, scaling.apply(unseen.rows))
    firsts = [unseen.bought[start + np.argmax(scores[start:end])] for start, end in pairwise(unseen.starts)]
    assert np.mean(firsts) > 0.6  # the first epoch already wins, later ones are not judged better


def test_fit_repeats_bit_for_bit():
    """The same seed gives the same network."""
    groups = some_groups(5)
    scaling = measure_scaling(groups.rows)
    first, second = (fit(groups, scaling, Training(epochs=2), lambda _: 0.0, quiet) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, second.weights, strict=True))


def test_fit_stops_when_the_judge_sees_nothing_better():
    """The network of the best epoch is returned, and training stops `patience` epochs later."""
    groups = some_groups(6)
    values, seen = iter([0.1, 0.5, 0.4, 0.3, 0.9]), []

    def judge(network: Network) -> float:
        seen.append(network)
        return next(values)

    best = fit(groups, measure_scaling(groups.rows), Training(epochs=5, patience=2), judge, quiet)
    assert len(seen) == 4
    assert best is seen[1]


def test_scaling_fills_missing_values_with_the_mean():
    """A missing value counts as average; a column without any value, or with one value only, does no harm."""
    rows = np.array([[1.0, np.nan, 7.0], [3.0, np.nan, 7.0], [np.nan, np.nan, 7.0]], np.float32)
    scaled = measure_scaling(rows).apply(rows)
    assert scaled.tolist() == [[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]

"""How sure means are."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.refresh.bootstrap import DRAWS, INTERVAL, mean_interval


def test_a_mean_is_sure_only_when_it_is_not_one_visitors():
    """Whole visitors are drawn: many rows of one visitor prove less than the same rows of many."""
    gains = np.r_[np.full(50, 1.0), np.full(50, -0.2)]
    of_many = mean_interval(gains, [f"v{n}" for n in range(100)], seed=1)
    of_two = mean_interval(gains, ["a"] * 50 + ["b"] * 50, seed=1)
    assert of_many[0] == of_two[0] == pytest.approx(0.4)
    assert of_many[1] > 0.0 > of_two[1]


def test_no_value_has_no_mean():
    """Zeros, rather than a division by nothing."""
    assert mean_interval(np.empty(0), [], seed=1) == (0.0, 0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(-1, 1)), min_size=1, max_size=40), st.integers(0, 99))
def test_an_interval_repeats_and_lies_within_the_visitors_means(rows, seed):
    """The seed fixes it, names and numbers of visitors give the same, and no draw leaves the range of their means."""
    numbers = np.array([visitor for visitor, _ in rows], np.int64)
    values = np.array([value for _, value in rows])
    _, low, high = found = mean_interval(values, numbers, seed, 50)
    assert found == mean_interval(values, [str(number) for number in numbers], seed, 50)
    means = [values[numbers == number].mean() for number in set(numbers.tolist())]
    assert min(means) - 1e-9 <= low <= high <= max(means) + 1e-9


def test_it_is_the_bootstrap_of_the_textbook():
    """The same as a table of all draws at once, which only fits while there are few visitors."""
    rng = np.random.default_rng(5)
    values, visitors = rng.random(300), rng.permutation(np.r_[np.arange(80), rng.integers(0, 80, 220)])
    sums, counts = np.bincount(visitors, values), np.bincount(visitors)
    drawn = np.random.default_rng(7).integers(0, len(sums), (DRAWS, len(sums)))
    expected = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), INTERVAL)
    assert mean_interval(values, visitors, seed=7)[1:] == pytest.approx(tuple(expected), rel=1e-12)


def test_memory_does_not_grow_with_the_draws():
    """A thousand draws of 20,000 visitors as one table would be 160 MB."""
    values, visitors = np.ones(20_000), np.arange(20_000)
    tracemalloc.start()
    mean_interval(values, visitors, seed=1, draws=200)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20

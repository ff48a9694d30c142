"""Metrics, and the intervals of their differences."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.refresh.evaluation import Results, gain, judge, summarise
from vitrine.refresh.examples import SITUATIONS, Situation


def results(first: list[float], second: list[float], visitors: list[str] | None = None) -> Results:
    """Two methods, `a` and `b`, whose NDCG and recall per page view are these."""
    values = np.array([[[x, x], [y, y]] for x, y in zip(first, second, strict=True)])
    return Results(("a", "b"), visitors or [str(n) for n in range(len(first))], ["home"] * len(first), values)


def test_a_perfect_order_scores_one():
    """All relevant items on top: NDCG and recall are 1."""
    assert judge(np.array([3, 2, 1, 0], np.float32), np.array([True, True, False, False]), 2) == (1.0, 1.0)


def test_ndcg_discounts_by_rank():
    """One of two relevant items, found at rank 2: 1/log2(3) over the ideal 1 + 1/log2(3)."""
    ndcg, recall = judge(np.array([3, 2, 1], np.float32), np.array([False, True, False]), 2)
    assert ndcg == pytest.approx((1 / np.log2(3)) / (1 + 1 / np.log2(3)))
    assert recall == 0.5


def test_missing_scores_rank_last_and_ties_keep_their_order():
    """NaN is below every number."""
    bought = np.array([True] + [False] * 10)
    assert judge(np.array([np.nan] + [0.0] * 10, np.float32), bought, 1) == (0.0, 0.0)
    assert judge(np.zeros(11, np.float32), bought, 1) == (1.0, 1.0)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 5), st.integers(0, 999))
def test_metrics_lie_between_zero_and_one(bought, unseen, seed):
    """Whatever the order, also when relevant items are not among the candidates."""
    hits = np.array(bought)
    n_relevant = int(hits.sum()) + unseen
    if n_relevant:
        scores = np.random.default_rng(seed).random(len(hits)).astype(np.float32)
        assert all(0.0 <= value <= 1.0 + 1e-12 for value in judge(scores, hits, n_relevant))


def test_a_constant_gain_has_an_interval_of_one_point():
    """Where every page view gains the same, nothing is uncertain."""
    assert gain(results([0.5] * 9, [0.3] * 9), "a", "b", "ndcg10", 1) == pytest.approx((0.2, 0.2, 0.2))


def test_an_interval_of_pure_noise_includes_zero_and_repeats():
    """Two methods that differ by chance are not told apart; the seed fixes the interval."""
    noise = np.random.default_rng(2).random((2, 400))
    first, second = (gain(results(*noise.tolist()), "a", "b", "recall10", 3) for _ in range(2))
    assert first == second
    assert first[1] < 0 < first[2]


def test_visitors_are_drawn_whole():
    """A hundred page views of two visitors tell as little as two: the interval spans both of their means."""
    first = [1.0] * 50 + [0.0] * 50
    _, low, high = gain(results(first, [0.4] * 100, ["x"] * 50 + ["y"] * 50), "a", "b", "ndcg10", 4)
    assert (low, high) == pytest.approx((-0.4, 0.6))


def test_no_page_views_show_no_gain():
    """An empty situation is summarised as nothing rather than failing."""
    empty = Results(("a", "b"), [], [], np.zeros((0, 2, 2)))
    assert gain(empty, "a", "b", "ndcg10", 1) == (0.0, 0.0, 0.0)
    assert summarise(empty, "a", 1)["page_views"] == 0


def test_a_summary_holds_means_and_gains_of_all_methods():
    """Counts, means per method and the gains of one method over the others."""
    summary = summarise(results([0.5, 0.7], [0.1, 0.3], ["x", "x"]), "a", 1)
    assert (summary["page_views"], summary["visitors"]) == (2, 1)
    assert summary["ndcg10"] == {"a": 0.6, "b": 0.2}
    assert summary["gain"] == {"b": {"ndcg10": [0.4, 0.4, 0.4], "recall10": [0.4, 0.4, 0.4]}}


def test_results_of_one_situation():
    """Only page views of the situation are kept."""
    mixed = Results(("a",), ["x", "y"], ["home", "visit"], np.array([[[1.0, 1.0]], [[0.0, 0.0]]]))
    assert mixed.of("visit").mean("a", "ndcg10") == 0.0
    assert mixed.of("home").visitors == ["x"]
    assert set(SITUATIONS) == set(get_args(Situation))

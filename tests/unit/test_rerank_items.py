"""What lists and clicks teach about items, places and tastes."""

from dataclasses import replace

import numpy as np
import pytest

from tests.unit.reranked import some_log
from vitrine.refresh.rerank_events import Rankings
from vitrine.refresh.rerank_features import earlier_lists, feature_rows, hide_places, prepare
from vitrine.refresh.rerank_fields import Goods, describe
from vitrine.refresh.rerank_items import item_traits, learn, place_factors
from vitrine.refresh.rerank_labels import condense, weigh
from vitrine.refresh.rerank_taste import learn_tastes


def some_goods() -> Goods:
    """Six items with labels in two fields."""
    labels = [("old", "sad"), ("old", "odd"), ("odd", "sad"), ("old",), (), ("odd", "new")]
    makers = ["Ann", "Bob", "Ann", "Bob", "Ann", "Cid"]
    return describe(
        {
            str(n): {"tags": list(tags), "maker": maker}
            for n, (tags, maker) in enumerate(zip(labels, makers, strict=True))
        }
    )


def dense(goods: Goods, field: str) -> np.ndarray:
    """Vectors of one field by the definition, [items, labels]."""
    labels = goods.labels[field]
    counts = {label: sum(label in own for own in labels) for own in labels for label in own}
    names = [label for label, count in counts.items() if 2 <= count <= len(labels) / 2]
    rows = np.array([[np.log(len(labels) / counts[name]) * (name in own) for name in names] for own in labels])
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def test_similarities_are_weighted_cosines():
    """Per field, the sparse comparison gives what dense vectors give."""
    goods = some_goods()
    labels = weigh(goods)
    weights = np.array([0.5, -2.0, 1.0])
    found = labels.compare(np.array([0, 4, 5, 2]), np.array([1, 2, 3]), weights)
    for column, field in enumerate(labels.fields):
        vectors = dense(goods, field)
        assert np.allclose(found[:, column], vectors[[0, 4, 5, 2]] @ vectors[[1, 2, 3]].T @ weights)


def test_nothing_seen_is_no_similarity():
    """A new visitor has no likings."""
    none = np.array([], np.int64)
    assert not weigh(some_goods()).compare(np.array([0, 1]), none, np.array([])).any()


def test_condensed_labels_keep_similar_items_together():
    """The condensed vectors have the distances that the full ones have, when as many directions are kept."""
    goods = some_goods()
    full = np.concatenate([dense(goods, field) for field in weigh(goods).fields], axis=1)
    full -= full.mean(axis=0)
    condensed = condense(weigh(goods), len(goods), 10)
    assert np.allclose(condensed @ condensed.T, full @ full.T, atol=1e-6)


@pytest.mark.parametrize("items", [{}, {"a": {}, "b": {}}, {"a": {"n": 1}, "b": {"n": 2}}, {"a": {"tag": "x"}}])
def test_items_with_little_to_say_have_few_traits(items):
    """No labels, no numbers, one item: fewer columns, no failure."""
    goods = describe(items)
    traits = item_traits(goods)
    assert traits.shape == (len(goods), len(goods.numbers))


def biased_lists(by_goodness: bool) -> tuple[Rankings, np.ndarray]:
    """Lists of five where the first place is clicked twice as much as the others; maybe the best items stand first."""
    rng = np.random.default_rng(3)
    n_items, n_lists = 50, 4_000
    goodness = rng.uniform(0.1, 0.4, n_items)
    items = rng.integers(0, n_items, (n_lists, 5))
    if by_goodness:
        noisy = goodness[items] + rng.normal(0.0, 0.1, items.shape)
        items = np.take_along_axis(items, np.argsort(-noisy, axis=1), axis=1)
    truth = np.array([2.0, 1.0, 1.0, 1.0, 1.0])
    clicked = rng.random(items.shape) < goodness[items] * truth
    starts = np.arange(n_lists + 1) * 5
    of_lists = np.arange(n_lists)
    return Rankings(starts, items.ravel(), clicked.ravel(), {}, of_lists, of_lists, of_lists), truth / truth.mean()


@pytest.mark.parametrize("by_goodness", [False, True])
def test_place_factors_are_found(by_goodness):
    """The factors come out right also when good items stand first, where plain click rates would exaggerate."""
    rankings, truth = biased_lists(by_goodness)
    factors = place_factors(rankings, np.arange(len(rankings.items)), 50)
    assert np.allclose(factors, truth, rtol=0.12)
    rates = rankings.clicked.reshape(-1, 5).mean(axis=0)
    if by_goodness:
        assert rates[0] / rates[1:].mean() > 1.2 * factors[0] / factors[1:].mean()


def test_tastes_are_read_from_few_clicks():
    """Visitors who differ in one trait only: two clicks tell which way a new one leans, and nothing of other traits."""
    rng = np.random.default_rng(1)
    traits = rng.standard_normal((6_000, 3))
    visitors = np.repeat(np.arange(300), 20)
    leaning = rng.standard_normal(300)[visitors]
    tastes = learn_tastes(traits, leaning * traits[:, 0] + 0.3 * rng.standard_normal(6_000), visitors)
    assert tastes.spread[0, 0] == pytest.approx(1.0, abs=0.3)
    assert tastes.spread[1, 1] < 0.05
    assert tastes.noise == pytest.approx(0.09, abs=0.02)
    mean, covariance = tastes.read(np.array([[1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]]), np.array([1.0, -1.0]))
    assert mean[0] > 0.7
    assert abs(mean[1]) < 0.15
    assert covariance[0, 0] < 0.2


def test_only_what_was_known_counts_as_past():
    """A visitor's earlier list counts once its last click was made before, and other visitors' lists never do."""
    per_list = np.arange(5)
    rankings = Rankings(
        starts=np.arange(6),
        items=np.zeros(5, np.int64),
        clicked=np.ones(5, np.bool_),
        scores={},
        visitor=np.array([0, 1, 0, 0, 0]),
        at_ms=per_list * 100,
        known_ms=np.array([250, 150, 300, 310, 450]),
    )
    assert [earlier.tolist() for earlier in earlier_lists(rankings)] == [[], [], [], [0], [0, 2, 3]]


def test_a_list_is_not_described_by_its_own_clicks():
    """Swapping the clicks of one list changes no feature of it, when items are learned from the lists before it."""
    log = some_log()
    rankings = log.rankings
    chosen = np.flatnonzero(rankings.clicks() > 0)
    last = int(chosen[-1])
    span = slice(rankings.starts[last], rankings.starts[last + 1])
    swapped = rankings.clicked.copy()
    swapped[span] = ~swapped[span]
    other = replace(rankings, clicked=swapped)
    traits = item_traits(log.goods)
    rows = [
        feature_rows(prepare(log.goods, some), learn(some, chosen[:-1], traits), np.array([last]))
        for some in (rankings, other)
    ]
    assert np.array_equal(rows[0], rows[1], equal_nan=True)


def test_features_have_names_and_hidden_places():
    """One name per column; hiding blanks the places and nothing else."""
    log = some_log()
    described = prepare(log.goods, log.rankings)
    chosen = np.flatnonzero(log.rankings.clicks() > 0)
    rows = feature_rows(described, learn(log.rankings, chosen, item_traits(log.goods)), chosen[:3])
    assert rows.shape == (24, len(described.names))
    assert "liked_colours" in described.names
    assert "score_relevancy" in described.names
    hidden = hide_places(rows)
    assert np.isnan(hidden[:, -2:]).all()
    assert np.array_equal(hidden[:, :-2], rows[:, :-2], equal_nan=True)
    assert np.isfinite(rows[:, -2:]).all()

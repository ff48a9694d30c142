"""What a challenger must show before it becomes the champion."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from tests.unit.rankers import make_network, make_ranker_files
from vitrine.decisions.features import FEATURES
from vitrine.decisions.model import parse_ranker_manifest
from vitrine.refresh.champion import MAX_CHAMPION_BYTES, TRIAL_ROWS, objections
from vitrine.refresh.evaluation import Results
from vitrine.refresh.training import TrainedRanker

SAMPLE = np.random.default_rng(1).normal(size=(50, len(FEATURES))).astype(np.float32)
WINNER = {"model": 0.3, "popularity": 0.1, "fusion": 0.2, "personal": 0.4, "champion": 0.25}


class FirstFeature:
    """Scores rows by their first feature, times a weight."""

    id = "ranker-test"

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight
        self.rows: list[int] = []

    def score(self, features: np.ndarray) -> np.ndarray:
        """The weighted feature."""
        self.rows.append(len(features))
        return np.asarray(features[:, 0] * self.weight, np.float32)


def trained(means: dict[str, float]) -> TrainedRanker:
    """A challenger whose methods have about these metrics on 200 page views."""
    model, data = make_ranker_files(*make_network(1))
    manifest = replace(parse_ranker_manifest(data), training={"seed": 1})
    noise = np.random.default_rng(2).normal(0.0, 0.05, (200, len(means), 2))
    values = np.array(list(means.values()))[:, None] + noise
    results = Results(tuple(means), [str(n) for n in range(200)], ["home"] * 200, values)
    return TrainedRanker(model, manifest, results, results, SAMPLE)


def timer(ms: float):
    """Seconds by which everything takes so many milliseconds."""
    ticks = count()
    return lambda: next(ticks) * ms / 1000


def test_a_better_ranker_meets_no_objection():
    """Surely better than baselines and champion, small, quick, and telling candidates apart."""
    assert objections(trained(WINNER), FirstFeature(), timer(0.1)) == []


def test_without_a_champion_the_baselines_are_the_bar():
    """A store's first ranker need not beat one that was made of another store's past."""
    first = {name: mean for name, mean in WINNER.items() if name != "champion"}
    assert objections(trained(first), FirstFeature(), timer(0.1)) == []


@pytest.mark.parametrize("rival", ["popularity", "fusion", "champion"])
def test_whom_it_does_not_surely_beat_is_named(rival):
    """A difference whose interval includes zero is none."""
    (objection,) = objections(trained(WINNER | {rival: 0.3}), FirstFeature(), timer(0.1))
    assert rival in objection
    assert "not surely better" in objection


def test_a_large_model_is_refused():
    """What takes long to load and to score does not serve."""
    large = replace(trained(WINNER), model=bytes(MAX_CHAMPION_BYTES + 1))
    (objection,) = objections(large, FirstFeature(), timer(0.1))
    assert "bytes" in objection


def test_a_slow_model_is_refused():
    """Its own time is measured, on as many rows as a page view has."""
    ranker = FirstFeature()
    (objection,) = objections(trained(WINNER), ranker, timer(6.0))
    assert "took 6.0 ms" in objection
    assert set(ranker.rows[1:]) == {TRIAL_ROWS}


def test_a_model_without_an_opinion_is_refused():
    """Equal scores for different candidates leave the order to chance."""
    (objection,) = objections(trained(WINNER), FirstFeature(weight=0.0), timer(0.1))
    assert objection == "it gives 50 different candidates 1 different scores"

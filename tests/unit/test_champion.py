"""What a challenger must show before it is tried, and how the bucket remembers who is champion and who is not."""

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from tests.unit.rankers import make_network, make_ranker_files
from vitrine.adapters.memory import MemoryObjects
from vitrine.decisions.features import FEATURES
from vitrine.decisions.golden import GOLDEN, golden_vectors
from vitrine.decisions.model import parse_ranker_manifest
from vitrine.errors import InvalidModel
from vitrine.refresh.champion import (
    CURRENT,
    REJECTED,
    Crown,
    ModelFiles,
    Rejection,
    crown,
    put_model,
    read_champion,
    read_crown,
    read_model,
    read_rejected,
    reject,
)
from vitrine.refresh.drift import DRIFT, drift_facts, measure_drift
from vitrine.refresh.evaluation import Results
from vitrine.refresh.gate import MAX_CHAMPION_BYTES, TRIAL_ROWS, pass_gate
from vitrine.refresh.model_life import gate_sections
from vitrine.refresh.training import TrainedRanker

SAMPLE = np.random.default_rng(1).normal(size=(50, len(FEATURES))).astype(np.float32)
WINNER = {"model": 0.3, "popularity": 0.1, "fusion": 0.2, "personal": 0.4, "champion": 0.25}


class FirstFeature:
    """Scores rows by their first feature, times a weight; gives up where it should not be finite."""

    id = "ranker-test"

    def __init__(self, weight: float = 1.0) -> None:
        self.weight = weight
        self.rows: list[int] = []

    def score(self, features: np.ndarray) -> np.ndarray:
        """The weighted feature."""
        self.rows.append(len(features))
        if not np.isfinite(self.weight):
            raise InvalidModel("not finite")
        return np.asarray(features[:, 0] * self.weight, np.float32)


FACTS = {
    "seed": 1,
    DRIFT: drift_facts(measure_drift(FEATURES, SAMPLE, SAMPLE)),
    GOLDEN: golden_vectors(SAMPLE[:3], SAMPLE[:3, 0]),
}


def trained(means: dict[str, float], **facts: object) -> TrainedRanker:
    """A challenger whose methods have about these metrics on 200 page views."""
    model, data = make_ranker_files(*make_network(1))
    manifest = replace(parse_ranker_manifest(data), training=FACTS | facts)
    noise = np.random.default_rng(2).normal(0.0, 0.05, (200, len(means), 2))
    values = np.array(list(means.values()))[:, None] + noise
    results = Results(tuple(means), [str(n) for n in range(200)], ["home"] * 200, values)
    return TrainedRanker(model, manifest, results, results, SAMPLE)


def timer(ms: float):
    """Seconds by which everything takes so many milliseconds."""
    ticks = count()
    return lambda: next(ticks) * ms / 1000


def objections(trained: TrainedRanker, ranker: FirstFeature, timer) -> list[str]:
    """What the gate says against a challenger."""
    return [check.objection for check in pass_gate(trained, ranker, timer) if not check.is_passed]


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
    assert set(ranker.rows[1:-1]) == {TRIAL_ROWS}


def test_a_model_without_an_opinion_is_refused():
    """Equal scores for different candidates leave the order to chance."""
    constant = trained(WINNER, golden=golden_vectors(SAMPLE[:3], 0 * SAMPLE[:3, 0]))
    (objection,) = objections(constant, FirstFeature(weight=0.0), timer(0.1))
    assert objection == "it gives 50 different candidates 1 different scores"


def test_a_model_without_finite_scores_is_refused():
    """There is nothing else to check about it."""
    (objection,) = objections(trained(WINNER), FirstFeature(weight=np.nan), timer(0.1))
    assert objection == "it does not score: not finite"


def test_a_model_that_does_not_give_its_golden_vectors_their_scores_is_refused():
    """Another runtime or other feature code shows here; a manifest without vectors is no promise at all."""
    (objection,) = objections(trained(WINNER), FirstFeature(weight=1.1), timer(0.1))
    assert "golden vectors" in objection
    without = {name: fact for name, fact in FACTS.items() if name != GOLDEN}
    manifest = replace(trained(WINNER).manifest, training=without)
    (objection,) = objections(replace(trained(WINNER), manifest=manifest), FirstFeature(), timer(0.1))
    assert objection == "its manifest holds no golden vectors"


def test_features_that_moved_beyond_their_bound_are_named():
    """What serving shows the model is not what it was trained on; a manifest that does not say is refused."""
    moved = SAMPLE + np.eye(len(FEATURES), dtype=np.float32)[3] * 9
    drift = drift_facts(measure_drift(FEATURES, SAMPLE, moved))
    (objection,) = objections(trained(WINNER, drift=drift), FirstFeature(), timer(0.1))
    assert FEATURES[3] in objection
    assert FEATURES[2] not in objection
    (objection,) = objections(trained(WINNER, drift={}), FirstFeature(), timer(0.1))
    assert "does not say" in objection


def test_the_gate_tells_every_check_with_its_bound():
    """Also those that were passed: for the report."""
    checks = pass_gate(trained(WINNER), FirstFeature(), timer(0.1))
    assert [check.name for check in checks] == [
        "size",
        *(f"NDCG@10 over {rival}" for rival in ("popularity", "fusion", "champion")),
        "finite scores",
        "different scores",
        "p99 of scoring",
        "golden vectors",
        "drift of features",
    ]
    assert all(check.is_passed and check.found and check.bound for check in checks)


def test_the_report_shows_the_gate_the_gains_and_the_drift():
    """Every check in a row, every rival with its interval, every feature as a bar beside its bound."""
    challenger = trained(WINNER)
    checks = pass_gate(challenger, FirstFeature(), timer(0.1))
    gate, drift = gate_sections(challenger, checks, "It is on trial.")
    assert (gate.tone, drift.tone, gate.verdict) == ("good", "good", "It is on trial.")
    gains, rows = gate.figures
    assert {row[1] for row in gains.rows} == WINNER.keys() - {"model"}
    assert len(rows.rows) == len(checks)
    (bars,) = drift.figures
    assert set(bars.labels) == set(FEATURES)
    assert {name: len(values) for name, values in bars.series.items()} == dict.fromkeys(("PSI", "bound"), len(FEATURES))
    slow = pass_gate(challenger, FirstFeature(), timer(6.0))
    assert gate_sections(challenger, slow, "It was not accepted.")[0].tone == "warning"


def files(seed: int) -> ModelFiles:
    """A ranker's files."""
    return ModelFiles(*make_ranker_files(*make_network(seed)))


def test_the_bucket_remembers_the_champion_and_the_one_before():
    """Crowning the same one again forgets nobody; the bundled one stands in before the first and for a damaged one."""
    objects, one, two = MemoryObjects(), files(1), files(2)
    assert read_crown(objects) == Crown()
    assert not read_champion(objects, one, lambda *files: FirstFeature()).is_crowned
    for each in (one, two, two):
        crown(objects, each)
    assert read_crown(objects) == Crown(two.id, one.id)
    assert read_model(objects, one.id) == one
    assert read_champion(objects, one, lambda *files: FirstFeature()).files == two
    objects.objects.pop(f"models/{two.id}/model.onnx")
    assert "not complete" in read_champion(objects, one, lambda *files: FirstFeature()).note


def test_a_champion_of_the_time_before_there_was_a_previous_one_is_read():
    """The note has grown a field."""
    objects = MemoryObjects()
    put_model(objects, files(1))
    objects.put(CURRENT, b'{"model":"ranker-1"}')
    assert read_crown(objects) == Crown("ranker-1", None)


def test_who_was_turned_down_is_remembered_with_the_reason():
    """Each with stage and time; a damaged note is an error, not an empty list."""
    objects = MemoryObjects()
    assert read_rejected(objects) == {}
    told = {"a": Rejection("slow", "shadow", 1), "b": Rejection("no clicks", "canary", 2)}
    for name, rejection in told.items():
        reject(objects, name, rejection)
    assert read_rejected(objects) == told
    for damaged in (b"{", b"[]", b'{"a":{"why":1}}'):
        objects.put(REJECTED, damaged)
        with pytest.raises(InvalidModel, match="damaged"):
            read_rejected(objects)

"""From impressions and clicks to a re-ranker: what a data scientist runs on a log of lists that were shown.

The log is cut by time: the earlier lists train, the later ones test, and nothing of the later ones is looked at before.
For the test lists all that is said of items is learned from the training lists, as a nightly refresh would; only the
visitor's own clicks go on counting, as they do in a session.

Position bias is handled twice. Items are judged by clicks cleared of their place (`rerank_items`). The network sees the
place while it learns, so that it need not blame the item, and ranks with the place hidden (after Guo et al., "PAL",
RecSys 2019). Figures with the logged place known stand beside: they predict the log better, but nobody could rank with
them, for the place is what ranking decides.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import count
from math import ceil
from typing import Any, Final

import numpy as np

from vitrine.decisions.model import RankerManifest
from vitrine.decisions.release import Part
from vitrine.ports import Progress
from vitrine.refresh.export import OPSET, to_onnx
from vitrine.refresh.network import Floats, Groups, Indices, Network, Scaling, Training, fit, measure_scaling, score
from vitrine.refresh.rerank_events import Rankings, RerankLog
from vitrine.refresh.rerank_examples import choosy, cross_fitted_rows, later_rows, split_by_time
from vitrine.refresh.rerank_features import ITEM_QUALITY, hide_places, prepare
from vitrine.refresh.rerank_items import item_traits
from vitrine.refresh.rerank_merge import merge
from vitrine.refresh.rerank_quality import Quality, judge_scores, random_quality
from vitrine.values import dataclass

NAME: Final = "reranker"
SEEDS: Final = 6
PLAIN: Final = Training(hidden=(32, 16), epochs=8, seed=20211115)
"""Chosen on the last fifth of RankLens' training lists, where neither size nor rate mattered much."""

LEAST_STEPS: Final = 800
"""A short log is gone through more often than PLAIN says: below that the network has hardly left where it began."""

STAGE: Final = "train the re-ranker"
LIBRARIES: Final = ("numpy", "onnx")


@dataclass(frozen=True, slots=True)
class Reranker:
    """A trained re-ranker: its files, the test lists' rows [n, d] with places hidden and its scores of them [n].

    `qualities` on the test lists are named: model, model_knowing_places, one_network, item_quality, shown_order,
    random.
    """

    model: bytes
    manifest: RankerManifest
    rows: Floats
    scores: Floats
    n_train: int
    n_test: int
    qualities: Mapping[str, Quality]


def train_reranker(
    log: RerankLog,
    progress: Progress,
    n_train: int | None = None,
    training: Training = PLAIN,
    n_networks: int = SEEDS,
) -> Reranker:
    """A re-ranker learned from the earlier lists, the first `n_train` with a click or four fifths of them.

    Raises:
        TooLittleData: too few lists have a click, or they are of too few visitors.
    """
    rankings = log.rankings
    train, test = split_by_time(rankings, n_train)
    described, traits = prepare(log.goods, rankings), item_traits(log.goods)
    kept = choosy(rankings, train)
    rows = cross_fitted_rows(described, traits, train, kept, progress)
    sizes = np.diff(rankings.starts)[kept]
    groups = Groups(rows, rankings.clicked[rankings.rows(kept)], np.concatenate([[0], np.cumsum(sizes)]))
    scaling = measure_scaling(rows)
    networks = list(_networks(groups, scaling, training, n_networks, progress))
    tested = later_rows(described, traits, train, test, progress)
    qualities = _qualities(networks, scaling, rankings, test, tested, described.names.index(ITEM_QUALITY))
    network = merge(networks)
    model = to_onnx(network, scaling, NAME)
    missing = dict(zip(described.names, map(float, scaling.missing), strict=True))
    facts = {**_facts(rankings, train, test), "hidden": list(training.hidden), "networks": n_networks}
    manifest = RankerManifest(NAME, Part.of(model).sha256, OPSET, missing, facts, _metrics(qualities))
    hidden = hide_places(tested)
    return Reranker(model, manifest, hidden, score(network, scaling.apply(hidden)), len(train), len(test), qualities)


def _networks(
    groups: Groups, scaling: Scaling, training: Training, n_networks: int, progress: Progress
) -> Iterator[Network]:
    """Networks from different seeds, each after its last epoch: nothing is held back to choose an epoch by."""
    epochs = max(training.epochs, ceil(LEAST_STEPS * training.groups_per_batch / len(groups)))
    for number in range(n_networks):
        seeded = replace(training, epochs=epochs, seed=training.seed + number)
        yield fit(groups, scaling, seeded, _prefer_later(), _silent)
        progress(STAGE, number + 1, n_networks)


def _prefer_later() -> Callable[[Network], float]:
    """A judge to whom every epoch is better than the one before."""
    epochs = count()
    return lambda network: float(next(epochs))


def _silent(stage: str, done: int, total: int) -> None:
    """Progress of one network of several is not shown."""


def _qualities(
    networks: Sequence[Network], scaling: Scaling, rankings: Rankings, test: Indices, tested: Floats, quality_at: int
) -> dict[str, Quality]:
    """How the model and its baselines order the test lists."""
    merged, fair = merge(networks), scaling.apply(hide_places(tested))
    scores = {
        "model": score(merged, fair),
        "model_knowing_places": score(merged, scaling.apply(tested)),
        "one_network": score(networks[0], fair),
        "item_quality": tested[:, quality_at],
        "shown_order": tested[:, -1],  # the inverse of the place
    }
    qualities = {name: judge_scores(rankings, test, values) for name, values in scores.items()}
    return {**qualities, "random": random_quality(rankings, test)}


def _facts(rankings: Rankings, train: Indices, test: Indices) -> dict[str, Any]:
    return {
        "from": _iso(rankings.at_ms[train[0]]),
        "to": _iso(rankings.at_ms[train[-1]]),
        "test_to": _iso(rankings.at_ms[test[-1]]),
        "train_lists": len(train),
        "test_lists": len(test),
        "versions": {library: version(library) for library in LIBRARIES},
    }


def _metrics(qualities: Mapping[str, Quality]) -> dict[str, Any]:
    return {
        name: {"ndcg": round(quality.ndcg, 4), "ndcg10": round(quality.ndcg10, 4)}
        for name, quality in qualities.items()
    }


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(int(at_ms) / 1000, UTC).isoformat(timespec="seconds")

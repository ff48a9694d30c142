"""Train the ranker of the next item on visits that the rows have not seen.

Rows are built as of several instants of the past; the visits of the span after each are what a ranker built then would
have had to foresee. The newest span chooses the epoch and gives the figures of the manifest. The rows that are served
are made of all visits, so they know one span more than the ranker's.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from vitrine.decisions.model import RankerManifest
from vitrine.decisions.release import Part
from vitrine.decisions.session_features import SESSION_FEATURES, SummedTransitions
from vitrine.errors import TooLittleData
from vitrine.ports import Progress
from vitrine.refresh.export import OPSET, to_onnx
from vitrine.refresh.network import Floats, Groups, Network, Scaling, Training, fit, measure_scaling, score
from vitrine.refresh.session_builder import build_rows
from vitrine.refresh.session_examples import Examples, Shelf, ranks, steps
from vitrine.refresh.sessions import SPAN_SHARE, Sessions
from vitrine.values import dataclass

NAME: Final = "next-item"
FOLDS: Final = 4
MAX_STEPS: Final = 12_000
"""Steps of a fold that are learnt from."""

NEGATIVES: Final = 60
"""Candidates that a step is learnt from, beside the next item and those of the visit."""

MAX_JUDGED: Final = 4_000
"""Steps of the newest span that choose the epoch. All of their candidates are ranked: sampled ones flatter the rank."""

MAX_MEASURED: Final = 200_000
"""Rows of examples that means and deviations are taken of."""

CHUNK: Final = 65_536

MIN_STEPS: Final = 1_000
"""Fewer steps than this in all teach a network of 12,000 weights nothing that holds."""

TOP: Final = 20
TRAINING: Final = Training(
    hidden=(96, 48), epochs=6, patience=3, groups_per_batch=256, learning_rate=4e-3, weight_decay=1e-3, seed=20150911
)
LIBRARIES: Final = ("numpy", "onnx")


@dataclass(frozen=True, slots=True)
class NextItemModel:
    """Files of a ranker; what it reached on the newest span stands in the manifest's metrics."""

    model: bytes
    manifest: RankerManifest


def train_next_item(sessions: Sessions, progress: Progress, training: Training = TRAINING) -> NextItemModel:
    """A ranker of SESSION_FEATURES, learnt from these visits and chosen on their newest span.

    Raises:
        TooLittleData: there are too few visits for it; rank by `SummedTransitions` then.
    """
    *folds, newest = _instants(sessions)
    rng = np.random.default_rng(training.seed)
    learnt, judged = Examples(rng, NEGATIVES), Examples(rng, None)
    for fold in folds:
        shelf = _shelf(sessions, fold, progress)
        learnt.add(shelf, steps(sessions.between(*fold), MAX_STEPS, rng), progress)
    shelf = _shelf(sessions, newest, progress)
    judged.add(shelf, steps(sessions.between(*newest), MAX_JUDGED, rng), progress)
    groups, chosen = learnt.groups(), judged.groups()
    if not len(groups) or not len(chosen):
        raise TooLittleData("the visits have nothing in common yet: no step could have been foreseen")
    scaling = measure_scaling(groups.rows[:: 1 + len(groups.rows) // MAX_MEASURED])
    network = fit(groups, scaling, training, _judge(scaling, chosen), progress)
    model = to_onnx(network, scaling, NAME)
    metrics = {
        "n_steps": judged.n_steps,
        "model": _figures(_scores(network, scaling, chosen), chosen, judged.n_steps),
        "summed": _figures(SummedTransitions().score(chosen.rows), chosen, judged.n_steps),
    }
    manifest = _manifest(model, scaling, training, len(groups))
    return NextItemModel(model, replace(manifest, metrics=metrics))


def _instants(sessions: Sessions) -> list[tuple[int, int]]:
    """For each span to foresee, oldest first: how many visits are known before it, and how many at its end.

    Raises:
        TooLittleData: the spans to learn from hold too few steps.
    """
    n = len(sessions)
    size = int(SPAN_SHARE * n)
    learnt_from = sessions.starts[n - size] - sessions.starts[n - (FOLDS + 1) * size] - FOLDS * size
    if learnt_from < MIN_STEPS:
        raise TooLittleData(f"not enough visits yet: {learnt_from} steps to learn from, {MIN_STEPS} are needed")
    return [(n - k * size, n - (k - 1) * size) for k in range(FOLDS + 1, 0, -1)]


def _shelf(sessions: Sessions, span: tuple[int, int], progress: Progress) -> Shelf:
    """The rows as they stood before a span."""
    return Shelf(build_rows(sessions.between(0, span[0]), progress))


def _judge(scaling: Scaling, groups: Groups) -> Callable[[Network], float]:
    """Mean reciprocal rank and share of hits in equal parts: neither may be bought with the other."""

    def judge(network: Network) -> float:
        figures = _figures(_scores(network, scaling, groups), groups, len(groups))
        return figures["hr20"] + figures["mrr20"]

    return judge


def _scores(network: Network, scaling: Scaling, groups: Groups) -> Floats:
    """Scores of all rows, a part at a time: their standardised copy would be as large as they are."""
    parts = [groups.rows[start : start + CHUNK] for start in range(0, len(groups.rows), CHUNK)]
    return np.concatenate([score(network, scaling.apply(part)) for part in parts])


def _figures(scores: Floats, groups: Groups, n_steps: int) -> dict[str, float]:
    """Share of steps whose next item is in the best 20, and its mean reciprocal rank there."""
    rank = ranks(scores, groups)
    hit = rank <= TOP
    return {"hr20": float(hit.sum()) / n_steps, "mrr20": float((1.0 / rank[hit]).sum()) / n_steps}


def _manifest(model: bytes, scaling: Scaling, training: Training, n_groups: int) -> RankerManifest:
    facts: Mapping[str, Any] = {
        "groups": n_groups,
        "folds": FOLDS,
        "hidden": list(training.hidden),
        "seed": training.seed,
        "versions": {library: version(library) for library in LIBRARIES},
    }
    missing = {name: float(value) for name, value in zip(SESSION_FEATURES, scaling.missing, strict=True)}
    return RankerManifest(NAME, Part.of(model).sha256, OPSET, missing, facts, {})

"""`make bench ONLY=ranklens`: learned re-ranking on RankLens, 24 films a list and the ones that people marked.

What the opponent's figure is. Metarank's guide prints a log: 8,773 lists with a click, 7,054 train and 1,719 test, and
an NDCG of 0.5980 on the test lists. Its code of that time draws each list into the training part with a chance of 80 %
(7,054 is a draw; four fifths would be 7,018), counts NDCG over the first ten (its default), and gives the model the
logged place of the test lists too. Here the split is by time, which is harder: the first 7,054 lists with a click, in
the order of the file, train. `ndcg` is over all 24, `ndcg10` over the first ten and what 0.598 has to be compared with.

Places. The order shown was random (an item's popularity does not fall with its place), yet the first places were
clicked a third more often than the last ones: position bias, and nothing else. The headline is scored with the place
hidden, since a re-ranker decides on it; what knowing the logged place would add stands beside it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import orjson

from tests.bench.harness import BenchFailed
from vitrine.adapters.onnx_graph import inspect
from vitrine.cli.rerank_command import quality_lines
from vitrine.decisions.model import INPUT
from vitrine.ports import Progress
from vitrine.refresh.rerank_events import RerankLog, open_lines, read_log
from vitrine.refresh.rerank_training import Reranker, train_reranker

DATA: Final = Path("../shared/data")
EVENTS: Final = Path("ranklens") / "events.jsonl.gz"
LISTS: Final = 8_773
TRAIN: Final = 7_054
METARANK_NDCG10: Final = 0.5980
SAME: Final = 1e-3


def run(progress: Progress, data: Path = DATA) -> Sequence[str]:
    """Train on the earlier lists, rank the later ones; a table and the JSON line.

    Raises:
        InvalidSource: the data is not there.
        BenchFailed: it is another version of the data, or the exported model scores otherwise.
    """
    with open_lines(data / EVENTS) as lines:
        log = read_log(lines)
    n_lists = int((log.rankings.clicks() > 0).sum())
    if n_lists != LISTS:
        raise BenchFailed(f"{data / EVENTS} has {n_lists:,} lists with a click, expected {LISTS:,}")
    reranker = train_reranker(log, progress, TRAIN)
    check_export(reranker)
    return report(reranker, log)


def check_export(reranker: Reranker) -> None:
    """Score the test lists with the exported file, as serving would, and compare."""
    inspect(reranker.model)
    session = onnxruntime.InferenceSession(reranker.model, providers=["CPUExecutionProvider"])
    missing = np.array(list(reranker.manifest.missing.values()), np.float32)
    rows = np.where(np.isnan(reranker.rows), missing, reranker.rows)
    (scores,) = session.run(None, {INPUT: rows})
    worst = float(np.abs(scores - reranker.scores).max())
    if worst > SAME * max(1.0, float(np.abs(reranker.scores).max())):
        raise BenchFailed(f"the exported model's scores are off by {worst:.2g}")


def report(reranker: Reranker, log: RerankLog) -> list[str]:
    """A table and the JSON object."""
    low, high = reranker.qualities["model"].interval10()
    lines = [
        f"{reranker.n_train:,} lists train, the {reranker.n_test:,} after them test; {log.n_refused} lines refused",
        *quality_lines(reranker),
    ]
    lines.append(f"{'Metarank (random split, place known)':<42}{METARANK_NDCG10:>9.4f}")
    lines.append(f"95 % interval of the first line's NDCG@10 over visitors: {low:.4f} to {high:.4f}")
    return [*lines, orjson.dumps(summary(reranker)).decode()]


def summary(reranker: Reranker) -> dict[str, object]:
    """The JSON object: the headline, what knowing places adds, and what it is compared with."""
    model, knowing = reranker.qualities["model"], reranker.qualities["model_knowing_places"]
    return {
        "bench": "ranklens",
        "ndcg": round(model.ndcg, 4),
        "ndcg10": round(model.ndcg10, 4),
        "ndcg10_interval": [round(bound, 4) for bound in model.interval10()],
        "ndcg_place_known": round(knowing.ndcg, 4),
        "ndcg10_place_known": round(knowing.ndcg10, 4),
        "metarank_ndcg10": METARANK_NDCG10,
        "train": reranker.n_train,
        "test": reranker.n_test,
        "model_bytes": len(reranker.model),
    }

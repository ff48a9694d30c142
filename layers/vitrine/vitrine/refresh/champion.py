"""Which ranker the next release carries: the champion in the bucket, or the bundled one before there is any.

A champion is two immutable objects under `models/<id>/`; `models/current.json` names it and is written last, in one
put, so a reader never meets half of one. Every release holds its own copy: rolling a release back takes its ranker
back with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import orjson

from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import MANIFEST, MODEL
from vitrine.errors import InvalidModel
from vitrine.ports import Objects, Ranker
from vitrine.refresh.evaluation import gain
from vitrine.refresh.network import Floats
from vitrine.refresh.training import LoadRanker, TrainedRanker

CURRENT: Final = "models/current.json"
MAX_CHAMPION_BYTES: Final = 100_000
"""25,000 weights: 200 candidates score in a quarter of a millisecond on one slow core."""

MAX_SCORING_MS: Final = 5.0  # p99 of the trial below; a page view has 150 ms for everything
TRIAL_ROWS: Final = 200
TRIAL_RUNS: Final = 300


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Bytes of a model and of its manifest."""

    model: bytes
    manifest: bytes


@dataclass(frozen=True, slots=True)
class Champion:
    """The ranker in use. `note` says why it is not the one the bucket names, if it is not."""

    files: ModelFiles
    ranker: Ranker
    note: str = ""

    @property
    def is_crowned(self) -> bool:
        """Whether the bucket names it. The bundled one only stands in: it was made of some other store's past."""
        return not self.note


def read_champion(objects: Objects, bundled: ModelFiles, load: LoadRanker) -> Champion:
    """The champion of the bucket; the bundled ranker when there is none or it fails its checks.

    Raises:
        InvalidModel: the bundled ranker fails its checks, too.
    """
    try:
        files = _current(objects)
        if files is not None:
            return Champion(files, load(files.model, files.manifest))
        note = "the bucket holds no ranker yet"
    except InvalidModel as error:
        note = f"the ranker in the bucket was refused: {error}"
    return Champion(bundled, load(bundled.model, bundled.manifest), note)


def crown(objects: Objects, files: ModelFiles) -> str:
    """Make a ranker the champion; its id."""
    ranker = parse_ranker_manifest(files.manifest).id
    objects.put(f"models/{ranker}/{MODEL}", files.model)
    objects.put(f"models/{ranker}/{MANIFEST}", files.manifest)
    objects.put(CURRENT, orjson.dumps({"model": ranker}))
    return ranker


def objections(trained: TrainedRanker, ranker: Ranker, timer: Callable[[], float]) -> list[str]:
    """Why a challenger must not become the champion; empty when it may. `ranker` is the challenger, loaded.

    It must be surely better than the baselines and than a champion, if there is one, on page views that neither of
    them was fitted on; small; quick, by `timer` in seconds of work; and it must tell candidates apart.
    """
    found = []
    if len(trained.model) > MAX_CHAMPION_BYTES:
        found.append(f"it has {len(trained.model):,} bytes, at most {MAX_CHAMPION_BYTES:,} are fast enough")
    for rival in ("popularity", "fusion", "champion"):
        if rival in trained.choose.methods:
            mean, low, high = gain(trained.choose, "model", rival, "ndcg10", trained.manifest.training["seed"])
            if not low > 0.0:
                found.append(f"NDCG@10 over {rival} is {mean:+.4f} [{low:+.4f}, {high:+.4f}], not surely better")
    n_scores, n_rows = (len(np.unique(of, axis=0)) for of in (ranker.score(trained.sample), trained.sample))
    if 2 * n_scores < n_rows:
        found.append(f"it gives {n_rows} different candidates {n_scores} different scores")
    took_ms = scoring_ms(ranker, trained.sample, timer)
    if took_ms > MAX_SCORING_MS:
        found.append(f"scoring {TRIAL_ROWS} candidates took {took_ms:.1f} ms, at most {MAX_SCORING_MS} are allowed")
    return found


def scoring_ms(ranker: Ranker, sample: Floats, timer: Callable[[], float]) -> float:
    """Milliseconds in which 99 of 100 page views of 200 candidates are scored, made of the sample's rows."""
    rows = sample[np.arange(TRIAL_ROWS) % len(sample)]
    took = []
    for _ in range(TRIAL_RUNS):
        started = timer()
        ranker.score(rows)
        took.append(timer() - started)
    return float(np.percentile(took, 99)) * 1000


def _current(objects: Objects) -> ModelFiles | None:
    """Files of the champion that the bucket names.

    Raises:
        InvalidModel: the bucket names one that is not there.
    """
    named = objects.get(CURRENT)
    if named is None:
        return None
    try:
        folder = f"models/{orjson.loads(named)['model']}"
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidModel(f"{CURRENT} is damaged: {error!r}") from error
    model, manifest = objects.get(f"{folder}/{MODEL}"), objects.get(f"{folder}/{MANIFEST}")
    if model is None or manifest is None:
        raise InvalidModel(f"{folder} is not complete")
    return ModelFiles(model, manifest)

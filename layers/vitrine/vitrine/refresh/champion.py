"""Which ranker the next release carries: the champion in the bucket, or the bundled one before there is any.

A champion is two immutable objects under `models/<id>/`; `models/current.json` names it and is written last, in one
put, so a reader never meets half of one. Every release holds its own copy: rolling a release back takes its ranker
back with it.
"""

from dataclasses import dataclass
from typing import Final

import orjson

from vitrine.decisions.model import parse_ranker_manifest
from vitrine.decisions.release import MODEL
from vitrine.errors import InvalidModel
from vitrine.ports import Objects, Ranker
from vitrine.refresh.evaluation import Results, gain
from vitrine.refresh.training import LoadRanker

CURRENT: Final = "models/current.json"
MANIFEST: Final = "manifest.json"
MAX_CHAMPION_BYTES: Final = 100_000
"""25,000 weights: 200 candidates score in a quarter of a millisecond on one slow core."""


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


def objections(challenger: ModelFiles, results: Results, seed: int) -> list[str]:
    """Why a challenger must not replace the champion; empty when it may.

    `results` compares "model" with the baselines and, if there is one, "champion", on page views that neither of them
    was fitted on.
    """
    found = []
    if len(challenger.model) > MAX_CHAMPION_BYTES:
        found.append(f"it has {len(challenger.model):,} bytes, at most {MAX_CHAMPION_BYTES:,} are fast enough")
    for baseline in ("popularity", "fusion"):
        mean, low, high = gain(results, "model", baseline, "ndcg10", seed)
        if not low > 0.0:
            found.append(f"NDCG@10 over {baseline} is {mean:+.4f} [{low:+.4f}, {high:+.4f}], not surely better")
    if "champion" in results.methods:
        mean, low, high = gain(results, "model", "champion", "ndcg10", seed)
        if not mean > 0.0:
            found.append(f"NDCG@10 over the champion is {mean:+.4f} [{low:+.4f}, {high:+.4f}], not better")
    return found


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

"""A ranker that is not what it should be is refused on every way into serving, and the last good one goes on.

Each fault comes in two kinds of envelope: with the digests of the good model, as a damaged bucket would have it, and
with digests made for it, as somebody who may write to the bucket would.
"""

import ast
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import orjson
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.release_objects import ReleaseObjects
from vitrine.adapters.verified_ranker import load_ranker
from vitrine.api.store_folder import compile_store
from vitrine.decisions.golden import GOLDEN, golden_vectors
from vitrine.decisions.model import MAX_MODEL_BYTES
from vitrine.decisions.release import BESTSELLERS, MANIFEST, MODEL, RANKER, STORE, Manifest, Part, Pointer
from vitrine.decisions.rollout import Rollout
from vitrine.errors import DependencyFailed, InvalidModel
from vitrine.refresh.champion import ModelFiles
from vitrine.service.releases import Releases

GOOD, PLAIN = make_ranker_files(*make_network(1))
LOADS_WITHIN_S = 2.0
UNSAFE = {"pickle", "cPickle", "joblib", "torch", "dill", "shelve", "marshal", "cloudpickle"}
STORE_FILES = compile_store(Path("tests/fixtures/store"))


def manifest_of(model: bytes, **changes: object) -> bytes:
    """The good manifest with the model's own digest, and golden vectors as the good model gives them."""
    plain = orjson.loads(PLAIN)
    rows = np.random.default_rng(3).normal(size=(4, len(plain["features"]))).astype(np.float32)
    rows[1, 2] = np.nan
    golden = golden_vectors(rows, load_ranker(GOOD, PLAIN).score(rows))
    facts = {"sha256": Part.of(model).sha256, "training": {GOLDEN: golden}}
    return orjson.dumps({**plain, **facts, **changes})


MANIFEST_OF_GOOD = manifest_of(GOOD)


def edited(change: Callable[[onnx.ModelProto], object]) -> bytes:
    """The good model after a change, serialised again."""
    model = onnx.load_from_string(GOOD)
    change(model)
    return bytes(model.SerializeToString(deterministic=True))


def no_number(model: onnx.ModelProto) -> None:
    """A weight that is none."""
    weights = numpy_helper.to_array(model.graph.initializer[0]).copy()
    weights[0, 0] = np.nan
    model.graph.initializer[0].raw_data = weights.tobytes()


def elsewhere(model: onnx.ModelProto) -> None:
    """Weights in another file."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def foreign(model: onnx.ModelProto) -> None:
    """An operator that somebody else brings."""
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    model.graph.node[0].domain = "com.example"


def unknown(model: onnx.ModelProto) -> None:
    """A standard operator that a perceptron does not need."""
    model.graph.node[-1].op_type = "Loop"


def giant(model: onnx.ModelProto) -> None:
    """A tensor that claims to have a million million weights."""
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.extend([1 << 20, 1 << 20])


def narrow(model: onnx.ModelProto) -> None:
    """An input of another width."""
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3


def other_weights(model: onnx.ModelProto) -> None:
    """A sound perceptron that scores otherwise: only the golden vectors tell."""
    weights = numpy_helper.to_array(model.graph.initializer[0]) * np.float32(1.5)
    model.graph.initializer[0].raw_data = weights.tobytes()


FAULTS: dict[str, bytes] = {
    "truncated": GOOD[: len(GOOD) // 2],
    "empty": b"",
    "no onnx": b"not a model at all",
    "padded above the limit": GOOD + bytes(MAX_MODEL_BYTES),
    **{
        change.__name__: edited(change)
        for change in (no_number, elsewhere, foreign, unknown, giant, narrow, other_weights)
    },
}
ENVELOPES = {"damaged": lambda model: MANIFEST_OF_GOOD, "forged": manifest_of}


def publish(objects: MemoryObjects, release: str, model: bytes | None, ranker: bytes, rev: int) -> Pointer:
    """A release of these files in the bucket; its digests are right, whatever is in them."""
    parts = {MODEL: model or b"", RANKER: ranker, STORE: STORE_FILES, BESTSELLERS: b"{}"}
    manifest = Manifest(release, 0, 0, 0, {name: Part.of(data) for name, data in parts.items()})
    for name, data in parts.items():
        objects.put(f"{release}/{name}", data)
    if model is None:
        objects.delete([f"{release}/{MODEL}"])
    objects.put(f"{release}/{MANIFEST}", manifest.to_bytes())
    return Pointer(release, Part.of(manifest.to_bytes()).sha256, None, rev)


class Serving:
    """Serving of a good release, and what it does with the next pointer."""

    def __init__(self) -> None:
        self.objects = MemoryObjects()
        first = publish(self.objects, "r1", *make_ranker_files(*make_network(2)), 1)
        table = MemoryTable({keys.RELEASE_POINTER: first.to_row()})
        loader = ReleaseObjects(self.objects)
        self.first = first
        self.releases = Releases(table, loader.load, self.fail, load_challenger=loader.load_challenger)

    def fail(self):
        """The bundle, which is not needed here."""
        raise AssertionError("the good release was refused")

    def notice(self, pointer: Pointer) -> float:
        """Follow a pointer; seconds that it took."""
        started = time.perf_counter()
        self.releases.notice(pointer.to_row())
        for thread in threading.enumerate():
            if "_load_aside" in thread.name:
                thread.join(10)
        return time.perf_counter() - started

    def challenger(self, model: bytes | None, manifest: bytes) -> Pointer:
        """A pointer with a trial of these files."""
        files = ModelFiles(model or b"", manifest)
        for name, data in ((MODEL, model), (MANIFEST, manifest)):
            if data is not None:
                self.objects.put(f"models/{files.id}/{name}", data)
        return self.first.with_rollout(Rollout(files.id, files.manifest_sha256, "shadow", 0.05, 0))


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_release_with_a_bad_ranker_does_not_serve(fault, envelope):
    """The one before it goes on, and refusing takes no longer than loading may."""
    serving = Serving()
    model = FAULTS[fault]
    took_s = serving.notice(publish(serving.objects, "r2", model, ENVELOPES[envelope](model), 2))
    assert serving.releases.pinned().id == "r1"
    assert took_s < LOADS_WITHIN_S


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_challenger_is_not_tried(fault, envelope):
    """The trial is not followed, the release is."""
    serving = Serving()
    serving.notice(serving.challenger(FAULTS[fault], ENVELOPES[envelope](FAULTS[fault])))
    assert serving.releases.pinned().id == "r1"
    assert serving.releases.serving().challenger is None


def test_good_files_are_followed():
    """Negative control: on both ways the good model is loaded."""
    serving = Serving()
    serving.notice(serving.challenger(GOOD, MANIFEST_OF_GOOD))
    assert serving.releases.serving().challenger is not None
    serving.notice(publish(serving.objects, "r2", GOOD, MANIFEST_OF_GOOD, 9))
    assert serving.releases.pinned().id == "r2"


def test_every_flipped_byte_is_refused():
    """Wherever it is: in the release by its manifest, in a challenger by its own."""
    rng = np.random.default_rng(7)
    for at in rng.choice(len(GOOD), 60, replace=False):
        flipped = bytearray(GOOD)
        flipped[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(InvalidModel):
            load_ranker(bytes(flipped), MANIFEST_OF_GOOD)


def test_missing_files_are_refused():
    """Half a release and half a challenger are none."""
    serving = Serving()
    serving.notice(publish(serving.objects, "r2", None, MANIFEST_OF_GOOD, 2))
    serving.notice(serving.challenger(None, MANIFEST_OF_GOOD))
    assert (serving.releases.pinned().id, serving.releases.serving().challenger) == ("r1", None)


def test_a_manifest_that_the_pointer_does_not_vouch_for_is_refused():
    """Somebody may write to models/ and not to the table."""
    serving = Serving()
    pointer = serving.challenger(GOOD, MANIFEST_OF_GOOD)
    name = f"models/{pointer.rollout.model}/{MANIFEST}"
    serving.objects.put(name, manifest_of(GOOD, metrics={"ndcg10": 1.0}))
    serving.notice(pointer)
    assert serving.releases.serving().challenger is None


@pytest.mark.parametrize(
    "golden",
    [
        {"rows": [], "scores": []},
        {"rows": [[0.0]], "scores": [1.0]},
        {"scores": [1.0]},
        {"rows": [["a"]], "scores": [1.0]},
        [1],
        None,
        {"rows": [[0.0] * 22] * 17, "scores": [0.0] * 17},
    ],
)
def test_damaged_golden_vectors_are_refused(golden):
    """Also none at all under that name: a promise that cannot be read is not kept."""
    with pytest.raises(InvalidModel, match="golden"):
        load_ranker(GOOD, manifest_of(GOOD, training={GOLDEN: golden}))


def test_a_bucket_that_hangs_does_not_hold_up_who_serves():
    """The pointer is noticed in the background; when the bucket fails in the end, the good release is still there."""

    class Hanging(MemoryObjects):
        def get(self, name):
            time.sleep(1.5)
            raise DependencyFailed("bucket", "no answer in time")

    serving = Serving()
    serving.releases._load = ReleaseObjects(Hanging()).load
    pointer = publish(serving.objects, "r2", GOOD, MANIFEST_OF_GOOD, 2)
    started = time.perf_counter()
    serving.releases.notice(pointer.to_row())
    assert serving.releases.pinned().id == "r1"
    assert time.perf_counter() - started < 1
    serving.notice(pointer)
    assert serving.releases.pinned().id == "r1"


def test_nothing_in_the_package_can_run_code_from_a_file():
    """No module imports what makes objects out of bytes by running them."""
    sources = list(Path("layers/vitrine/vitrine").rglob("*.py"))
    assert sources
    for path in sources:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not UNSAFE & {name.partition(".")[0] for name in names}, path

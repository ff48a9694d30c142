"""The ranker's adapter: what it refuses and what it promises."""

import numpy as np
import onnx
import onnxruntime
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from tests.unit.rankers import make_network, make_ranker_files
from vitrine.adapters.onnx_graph import inspect
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.decisions.features import FEATURES
from vitrine.decisions.model import INPUT, MAX_MODEL_BYTES, OUTPUT
from vitrine.decisions.release import Part
from vitrine.errors import InvalidModel
from vitrine.refresh.export import to_onnx

MODEL, MANIFEST = make_ranker_files(*make_network(1))


def manifest_for(model: bytes, **changes: object) -> bytes:
    """The good manifest with the model's own digest and some fields changed."""
    return orjson.dumps({**orjson.loads(MANIFEST), "sha256": Part.of(model).sha256, **changes})


def altered(change) -> bytes:
    """The good model after `change(model)`, serialised again."""
    model = onnx.load_from_string(MODEL)
    change(model)
    return model.SerializeToString(deterministic=True)


def test_scores_are_one_finite_number_per_row():
    """A matrix of n rows gives n finite float32 scores; an empty one gives none."""
    ranker = OnnxRanker(MODEL, MANIFEST)
    rows = np.random.default_rng(2).normal(size=(37, len(FEATURES))).astype(np.float32)
    scores = ranker.score(rows)
    assert (scores.shape, scores.dtype, bool(np.isfinite(scores).all())) == ((37,), np.float32, True)
    assert ranker.score(rows[:0]).shape == (0,)


def test_missing_values_are_replaced_as_the_manifest_says():
    """NaN scores like the value that the manifest names for the feature."""
    ranker = OnnxRanker(MODEL, MANIFEST)
    missing = np.array([list(orjson.loads(MANIFEST)["missing"].values())], np.float32)
    assert ranker.score(np.full_like(missing, np.nan)) == ranker.score(missing)


def test_id_is_name_and_digest():
    """The id names the model and the first digits of its digest."""
    assert OnnxRanker(MODEL, MANIFEST).id == f"ranker-{Part.of(MODEL).sha256[:8]}"


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((3, len(FEATURES) - 1), np.float32),
        np.zeros((3, len(FEATURES)), np.float64),
        np.zeros(len(FEATURES), np.float32),
        np.full((1, len(FEATURES)), np.inf, np.float32),
    ],
    ids=["narrow", "double", "flat", "infinite"],
)
def test_wrong_features_are_refused(rows):
    """A matrix of another shape or type, or one that leads to scores that are not finite, gives no scores."""
    with pytest.raises(InvalidModel):
        OnnxRanker(MODEL, MANIFEST).score(rows)


def test_a_flipped_byte_is_refused():
    """Bytes that are not those the manifest names are not loaded."""
    damaged = bytearray(MODEL)
    damaged[len(damaged) // 2] ^= 1
    with pytest.raises(InvalidModel, match="sha256 differs"):
        OnnxRanker(bytes(damaged), MANIFEST)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"features": [*reversed(FEATURES)]}, "another order"),
        ({"features": [*FEATURES[1:], "age_of_visitor"]}, "age_of_visitor"),
        ({"missing": dict.fromkeys(FEATURES)}, "damaged"),
        ({"missing": {}}, "features"),
        ({"format": 2}, "format"),
        ({"dtype": "float64"}, "float32"),
        ({"opset": 12}, "opset"),
        ({"training": None}, "damaged"),
    ],
    ids=["order", "other", "none", "lacking", "format", "dtype", "opset", "training"],
)
def test_a_manifest_that_does_not_fit_is_refused(changes, fault):
    """The manifest must name this code's features in order, its own format and a value for each missing one."""
    with pytest.raises(InvalidModel, match=fault):
        OnnxRanker(MODEL, manifest_for(MODEL, **changes))


def test_a_manifest_that_is_no_json_is_refused():
    """Damaged JSON is an invalid model, not another error."""
    with pytest.raises(InvalidModel, match="damaged"):
        OnnxRanker(MODEL, MANIFEST[:-9])


def poison(model: onnx.ModelProto) -> None:
    """Put NaN into the first weight."""
    array = numpy_helper.to_array(model.graph.initializer[0]).copy()
    array[0, 0] = np.nan
    model.graph.initializer[0].raw_data = array.tobytes()


def move_outside(model: onnx.ModelProto) -> None:
    """Keep the first tensor in another file."""
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def add_custom_operator(model: onnx.ModelProto) -> None:
    """Use an operator of a foreign domain."""
    model.graph.node.append(helper.make_node("Relu", ["scores"], ["x"], domain="foreign"))


def add_subgraph(model: onnx.ModelProto) -> None:
    """Use an operator that runs a graph of its own."""
    model.graph.node.append(helper.make_node("If", ["scores"], ["x"], then_branch=model.graph))


def add_function(model: onnx.ModelProto) -> None:
    """Define a function inside the model."""
    model.functions.append(helper.make_function("d", "f", ["a"], ["b"], [], [helper.make_opsetid("", 17)]))


def claim_a_giant(model: onnx.ModelProto) -> None:
    """Declare a tensor far larger than its data."""
    model.graph.initializer[0].dims[0] = 2**40


def widen_output(model: onnx.ModelProto) -> None:
    """Give one column of scores instead of a vector."""
    last = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 1 and tensor.name[:6] == "weight")
    last.dims.append(1)
    model.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1


def rename_input(model: onnx.ModelProto) -> None:
    """Call the input something else."""
    model.graph.input[0].name = model.graph.node[0].input[0] = "x"


def break_wiring(model: onnx.ModelProto) -> None:
    """Let a node take what nobody gives."""
    model.graph.node[1].input[0] = "nothing"


def import_foreign(model: onnx.ModelProto) -> None:
    """Import a foreign operator set."""
    model.opset_import.add(domain="foreign", version=1)


CHANGES = [
    poison,
    move_outside,
    add_custom_operator,
    add_subgraph,
    add_function,
    claim_a_giant,
    widen_output,
    rename_input,
    break_wiring,
    import_foreign,
]


@pytest.mark.parametrize("change", CHANGES, ids=[change.__name__ for change in CHANGES])
def test_a_model_that_is_more_or_less_than_a_perceptron_is_refused(change):
    """Even with a manifest that vouches for it, such a file is not loaded."""
    model = altered(change)
    with pytest.raises(InvalidModel):
        OnnxRanker(model, manifest_for(model))


def test_an_unchanged_model_passes_the_same_way():
    """The control of the test above: serialising the good model again changes nothing."""
    model = altered(lambda _: None)
    assert OnnxRanker(model, manifest_for(model)).id


def test_a_large_file_is_refused_before_it_is_read():
    """Above the size limit nothing of the file is parsed."""
    model = bytes(MAX_MODEL_BYTES + 1)
    with pytest.raises(InvalidModel, match="at most"):
        OnnxRanker(model, manifest_for(model))


@given(place=st.integers(0, len(MODEL) - 1), value=st.integers(0, 255), cut=st.integers(0, len(MODEL)))
def test_damaged_files_are_refused_or_read_but_never_crash(place, value, cut):
    """Whatever byte is changed and wherever the file is cut, the inspection answers or raises InvalidModel."""
    damaged = bytearray(MODEL)
    damaged[place] = value
    for data in (bytes(damaged), MODEL[:cut]):
        try:
            inspect(data)
        except InvalidModel:
            continue


@given(
    seed=st.integers(0, 2**32 - 1), n=st.integers(1, 300), hidden=st.lists(st.integers(1, 70), min_size=1, max_size=3)
)
def test_scores_are_those_of_a_runtime_for_all_of_onnx(seed, n, hidden):
    """Of any perceptron, over rows of very different sizes: what numpy computes is what the format means."""
    model = to_onnx(*make_network(seed, hidden=tuple(hidden)), "ranker")
    rng = np.random.default_rng(seed)
    rows = (rng.normal(size=(n, len(FEATURES))) * 10.0 ** rng.integers(-3, 4, len(FEATURES))).astype(np.float32)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (expected,) = session.run([OUTPUT], {INPUT: rows})
    scores = inspect(model).run(rows)
    assert (scores.shape, scores.dtype) == ((n,), np.float32)
    assert np.abs(scores - expected).max() <= 1e-6 * (1.0 + np.abs(rows).max())  # sums of float32, in another order


def test_a_perceptron_tells_what_it_is_made_of():
    """Operators in order, numbers, width; and it refuses to be taken for another."""
    network = inspect(MODEL)
    assert network.ops == ("Gemm", "Relu", "Gemm", "Relu", "MatMul")
    assert network.width == len(FEATURES)
    assert network.n_weights == len(FEATURES) * 8 + 8 + 8 * 4 + 4 + 4
    with pytest.raises(InvalidModel, match="takes"):
        network.check_shape(len(FEATURES) + 1)

"""Export of a network to ONNX."""

import numpy as np
import onnx
import pytest

from tests.unit.rankers import make_network, make_ranker_files
from vitrine.adapters.onnx_graph import inspect
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.decisions.features import FEATURES
from vitrine.refresh.export import OPSET, fold, to_onnx
from vitrine.refresh.network import score


def test_exported_model_scores_like_the_network():
    """ONNX on raw features and numpy on standardised ones agree to float32 precision, missing values included."""
    network, scaling = make_network(1)
    rows = np.random.default_rng(2).normal(5.0, 3.0, (200, len(FEATURES))).astype(np.float32)
    rows[::7, 3] = np.nan
    ranker = OnnxRanker(*make_ranker_files(network, scaling))
    assert ranker.score(rows) == pytest.approx(score(network, scaling.apply(rows)), abs=1e-4)


def test_folding_keeps_the_scores():
    """Standardisation inside the first layer and before it are the same function."""
    network, scaling = make_network(3)
    rows = np.random.default_rng(4).normal(5.0, 3.0, (50, len(FEATURES))).astype(np.float32)
    assert score(fold(network, scaling), rows) == pytest.approx(score(network, scaling.apply(rows)), abs=1e-4)


def test_export_repeats_bit_for_bit():
    """The same network gives the same bytes."""
    assert to_onnx(*make_network(5), "ranker") == to_onnx(*make_network(5), "ranker")


def test_exported_model_declares_its_borders():
    """Input [n, d] and output [n] are declared, so the runtime has nothing to warn about."""
    model = onnx.load_from_string(to_onnx(*make_network(6), "ranker"))
    shapes = [
        [dimension.dim_param or dimension.dim_value for dimension in border.type.tensor_type.shape.dim]
        for border in (model.graph.input[0], model.graph.output[0])
    ]
    assert shapes == [["n", len(FEATURES)], ["n"]]


def test_exported_model_is_a_plain_perceptron():
    """Two layers and an output of the declared sizes, of the declared opset."""
    facts = inspect(to_onnx(*make_network(7, hidden=(8, 4)), "ranker"))
    assert facts.ops == ("Gemm", "Relu", "Gemm", "Relu", "MatMul")
    assert facts.opset == OPSET
    assert facts.n_weights == len(FEATURES) * 8 + 8 + 8 * 4 + 4 + 4

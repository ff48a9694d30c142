"""Refuse an ONNX file that is not a plain perceptron, before any runtime parses it.

onnxruntime loads whatever it is given: external files, custom operators, a gigabyte of zeros. The `onnx` package could
tell, but serving does not carry it. An ONNX file is a Protocol Buffers message (onnx.proto of onnx/onnx; encoding:
protobuf.dev/programming-guides/encoding), so forty lines read as much of it as needed. Every field that is not named
here is refused, so that nothing can hide in one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np

from vitrine.errors import InvalidModel

ALLOWED_OPS: Final = frozenset({"Gemm", "Relu", "MatMul"})
FLOAT: Final = 1  # TensorProto.DataType

Fields = list[tuple[str, "int | bytes"]]

MODEL_FIELDS: Final = {1: "ir_version", 2: "producer_name", 7: "graph", 8: "opset_import"}
OPSET_FIELDS: Final = {1: "domain", 2: "version"}
GRAPH_FIELDS: Final = {1: "node", 2: "name", 5: "initializer", 11: "input", 12: "output"}
NODE_FIELDS: Final = {1: "input", 2: "output", 3: "name", 4: "op_type"}
TENSOR_FIELDS: Final = {1: "dims", 2: "data_type", 8: "name", 9: "raw_data"}

VARINT: Final = 0
LENGTH: Final = 2


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """What a checked model consists of: its operator set, operators in order, and number of weights."""

    opset: int
    ops: tuple[str, ...]
    n_weights: int


def inspect(data: bytes) -> GraphFacts:
    """The facts of a model that is only allowed operators over finite float32 tensors inside the file.

    Raises:
        InvalidModel: anything else, damaged bytes included.
    """
    model = _fields(data, MODEL_FIELDS, "the model")
    graphs = [value for name, value in model if name == "graph"]
    if len(graphs) != 1:
        raise InvalidModel(f"the model has {len(graphs)} graphs, expected one")
    graph = _fields(_message(graphs[0]), GRAPH_FIELDS, "the graph")
    ops = tuple(_operator(_message(value)) for name, value in graph if name == "node")
    n_weights = sum(_tensor_size(_message(value)) for name, value in graph if name == "initializer")
    return GraphFacts(_opset(model), ops, n_weights)


def _opset(model: Fields) -> int:
    """Version of the one, standard, operator set."""
    imports = [
        _fields(_message(value), OPSET_FIELDS, "an operator set") for name, value in model if name == "opset_import"
    ]
    versions = [value for fields in imports for name, value in fields if name == "version"]
    domains = [value for fields in imports for name, value in fields if name == "domain" and value]
    if len(imports) != 1 or len(versions) != 1 or domains or not isinstance(versions[0], int):
        raise InvalidModel("the model uses other operators than the standard ones")
    return versions[0]


def _operator(node: bytes) -> str:
    names = [value for name, value in _fields(node, NODE_FIELDS, "a node") if name == "op_type"]
    op = _message(names[0]).decode("ascii", "replace") if len(names) == 1 else "?"
    if op not in ALLOWED_OPS:
        raise InvalidModel(f"the model uses the operator {op!r}; allowed are {', '.join(sorted(ALLOWED_OPS))}")
    return op


def _tensor_size(tensor: bytes) -> int:
    """Number of weights in a tensor."""
    fields = _fields(tensor, TENSOR_FIELDS, "a tensor")
    single: Mapping[str, int | bytes] = dict(fields)
    n = prod(_dimensions(fields))
    raw = single.get("raw_data")
    if single.get("data_type") != FLOAT or not isinstance(raw, bytes) or len(raw) != 4 * n:
        raise InvalidModel("a tensor of the model is not float32 of its declared shape inside the file")
    if not np.isfinite(np.frombuffer(raw, "<f4")).all():
        raise InvalidModel("the model has weights that are not finite")
    return n


def _dimensions(fields: Fields) -> list[int]:
    """Dimensions of a tensor, which the encoding may pack into one field or repeat."""
    dimensions: list[int] = []
    for name, value in fields:
        if name != "dims":
            continue
        if isinstance(value, int):
            dimensions.append(value)
        else:
            at = 0
            while at < len(value):
                dimension, at = _varint(value, at)
                dimensions.append(dimension)
    return dimensions


def _message(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise InvalidModel("the model file is damaged: a number where a message belongs")
    return value


def _fields(data: bytes, known: Mapping[int, str], where: str) -> Fields:
    """The fields of a message in order, every one of them known."""
    return [(known[number], value) for number, value in _walk(data, known, where)]


def _walk(data: bytes, known: Mapping[int, str], where: str) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if number not in known:
            raise InvalidModel(f"{where} of the file has field {number}, which a plain perceptron does not need")
        value, at = _varint(data, at)
        if wire == VARINT:
            yield number, value
        elif wire == LENGTH and at + value <= len(data):
            yield number, data[at : at + value]
            at += value
        else:
            raise InvalidModel(f"the model file is damaged in {where}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A base-128 number of at most 64 bits at a place, and the place after it."""
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise InvalidModel("the model file is damaged: it ends inside a number")

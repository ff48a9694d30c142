"""Read a plain perceptron from an ONNX file, and refuse a file that is anything else.

A general runtime loads whatever it is given: external files, custom operators, a gigabyte of zeros. An ONNX file is a
Protocol Buffers message (onnx.proto of onnx/onnx; encoding: protobuf.dev/programming-guides/encoding), so forty lines
read as much of it as needed. Every field that is not named here is refused, so that nothing can hide in one.
"""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.adapters.perceptron import Layer, Perceptron
from vitrine.decisions.model import INPUT, OUTPUT
from vitrine.errors import InvalidModel
from vitrine.values import dataclass

N_INPUTS: Final[Mapping[str, int]] = {"Gemm": 3, "Relu": 1, "MatMul": 2}
"""The operators that are allowed, with what each takes: the layer before, weights, bias."""

MAX_SIZE: Final = 1 << 20  # of a dimension: above what a file of 5 MB can hold
FLOAT: Final = 1  # TensorProto.DataType

Fields = list[tuple[str, "int | bytes"]]

MODEL_FIELDS: Final = {1: "ir_version", 2: "producer_name", 7: "graph", 8: "opset_import"}
OPSET_FIELDS: Final = {1: "domain", 2: "version"}
GRAPH_FIELDS: Final = {1: "node", 2: "name", 5: "initializer", 11: "input", 12: "output"}
NODE_FIELDS: Final = {1: "input", 2: "output", 3: "name", 4: "op_type"}
VALUE_FIELDS: Final = {1: "name", 2: "type"}
TYPE_FIELDS: Final = {1: "tensor_type"}
TENSOR_TYPE_FIELDS: Final = {1: "elem_type", 2: "shape"}
SHAPE_FIELDS: Final = {1: "dim"}
SIZE_FIELDS: Final = {1: "dim_value", 2: "dim_param"}
TENSOR_FIELDS: Final = {1: "dims", 2: "data_type", 8: "name", 9: "raw_data"}

VARINT: Final = 0
LENGTH: Final = 2


@dataclass(frozen=True, slots=True)
class _Node:
    """An operator with the names of what it takes and gives."""

    op: str
    inputs: tuple[str, ...]
    output: str


def inspect(data: bytes) -> Perceptron:
    """The perceptron in a file: allowed operators in a row, from INPUT to OUTPUT, over finite float32 tensors.

    Raises:
        InvalidModel: anything else, damaged bytes included.
    """
    model = _fields(data, MODEL_FIELDS, "the model")
    graphs = [value for name, value in model if name == "graph"]
    if len(graphs) != 1:
        raise InvalidModel(f"the model has {len(graphs)} graphs, expected one")
    graph = _fields(_message(graphs[0]), GRAPH_FIELDS, "the graph")
    width = _check_border([(name, *_value(_message(value))) for name, value in graph if name in ("input", "output")])
    nodes = [_node(_message(value)) for name, value in graph if name == "node"]
    tensors = dict(_tensor(_message(value)) for name, value in graph if name == "initializer")
    return Perceptron(_opset(model), width, tuple(_in_a_row(nodes, tensors)))


def _check_border(border: list[tuple[str, str, list[int | str]]]) -> int:
    """The number of features that the model declares to take."""
    match border:
        case [("input", name, ["n", int(width)]), ("output", result, ["n"])] if (name, result) == (INPUT, OUTPUT):
            return width
    raise InvalidModel(f"the model maps {border}, expected {INPUT} [n, d] to {OUTPUT} [n]")


def _in_a_row(nodes: list[_Node], tensors: dict[str, NDArray[np.float32]]) -> Iterator[Layer]:
    """The layers, each of which takes what the one before gives."""
    last = INPUT
    for node in nodes:
        first, *weights = node.inputs
        if first != last or len(node.inputs) != N_INPUTS[node.op] or not all(name in tensors for name in weights):
            raise InvalidModel(f"the model's {node.op} takes {', '.join(node.inputs)}, expected {last} and its weights")
        yield Layer(node.op, *(tensors[name] for name in weights))
        last = node.output
    if last != OUTPUT:
        raise InvalidModel(f"the model ends in {last!r}, expected {OUTPUT}")


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


def _value(data: bytes) -> tuple[str, list[int | str]]:
    """Name and dimensions of a declared input or output: numbers, or names of what may vary."""
    kinds = [_message(value) for name, value in _fields(data, VALUE_FIELDS, "a value") if name == "type"]
    tensors = [_message(value) for kind in kinds for _, value in _fields(kind, TYPE_FIELDS, "a type")]
    fields = [field for tensor in tensors for field in _fields(tensor, TENSOR_TYPE_FIELDS, "a type")]
    if [value for name, value in fields if name == "elem_type"] != [FLOAT]:
        raise InvalidModel("the model takes or gives something else than float32")
    shapes = [_message(value) for name, value in fields if name == "shape"]
    sizes = [size for shape in shapes for _, size in _fields(shape, SHAPE_FIELDS, "a shape")]
    told = [value for size in sizes for _, value in _fields(_message(size), SIZE_FIELDS, "a size")]
    return _name(data, VALUE_FIELDS), [one if isinstance(one, int) else one.decode("ascii", "replace") for one in told]


def _node(data: bytes) -> _Node:
    fields = _fields(data, NODE_FIELDS, "a node")
    named = [(name, _message(value).decode("ascii", "replace")) for name, value in fields]
    ops = [text for name, text in named if name == "op_type"]
    if len(ops) != 1 or ops[0] not in N_INPUTS:
        raise InvalidModel(f"the model uses the operator {ops[0] if ops else '?'!r}; allowed are {', '.join(N_INPUTS)}")
    inputs = tuple(text for name, text in named if name == "input")
    outputs = [text for name, text in named if name == "output"]
    if not inputs or len(outputs) != 1:
        raise InvalidModel(f"a {ops[0]} of the model has {len(inputs)} inputs and {len(outputs)} outputs")
    return _Node(ops[0], inputs, outputs[0])


def _tensor(data: bytes) -> tuple[str, NDArray[np.float32]]:
    """Name and values of a tensor."""
    fields = _fields(data, TENSOR_FIELDS, "a tensor")
    single: Mapping[str, int | bytes] = dict(fields)
    shape = _dimensions(fields)
    raw = single.get("raw_data")
    if not 1 <= len(shape) <= 2 or not all(0 < size <= MAX_SIZE for size in shape):
        raise InvalidModel(f"a tensor of the model has dimensions {shape[:3]}, expected one or two")
    if single.get("data_type") != FLOAT or not isinstance(raw, bytes) or len(raw) != 4 * prod(shape):
        raise InvalidModel("a tensor of the model is not float32 of its declared shape inside the file")
    values = np.frombuffer(raw, "<f4").reshape(shape)
    if not np.isfinite(values).all():
        raise InvalidModel("the model has weights that are not finite")
    return _name(data, TENSOR_FIELDS), values


def _name(data: bytes, known: Mapping[int, str]) -> str:
    names = [value for name, value in _fields(data, known, "a name") if name == "name"]
    return _message(names[0]).decode("ascii", "replace") if len(names) == 1 else "?"


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

"""The ranker: an ONNX model under onnxruntime, refused unless it is exactly what its manifest says.

onnxruntime runs a file with flipped bytes without a word, so the SHA-256 is compared before anything parses the file,
and the graph is inspected before the runtime sees it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

from vitrine.adapters.onnx_graph import inspect
from vitrine.decisions.features import FEATURES
from vitrine.decisions.model import INPUT, MAX_MODEL_BYTES, OUTPUT, RankerManifest, parse_ranker_manifest
from vitrine.decisions.release import Part
from vitrine.errors import InvalidModel

ERRORS_ONLY: Final = 3  # onnxruntime's log severity

RUNTIME_ERRORS: Final = (
    runtime.EPFail,
    runtime.Fail,
    runtime.InvalidArgument,
    runtime.InvalidGraph,
    runtime.InvalidProtobuf,
    runtime.NotImplemented,
    runtime.RuntimeException,
)
"""onnxruntime's errors have no common root below Exception."""


class OnnxRanker:
    """Scores candidates by a model that passed its checks. One thread; safe to share between threads."""

    def __init__(self, model: bytes, manifest: bytes, features: Sequence[str] = FEATURES) -> None:
        """Check and load a model with its manifest.json, made for these features: by default those of a page.

        Raises:
            InvalidModel: the file is not what the manifest names, is above 5 MB, is more than a plain perceptron, or
                does not map [n, d] float32 to [n] float32.
        """
        self.manifest: Final[RankerManifest] = parse_ranker_manifest(manifest, features)
        self._session: Final = _open(model, self.manifest)
        self._missing: Final = np.array(list(self.manifest.missing.values()), np.float32)  # [d]
        self.score(np.full((1, len(self._missing)), np.nan, np.float32))

    @property
    def id(self) -> str:
        """Name and short digest of the model."""
        return self.manifest.id

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """One finite score per row of the [n, d] matrix, larger is better; NaN is replaced as the manifest says.

        Raises:
            InvalidModel: the matrix or the scores have another shape or type, or a score is not finite.
        """
        d = len(self._missing)
        if features.ndim != 2 or features.shape[1] != d or features.dtype != np.float32:
            raise InvalidModel(f"features are {features.dtype} {features.shape}, expected float32 (n, {d})")
        if not len(features):
            return np.empty(0, np.float32)  # onnxruntime's MatMul fails on an empty operand
        filled = np.where(np.isnan(features), self._missing, features)
        try:
            (scores,) = self._session.run([OUTPUT], {INPUT: filled})
        except RUNTIME_ERRORS as error:
            raise InvalidModel(f"the model failed: {error}") from error
        if scores.shape != (len(features),) or scores.dtype != np.float32 or not np.isfinite(scores).all():
            raise InvalidModel(f"the model gave {scores.dtype} {scores.shape} for {len(features)} rows, or not finite")
        checked: NDArray[np.float32] = scores
        return checked


def _open(model: bytes, manifest: RankerManifest) -> onnxruntime.InferenceSession:
    """A session over checked bytes."""
    if len(model) > MAX_MODEL_BYTES:
        raise InvalidModel(f"the model has {len(model):,} bytes, at most {MAX_MODEL_BYTES:,} are allowed")
    if Part.of(model).sha256 != manifest.sha256:
        raise InvalidModel("the model is not the one that its manifest names (sha256 differs)")
    facts = inspect(model)
    if facts.opset != manifest.opset:
        raise InvalidModel(f"the model is of opset {facts.opset}, its manifest says {manifest.opset}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except RUNTIME_ERRORS as error:
        raise InvalidModel(f"the model does not load: {error}") from error
    _check_border(session, len(manifest.missing))
    return session


def _check_border(session: onnxruntime.InferenceSession, d: int) -> None:
    given = [(node.name, node.type, node.shape) for node in (*session.get_inputs(), *session.get_outputs())]
    wanted = [(INPUT, "tensor(float)", ["n", d]), (OUTPUT, "tensor(float)", ["n"])]
    if given != wanted:
        raise InvalidModel(f"the model maps {given}, expected {wanted}")

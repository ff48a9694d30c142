"""The ranker: an ONNX model, refused unless it is exactly what its manifest says.

A file with flipped bytes would run without a word, so the SHA-256 is compared before anything parses it.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.adapters.onnx_graph import inspect
from vitrine.adapters.perceptron import Perceptron
from vitrine.decisions.features import FEATURES
from vitrine.decisions.model import MAX_MODEL_BYTES, RankerManifest, parse_ranker_manifest
from vitrine.decisions.release import Part
from vitrine.errors import InvalidModel


class OnnxRanker:
    """Scores candidates by a model that passed its checks. One thread; safe to share between threads."""

    def __init__(self, model: bytes, manifest: bytes, features: Sequence[str] = FEATURES) -> None:
        """Check and load a model with its manifest.json, made for these features: by default those of a page.

        Raises:
            InvalidModel: the file is not what the manifest names, is above 5 MB, is more than a plain perceptron, or
                does not map [n, d] float32 to [n] float32.
        """
        self.manifest: Final[RankerManifest] = parse_ranker_manifest(manifest, features)
        self._network: Final = _open(model, self.manifest)
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
            return np.empty(0, np.float32)
        scores = self._network.run(np.where(np.isnan(features), self._missing, features))
        if not np.isfinite(scores).all():
            raise InvalidModel(f"the model gave scores that are not finite for {len(features)} rows")
        return scores


def _open(model: bytes, manifest: RankerManifest) -> Perceptron:
    """The network in checked bytes."""
    if len(model) > MAX_MODEL_BYTES:
        raise InvalidModel(f"the model has {len(model):,} bytes, at most {MAX_MODEL_BYTES:,} are allowed")
    if Part.of(model).sha256 != manifest.sha256:
        raise InvalidModel("the model is not the one that its manifest names (sha256 differs)")
    network = inspect(model)
    if network.opset != manifest.opset:
        raise InvalidModel(f"the model is of opset {network.opset}, its manifest says {manifest.opset}")
    network.check_shape(len(manifest.missing))
    return network

"""Small rankers for tests."""

import numpy as np

from vitrine.decisions.features import FEATURES
from vitrine.decisions.model import RankerManifest
from vitrine.decisions.release import Part
from vitrine.refresh.export import OPSET, to_onnx
from vitrine.refresh.network import Network, Scaling, initialise


def make_network(seed: int, hidden: tuple[int, ...] = (8, 4)) -> tuple[Network, Scaling]:
    """An untrained network and a scaling for the ranker's features."""
    rng = np.random.default_rng(seed)
    d = len(FEATURES)
    mean = rng.normal(0.0, 2.0, d).astype(np.float32)
    deviation = rng.uniform(0.5, 3.0, d).astype(np.float32)
    return initialise((d, *hidden), rng), Scaling(mean, mean, deviation)


def make_ranker_files(network: Network, scaling: Scaling) -> tuple[bytes, bytes]:
    """Bytes of model.onnx and of its manifest.json."""
    model = to_onnx(network, scaling, "ranker")
    missing = dict(zip(FEATURES, map(float, scaling.missing), strict=True))
    return model, RankerManifest("ranker", Part.of(model).sha256, OPSET, missing, {}, {}).to_bytes()

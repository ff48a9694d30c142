"""What a ranker's manifest says, and what every model must obey before it may score a page view.

`manifest.json` lies beside `model.onnx`, in the repository's `models/ranker/` and in every release (as `ranker.json`).
It binds the model's bytes to the features they were trained on: names in order, what replaces a missing value, and the
SHA-256 of the file.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

import orjson

from vitrine.decisions.features import FEATURES
from vitrine.errors import InvalidModel
from vitrine.values import dataclass

RANKER_FORMAT: Final = 1
DTYPE: Final = "float32"
MAX_MODEL_BYTES: Final = 5_000_000
INPUT: Final = "features"
OUTPUT: Final = "scores"


@dataclass(frozen=True, slots=True)
class RankerManifest:
    """The promises of one model file. `training` and `metrics` inform people; serving does not look at them."""

    name: str
    sha256: str
    opset: int
    missing: Mapping[str, float]
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Name and short digest."""
        return f"{self.name}-{self.sha256[:8]}"

    def to_bytes(self) -> bytes:
        """Readable canonical JSON."""
        plain = {
            "format": RANKER_FORMAT,
            "name": self.name,
            "features": list(self.missing),
            "dtype": DTYPE,
            "missing": dict(self.missing),
            "opset": self.opset,
            "sha256": self.sha256,
            "training": dict(self.training),
            "metrics": dict(self.metrics),
        }
        return orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def parse_ranker_manifest(data: bytes, expected: Sequence[str] = FEATURES) -> RankerManifest:
    """The manifest in these bytes, when its model fits the features that this code makes, by default a page's.

    Raises:
        InvalidModel: not a manifest of this format, or made for other features, types or missing values.
    """
    try:
        plain = orjson.loads(data)
        if plain["format"] != RANKER_FORMAT or plain["dtype"] != DTYPE:
            raise InvalidModel(f"the ranker's manifest is not of format {RANKER_FORMAT} with {DTYPE} features")
        if tuple(plain["features"]) != tuple(expected) or tuple(plain["missing"]) != tuple(expected):
            raise InvalidModel(_feature_gap(plain["features"], expected))
        missing = {name: float(value) for name, value in plain["missing"].items()}
        if not all(map(isfinite, missing.values())):
            raise InvalidModel("the ranker's manifest replaces a missing value by one that is not finite")
        return RankerManifest(
            name=str(plain["name"]),
            sha256=str(plain["sha256"]),
            opset=int(plain["opset"]),
            missing=missing,
            training=dict(plain["training"]),
            metrics=dict(plain["metrics"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidModel(f"the ranker's manifest is damaged: {error!r}") from error


def _feature_gap(names: object, expected: Sequence[str]) -> str:
    """Which features differ, in words."""
    given = [str(name) for name in names] if isinstance(names, list) else []
    unknown, lacking = sorted(set(given) - set(expected)), sorted(set(expected) - set(given))
    if unknown or lacking:
        return f"the ranker was trained on other features: it lacks {lacking}, and knows {unknown} that we do not"
    return "the ranker was trained on the same features in another order"

"""Golden vectors: a few rows of features and the scores that a ranker gave them when it was made.

They lie in its manifest, and whoever loads the ranker has it score them again. So another runtime, processor or
feature code under the same file is noticed before a page view is ranked by it, which no digest of the file can do.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.model import RankerManifest
from vitrine.errors import InvalidModel

Floats = NDArray[np.float32]
GOLDEN: Final = "golden"
"""Where the vectors stand among the manifest's facts of training."""

MAX_VECTORS: Final = 16
TOLERANCE: Final = 1e-3
"""Of 1 + |score|: sums of 32-bit products differ by a hundredth of this between processors."""


def golden_vectors(rows: Floats, scores: Floats) -> Mapping[str, Any]:
    """The vectors as JSON: rows [n, d], a missing value as null, and their scores [n]."""
    plain = [[None if np.isnan(value) else float(value) for value in row] for row in rows]
    return {"rows": plain, "scores": [float(score) for score in scores]}


def has_golden(manifest: RankerManifest) -> bool:
    """Whether the manifest holds vectors; rankers that were made before there were any hold none."""
    return GOLDEN in manifest.training


def check_golden(manifest: RankerManifest, score: Callable[[Floats], Floats]) -> None:
    """Have the ranker score its manifest's vectors; one without vectors passes.

    Raises:
        InvalidModel: it gives other scores than when it was made, or the vectors are damaged.
    """
    if not has_golden(manifest):
        return
    rows, expected = _parsed(manifest.training[GOLDEN], len(manifest.missing))
    apart = np.abs(score(rows) - expected) / (1.0 + np.abs(expected))
    if not (apart <= TOLERANCE).all():
        raise InvalidModel(f"the model does not give its golden vectors the scores of its manifest: {apart.max():.2g}")


def _parsed(plain: object, width: int) -> tuple[Floats, Floats]:
    """Rows float32 [n, d] and scores float32 [n], 0 < n <= MAX_VECTORS."""
    try:
        told: Mapping[str, Any] = plain  # type: ignore[assignment]
        rows = np.array(
            [[np.nan if value is None else value for value in row] for row in told["rows"]], dtype=np.float32
        )
        scores = np.array(told["scores"], dtype=np.float32)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidModel(f"the golden vectors are damaged: {error!r}") from error
    if rows.shape != (len(scores), width) or not 0 < len(scores) <= MAX_VECTORS or not np.isfinite(scores).all():
        raise InvalidModel(f"the golden vectors are {rows.shape} rows with {scores.shape} scores, or not finite")
    return rows, scores

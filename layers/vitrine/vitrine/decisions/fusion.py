"""Reciprocal-rank fusion: one order from several lists, without a model."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.parts import Floats

RANK_FUSION_K: Final = 60.0  # Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion", SIGIR 2009

PLACE_BITS: Final = 24
SCORE_BITS: Final = 32


def fused(matrix: Floats) -> Floats:
    """What each candidate gets from lists in rows: float32 [n], larger is better, 0 for one that no list names.

    A list gives 1 / (K + rank) to those it names; of equal scores the first candidate ranks first. At most 256 lists
    of 16 million candidates.
    """
    n_rows, n = matrix.shape
    known = np.flatnonzero(~np.isnan(matrix))
    row, place = np.divmod(known, n) if n else (known, known)
    ranked = np.sort(_sort_keys(row, matrix.reshape(-1)[known], place))
    counts = np.bincount(row, minlength=n_rows)
    rank = np.arange(len(known)) - np.repeat(np.cumsum(counts) - counts, counts)
    total: Floats = np.zeros(n, np.float32)
    gains = (1.0 / (RANK_FUSION_K + 1.0 + rank)).astype(np.float32)
    np.add.at(total, (ranked & np.uint64((1 << PLACE_BITS) - 1)).astype(np.intp), gains)
    return total


def _sort_keys(row: NDArray[np.intp], scores: Floats, place: NDArray[np.intp]) -> NDArray[np.uint64]:
    """Numbers that ascend by row, falling score and place: one sort of them ranks all lists.

    The bits of a float32 ascend with its value once those of negative ones are flipped.
    """
    bits = (0.0 - scores).view(np.int32)  # 0 for either zero
    falling = (bits ^ ((bits >> 31) | np.int32(-(2**31)))).view(np.uint32).astype(np.uint64)
    keys: NDArray[np.uint64] = row.astype(np.uint64) << np.uint64(SCORE_BITS + PLACE_BITS)
    keys |= falling << np.uint64(PLACE_BITS)
    keys |= place.astype(np.uint64)
    return keys

"""How much a visitor likes a category, as far as the candidates of the page tell."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.candidates import Candidates, Floats, Seed

LEVELS: Final = ("leaf", "category", "department")


def likings(candidates: Candidates, levels: Sequence[str] = LEVELS) -> dict[int, float]:
    """Share, 0..1, of the visitor's own score by code of a category path; of their seeds' weight without an own score.

    Empty when there is neither. A path that is a leaf here and a department there counts as the department.
    """
    own = np.nan_to_num(candidates.lists.get("personal", np.empty(0, np.float32)))
    if float(own.sum()) > 0.0:
        return _by_level(candidates.item, own, levels)
    weights = np.array([seed.weight for seed in candidates.seeds], np.float32)
    if float(weights.sum()) <= 0.0:
        return {}
    return _by_level({name: seed_codes(candidates.seeds, name) for name in levels}, weights, levels)


def shares(codes: NDArray[Any], weights: Floats) -> dict[int, float]:
    """Share of the weight on each code that has any; empty when there is no weight."""
    mass: dict[int, float] = {}  # a dictionary beats numpy's unique for the hundred items that a visitor has
    for code, weight in zip(codes.tolist(), weights.tolist(), strict=True):
        if weight > 0.0:
            mass[code] = mass.get(code, 0.0) + weight
    total = sum(mass.values())
    return {code: weight / total for code, weight in mass.items()}


def seed_codes(seeds: Sequence[Seed], column: str) -> NDArray[Any]:
    """The seeds' own codes: the first row of a seed's table is the seed itself."""
    return np.array([seed.table.columns[column][0] for seed in seeds], np.uint32)


def _by_level(columns: Mapping[str, NDArray[Any]], weights: Floats, levels: Sequence[str]) -> dict[int, float]:
    liked: dict[int, float] = {}
    for level in levels:
        liked |= shares(columns[level], weights)
    return liked

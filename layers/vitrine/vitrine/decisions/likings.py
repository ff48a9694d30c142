"""How much a visitor likes a category, as far as the candidates of the page tell."""

from collections.abc import Sequence
from struct import iter_unpack
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ItemTable
from vitrine.catalog.parts import PATH, RECORD
from vitrine.decisions.candidates import Candidates, Floats, Seed

LEVELS: Final = ("leaf", "category", "department")


def likings(candidates: Candidates, levels: Sequence[str] = LEVELS) -> dict[int, float]:
    """Share, 0..1, of the visitor's own score by code of a category path; of their seeds' weight without an own score.

    Empty when there is neither. A path that is a leaf here and a department there counts as the department.
    """
    own = known_weights(candidates.lists.get("personal", np.empty(0, np.float32)))
    liked: dict[int, float] = {}
    if float(own.sum()) > 0.0:
        for level in levels:
            liked |= shares(candidates.item[level], own)
        return liked
    weights = seed_weights(candidates.seeds)
    codes = [codes_of(seed.table, PATH, 1)[0] for seed in candidates.seeds]  # a seed's table begins with the seed
    for level in levels:
        liked |= shares_of([each[PATH.index(level)] for each in codes], weights)
    return liked


def known_weights(column: Floats) -> Floats:
    """The column with 0 where it has no number, as numpy's nan_to_num, which takes ten times as long."""
    known = np.isfinite(column)
    return column if known.all() else np.nan_to_num(column)


def shares(codes: NDArray[Any], weights: Floats) -> dict[int, float]:
    """Share of the weight on each code that has any; empty when there is no weight."""
    return shares_of(codes.tolist(), weights.tolist())


def shares_of(codes: Sequence[int], weights: Sequence[float]) -> dict[int, float]:
    """The same of lists."""
    mass: dict[int, float] = {}  # a dictionary beats numpy's unique for the hundred items that a visitor has
    for code, weight in zip(codes, weights, strict=True):
        if weight > 0.0:
            mass[code] = mass.get(code, 0.0) + weight
    total = sum(mass.values())
    return {code: weight / total for code, weight in mass.items()}


def seed_weights(seeds: Sequence[Seed]) -> list[float]:
    """The seeds' weights, as precise as scores are."""
    weights: list[float] = np.array([seed.weight for seed in seeds], np.float32).tolist()
    return weights


def codes_of(table: ItemTable, names: Sequence[str], n: int = -1) -> list[tuple[int, ...]]:
    """The codes of the table's items (of its first n) in these columns, which are PATH or TRAITS of catalog.parts.

    All of them from the parts, and quicker than columns that nobody else looks at are decoded.
    """
    parts = table.parts
    place_of, kinds = ("path", parts.paths) if names is PATH else ("traits", parts.traits)
    known = list(iter_unpack(f"<{len(names)}I", kinds))
    return [known[place] for place in np.frombuffer(parts.records, RECORD, n)[place_of].tolist()]

"""No row of one kind: how many items of a category path, an aisle or a brand a row may still take."""

from collections import Counter
from typing import Final

from vitrine.decisions.actions import ProductRow
from vitrine.decisions.candidates import Candidates

UNKNOWN: Final = 0
"""Instead of the code of a brand that nobody told, see decisions.foresight: items of unknown brands are not of one."""


class Variety:
    """Counts what a row has taken. Bounds that so few picks cannot reach cost nothing."""

    def __init__(self, row: ProductRow, candidates: Candidates, n_picks: int) -> None:
        limits = {"leaf": row.max_per_kind, "category": row.max_per_category, "brand": row.max_per_brand}
        self._bounds: list[tuple[list[int], int, Counter[int]]] = [
            (candidates.item[name].tolist(), limit, Counter()) for name, limit in limits.items() if limit < n_picks
        ]

    def has_room(self, index: int) -> bool:
        """Whether a candidate may be taken without going over a bound."""
        return all(counts[codes[index]] < limit for codes, limit, counts in self._bounds)

    def count(self, index: int) -> None:
        """A candidate is taken."""
        for codes, _, counts in self._bounds:
            if codes[index] != UNKNOWN:
                counts[codes[index]] += 1

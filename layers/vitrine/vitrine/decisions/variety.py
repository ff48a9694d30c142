"""No row of one kind: how many items of a category path, an aisle or a brand a row may still take."""

from collections.abc import Collection
from typing import Any, Final

from numpy.typing import NDArray

from vitrine.decisions.actions import ProductRow
from vitrine.decisions.candidates import Candidates
from vitrine.decisions.pool import Places

UNKNOWN: Final = 0
"""Instead of the code of a brand that nobody told, see decisions.foresight: items of unknown brands are not of one."""


class Variety:
    """Counts what a row has taken. Bounds that so few picks cannot reach cost nothing."""

    def __init__(self, row: ProductRow, candidates: Candidates, n_picks: int) -> None:
        limits = (("leaf", row.max_per_kind), ("category", row.max_per_category), ("brand", row.max_per_brand))
        self._bounds: list[tuple[NDArray[Any], int, dict[int, int]]] = [
            (candidates.item[name], limit, {}) for name, limit in limits if limit < n_picks
        ]

    def first(self, best: Places, n: int, gone: Collection[int], *, is_bounded: bool = True) -> list[int]:
        """Take the first n of these candidates that are not gone and fit."""
        if not self._bounds:
            return [index for index in best[: n + len(gone)].tolist() if index not in gone][:n]
        taken: list[int] = []
        for index in best.tolist():
            if index not in gone and self.take(index, is_bounded=is_bounded):
                taken.append(index)
                if len(taken) == n:
                    break
        return taken

    def take(self, index: int, *, is_bounded: bool = True) -> bool:
        """Take a candidate. False, and it is not taken, when it `is_bounded` and would go over a bound."""
        if is_bounded:
            for codes, limit, counts in self._bounds:
                if counts.get(codes.item(index), 0) >= limit:
                    return False
        for codes, _, counts in self._bounds:
            code = codes.item(index)
            if code != UNKNOWN:
                counts[code] = counts.get(code, 0) + 1
        return True

"""Write the score columns of lists into columns over all candidates; related lists add up over their seeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ItemTable


class Scatter:
    """Columns of n NaN that lists are written into."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.columns: dict[str, NDArray[np.float32]] = {}
        self.strongest: dict[str, NDArray[np.int16]] = {}
        self._best: dict[str, NDArray[np.float32]] = {}

    def put(self, names: Sequence[str], at: NDArray[np.intp], table: ItemTable, columns: Sequence[str]) -> None:
        """Columns of a table under new names."""
        for name, source in zip(names, columns, strict=True):
            column = np.full(self.n, np.nan, np.float32)
            column[at] = table.columns[source]
            self.columns[name] = column

    def add(self, name: str, at: NDArray[np.intp], values: NDArray[Any], seed: int) -> None:
        """A seed's neighbours, on top of what other seeds have given them."""
        known = ~np.isnan(values)
        at, values = at[known], values[known].astype(np.float32)
        if name not in self.columns:
            self.columns[name] = np.full(self.n, np.nan, np.float32)
            self.strongest[name] = np.full(self.n, -1, np.int16)
            self._best[name] = np.full(self.n, -np.inf, np.float32)
        column, best = self.columns[name], self._best[name]
        column[at] = np.nan_to_num(column[at]) + values
        stronger = values > best[at]
        best[at[stronger]] = values[stronger]
        self.strongest[name][at[stronger]] = seed

    def part(self, seeds: list[int]) -> None:
        """Seeds are no neighbours of each other: who saw two jars is not told to see them again."""
        for name, strongest in self.strongest.items():
            if name != "viewed":
                self.columns[name][seeds] = np.nan
                strongest[seeds] = -1

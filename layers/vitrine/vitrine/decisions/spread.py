"""The scores of a page's tables as one matrix: a row per list, a column per candidate, NaN for "not in this list".

Related lists add up over their seeds, each with the seed's weight. All scores of all tables are written at once: what
that costs grows with how many there are, and hardly with how many tables they come from.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.parts import MAX_SCORES, Floats, Parts, known_cells, scores_of
from vitrine.decisions.pool import Pool

COLUMN_BITS: Final = MAX_SCORES.bit_length() - 1


class ListRows(Mapping[str, Floats]):
    """Columns by name that are rows of one matrix float32 [rows, n]."""

    __slots__ = ("matrix", "rows")

    def __init__(self, matrix: Floats, rows: Mapping[str, int]) -> None:
        self.matrix = matrix
        self.rows = rows

    def __getitem__(self, name: str) -> Floats:
        row: Floats = self.matrix[self.rows[name]]
        return row

    def __contains__(self, name: object) -> bool:
        return name in self.rows

    def __iter__(self) -> Iterator[str]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class Source(NamedTuple):
    """A table's place in the matrix: its k-th score column is row `base` + k. `weight` is that of a seed, else None."""

    table: Parts
    base: int
    weight: float | None = None


class Spread:
    """The matrix of a pool's tables, of which the seeds' follow each other: float32 [n_rows, n]."""

    def __init__(self, pool: Pool, sources: Sequence[Source], n_rows: int) -> None:
        n, sizes = len(pool), [source.table.n_scores for source in sources]
        cells = known_cells(b"".join([source.table.known for source in sources]))
        rows = pool.per_row([source.base * n for source in sources]) + pool.place
        targets = rows.take(cells >> COLUMN_BITS) + (cells & (MAX_SCORES - 1)) * n
        scores = scores_of([source.table for source in sources])
        self.matrix: Floats = np.full((n_rows, n), np.nan, np.float32)
        flat = self.matrix.reshape(-1)
        weights = [source.weight for source in sources if source.weight is not None]
        first = next((at for at, source in enumerate(sources) if source.weight is not None), len(sources))
        last = first + len(weights)
        start, end = sum(sizes[:first]), sum(sizes[:last])
        flat[targets[:start]] = scores[:start]
        flat[targets[end:]] = scores[end:]
        self._sizes = sizes[first:last]
        self._targets, self._scores = targets[start:end], scores[start:end]
        self._scores *= np.array(weights, np.float32).repeat(self._sizes)
        flat[self._targets] = 0.0
        np.add.at(flat, self._targets, self._scores)

    def strongest(self, row: int) -> NDArray[np.int16]:
        """Which seed gave most to each candidate in this row, the first one of equals: int16 [n], -1 for none."""
        n = self.matrix.shape[1]
        place = self._targets - row * n
        here = ((place >= 0) & (place < n)).nonzero()[0][::-1]  # the last seed first, to be written before its equals
        rising = here.take(self._scores.take(here).argsort(kind="stable"))
        seed = np.arange(len(self._sizes), dtype=np.int16).repeat(self._sizes)
        found = np.full(n, -1, np.int16)
        found[place.take(rising)] = seed.take(rising)  # of repeated places the last one written stays
        return found

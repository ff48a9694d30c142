"""The items of several tables, each once: where each comes from, and its columns, decoded as they are asked for."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import overload

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.columns import Column
from vitrine.catalog.parts import CODE, PATH, PATH_BYTES, RECORD, SEPARATOR, TRAITS, TRAITS_BYTES, Parts
from vitrine.types import ItemId
from vitrine.values import dataclass

Places = NDArray[np.intp]


class Ids(Sequence[ItemId]):
    """n ids, spelled out when the first one is asked for: a page names a dozen of its hundreds of candidates."""

    __slots__ = ("_ids", "_n", "_spell")

    def __init__(self, n: int, spell: Callable[[], list[ItemId]]) -> None:
        self._n = n
        self._spell = spell
        self._ids: list[ItemId] | None = None

    @property
    def spelled(self) -> list[ItemId]:
        """All of them."""
        if self._ids is None:
            self._ids = self._spell()
        return self._ids

    @overload
    def __getitem__(self, at: int) -> ItemId: ...
    @overload
    def __getitem__(self, at: slice) -> list[ItemId]: ...
    def __getitem__(self, at: int | slice) -> ItemId | list[ItemId]:
        return self.spelled[at]

    def __iter__(self) -> Iterator[ItemId]:
        return iter(self.spelled)

    def __len__(self) -> int:
        return self._n

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.spelled == list(other)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of goods: each table's own, so that one can be there more than once.

    `paths` are codes uint32 [k, 3] and `traits` [m, 2], see catalog.parts. `path` int [n] and `trait` [n] tell which
    are those of a candidate, `seed_path` [s] which is that of the first row of a seed's table.
    """

    paths: Column
    traits: Column
    path: Places
    trait: Places
    seed_path: Places

    def column(self, name: str) -> Column:
        """The codes of the candidates: [n]."""
        if name in PATH:
            codes, place = self.paths[:, PATH.index(name)], self.path
        else:
            codes, place = self.traits[:, TRAITS.index(name)], self.trait
        column: Column = codes.take(place)
        return column

    def take(self, at: Places) -> "Kinds":
        """The same of the candidates at these places."""
        return Kinds(self.paths, self.traits, self.path.take(at), self.trait.take(at), self.seed_path)


class Pool:
    """All rows of the tables one after another, and the different items among them, ascending by key.

    `place` int [rows] tells which item a row is of. The columns of an item are those of its `first` row, int [n].
    """

    def __init__(self, tables: Sequence[Parts]) -> None:
        self._tables = tables
        self._sizes = [table.n for table in tables]
        self._table = np.arange(len(tables)).repeat(self._sizes)  # [rows]
        self._records = np.frombuffer(b"".join([table.records for table in tables]), RECORD)
        self.first, self.place = distinct(self._records["key"])
        self._own = self._records.take(self.first)

    def __len__(self) -> int:
        return len(self.first)

    def spell(self) -> list[ItemId]:
        """The items' ids."""
        rows = SEPARATOR.join([table.ids for table in self._tables if table.n]).split(SEPARATOR)
        return [rows[at] for at in self.first.tolist()]

    def column(self, name: str) -> Column:
        """One of the columns that are no codes: [n]."""
        return self._own[name]

    def heads(self) -> Places:
        """The first row of each table."""
        return np.array([0, *accumulate(self._sizes)][:-1], np.intp)

    def per_row(self, values: Sequence[int]) -> Places:
        """A value per table as one per row."""
        return np.array(values, np.intp).take(self._table)

    def kinds(self, seeds: Places) -> Kinds:
        """The kinds of all items, and of the seeds, whose rows are given."""
        paths, traits = [table.paths for table in self._tables], [table.traits for table in self._tables]
        path, trait = self.per_row(_starts(paths, PATH_BYTES)), self.per_row(_starts(traits, TRAITS_BYTES))
        return Kinds(
            paths=np.frombuffer(b"".join(paths), CODE).reshape(-1, len(PATH)),
            traits=np.frombuffer(b"".join(traits), CODE).reshape(-1, len(TRAITS)),
            path=path.take(self.first) + self._own["path"],
            trait=trait.take(self.first) + self._own["traits"],
            seed_path=path.take(seeds) + self._records["path"].take(seeds),
        )


def _starts(codes: Sequence[bytes], size: int) -> list[int]:
    """Where the codes of each table begin among those of all."""
    return [0, *accumulate(len(part) // size for part in codes[:-1])][: len(codes)]


def distinct(keys: Column) -> tuple[Places, Places]:
    """The first place of each different key, ascending by key, and for each place which of them it has.

    numpy's `unique` tells the same in twice the time.
    """
    order = keys.argsort(kind="stable")
    ordered = keys.take(order)
    is_new = np.ones(len(keys), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    place = np.empty(len(keys), np.intp)
    place[order] = np.add.accumulate(is_new, dtype=np.intp) - 1
    return order.compress(is_new), place

"""Columns of items that are made when they are first asked for: a page looks at few of those that its lists have."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from numpy.typing import NDArray

Column = NDArray[Any]


class Columns(Mapping[str, Column]):
    """A mapping of these names whose columns `make` makes, once each."""

    __slots__ = ("_made", "_make", "_names")

    def __init__(self, names: Collection[str], make: Callable[[str], Column]) -> None:
        self._names = names
        self._make = make
        self._made: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        column = self._made.get(name)
        if column is None:
            if name not in self._names:
                raise KeyError(name)
            column = self._made[name] = self._make(name)
        return column

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

"""Merge the lists that were read into one set of candidates in columns, provenance kept.

Every list contributes a score column; NaN says "not in this list". Related lists are summed over their seeds (the
page's item, the cart, the last items seen), each with the seed's weight, per role, so that a placement can ask for
"bought together with the cart" and a reason can name the seed that contributed most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable
from vitrine.types import ItemId

Floats = NDArray[np.float32]
Role = Literal["page", "cart", "recent"]
ROLES: Final[tuple[Role, ...]] = ("page", "cart", "recent")

LISTS: Final = (
    "personal",
    *SHELF_COLUMNS,
    *(f"category_{name}" for name in SHELF_COLUMNS),
    *(f"{relation}_{role}" for role in ROLES for relation in RELATION_COLUMNS),
    "viewed",
)
"""Names of the lists a candidate can come from. `viewed` holds the recent seeds themselves, scored by their weight."""

MAX_SEEDS_PER_ROLE: Final = 5
RECENT_DECAY: Final = 0.8

RANK_FUSION_K: Final = 60.0  # Cormack, Clarke and Buettcher, "Reciprocal Rank Fusion", SIGIR 2009


@dataclass(frozen=True, slots=True)
class Seed:
    """An item of the visit whose neighbours are candidates. `table` is its row: first itself, then its neighbours."""

    item: ItemId
    role: Role
    weight: float
    table: ItemTable


def recent_weight(index: int) -> float:
    """Weight of the index-th last item seen (0 is the newest); the page's item and the cart weigh 1."""
    return RECENT_DECAY**index


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists that were read for one page view; None where there is none or it was not read."""

    personal: ItemTable | None = None
    shelf: ItemTable | None = None
    category_shelf: ItemTable | None = None
    seeds: Sequence[Seed] = ()


@dataclass(frozen=True, slots=True)
class Candidates:
    """n items in columns.

    `item` holds ITEM_COLUMNS, `lists` one float32 score column per name of LISTS that has any item (NaN: not in it),
    `history` the other PERSONAL_COLUMNS (NaN: never bought). `seed` maps a related list to the index into `seeds` of
    the strongest contributor per candidate (-1: none).
    """

    ids: Sequence[ItemId]
    item: Mapping[str, NDArray[Any]]
    lists: Mapping[str, Floats]
    history: Mapping[str, Floats]
    seed: Mapping[str, NDArray[np.int16]]
    seeds: Sequence[Seed]

    def __len__(self) -> int:
        return len(self.ids)


def merge(lists: Lists, cap: int = 500) -> Candidates:
    """All items of the lists, each once, at most `cap`: of more than that, those that fusion ranks first."""
    tables = [table for table in (lists.personal, lists.shelf, lists.category_shelf) if table is not None]
    tables += [seed.table for seed in lists.seeds]
    if not tables:
        return Candidates((), {name: np.empty(0, dtype) for name, dtype in ITEM_COLUMNS.items()}, {}, {}, {}, ())
    all_keys = np.concatenate([table.columns["key"] for table in tables])
    _, first, position = np.unique(all_keys, return_index=True, return_inverse=True)
    n = len(first)
    places = np.split(position, np.cumsum([len(table) for table in tables])[:-1])
    scatter = _Scatter(n)

    place = iter(places)
    if lists.personal is not None:
        at = next(place)
        for name in PERSONAL_COLUMNS:
            scatter.put(name, at, lists.personal.columns[name])
    for shelf, prefix in ((lists.shelf, ""), (lists.category_shelf, "category_")):
        if shelf is not None:
            at = next(place)
            for name in SHELF_COLUMNS:
                scatter.put(prefix + name, at, shelf.columns[name])
    own_places = []
    for index, (seed, at) in enumerate(zip(lists.seeds, place, strict=True)):
        own_places += at[:1].tolist()
        for relation in RELATION_COLUMNS:
            scatter.add(f"{relation}_{seed.role}", at, seed.weight * seed.table.columns[relation], index)
        if seed.role == "recent" and len(at):
            scatter.add("viewed", at[:1], np.array([seed.weight], np.float32), index)

    scatter.part(own_places)
    ids = [item for table in tables for item in table.ids]
    history: dict[str, Floats] = {
        name: scatter.columns.pop(name) for name in PERSONAL_COLUMNS[1:] if name in scatter.columns
    }
    merged = Candidates(
        ids=[ids[i] for i in first],
        item={name: np.concatenate([table.columns[name] for table in tables])[first] for name in ITEM_COLUMNS},
        lists=scatter.columns,
        history=history,
        seed=scatter.strongest,
        seeds=lists.seeds,
    )
    return merged if n <= cap else take(merged, np.sort(np.argsort(-fuse(merged), kind="stable")[:cap]))


class _Scatter:
    """Columns of n NaN that lists are written into."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.columns: dict[str, Floats] = {}
        self.strongest: dict[str, NDArray[np.int16]] = {}
        self._best: dict[str, Floats] = {}

    def put(self, name: str, at: NDArray[np.intp], values: NDArray[Any]) -> None:
        column = np.full(self.n, np.nan, np.float32)
        column[at] = values
        self.columns[name] = column

    def add(self, name: str, at: NDArray[np.intp], values: NDArray[Any], seed: int) -> None:
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


def take(candidates: Candidates, at: NDArray[np.intp]) -> Candidates:
    """The candidates at the given indices, in that order."""
    return Candidates(
        ids=[candidates.ids[i] for i in at],
        item={name: column[at] for name, column in candidates.item.items()},
        lists={name: column[at] for name, column in candidates.lists.items()},
        history={name: column[at] for name, column in candidates.history.items()},
        seed={name: column[at] for name, column in candidates.seed.items()},
        seeds=candidates.seeds,
    )


def fuse(candidates: Candidates) -> Floats:
    """Reciprocal-rank fusion of all lists: float32 [n], larger is better. Needs no model: the raw candidate score."""
    total = np.zeros(len(candidates), np.float32)
    for column in candidates.lists.values():
        known = np.flatnonzero(~np.isnan(column))
        order = known[np.argsort(-column[known], kind="stable")]
        total[order] += (1.0 / (RANK_FUSION_K + 1.0 + np.arange(len(order)))).astype(np.float32)
    return total

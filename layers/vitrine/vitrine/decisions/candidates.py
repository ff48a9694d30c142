"""Merge the lists that were read into one set of candidates in columns, provenance kept.

Every list contributes a score column; NaN says "not in this list". Related lists are summed over their seeds (the
page's item, the cart, the last items seen), each with the seed's weight, per role, so that a placement can ask for
"bought together with the cart" and a reason can name the seed that contributed most.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable
from vitrine.decisions.scatter import Scatter
from vitrine.types import ItemId

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Role = Literal["page", "cart", "recent"]
ROLES: Final[tuple[Role, ...]] = ("page", "cart", "recent")

PERSONAL_LISTS: Final = PERSONAL_COLUMNS[:2]
"""The scores of a visitor's own items: `personal` by habit, `replenish` by how nearly they should be used up."""

HISTORY: Final = PERSONAL_COLUMNS[2:]
"""What else is known of them."""

PERSONA_LISTS: Final = tuple(f"persona_{name}" for name in SHELF_COLUMNS)
"""The shelf of the visitor's persona in their region, which is read where a strategy asks for it."""

NEXT: Final = "next"
"""What this visit is likely to look at next, which is worked out where a strategy asks for it."""

LISTS: Final = (
    *PERSONAL_LISTS,
    *SHELF_COLUMNS,
    *(f"category_{name}" for name in SHELF_COLUMNS),
    *PERSONA_LISTS,
    *(f"{relation}_{role}" for role in ROLES for relation in RELATION_COLUMNS),
    "viewed",
    NEXT,
)
"""Names of the lists a candidate can come from. `viewed` holds the recent seeds themselves, scored by their weight.

Beside them a page can have shelves of named categories: `<one of SHELF_COLUMNS>@<category path>`."""

RELATIVE: Final = ("upsell", "downsell", "bundle")
"""Relations that answer a question about one item (what is dearer, what is a set with it) and say nothing of whether
the visitor wants it: they do not count in fusion."""

FUSED: Final = tuple(
    name for name in LISTS if name not in (*PERSONA_LISTS, NEXT) and name.rpartition("_")[0] not in RELATIVE
)
"""The lists that every page has, as far as it has them, and that speak for an item."""

MAX_SEEDS_PER_ROLE: Final = 5
RECENT_DECAY: Final = 0.8

MAX_KEPT_PER_SHELF: Final = 60
"""So many of a named shelf are candidates at most: a row shows a dozen, some are sold out or alike."""

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
    """The lists that were read for one page view; None where there is none or it was not read.

    `named_shelves` are shelves by category path, `persona_shelf` is that of the visitor's persona, `next_items` (score
    column `next`) what is likely to be looked at next: strategies ask for them by name.
    """

    personal: ItemTable | None = None
    shelf: ItemTable | None = None
    category_shelf: ItemTable | None = None
    seeds: Sequence[Seed] = ()
    named_shelves: Mapping[str, ItemTable] = field(default_factory=dict)
    persona_shelf: ItemTable | None = None
    next_items: ItemTable | None = None

    def shelves(self) -> Iterator[tuple[ItemTable, Sequence[str]]]:
        """Every shelf and the names of the lists that its SHELF_COLUMNS are."""
        if self.shelf is not None:
            yield self.shelf, SHELF_COLUMNS
        if self.category_shelf is not None:
            yield self.category_shelf, [f"category_{name}" for name in SHELF_COLUMNS]
        for path, shelf in self.named_shelves.items():
            yield shelf, named_lists(path)
        if self.persona_shelf is not None:
            yield self.persona_shelf, PERSONA_LISTS

    def asked_for(self) -> list[Sequence[str]]:
        """Names of the lists of each table that only some strategies draw from."""
        names: list[Sequence[str]] = [named_lists(path) for path in self.named_shelves]
        names += [PERSONA_LISTS] if self.persona_shelf is not None else []
        return names + ([(NEXT,)] if self.next_items is not None else [])


def persona_scope(persona: str | None) -> str | None:
    """What the shelf of a persona is kept under, where other shelves have a category path; None without a persona."""
    return None if persona is None else f"@{persona}"


def named_lists(path: str) -> list[str]:
    """Names of the lists of a category's shelf, in the order of SHELF_COLUMNS."""
    return [f"{name}@{path}" for name in SHELF_COLUMNS]


@dataclass(frozen=True, slots=True)
class Candidates:
    """n items in columns.

    `item` holds ITEM_COLUMNS, `lists` one float32 score column per list that has any item (NaN: not in it), `history`
    the columns of HISTORY (NaN: never bought). `seed` maps a related list to the index into `seeds` of the
    strongest contributor per candidate (-1: none).
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
    """All items of the lists, each once. Of more than `cap`, those that fusion ranks first; beside them, of each shelf
    that was asked for at most MAX_KEPT_PER_SHELF."""
    shelves = list(lists.shelves())
    tables = [lists.personal] if lists.personal is not None else []
    tables += [shelf for shelf, _ in shelves]
    tables += [seed.table for seed in lists.seeds]
    tables += [lists.next_items] if lists.next_items is not None else []  # last: of its items only cards tell
    if not tables:
        return Candidates((), {name: np.empty(0, dtype) for name, dtype in ITEM_COLUMNS.items()}, {}, {}, {}, ())
    all_keys = np.concatenate([table.columns["key"] for table in tables])
    _, first, position = np.unique(all_keys, return_index=True, return_inverse=True)
    n = len(first)
    place = iter(np.split(position, np.cumsum([len(table) for table in tables])[:-1]))
    scatter = Scatter(n)
    if lists.personal is not None:
        scatter.put(PERSONAL_COLUMNS, next(place), lists.personal, PERSONAL_COLUMNS)
    for shelf, names in shelves:
        scatter.put(names, next(place), shelf, SHELF_COLUMNS)
    _scatter_seeds(scatter, [(seed, next(place)) for seed in lists.seeds])
    if lists.next_items is not None:
        scatter.put((NEXT,), next(place), lists.next_items, (NEXT,))
    ids = [item for table in tables for item in table.ids]
    history: dict[str, Floats] = {name: scatter.columns.pop(name) for name in HISTORY if name in scatter.columns}
    merged = Candidates(
        ids=[ids[i] for i in first],
        item={name: np.concatenate([table.columns[name] for table in tables])[first] for name in ITEM_COLUMNS},
        lists=scatter.columns,
        history=history,
        seed=scatter.strongest,
        seeds=lists.seeds,
    )
    asked_for = lists.asked_for()
    if n <= cap and not asked_for:
        return merged
    best = _best(merged, cap, asked_for)
    return merged if len(best) == n else take(merged, best)


def _scatter_seeds(scatter: Scatter, placed: Iterable[tuple[Seed, NDArray[np.intp]]]) -> None:
    own_places: list[int] = []
    for index, (seed, at) in enumerate(placed):
        own_places += at[:1].tolist()
        for relation in RELATION_COLUMNS:
            scatter.add(f"{relation}_{seed.role}", at, seed.weight * seed.table.columns[relation], index)
        if seed.role == "recent" and len(at):
            scatter.add("viewed", at[:1], np.array([seed.weight], np.float32), index)
    scatter.part(own_places)


def _best(candidates: Candidates, cap: int, asked_for: Iterable[Sequence[str]]) -> NDArray[np.intp]:
    """Indices of the candidates that stay, ascending: as many as without those shelves, and the best of each of them.

    So a campaign that asks for a shelf changes nothing for the rows that do not.
    """
    stays = _top(fuse(candidates), cap)
    for names in asked_for:
        shelf = [candidates.lists[name] for name in names]
        stays |= _top(_fused(shelf, len(candidates)), MAX_KEPT_PER_SHELF)
    return np.flatnonzero(stays)


def _top(score: Floats, n: int) -> NDArray[np.bool_]:
    """The n candidates with the largest scores above 0: bool [len(score)]."""
    chosen = score > 0.0
    chosen[np.argsort(-score, kind="stable")[n:]] = False
    return chosen


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
    """Reciprocal-rank fusion of the FUSED lists: float32 [n], larger is better. The raw score, without a model."""
    return _fused([column for name, column in candidates.lists.items() if name in FUSED], len(candidates))


def _fused(columns: Iterable[Floats], n: int) -> Floats:
    total = np.zeros(n, np.float32)
    for column in columns:
        known = np.flatnonzero(~np.isnan(column))
        order = known[np.argsort(-column[known], kind="stable")]
        total[order] += (1.0 / (RANK_FUSION_K + 1.0 + np.arange(len(order)))).astype(np.float32)
    return total

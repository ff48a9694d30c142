"""Merge the lists that were read into one set of candidates in columns, provenance kept.

Every list contributes a score column; NaN says "not in this list". Related lists are summed over their seeds (the
page's item, the cart, the last items seen), each with the seed's weight, per role, so that a placement can ask for
"bought together with the cart" and a reason can name the seed that contributed most.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.columns import Columns
from vitrine.catalog.packed import ITEM_COLUMNS, PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS, ItemTable
from vitrine.catalog.parts import PLAIN, SEPARATOR, parts_of
from vitrine.catalog.parts import Floats as Floats
from vitrine.decisions.fusion import fused
from vitrine.decisions.list_names import CATEGORY_LISTS, ROLE_LISTS, VIEWED, Layout, layout_of, named_lists
from vitrine.decisions.list_names import FUSED as FUSED
from vitrine.decisions.list_names import LISTS as LISTS
from vitrine.decisions.list_names import NEXT as NEXT
from vitrine.decisions.list_names import PERSONA_LISTS as PERSONA_LISTS
from vitrine.decisions.list_names import RELATIVE as RELATIVE
from vitrine.decisions.list_names import ROLES as ROLES
from vitrine.decisions.list_names import Role as Role
from vitrine.decisions.pool import Ids, Kinds, Places, Pool
from vitrine.decisions.spread import ListRows, Source, Spread
from vitrine.types import ItemId
from vitrine.values import dataclass, field

Mask = NDArray[np.bool_]

MAX_SEEDS_PER_ROLE: Final = 5
RECENT_DECAY: Final = 0.8

MAX_KEPT_PER_SHELF: Final = 60
"""So many of a named shelf are candidates at most: a row shows a dozen, some are sold out or alike."""


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

    Every seed is another item. `named_shelves` are shelves by category path, `persona_shelf` is that of the visitor's
    persona, `next_items` (score column `next`) what is likely to be looked at next: strategies ask for them by name.
    """

    personal: ItemTable | None = None
    shelf: ItemTable | None = None
    category_shelf: ItemTable | None = None
    seeds: Sequence[Seed] = ()
    named_shelves: Mapping[str, ItemTable] = field(default_factory=dict)
    persona_shelf: ItemTable | None = None
    next_items: ItemTable | None = None

    def shelves(self) -> Iterator[tuple[ItemTable, tuple[str, ...]]]:
        """Every shelf and the names of the lists that its SHELF_COLUMNS are."""
        if self.shelf is not None:
            yield self.shelf, SHELF_COLUMNS
        if self.category_shelf is not None:
            yield self.category_shelf, CATEGORY_LISTS
        for path, shelf in self.named_shelves.items():
            yield shelf, named_lists(path)
        if self.persona_shelf is not None:
            yield self.persona_shelf, PERSONA_LISTS

    def asked_for(self) -> list[Sequence[str]]:
        """Names of the lists of each table that only some strategies draw from."""
        lists: list[Sequence[str]] = [named_lists(path) for path in self.named_shelves]
        lists += [PERSONA_LISTS] if self.persona_shelf is not None else []
        return lists + ([(NEXT,)] if self.next_items is not None else [])


def persona_scope(persona: str | None) -> str | None:
    """What the shelf of a persona is kept under, where other shelves have a category path; None without a persona."""
    return None if persona is None else f"@{persona}"


@dataclass(frozen=True, slots=True)
class Candidates:
    """n items in columns, ascending by key.

    `item` holds ITEM_COLUMNS, `lists` one float32 score column per list that was read (NaN: not in it), `history` the
    columns of HISTORY (NaN: never bought). `seed` maps a related list to the index into `seeds` of the strongest
    contributor per candidate (int16, -1: none). What nobody asks for is not decoded. `layout` is for who looks at many
    lists at once, `kinds` for who looks at categories.
    """

    ids: Sequence[ItemId]
    item: Mapping[str, NDArray[Any]]
    lists: ListRows
    history: ListRows
    seed: Mapping[str, NDArray[np.int16]]
    seeds: Sequence[Seed]
    layout: Layout
    kinds: Kinds

    def __len__(self) -> int:
        return len(self.ids)


def merge(lists: Lists, cap: int = 500) -> Candidates:
    """All items of the lists, each once. Of more than `cap`, those that fusion ranks first; beside them, of each shelf
    that was asked for at most MAX_KEPT_PER_SHELF."""
    merged = _merged(lists)
    asked_for = lists.asked_for()
    if len(merged) <= cap and not asked_for:
        return merged
    best = _best(merged, cap, asked_for)
    return merged if len(best) == len(merged) else take(merged, best)


class _Drawn(NamedTuple):
    """A table, which of its columns count, and what lists they are; `weight` is that of a seed, else None."""

    table: ItemTable
    columns: tuple[str, ...]
    names: tuple[str, ...]
    weight: float | None = None

    def source(self, layout: Layout) -> Source:
        """Its parts and their place, with those columns alone."""
        parts = self.table.parts
        if parts.names != SEPARATOR.join(self.columns):
            known = self.table.columns
            parts = parts_of(self.table.ids, {name: known[name] for name in (*ITEM_COLUMNS, *self.columns)})
        return Source(parts, layout.base(self.names), self.weight)


def _drawn(lists: Lists, seeds: Sequence[Seed]) -> list[_Drawn]:
    """All tables. The first one that has an item tells its columns: of foreseen items only cards tell."""
    drawn = [_Drawn(lists.personal, PERSONAL_COLUMNS, PERSONAL_COLUMNS)] if lists.personal is not None else []
    drawn += [_Drawn(shelf, SHELF_COLUMNS, names) for shelf, names in lists.shelves()]
    drawn += [_Drawn(seed.table, RELATION_COLUMNS, ROLE_LISTS[seed.role], seed.weight) for seed in seeds]
    return drawn + ([_Drawn(lists.next_items, (NEXT,), (NEXT,))] if lists.next_items is not None else [])


def _layout(drawn: Iterable[_Drawn]) -> Layout:
    groups: dict[tuple[str, ...], None] = {}
    for names in (each.names for each in drawn):
        groups[names] = None
        if names == ROLE_LISTS["recent"]:
            groups[(VIEWED,)] = None
    return layout_of(tuple(groups))


def _merged(lists: Lists) -> Candidates:
    """All items of the lists."""
    seeds = [seed for seed in lists.seeds if len(seed.table)]
    drawn = _drawn(lists, seeds)
    layout = _layout(drawn)
    sources = [each.source(layout) for each in drawn]
    pool = Pool([source.table for source in sources])
    spread = Spread(pool, sources, len(layout))
    before = sum(source.weight is None for source in sources) - (lists.next_items is not None)
    heads = pool.heads()[before : before + len(seeds)]
    return Candidates(
        ids=Ids(len(pool), pool.spell),
        item=_item_columns(pool, kinds := pool.kinds(heads)),
        lists=ListRows(spread.matrix, layout.lists),
        history=ListRows(spread.matrix, layout.history),
        seed=_seat(spread, layout, seeds, pool.place[heads]),
        seeds=seeds,
        layout=layout,
        kinds=kinds,
    )


def _item_columns(pool: Pool, kinds: Kinds) -> Columns:
    return Columns(ITEM_COLUMNS, lambda name: pool.column(name) if name in PLAIN else kinds.column(name))


def _seat(spread: Spread, layout: Layout, seeds: Sequence[Seed], own: Places) -> Columns:
    """Take the seeds out of each other's neighbours, who saw two jars is not told to see them again, and put the recent
    ones on a list of their own. `own` are their places. What is returned names the strongest seed, see Candidates.
    """
    roles = list(dict.fromkeys([seed.role for seed in seeds]))
    if seeds:
        first, last = layout.base(ROLE_LISTS[roles[0]]), layout.base(ROLE_LISTS[roles[-1]]) + len(RELATION_COLUMNS)
        spread.matrix[first:last, own] = np.nan
    recent = [at for at, seed in enumerate(seeds) if seed.role == "recent"]
    if recent:
        spread.matrix[layout.lists[VIEWED], own[recent]] = [seeds[at].weight for at in recent]

    def strongest(name: str) -> NDArray[np.int16]:
        if name == VIEWED:
            found = np.full(spread.matrix.shape[1], -1, np.int16)
            found[own[recent]] = recent
        else:
            found = spread.strongest(layout.lists[name])
            found[own] = -1
        return found

    related = [name for role in roles for name in ROLE_LISTS[role]]
    return Columns([*related, VIEWED] if recent else related, strongest)


def _best(candidates: Candidates, cap: int, asked_for: Iterable[Sequence[str]]) -> Places:
    """Indices of the candidates that stay, ascending: as many as without those shelves, and the best of each of them.

    So a campaign that asks for a shelf changes nothing for the rows that do not.
    """
    stays = _top(fuse(candidates), cap)
    for shelf in asked_for:
        first = candidates.layout.base(shelf)
        stays |= _top(fused(candidates.lists.matrix[first : first + len(shelf)]), MAX_KEPT_PER_SHELF)
    return np.flatnonzero(stays)


def _top(score: Floats, n: int) -> Mask:
    """The n candidates with the largest scores above 0: bool [len(score)]."""
    chosen = score > 0.0
    if n < len(score):
        chosen[np.argsort(-score, kind="stable")[n:]] = False
    return chosen


def take(candidates: Candidates, at: Places) -> Candidates:
    """The candidates at the given indices, in that order."""
    ids, item, seed, matrix = candidates.ids, candidates.item, candidates.seed, candidates.lists.matrix[:, at]
    return Candidates(
        ids=Ids(len(at), lambda: [ids[place] for place in at.tolist()]),
        item=Columns(item, lambda name: item[name][at]),
        lists=ListRows(matrix, candidates.layout.lists),
        history=ListRows(matrix, candidates.layout.history),
        seed=Columns(seed, lambda name: seed[name][at]),
        seeds=candidates.seeds,
        layout=candidates.layout,
        kinds=candidates.kinds.take(at),
    )


def fuse(candidates: Candidates) -> Floats:
    """Reciprocal-rank fusion of the FUSED lists: float32 [n], larger is better. The raw score, without a model."""
    return fused(candidates.lists.matrix[candidates.layout.fused])

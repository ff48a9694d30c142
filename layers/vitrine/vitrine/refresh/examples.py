"""Page views to learn from and to test on, made of real baskets by the very code that serves.

The data knows what was bought, not what was looked at. Therefore each basket is turned into the situations that serving
meets: a known visitor on the home page with nothing looked at yet; the same visitor once some items of the basket have
been seen or put into the cart; a visitor of whom only this visit is known; and a known visitor in the aisle of
something they went on to buy. Candidates, features and seed weights come from `decisions`, and features are computed
before anything is left out, so that a ranker meets in serving what it met in training.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ItemTable, item_key
from vitrine.decisions.candidates import Candidates, Floats, Lists, Role, Seed, merge, recent_weight, take
from vitrine.decisions.features import FEATURES, features
from vitrine.refresh.network import Groups
from vitrine.types import DAY_MS, ItemId, RegionId, VisitorId
from vitrine.values import dataclass

Situation = Literal["home", "visit", "new_visitor", "category"]
SITUATIONS: Final[tuple[Situation, ...]] = ("home", "visit", "new_visitor", "category")
ON_SHELF: Final = ("category_popular", "category_discounted")
"""Lists that fill a category page; what else is known of the visit informs the order there, and adds no items."""

MAX_REVEALED: Final = 4


class Snapshot(Protocol):
    """The lists as they stood at an instant; `refresh.lists` builds them."""

    @property
    def as_of_ms(self) -> int:
        """The instant the lists look back from."""
        ...

    def personal(self, visitor: VisitorId) -> ItemTable | None:
        """A visitor's own items, None for a visitor without purchases."""
        ...

    def related(self, item: ItemId) -> ItemTable | None:
        """An item followed by its neighbours, None for an item without any."""
        ...

    def shelf(self, region: RegionId, category: str | None) -> ItemTable | None:
        """A region's shelf, or that of one category in it."""
        ...


@dataclass(frozen=True, slots=True)
class Basket:
    """What one visitor bought at one instant: distinct items in a fixed order, and the aisle that each stands in.

    `region` is the one whose shelf the visitor sees; an aisle is the first two levels of a category path.
    """

    visitor: VisitorId
    region: RegionId
    at_ms: int
    items: tuple[ItemId, ...]
    aisles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a page view is made of: who looks, which shelves they see, and the items of the visit as `Visit.seeds`."""

    visitor: VisitorId | None
    region: RegionId
    category: str | None = None
    seeds: tuple[tuple[ItemId, Role, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PageView:
    """Candidates of one simulated page view, and which of them were bought afterwards.

    `rows` is float32 [n, d] as `decisions.features` gives it, `bought` bool [n]. `n_relevant` counts what was bought
    and not yet revealed, on a category page of its aisle alone, among the candidates or not.
    """

    visitor: VisitorId
    situation: Situation
    look: Look
    candidates: Candidates
    rows: Floats
    bought: NDArray[np.bool_]
    n_relevant: int


def see(snapshot: Snapshot, look: Look, elapsed_days: float) -> tuple[Candidates, Floats]:
    """All candidates of a page view and their features [n, d], as serving computes them before anything is left out."""
    lists = Lists(
        personal=None if look.visitor is None else snapshot.personal(look.visitor),
        shelf=snapshot.shelf(look.region, None),
        category_shelf=None if look.category is None else snapshot.shelf(look.region, look.category),
        seeds=[
            Seed(item, role, weight, table)
            for item, role, weight in look.seeds
            if (table := snapshot.related(item)) is not None
        ],
    )
    candidates = merge(lists)
    return candidates, features(candidates, elapsed_days)


def simulate(snapshot: Snapshot, basket: Basket, situation: Situation, rng: np.random.Generator) -> PageView | None:
    """The page view before a basket; None when the situation cannot be made of it, see `imagine`."""
    look = imagine(snapshot, basket, situation, rng)
    if look is None:
        return None
    merged, rows = see(snapshot, look, (basket.at_ms - snapshot.as_of_ms) / DAY_MS)
    known = {item for item, _, _ in look.seeds}
    relevant = [
        item
        for item, aisle in zip(basket.items, basket.aisles, strict=True)
        if item not in known and look.category in (None, aisle)
    ]
    kept = np.flatnonzero(_is_on_page(merged, look) & ~_is_any_of(merged, known))
    candidates = take(merged, kept)
    return PageView(
        visitor=basket.visitor,
        situation=situation,
        look=look,
        candidates=candidates,
        rows=rows[kept],
        bought=_is_any_of(candidates, relevant),
        n_relevant=len(relevant),
    )


def imagine(snapshot: Snapshot, basket: Basket, situation: Situation, rng: np.random.Generator) -> Look | None:
    """What was looked at before a basket; None when the situation cannot be made of it.

    The home page and an aisle need a visitor with lists, the aisle also a shelf, and a visit a basket of two items.
    """
    is_known = snapshot.personal(basket.visitor) is not None
    if situation in ("home", "category"):
        category = str(rng.choice(basket.aisles)) if situation == "category" else None
        has_shelf = category is None or snapshot.shelf(basket.region, category) is not None
        return Look(basket.visitor, basket.region, category) if is_known and has_shelf else None
    if len(basket.items) < 2:
        return None
    visitor = None if situation == "new_visitor" else basket.visitor
    return Look(visitor, basket.region, seeds=tuple(reveal(basket.items, rng)))


def reveal(items: Sequence[ItemId], rng: np.random.Generator) -> list[tuple[ItemId, Role, float]]:
    """1 to 4 items of a basket with role and weight as serving gives them; one item at least stays hidden.

    A fair coin decides whether they lie in the cart or were looked at, the newest first.
    """
    n = int(rng.integers(1, min(MAX_REVEALED, len(items) - 1), endpoint=True))
    chosen = [items[index] for index in rng.choice(len(items), n, replace=False)]
    if rng.random() < 0.5:
        return [(item, "cart", 1.0) for item in chosen]
    return [(item, "recent", recent_weight(index)) for index, item in enumerate(chosen)]


def sample_negatives(view: PageView, n_negatives: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Rows and labels of all bought candidates and of at most `n_negatives` others, drawn evenly."""
    negatives = np.flatnonzero(~view.bought)
    if len(negatives) > n_negatives:
        negatives = rng.choice(negatives, n_negatives, replace=False)
    kept = np.concatenate([np.flatnonzero(view.bought), np.sort(negatives)])
    return view.rows[kept], view.bought[kept]


def stack(parts: Iterable[tuple[Floats, NDArray[np.bool_]]]) -> Groups:
    """Groups of the given rows and labels; those in which nothing was bought teach nothing and are left out."""
    rows, bought = [np.empty((0, len(FEATURES)), np.float32)], [np.empty(0, np.bool_)]
    for part_rows, part_bought in parts:
        if part_bought.any():
            rows.append(part_rows)
            bought.append(part_bought)
    starts = np.cumsum([len(part) for part in bought])
    return Groups(np.concatenate(rows), np.concatenate(bought), starts.astype(np.int64))


def page_views(
    snapshot: Snapshot, baskets: Iterable[Basket], situations: Sequence[Situation], rng: np.random.Generator
) -> Iterator[PageView]:
    """Every situation of every basket that can be made, in the given order."""
    for basket in baskets:
        for situation in situations:
            view = simulate(snapshot, basket, situation, rng)
            if view is not None:
                yield view


def _is_on_page(candidates: Candidates, look: Look) -> NDArray[np.bool_]:
    if look.category is None:
        return np.ones(len(candidates), np.bool_)
    listed = np.array([candidates.lists[name] for name in ON_SHELF])  # [2, n]
    on_shelf: NDArray[np.bool_] = np.any(~np.isnan(listed), axis=0)
    return on_shelf


def _is_any_of(candidates: Candidates, items: Iterable[ItemId]) -> NDArray[np.bool_]:
    keys = np.array([item_key(item) for item in items], np.uint64)
    return np.isin(candidates.item["key"], keys)

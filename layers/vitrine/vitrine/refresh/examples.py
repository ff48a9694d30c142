"""Page views to learn from and to test on, made of real baskets by the very code that serves.

The data knows what was bought, not what was looked at. Therefore each basket is turned into the situations that serving
meets: a known visitor on the home page with nothing looked at yet; the same visitor once some items of the basket have
been seen or put into the cart; and a visitor of whom only this visit is known. Candidates, features and seed weights
come from `decisions`, so that a ranker meets in serving what it met in training.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import ItemTable, item_key
from vitrine.decisions.candidates import Candidates, Floats, Lists, Role, Seed, merge, recent_weight, take
from vitrine.decisions.features import FEATURES, features
from vitrine.refresh.network import Groups
from vitrine.types import ItemId, RegionId, VisitorId

Situation = Literal["home", "visit", "new_visitor"]
SITUATIONS: Final[tuple[Situation, ...]] = ("home", "visit", "new_visitor")

MAX_REVEALED: Final = 4
MS_PER_DAY: Final = 86_400_000


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
    """What one visitor bought at one instant: distinct items in a fixed order."""

    visitor: VisitorId
    region: RegionId
    at_ms: int
    items: tuple[ItemId, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """Candidates of one simulated page view, and which of them were bought afterwards.

    `rows` is float32 [n, d] as `decisions.features` gives it, `bought` bool [n]. `n_relevant` counts what was bought
    and not yet revealed, among the candidates or not.
    """

    visitor: VisitorId
    situation: Situation
    candidates: Candidates
    rows: Floats
    bought: NDArray[np.bool_]
    n_relevant: int


def simulate(snapshot: Snapshot, basket: Basket, situation: Situation, rng: np.random.Generator) -> PageView | None:
    """The page view before a basket; None when the situation cannot be made of it.

    That is the case for the home page when the visitor has no lists, and for a visit when the basket has one item.
    """
    revealed: list[tuple[ItemId, Role, float]] = []
    personal = None if situation == "new_visitor" else snapshot.personal(basket.visitor)
    if situation == "home":
        if personal is None:
            return None
    elif len(basket.items) < 2:
        return None
    else:
        revealed = reveal(basket.items, rng)
    seeds = [
        Seed(item, role, weight, table)
        for item, role, weight in revealed
        if (table := snapshot.related(item)) is not None
    ]
    known = {item for item, _, _ in revealed}
    relevant = [item for item in basket.items if item not in known]
    candidates = merge(Lists(personal=personal, shelf=snapshot.shelf(basket.region, None), seeds=seeds))
    candidates = take(candidates, np.flatnonzero(~_is_any_of(candidates, known)))
    elapsed_days = (basket.at_ms - snapshot.as_of_ms) / MS_PER_DAY
    return PageView(
        visitor=basket.visitor,
        situation=situation,
        candidates=candidates,
        rows=features(candidates, elapsed_days),
        bought=_is_any_of(candidates, relevant),
        n_relevant=len(relevant),
    )


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


def _is_any_of(candidates: Candidates, items: Iterable[ItemId]) -> NDArray[np.bool_]:
    keys = np.array([item_key(item) for item in items], np.uint64)
    return np.isin(candidates.item["key"], keys)

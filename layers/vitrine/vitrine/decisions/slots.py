"""Fill placements: per placement the strategies in order, each item once per page, more than fits for lack of cards."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vitrine.catalog.items import Card
from vitrine.decisions.candidates import Candidates
from vitrine.decisions.context import Context
from vitrine.decisions.placements import BY_MODEL, Placement, Strategy
from vitrine.decisions.ranking import Mask, Ranking, allowed, other_category
from vitrine.decisions.visit import Visit
from vitrine.types import ItemId

SPARE: Final = 4
"""Picks beyond a placement's size, so that one whose card is gone or sold out is replaced without another read."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item was picked: the list it came from, and for related lists the item that led to it."""

    list: str
    seed: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """An item chosen for a placement, before its card is seen. `score` is what ordered it."""

    item: ItemId
    score: float
    reason: Reason


@dataclass(frozen=True, slots=True)
class Picks:
    """What a placement would like to show, best first, and why candidates fell out."""

    placement: Placement
    picks: Sequence[Pick]
    dropped: Mapping[str, int]


def fill(placements: Sequence[Placement], ranking: Ranking, context: Context, visit: Visit) -> list[Picks]:
    """Picks for every placement in the page's order; an item picked to be shown higher up is not picked again."""
    unused: Mask = np.ones(len(ranking.candidates), np.bool_)
    filled = []
    for placement in placements:
        picks, shown = _fill_one(placement, ranking, context, visit, unused)
        unused[shown] = False
        filled.append(picks)
    return filled


def _fill_one(
    placement: Placement, ranking: Ranking, context: Context, visit: Visit, unused: Mask
) -> tuple[Picks, list[int]]:
    open_to = allowed(ranking.candidates, context, visit, placement.hide_bought_days)
    free = open_to.mask & unused
    leaves: list[int] = ranking.candidates.item["leaf"].tolist()
    kinds: Counter[int] = Counter()
    chosen: dict[int, Pick] = {}
    for strategy in placement.strategies:
        if not _is_for(strategy, ranking, visit):
            continue
        for index in _best(strategy, ranking, visit, free):
            if len(chosen) == placement.size + SPARE:
                break
            if kinds[kind := leaves[index]] < placement.max_per_kind:
                kinds[kind] += 1
                free[index] = False
                chosen[index] = _pick(index, strategy, ranking)
    return Picks(placement, list(chosen.values()), open_to.dropped), list(chosen)[: placement.size]


def _is_for(strategy: Strategy, ranking: Ranking, visit: Visit) -> bool:
    if strategy.audience == "known":
        return "personal" in ranking.candidates.lists
    return strategy.audience == "anyone" or bool(visit.recent or visit.cart)


def _best(strategy: Strategy, ranking: Ranking, visit: Visit, free: Mask) -> list[int]:
    """Indices of the candidates that a strategy may show, best first."""
    candidates = ranking.candidates
    named = [candidates.lists[name] for name in strategy.lists if name in candidates.lists]
    order = ranking.scores if strategy.order == BY_MODEL else candidates.lists.get(strategy.order)
    if not named or order is None:
        return []
    eligible = free & ~np.isnan(np.array(named)).all(axis=0)
    if strategy.other_category:
        eligible &= other_category(candidates, visit.page_item)
    at = np.flatnonzero(eligible)
    best: list[int] = at[np.argsort(-np.nan_to_num(order[at], nan=-np.inf), kind="stable")].tolist()
    return best


def _pick(index: int, strategy: Strategy, ranking: Ranking) -> Pick:
    candidates = ranking.candidates
    source = next(
        name for name in strategy.lists if name in candidates.lists and not np.isnan(candidates.lists[name][index])
    )
    by_model = strategy.order == BY_MODEL
    score = ranking.scores[index] if by_model else candidates.lists[strategy.order][index]
    return Pick(candidates.ids[index], float(score), Reason(source, _seed(candidates, source, index)))


def _seed(candidates: Candidates, source: str, index: int) -> ItemId | None:
    """The item that led to the candidate, None where it is the candidate itself or the list has no seeds."""
    at = int(candidates.seed[source][index]) if source in candidates.seed else -1
    seed = candidates.seeds[at].item if at >= 0 else None
    return None if seed == candidates.ids[index] else seed


@dataclass(frozen=True, slots=True)
class Slot:
    """One item as shown: its place (0 is first), its card and why it is there."""

    item: ItemId
    slot: int
    card: Card
    reason: Reason


def show(picks: Picks, cards: Mapping[ItemId, Card], region_bit: int) -> list[Slot]:
    """The picks that can be bought right now, at most the placement's size, in order."""
    sellable = [
        (pick, card)
        for pick in picks.picks
        if (card := cards.get(pick.item)) is not None and card.price > 0 and card.is_in_stock(region_bit)
    ]
    return [
        Slot(pick.item, slot, card, pick.reason) for slot, (pick, card) in enumerate(sellable[: picks.placement.size])
    ]

"""Candidates of a row in the order in which its strategies would show them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isnan

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.actions import BY_MODEL, ProductRow, Strategy
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Candidates, Floats, Mask
from vitrine.decisions.filling import Filling, Pick
from vitrine.decisions.merchandising import Rule, business_value, standardise
from vitrine.decisions.ranking import other_category, priced
from vitrine.types import ItemId


@dataclass(frozen=True, slots=True)
class Business:
    """What the merchant adds to the scores of a row: `value` float32 [n] in standard deviations, None for nothing.

    `touching` are the boosts and burials, each with the candidates it touches. `sample` are the candidates whose
    deviations count.
    """

    value: Floats | None
    touching: Sequence[tuple[str, Mask]]
    sample: Mask

    def touched(self, index: int) -> tuple[str, ...]:
        """Names of the rules that moved a candidate."""
        return tuple([name for name, mask in self.touching if mask[index]]) if self.touching else ()


def business_of(row: ProductRow, page: Filling, rules: Sequence[Rule], among: Mask) -> Business:
    """The row's blend and the boosts and burials among the rules.

    Deviations are those of the candidates `among` that the row's own lists name: what other rows of the page ask for
    must not shift the balance of this one.
    """
    candidates = page.ranking.candidates
    moving = [rule for rule in rules if rule.kind in ("boost", "bury")]
    if not moving and not row.blend:
        return Business(None, (), among)
    sample = among & listed(row, candidates)
    value = business_value(candidates, sample, row.blend, page.emphasis)
    touching = []
    for rule in moving:
        mask = page.selected(rule)
        value += np.float32(rule.weight if rule.kind == "boost" else -rule.weight) * mask
        touching.append((rule.name, mask))
    return Business(value, touching, sample)


def listed(row: ProductRow, candidates: Candidates) -> Mask:
    """Candidates that any list of the row's strategies names: bool [n]."""
    names = {name for strategy in row.strategies for name in strategy.lists} & candidates.lists.keys()
    found: Mask = np.zeros(len(candidates), np.bool_)
    for name in sorted(names):
        found |= ~np.isnan(candidates.lists[name])
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """The candidates of one strategy: `best` indices, best first, and the score that ordered them, float32 [n].

    Those without a score (NaN) come last. `low` are those that the row's floor kept out, None when it has none.
    """

    strategy: Strategy
    best: NDArray[np.intp]
    order: Floats
    low: Mask | None


class Lines:
    """The strategies of a row that are for the visitor, in their order; each sorted when it is first come to."""

    def __init__(self, row: ProductRow, page: Filling, among: Mask, business: Business) -> None:
        self._row, self._page, self._among, self._business = row, page, among, business
        self._strategies = [strategy for strategy in row.strategies if _is_for(strategy, page)]
        self._sorted: dict[int, Line | None] = {}

    def __iter__(self) -> Iterator[Line]:
        return self._of(self._strategies)

    def bound(self) -> Iterator[Line]:
        """Those of strategies that are bound to slots."""
        return self._of([strategy for strategy in self._strategies if strategy.slots])

    def flowing(self) -> Iterator[Line]:
        """Those of the others."""
        return self._of([strategy for strategy in self._strategies if not strategy.slots])

    def _of(self, strategies: Sequence[Strategy]) -> Iterator[Line]:
        for strategy in strategies:
            key = id(strategy)
            if key not in self._sorted:
                self._sorted[key] = _line(strategy, self._row, self._page, self._among, self._business)
            line = self._sorted[key]
            if line is not None:
                yield line

    def below_floor(self, taken: set[int]) -> Mapping[str, int]:
        """How many candidates fell only because of the floor's score, as a reason of its own."""
        low = {
            at
            for line in self._sorted.values()
            if line and line.low is not None
            for at in np.flatnonzero(line.low).tolist()
        }
        return {"below_floor": len(low - taken)} if low - taken else {}


def _is_for(strategy: Strategy, page: Filling) -> bool:
    if strategy.audience == "known":
        return "personal" in page.ranking.candidates.lists
    return strategy.audience == "anyone" or bool(page.visit.recent or page.visit.cart)


def _line(strategy: Strategy, row: ProductRow, page: Filling, among: Mask, business: Business) -> Line | None:
    """The candidates that a strategy may show of those `among`, None when its lists or its order are not there."""
    candidates = page.ranking.candidates
    raw = page.ranking.scores if strategy.order == BY_MODEL else candidates.lists.get(strategy.order)
    named = [candidates.lists[name] for name in strategy.lists if name in candidates.lists]
    if not named or raw is None:
        return None
    eligible = _eligible(strategy, named, page, among)
    low = None
    if row.floor.min_score is not None and strategy.order != BY_MODEL:
        low = eligible & ~(raw >= row.floor.min_score)
        eligible &= ~low
    order = raw if business.value is None else standardise(raw, business.sample) + business.value
    at = np.flatnonzero(eligible & page.unused)
    return Line(strategy, at[np.argsort(-order[at], kind="stable")], order, low)


def _eligible(strategy: Strategy, named: Sequence[Floats], page: Filling, among: Mask) -> Mask:
    candidates, page_item = page.ranking.candidates, page.visit.page_item
    eligible = ~np.isnan(named[0])
    for column in named[1:]:
        eligible |= ~np.isnan(column)
    eligible &= among
    if strategy.other_category:
        eligible &= other_category(candidates, page_item)
    if strategy.price != "any":
        eligible &= priced(candidates, page_item, strategy.price)
    if strategy.items is not None:
        eligible &= strategy.items.mask(candidates)
    return eligible


def pick_of(index: int, line: Line, candidates: Candidates, rules: tuple[str, ...], paid_by: Rule | None) -> Pick:
    """A candidate as a line has it, with the list that it came from."""
    lists = candidates.lists
    source = next(name for name in line.strategy.lists if name in lists and not np.isnan(lists[name][index]))
    reason = Reason(source, _seed(candidates, source, index))
    score = float(line.order[index])
    return Pick(candidates.ids[index], -inf if isnan(score) else score, reason, rules, paid_by, index)


def _seed(candidates: Candidates, source: str, index: int) -> ItemId | None:
    """The item that led to the candidate, None where it is the candidate itself or the list has no seeds."""
    at = int(candidates.seed[source][index]) if source in candidates.seed else -1
    seed = candidates.seeds[at].item if at >= 0 else None
    return None if seed == candidates.ids[index] else seed

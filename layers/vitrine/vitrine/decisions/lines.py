"""Candidates of a row in the order in which its strategies would show them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from math import inf, isnan
from operator import or_
from typing import NamedTuple

import numpy as np

from vitrine.decisions.actions import BY_MODEL, ProductRow, Strategy
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Candidates, Floats, Mask
from vitrine.decisions.filling import Filling, Pick
from vitrine.decisions.merchandising import Rule, business_value, standardise
from vitrine.decisions.pool import Places
from vitrine.decisions.ranking import other_category, priced
from vitrine.types import ItemId


class Business(NamedTuple):
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
        mask = page.masks.selected(rule)
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


class Line(NamedTuple):
    """The candidates of one strategy: `best` indices, best first, and the score that ordered them, float32 [n].

    Those without a score (NaN) come last; what other rows of the page use is still among them. `sources` are the
    strategy's lists that the page has, each with the candidates that it names. `low` are those that the row's floor
    kept out, None when it has none.
    """

    strategy: Strategy
    best: Places
    order: Floats
    sources: Sequence[tuple[str, Mask]]
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
    lists = page.ranking.candidates.lists
    raw = page.ranking.scores if strategy.order == BY_MODEL else lists.get(strategy.order)
    sources = [(name, page.masks.present(name)) for name in strategy.lists if name in lists]
    if not sources or raw is None:
        return None
    eligible = _eligible(strategy, [mask for _, mask in sources], page, among)
    low = None
    if row.floor.min_score is not None and strategy.order != BY_MODEL:
        low = eligible & ~(raw >= row.floor.min_score)
        eligible &= ~low
    order = raw if business.value is None else standardise(raw, business.sample) + business.value
    at = eligible.nonzero()[0]
    best: Places = at.take((-order.take(at)).argsort(kind="stable"))
    return Line(strategy, best, order, sources, low)


def _eligible(strategy: Strategy, present: Sequence[Mask], page: Filling, among: Mask) -> Mask:
    candidates, page_item = page.ranking.candidates, page.visit.page_item
    eligible = reduce(or_, present) & among
    if strategy.other_category:
        eligible &= other_category(candidates, page_item)
    if strategy.price != "any":
        eligible &= priced(candidates, page_item, strategy.price)
    if strategy.items is not None:
        eligible &= strategy.items.mask(candidates)
    return eligible


def picks_of(at: Sequence[int], line: Line, page: Filling, business: Business, rule: Rule | None = None) -> list[Pick]:
    """Candidates as a line has them, with the lists that they came from and the rules that touched them: those of the
    business, and the one that gave them their places.

    One by one: of a dozen numbers numpy takes longer to begin than this to end.
    """
    candidates = page.ranking.candidates
    touching, own = business.touching, () if rule is None else (rule.name,)
    paid_by = rule if rule is not None and rule.kind == "sponsored" else None
    sources = [(name, present.item) for name, present in line.sources]
    seeds: list[ItemId | None] = [*[seed.item for seed in candidates.seeds], None]  # -1 stands for none
    leading: dict[str, Callable[[int], int] | None] = {}
    ids, score_of, picks = page.masks.ids, line.order.item, []
    for index in at:
        item, score = ids[index], score_of(index)
        for source, is_there in sources:  # noqa: B007 - one of them names it
            if is_there(index):
                break
        if source not in leading:
            leading[source] = candidates.seed[source].item if source in candidates.seed else None
        seed_of = leading[source]
        seed = None if seed_of is None else seeds[seed_of(index)]
        reason = Reason._make((source, None if seed == item else seed))  # the candidate itself has led to nothing
        rules = (*business.touched(index), *own) if touching else own
        picks.append(Pick._make((item, -inf if isnan(score) else score, reason, rules, paid_by, index)))
    return picks

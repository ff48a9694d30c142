"""Fill a row of products: what the merchant has fixed first, then the strategies in order, more than fits.

Pins, slot rules and sponsored places get their slots before the strategies; those that are bound to slots come before
those that fill what is left. A place that nothing qualifies for goes to the strategies.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

import numpy as np

from vitrine.catalog.packed import item_key
from vitrine.decisions.actions import ProductRow
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Mask
from vitrine.decisions.filling import Filling, Pick, Picks
from vitrine.decisions.lines import Line, Lines, business_of, picks_of
from vitrine.decisions.merchandising import Rule, RuleKind, concerns
from vitrine.decisions.ranking import Allowed, at_hand, bought_lately
from vitrine.decisions.variety import Variety
from vitrine.types import ItemId

SPARE: Final = 4
"""Picks beyond a row's size, so that one whose card is gone or sold out is replaced without another read."""

PINNED: Final = "pinned"

_Found: TypeAlias = list[tuple[Line, list[int]]]


def fill_row(row: ProductRow, placement: str, page: Filling, within: Mask | None = None) -> Picks:
    """What a row would like to show of the page's candidates (only those `within`, bool [n], when it is given).

    It has no picks when there would be fewer than the row's floor wants.
    """
    draft = _Draft(row, placement, page, within)
    if draft.rules:
        draft.pin()
        draft.hold_slots()
        draft.sponsor()
    bound = draft.bind_strategies()
    if bound:
        draft.flow(row.size)
        draft.spare(bound)
    draft.flow(draft.n_picks)
    return draft.picks()


class _Draft:
    """A row while it is filled. `possible` are candidates that may be shown at all, `open_to` those that this row may.

    `among` are the latter `within` the part of the page's candidates that is asked for. `gone` are candidates that this
    row or one before it has taken.
    """

    def __init__(self, row: ProductRow, placement: str, page: Filling, within: Mask | None) -> None:
        self.row, self.placement, self.page, self.within = row, placement, page, within
        self.rules = [rule for rule in page.rules if concerns(rule, (placement,))]
        self.possible = _possible(page, row, self.rules)
        self.open_to = _open_to(page, row, self.rules, self.possible)
        self.among = self.open_to.mask if within is None else self.open_to.mask & within
        self.business = business_of(row, page, self.rules, self.among)
        self.lines = Lines(row, page, self.among, self.business)
        self.n_picks = row.size + SPARE + (row.explore.pool - 1 if row.explore else 0)
        self.variety = Variety(row, page.ranking.candidates, self.n_picks)
        self.used = page.used()
        self.gone = set(self.used)
        self.pinned: dict[int, Pick] = {}
        self.bound: dict[int, list[Pick]] = {}
        self.flowing: list[Pick] = []

    def pin(self) -> None:
        """Pinned items stand where their rule says, whatever the row's lists are; not what may not be shown at all."""
        rules = self._of_kind("pin")
        barred = _barred(self.row, self.page) if rules else set()
        for rule in rules:
            for slot, item in zip(rule.slots, rule.pinned, strict=False):
                index = _index(self.page, item)
                if self._open((slot,)) and item not in barred and self._may_pin(index):
                    barred.add(item)
                    if index is not None:
                        self.gone.add(index)
                        self.variety.take(index, is_bounded=False)
                    self.pinned[slot] = Pick(item, 0.0, Reason(PINNED), (rule.name,), candidate=index)

    def hold_slots(self) -> None:
        """Slots that are held for some items get the first of them that the row would have shown anywhere."""
        for rule in self._of_kind("slots"):
            self._bind(self._open(rule.slots), iter(self.lines), rule)

    def sponsor(self) -> None:
        """Sponsored places get the first of their items that the row could have shown, however like the others."""
        for rule in self._of_kind("sponsored"):
            places = self._open(rule.slots)[: self.page.left_of(rule)]
            self._bind(places, iter(self.lines), rule, is_bounded=False)

    def bind_strategies(self) -> list[tuple[Line, list[int]]]:
        """Strategies that are bound to slots fill those; which filled which."""
        return [(line, self._bind(self._open(line.strategy.slots), iter((line,)))) for line in self.lines.bound()]

    def flow(self, n_picks: int) -> None:
        """Fill up to so many picks, those with a slot of their own included, one of the other strategies after the
        other."""
        wanted = n_picks - len(self.pinned) - len(self.bound) - len(self.flowing)
        self.flowing += self._picks(self._best(self.lines.flowing(), wanted))

    def spare(self, bound: Sequence[tuple[Line, list[int]]]) -> None:
        """A slot of a bound strategy has a second item of it, which no other slot would have shown."""
        for line, slots in bound:
            for slot, pick in zip(slots, self._picks(self._best(iter((line,)), len(slots))), strict=False):
                self.bound[slot].append(pick)

    def picks(self) -> Picks:
        """The row, empty when it is below its floor."""
        dropped = self.open_to.dropped
        if self.row.floor.min_score is not None:
            dropped = {**dropped, **self.lines.below_floor(self.gone - self.used)}
        n_shown = min(self.row.size, len(self.pinned) + len(self.bound) + len(self.flowing))
        if n_shown < max(1, self.row.floor.min_items):
            reason = "below_floor" if n_shown or "below_floor" in dropped else "no_candidates"
            return Picks(self.placement, self.row, dropped=dropped, reason=reason)
        excluding = self._of_kind("exclude")
        return Picks(self.placement, self.row, self.flowing, self.pinned, self.bound, dropped, excluding=excluding)

    def _of_kind(self, kind: RuleKind) -> list[Rule]:
        return [rule for rule in self.rules if rule.kind == kind]

    def _open(self, slots: Iterable[int]) -> list[int]:
        return [
            slot for slot in slots if 0 <= slot < self.row.size and slot not in self.pinned and slot not in self.bound
        ]

    def _may_pin(self, index: int | None) -> bool:
        """A part of the candidates takes no pin from outside it."""
        if index is None:
            return self.within is None
        return bool(self.possible.mask[index]) and (self.within is None or bool(self.within[index]))

    def _bind(
        self, slots: Sequence[int], lines: Iterator[Line], rule: Rule | None = None, *, is_bounded: bool = True
    ) -> list[int]:
        """Give each slot the best that is left, of what the rule selects; and return the slots that got something."""
        among = None if rule is None else self.page.masks.selected(rule)
        found = self._best(lines, len(slots), among, is_bounded=is_bounded)
        picks = self._picks(found, rule)
        for slot, pick in zip(slots, picks, strict=False):
            self.bound[slot] = [pick]
        return list(slots[: len(picks)])

    def _best(self, lines: Iterator[Line], n: int, among: Mask | None = None, *, is_bounded: bool = True) -> _Found:
        """Take up to n candidates that are not taken yet, line by line; within the row's variety if it `is_bounded`.

        A line is come to only when those before it were not enough.
        """
        found: _Found = []
        while n > 0 and (line := next(lines, None)) is not None:
            best = line.best if among is None else line.best[among[line.best]]
            taken = self.variety.first(best, n, self.gone, is_bounded=is_bounded)
            self.gone.update(taken)
            found.append((line, taken))
            n -= len(taken)
        return found

    def _picks(self, found: _Found, rule: Rule | None = None) -> list[Pick]:
        return [pick for line, at in found for pick in picks_of(at, line, self.page, self.business, rule)]


def _possible(page: Filling, row: ProductRow, rules: Sequence[Rule]) -> Allowed:
    """What no row may lack: stock, news to the visitor, and the merchant's consent."""
    hits = [(f"rule:{rule.name}", page.masks.selected(rule)) for rule in rules if rule.kind == "exclude"]
    allowed = page.allowed(row.hide_bought_days)
    return allowed.without(hits) if hits else allowed


def _open_to(page: Filling, row: ProductRow, rules: Sequence[Rule], possible: Allowed) -> Allowed:
    """What is left of it for this row."""
    hits = [] if row.items is None else [("not_of_row", ~row.items.mask(page.ranking.candidates))]
    hits += [(f"rule:{rule.name}", ~page.masks.selected(rule)) for rule in rules if rule.kind == "only"]
    return possible.without(hits) if hits else possible


def _barred(row: ProductRow, page: Filling) -> set[ItemId]:
    """Items that may not be pinned, candidates or not."""
    bought = bought_lately(page.visit, page.context.now, row.hide_bought_days)
    return {*at_hand(page.visit), *bought, *page.dismissed, *(pick.item for pick in page.planned)}


def _index(page: Filling, item: ItemId) -> int | None:
    at = np.flatnonzero(page.ranking.candidates.item["key"] == np.uint64(item_key(item)))
    return int(at[0]) if len(at) else None

"""Fill a row of products: what the merchant has fixed first, then the strategies in order, more than fits.

Pins, slot rules and sponsored places get their slots before the strategies; those that are bound to slots come before
those that fill what is left. A place that nothing qualifies for goes to the strategies.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, TypeAlias

import numpy as np

from vitrine.catalog.packed import item_key
from vitrine.decisions.actions import ProductRow
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Mask
from vitrine.decisions.filling import Filling, Pick, Picks
from vitrine.decisions.lines import Line, Lines, business_of, pick_of
from vitrine.decisions.merchandising import Rule, RuleKind, concerns
from vitrine.decisions.ranking import Allowed, at_hand, bought_lately
from vitrine.decisions.variety import Variety
from vitrine.types import ItemId

SPARE: Final = 4
"""Picks beyond a row's size, so that one whose card is gone or sold out is replaced without another read."""

PINNED: Final = "pinned"

_Found: TypeAlias = tuple[int, Line]


def fill_row(row: ProductRow, placement: str, page: Filling, within: Mask | None = None) -> Picks:
    """What a row would like to show of the page's candidates (only those `within`, bool [n], when it is given).

    It has no picks when there would be fewer than the row's floor wants.
    """
    draft = _Draft(row, placement, page, within)
    draft.pin()
    draft.hold_slots()
    draft.sponsor()
    bound = draft.bind_strategies()
    stream = draft.stream()
    draft.flow(stream, row.size)
    draft.spare(bound)
    draft.flow(stream, draft.n_picks)
    return draft.picks()


class _Draft:
    """A row while it is filled. `possible` are candidates that may be shown at all, `open_to` those that this row may.

    `among` are the latter `within` the part of the page's candidates that is asked for.
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
        self.taken: set[int] = set()
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
                    self._take(index)
                    self.pinned[slot] = Pick(item, 0.0, Reason(PINNED), (rule.name,), index=index)

    def hold_slots(self) -> None:
        """Slots that are held for some items get the first of them that the row would have shown anywhere."""
        for rule in self._of_kind("slots"):
            self._bind(self._open(rule.slots), self._search(self.lines, self.page.selected(rule)), rule)

    def sponsor(self) -> None:
        """Sponsored places get the first of their items that the row could have shown, however like the others."""
        for rule in self._of_kind("sponsored"):
            places = self._open(rule.slots)[: self.page.left_of(rule)]
            self._bind(places, self._search(self.lines, self.page.selected(rule), is_bounded=False), rule)

    def bind_strategies(self) -> list[tuple[Line, list[int]]]:
        """Strategies that are bound to slots fill those; which filled which."""
        return [
            (line, self._bind(self._open(line.strategy.slots), self._search((line,)))) for line in self.lines.bound()
        ]

    def stream(self) -> Iterator[_Found]:
        """What the other strategies would show, one strategy after the other."""
        return self._search(self.lines.flowing())

    def flow(self, stream: Iterator[_Found], n_picks: int) -> None:
        """Fill up to so many picks, those with a slot of their own included."""
        wanted = n_picks - len(self.pinned) - len(self.bound) - len(self.flowing)
        self.flowing += [self._pick(index, line) for index, line in islice(stream, wanted)]

    def spare(self, bound: Sequence[tuple[Line, list[int]]]) -> None:
        """A slot of a bound strategy has a second item of it, which no other slot would have shown."""
        for line, slots in bound:
            for slot, (index, _) in zip(slots, self._search((line,)), strict=False):
                self.bound[slot].append(self._pick(index, line))

    def picks(self) -> Picks:
        """The row, empty when it is below its floor."""
        dropped = {**self.open_to.dropped, **self.lines.below_floor(self.taken)}
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

    def _search(self, lines: Iterable[Line], among: Mask | None = None, *, is_bounded: bool = True) -> Iterator[_Found]:
        """Candidates that are not taken yet, line by line; within the row's variety if it `is_bounded`."""
        for line in lines:
            best = line.best if among is None else line.best[among[line.best]]
            for index in best.tolist():
                if index not in self.taken and (not is_bounded or self.variety.has_room(index)):
                    yield index, line

    def _bind(self, slots: Sequence[int], found: Iterator[_Found], rule: Rule | None = None) -> list[int]:
        """Give each slot what is found next, and return the slots that got something."""
        filled = []
        for slot, (index, line) in zip(slots, found, strict=False):
            self.bound[slot] = [self._pick(index, line, rule)]
            filled.append(slot)
        return filled

    def _pick(self, index: int, line: Line, rule: Rule | None = None) -> Pick:
        self._take(index)
        rules = self.business.touched(index) if rule is None else (*self.business.touched(index), rule.name)
        paid_by = rule if rule is not None and rule.kind == "sponsored" else None
        return pick_of(index, line, self.page.ranking.candidates, rules, paid_by)

    def _take(self, index: int | None) -> None:
        if index is not None:
            self.taken.add(index)
            self.variety.count(index)


def _possible(page: Filling, row: ProductRow, rules: Sequence[Rule]) -> Allowed:
    """What no row may lack: stock, news to the visitor, and the merchant's consent."""
    excluding = [rule for rule in rules if rule.kind == "exclude"]
    return page.allowed(row.hide_bought_days).without((f"rule:{rule.name}", page.selected(rule)) for rule in excluding)


def _open_to(page: Filling, row: ProductRow, rules: Sequence[Rule], possible: Allowed) -> Allowed:
    """What is left of it for this row."""
    hits = [] if row.items is None else [("not_of_row", ~row.items.mask(page.ranking.candidates))]
    hits += [(f"rule:{rule.name}", ~page.selected(rule)) for rule in rules if rule.kind == "only"]
    return possible.without(hits)


def _barred(row: ProductRow, page: Filling) -> set[ItemId]:
    """Items that may not be pinned, candidates or not."""
    bought = bought_lately(page.visit, page.context.now, row.hide_bought_days)
    return {*at_hand(page.visit), *bought, *page.dismissed, *page.used}


def _index(page: Filling, item: ItemId) -> int | None:
    at = np.flatnonzero(page.ranking.candidates.item["key"] == np.uint64(item_key(item)))
    return int(at[0]) if len(at) else None

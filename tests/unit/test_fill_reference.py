"""Rows are filled as the obvious way of doing it fills them, which looks at every candidate, one after the other."""

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
from hypothesis import given, settings

from tests.unit.pages import fill_page, show_page
from tests.unit.test_fill_properties import World, worlds
from vitrine.decisions.actions import BY_MODEL, ProductRow, Strategy
from vitrine.decisions.answers import Reason
from vitrine.decisions.filling import Pick
from vitrine.decisions.merchandising import Rule, business_value, concerns, standardise
from vitrine.decisions.ranking import allowed, at_hand, bought_lately, other_category, priced
from vitrine.decisions.slots import SPARE

COLUMNS = {"leaf": "max_per_kind", "category": "max_per_category", "brand": "max_per_brand"}


class Obvious:
    """Fills the rows of one page, and keeps what they have taken."""

    def __init__(self, world: World) -> None:
        self.page, self.candidates = world.page, world.page.ranking.candidates
        self.used: set[str] = set()
        self.left = dict(world.page.sponsored_left)

    def fill(self, row: ProductRow, name: str) -> list[Pick]:
        """What the row plans to show: picks in their slots, closed up."""
        rules = [rule for rule in self.page.rules if concerns(rule, (name,))]
        may = self._may(row, rules)
        open_to = set(may)
        for rule in rules:
            if rule.kind == "only":
                open_to &= self._selected(rule)
        if row.items is not None:
            open_to &= set(np.flatnonzero(row.items.mask(self.candidates)).tolist())
        lines = [line for way in row.strategies if (line := self._line(way, row, rules, open_to)) is not None]
        taken: list[int] = []
        slots: dict[int, Pick] = self._pins(row, rules, may, taken)
        pins = set(slots)

        def first(among: Iterator[tuple[int, Pick]], *, is_bounded: bool = True) -> Pick | None:
            for at, pick in among:
                if at not in taken and pick.item not in self.used and (not is_bounded or self._fits(row, taken, at)):
                    taken.append(at)
                    return pick
            return None

        for kind in ("slots", "sponsored"):
            for rule in (rule for rule in rules if rule.kind == kind):
                free = [slot for slot in rule.slots if 0 <= slot < row.size and slot not in slots]
                for slot in free[: self._left(rule)] if kind == "sponsored" else free:
                    meant = self._selected(rule)
                    among = (found for _, line in lines for found in line if found[0] in meant)
                    pick = first(among, is_bounded=kind == "slots")
                    if pick is not None:
                        paid_by = rule if kind == "sponsored" else None
                        slots[slot] = pick._replace(rules=(*pick.rules, rule.name), paid_by=paid_by)
        for way, line in lines:
            for slot in [slot for slot in way.slots if 0 <= slot < row.size and slot not in slots]:
                pick = first(iter(line))
                if pick is not None:
                    slots[slot] = pick
        flowing = [line for way, line in lines if not way.slots]
        flow = []
        while len(slots) + len(flow) < row.size:
            pick = first(found for line in flowing for found in line)
            if pick is None:
                break
            flow.append(pick)
        shown = self._placed(row, slots, pins, flow)
        if len(shown) < max(1, row.floor.min_items):
            return []
        self._take(shown)
        return shown

    def _may(self, row: ProductRow, rules: list[Rule]) -> set[int]:
        page = self.page
        mask = allowed(self.candidates, page.context, page.visit, row.hide_bought_days, page.dismissed).mask
        excluded = {at for rule in rules if rule.kind == "exclude" for at in self._selected(rule)}
        return set(np.flatnonzero(mask).tolist()) - excluded

    def _selected(self, rule: Rule) -> set[int]:
        return set(np.flatnonzero(rule.items.mask(self.candidates)).tolist())

    def _left(self, rule: Rule) -> int:
        left = self.left.get(rule.name, rule.per_session)
        return rule.per_row if left is None else max(0, min(rule.per_row, left))

    def _pins(self, row: ProductRow, rules: list[Rule], may: set[int], taken: list[int]) -> dict[int, Pick]:
        visit, slots, placed = self.page.visit, dict[int, Pick](), set[str]()
        barred = {*at_hand(visit), *bought_lately(visit, self.page.context.now, row.hide_bought_days)}
        barred |= {*self.page.dismissed, *self.used}
        ids = list(self.candidates.ids)
        for rule in (rule for rule in rules if rule.kind == "pin"):
            for slot, item in zip(rule.slots, rule.pinned, strict=False):
                at = ids.index(item) if item in ids else None
                if (
                    not 0 <= slot < row.size
                    or slot in slots
                    or item in barred | placed
                    or (at is not None and at not in may)
                ):
                    continue
                placed.add(item)
                taken += [] if at is None else [at]
                slots[slot] = Pick(item, 0.0, Reason("pinned"), (rule.name,), candidate=at)
        return slots

    def _line(
        self, way: Strategy, row: ProductRow, rules: list[Rule], open_to: set[int]
    ) -> tuple[Strategy, list[tuple[int, Pick]]] | None:
        """The strategy's candidates, best first; None where it is not for the visitor or lacks its lists."""
        lists, visit = self.candidates.lists, self.page.visit
        fits = {"known": "personal" in lists, "active": bool(visit.recent or visit.cart), "anyone": True}
        raw = self.page.ranking.scores if way.order == BY_MODEL else lists.get(way.order)
        named = [name for name in way.lists if name in lists]
        if not fits[way.audience] or not named or raw is None:
            return None
        order, moved = self._order(raw, row, rules, open_to)
        floor = row.floor.min_score if way.order != BY_MODEL else None
        passing = [
            at
            for at in sorted(open_to)
            if any(not np.isnan(lists[name][at]) for name in named)
            and (not way.other_category or other_category(self.candidates, visit.page_item)[at])
            and (way.price == "any" or priced(self.candidates, visit.page_item, way.price)[at])
            and (way.items is None or way.items.mask(self.candidates)[at])
            and (floor is None or raw[at] >= floor)
        ]
        passing.sort(key=lambda at: (np.isnan(order[at]), -order[at] if not np.isnan(order[at]) else 0.0, at))
        return way, [(at, self._pick(at, named, order, moved)) for at in passing]

    def _order(
        self, raw: np.ndarray, row: ProductRow, rules: list[Rule], open_to: set[int]
    ) -> tuple[np.ndarray, Mapping[str, set[int]]]:
        moving = [rule for rule in rules if rule.kind in ("boost", "bury")]
        if not moving and not row.blend:
            return raw, {}
        lists = self.candidates.lists
        names = {name for way in row.strategies for name in way.lists if name in lists}
        sample = np.array(
            [at in open_to and any(not np.isnan(lists[name][at]) for name in names) for at in range(len(raw))], np.bool_
        )
        value = business_value(self.candidates, sample, row.blend, self.page.emphasis)
        for rule in moving:
            weight = np.float32(rule.weight if rule.kind == "boost" else -rule.weight)
            value += weight * rule.items.mask(self.candidates)
        return standardise(raw, sample) + value, {rule.name: self._selected(rule) for rule in moving}

    def _pick(self, at: int, named: list[str], order: np.ndarray, moved: Mapping[str, set[int]]) -> Pick:
        candidates = self.candidates
        source = next(name for name in named if not np.isnan(candidates.lists[name][at]))
        strongest = candidates.seed[source][at] if source in candidates.seed else -1
        seed = candidates.seeds[strongest].item if strongest >= 0 else None
        item, score = candidates.ids[at], float(order[at])
        reason = Reason(source, None if seed == item else seed)
        rules = tuple(name for name, selected in moved.items() if at in selected)
        return Pick(item, -np.inf if np.isnan(score) else score, reason, rules, None, at)

    def _fits(self, row: ProductRow, taken: list[int], at: int) -> bool:
        for column, bound in COLUMNS.items():
            codes = self.candidates.item[column]
            if Counter(codes[taken].tolist())[int(codes[at])] >= getattr(row, bound) < self._n_picks(row):
                return False
        return True

    def _n_picks(self, row: ProductRow) -> int:
        return row.size + SPARE + (row.explore.pool - 1 if row.explore else 0)

    def _placed(self, row: ProductRow, slots: dict[int, Pick], pins: set[int], flow: list[Pick]) -> list[Pick]:
        rest, shown = iter(flow), []
        for slot in range(row.size):
            pick = None if slot in pins else slots.get(slot) or next(rest, None)
            shown += [] if pick is None else [pick]
        for slot in sorted(pins):
            shown.insert(slot, slots[slot])
        return shown

    def _take(self, shown: list[Pick]) -> None:
        self.used |= {pick.item for pick in shown}
        for rule in (pick.paid_by for pick in shown if pick.paid_by is not None):
            if rule.per_session is not None:
                self.left[rule.name] = self.left.get(rule.name, rule.per_session) - 1


@settings(max_examples=150, deadline=None)
@given(worlds(["pin", "boost"]))
def test_rows_are_filled_as_the_obvious_way_fills_them(world: World) -> None:
    """Items, scores, lists, seeds and rules, in every slot of every row."""
    obvious = Obvious(world)
    filled = fill_page(world.rows, world.page)
    assert [list(picks.planned()) for picks in filled] == [obvious.fill(row, name) for name, row in world.rows]


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_what_is_planned_is_what_is_shown_when_every_card_is_there(world: World) -> None:
    """Unless something is explored, or pinned beside the candidates and excluded by what only its card tells."""
    cards = dict(world.cards)
    filled = fill_page(world.rows, world.page)
    everything = {item for picks in filled for item in picks.items}
    if everything <= {item for item, card in cards.items() if card.is_in_stock(0)}:
        shown = show_page(filled, cards)
        for picks, slots in zip(filled, shown, strict=True):
            is_judged_by_card = picks.excluding and any(pick.candidate is None for pick in picks.all())
            if picks.row.explore is None and not is_judged_by_card:
                assert [slot.item for slot in slots] == [pick.item for pick in picks.planned()]

"""What the rows of a page are filled with and what they share: each item once, sponsored places only so often."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from vitrine.decisions.actions import ProductRow
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Candidates, Mask
from vitrine.decisions.context import Context
from vitrine.decisions.merchandising import NO_EMPHASIS, Emphasis, Rule
from vitrine.decisions.ranking import Allowed, Ranking, allowed
from vitrine.decisions.visit import Visit
from vitrine.types import ItemId
from vitrine.values import dataclass, field


class Pick(NamedTuple):
    """An item chosen for a row, before its card is seen. `score` is what ordered it, -inf when nothing did.

    `rules` touched it, `paid_by` is the sponsored rule that gave it its place. `candidate` is its index, None for a
    pinned item that no list names.
    """

    item: ItemId
    score: float
    reason: Reason
    rules: tuple[str, ...] = ()
    paid_by: Rule | None = None
    candidate: int | None = None


class Arrangement(NamedTuple):
    """Picks in their places. `last` is the place of the last one from the flow, `left` what the flow has beyond it, for
    a row that explores."""

    shown: list[Pick]
    last: int | None
    left: list[Pick]


@dataclass(frozen=True, slots=True)
class Picks:
    """What a row would like to show, and why candidates fell out.

    `pinned` are by slot; `bound` has for other slots the picks meant for them, of which the first that can be shown
    counts; `flow` fills what is left in its order and has more than fits, for lack of cards. `reason` says why there
    are none. `excluding` are rules that are asked again for items of which only the card tells. `part` tells several
    rows of one placement apart.
    """

    placement: str
    row: ProductRow
    flow: Sequence[Pick] = ()
    pinned: Mapping[int, Pick] = field(default_factory=dict)
    bound: Mapping[int, Sequence[Pick]] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None
    excluding: Sequence[Rule] = ()
    part: str = ""

    def all(self) -> list[Pick]:
        """Every pick, those that only stand in included."""
        return [*self.pinned.values(), *(pick for picks in self.bound.values() for pick in picks), *self.flow]

    @property
    def is_empty(self) -> bool:
        """Whether there is no pick at all."""
        return not (self.flow or self.pinned or self.bound)

    @property
    def items(self) -> list[ItemId]:
        """The items whose cards are wanted."""
        return [pick.item for pick in self.all()]

    def arrange(self, is_usable: Callable[[Pick], bool]) -> Arrangement:
        """The usable picks in their slots. A row with gaps closes up around its pins."""
        if self.pinned or self.bound:
            return self._around_slots(list(filter(is_usable, self.flow)), is_usable)
        flow = filter(is_usable, self.flow)
        shown = list(islice(flow, self.row.size))
        return Arrangement(shown, len(shown) - 1 if shown else None, list(flow) if self.row.explore else [])

    def _around_slots(self, flow: list[Pick], is_usable: Callable[[Pick], bool]) -> Arrangement:
        pins = {slot: pick for slot, pick in self.pinned.items() if is_usable(pick)}
        shown: list[Pick] = []
        last, used = None, 0
        for slot in range(self.row.size):
            own = next(filter(is_usable, self.bound.get(slot, ())), None)
            if own is None and slot not in pins and used < len(flow):
                own, used, last = flow[used], used + 1, len(shown)
            if own is not None:
                shown.append(own)
        for slot in sorted(pins):
            shown.insert(slot, pins[slot])
            last = last if last is None or last < slot else last + 1
        return Arrangement(shown, last, flow[used:])

    def planned(self) -> Sequence[Pick]:
        """What it shows when every card is there and nothing is explored."""
        if not self.pinned and not self.bound:
            return self.flow[: self.row.size]
        return self.arrange(lambda pick: True).shown


class Masks:
    """What several rows of a page ask of its candidates, each worked out once: ids, and masks, bool [n]."""

    __slots__ = ("_allowed", "_candidates", "_ids", "_present", "_selected")

    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates
        self._ids: list[ItemId] | None = None
        self._present: Mask | None = None  # [lists, n]
        self._selected: dict[str, Mask] = {}
        self._allowed: dict[int, Allowed] = {}

    @property
    def ids(self) -> list[ItemId]:
        """The candidates' ids."""
        if self._ids is None:
            self._ids = list(self._candidates.ids)
        return self._ids

    def present(self, name: str) -> Mask:
        """The candidates that a list has; the page has a list of that name."""
        lists = self._candidates.lists
        if self._present is None:
            self._present = ~np.isnan(lists.matrix)
        mask: Mask = self._present[lists.rows[name]]
        return mask

    def selected(self, rule: Rule) -> Mask:
        """The candidates that a rule speaks of."""
        mask = self._selected.get(rule.name)
        if mask is None:
            mask = self._selected[rule.name] = rule.items.mask(self._candidates)
        return mask

    def allowed(self, days: int, work_out: Callable[[], Allowed]) -> Allowed:
        """What may be shown at all where purchases of the last days hide items."""
        found = self._allowed.get(days)
        if found is None:
            found = self._allowed[days] = work_out()
        return found


@dataclass(frozen=True, slots=True)
class Filling:
    """What all rows of a page share, and what the rows before have taken of it.

    `rules` are the active ones, `emphasis` is what blends draw on. `planned` is what the rows before plan to show: no
    other row shows it. `sponsored_left` says per rule how often it might still be shown in the session when the page
    was begun; a rule that is not in it has all its times.
    """

    ranking: Ranking
    context: Context
    visit: Visit
    masks: Masks
    rules: Sequence[Rule] = ()
    dismissed: frozenset[ItemId] = frozenset()
    sponsored_left: Mapping[str, int] = field(default_factory=dict)
    emphasis: Emphasis = NO_EMPHASIS
    planned: tuple[Pick, ...] = ()

    @property
    def unused(self) -> Mask:
        """The candidates that no row before plans to show: bool [n]."""
        mask = np.ones(len(self.ranking.candidates), np.bool_)
        mask[list(self.used())] = False
        return mask

    def used(self) -> set[int]:
        """The others."""
        return {pick.candidate for pick in self.planned if pick.candidate is not None}

    def allowed(self, hide_bought_days: int) -> Allowed:
        """The candidates that may be shown at all."""
        return self.masks.allowed(
            hide_bought_days,
            lambda: allowed(self.ranking.candidates, self.context, self.visit, hide_bought_days, self.dismissed),
        )

    def left_of(self, rule: Rule) -> int:
        """How often a sponsored rule may still be shown on this page view."""
        left = self.sponsored_left.get(rule.name, rule.per_session)
        if left is None:
            return rule.per_row
        if rule.per_session is not None:
            left -= sum(pick.paid_by is not None and pick.paid_by.name == rule.name for pick in self.planned)
        return max(0, min(rule.per_row, left))

    def after(self, picks: Picks) -> "Filling":
        """The page once this row is filled: what it plans to show is used."""
        return Filling(  # not `replace`, which takes ten times as long
            self.ranking,
            self.context,
            self.visit,
            self.masks,
            self.rules,
            self.dismissed,
            self.sponsored_left,
            self.emphasis,
            (*self.planned, *picks.planned()),
        )


def begin_page(
    ranking: Ranking,
    context: Context,
    visit: Visit,
    rules: Sequence[Rule] = (),
    dismissed: Collection[ItemId] = (),
    sponsored_left: Mapping[str, int] | None = None,
    emphasis: Emphasis = NO_EMPHASIS,
) -> Filling:
    """A page of which no row is filled.

    `rules` are the active ones (merchandising.active_rules), `emphasis` is what holds now (merchandising.emphasis_now).
    """
    masks = Masks(ranking.candidates)
    return Filling(ranking, context, visit, masks, rules, frozenset(dismissed), sponsored_left or {}, emphasis)

"""What the rows of a page are filled with and what they share: each item once, sponsored places only so often."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from vitrine.decisions.actions import ProductRow
from vitrine.decisions.answers import Reason
from vitrine.decisions.candidates import Mask
from vitrine.decisions.context import Context
from vitrine.decisions.merchandising import NO_EMPHASIS, Emphasis, Rule
from vitrine.decisions.ranking import Allowed, Ranking, allowed
from vitrine.decisions.visit import Visit
from vitrine.types import ItemId


@dataclass(frozen=True, slots=True)
class Pick:
    """An item chosen for a row, before its card is seen. `score` is what ordered it, -inf when nothing did.

    `rules` touched it, `paid_by` is the sponsored rule that gave it its place. `index` is its candidate, None for a
    pinned item that no list names.
    """

    item: ItemId
    score: float
    reason: Reason
    rules: tuple[str, ...] = ()
    paid_by: Rule | None = None
    index: int | None = None


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Picks in their places. `last` is the place of the last one from the flow, `left` what the flow has beyond it."""

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
    def items(self) -> list[ItemId]:
        """The items whose cards are wanted."""
        return [pick.item for pick in self.all()]

    def arrange(self, is_usable: Callable[[Pick], bool]) -> Arrangement:
        """The usable picks in their slots. A row with gaps closes up around its pins."""
        flow = [pick for pick in self.flow if is_usable(pick)]
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

    def planned(self) -> list[Pick]:
        """What it shows when every card is there and nothing is explored."""
        return self.arrange(lambda pick: True).shown


@dataclass(frozen=True, slots=True)
class Filling:
    """What all rows of a page share, and what the rows before have left.

    `rules` are the active ones, `emphasis` is what blends draw on. `unused` (bool [n]) and `used` keep each item to one
    row. `sponsored_left` says per rule how often it may still be shown in the session; a rule that is not in it has all
    its times.
    """

    ranking: Ranking
    context: Context
    visit: Visit
    unused: Mask
    rules: Sequence[Rule] = ()
    dismissed: frozenset[ItemId] = frozenset()
    sponsored_left: Mapping[str, int] = field(default_factory=dict)
    used: frozenset[ItemId] = frozenset()
    emphasis: Emphasis = NO_EMPHASIS
    _selected: dict[str, Mask] = field(default_factory=dict, repr=False, compare=False)
    _allowed: dict[int, Allowed] = field(default_factory=dict, repr=False, compare=False)

    def selected(self, rule: Rule) -> Mask:
        """The candidates that a rule speaks of: bool [n], worked out once per page."""
        if rule.name not in self._selected:
            self._selected[rule.name] = rule.items.mask(self.ranking.candidates)
        return self._selected[rule.name]

    def allowed(self, hide_bought_days: int) -> Allowed:
        """The candidates that may be shown at all, worked out once per page and number of days."""
        if hide_bought_days not in self._allowed:
            self._allowed[hide_bought_days] = allowed(
                self.ranking.candidates, self.context, self.visit, hide_bought_days, self.dismissed
            )
        return self._allowed[hide_bought_days]

    def left_of(self, rule: Rule) -> int:
        """How often a sponsored rule may still be shown on this page view."""
        left = self.sponsored_left.get(rule.name, rule.per_session)
        return rule.per_row if left is None else max(0, min(rule.per_row, left))

    def after(self, picks: Picks) -> "Filling":
        """The page once this row is filled: what it plans to show is used."""
        planned = picks.planned()
        unused = self.unused.copy()
        unused[[pick.index for pick in planned if pick.index is not None]] = False
        left = dict(self.sponsored_left)
        for rule in (pick.paid_by for pick in planned):
            if rule is not None and rule.per_session is not None:
                left[rule.name] = left.get(rule.name, rule.per_session) - 1
        used = self.used.union([pick.item for pick in planned])
        return replace(self, unused=unused, used=used, sponsored_left=left)


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
    return Filling(
        ranking=ranking,
        context=context,
        visit=visit,
        unused=np.ones(len(ranking.candidates), np.bool_),
        rules=rules,
        dismissed=frozenset(dismissed),
        sponsored_left=sponsored_left or {},
        emphasis=emphasis,
    )

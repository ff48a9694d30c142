"""What visitors would see otherwise if other store files were published: the same page views, decided under both.

Everything but the store is equal: lists, model, rows, cards, the clock and the draws. What differs is the files' doing.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, Protocol, TypeVar

from vitrine.decisions.answers import Answer, Decision, Slot
from vitrine.decisions.release import Release
from vitrine.service.plan_reach import Reach, ReachTally
from vitrine.service.plan_shown import Shown, shown_by
from vitrine.types import PageType, RegionId

EXAMPLES: Final = 3
"""Examples per placement, each of another pair of campaigns before and after, as long as there are others."""

HOUSE: Final = "(the placement's own)"
HELD_BACK: Final = "{} (held back)"


class View(Protocol):
    """One page view to decide. `who` says for people whose it is."""

    @property
    def who(self) -> str:
        """A known visitor, a new one."""
        ...

    @property
    def page(self) -> PageType:
        """The page that is shown."""
        ...


V_contra = TypeVar("V_contra", bound=View, contravariant=True)
V = TypeVar("V", bound=View)


class DecideView(Protocol[V_contra]):
    """Decides a page view as of a release; None when its inputs are not to be had any more."""

    def __call__(self, view: V_contra, release: Release, /, *, explain: bool = False) -> Decision | None:
        """The decision, on request with every campaign that was considered.

        It may be asked for the same view and another release; only the store may make a difference.
        """
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """One placement of one page view, before and after; None where the store has no such placement on the page."""

    who: str
    page: PageType
    region: RegionId
    placement: str
    before: Shown | None
    after: Shown | None


@dataclass(frozen=True, slots=True)
class PlacementPlan:
    """Page views with this placement, how many of them would show something else in it, and who won before and after.

    Winners are names of campaigns, a campaign that is held back for comparison apart, and the placement's own action.
    """

    views: int
    changed: int
    won: Mapping[str, tuple[int, int]]
    examples: Sequence[Example]

    @property
    def share(self) -> float:
        """Share of the page views that would change, 0..1."""
        return self.changed / self.views if self.views else 0.0


@dataclass(frozen=True, slots=True)
class PlanReport:
    """The comparison. `changed` counts page views with any change, `left_out` those that could not be decided.

    `reach` tells of the campaigns that were asked about, by name, under the store after.
    """

    views: int
    changed: int
    left_out: int
    placements: Mapping[str, PlacementPlan]
    reach: Mapping[str, Reach] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    """The counts of one placement while they are made."""

    views: int = 0
    changed: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[Example]] = field(default_factory=dict)

    def plan(self) -> PlacementPlan:
        winners = sorted(self.before.keys() | self.after.keys(), key=lambda name: (name == HOUSE, name))
        won = {name: (self.before[name], self.after[name]) for name in winners}
        return PlacementPlan(self.views, self.changed, won, self._chosen())

    def _chosen(self) -> list[Example]:
        """A few examples, of different pairs of winners first."""
        ranks = max(map(len, self.examples.values()), default=0)
        in_turn = (found[rank] for rank in range(ranks) for found in self.examples.values() if rank < len(found))
        return [example for example, _ in zip(in_turn, range(EXAMPLES), strict=False)]


def compare(
    views: Iterable[V],
    before: Release,
    after: Release,
    decide_view: DecideView[V],
    campaigns: Collection[str] = (),
) -> PlanReport:
    """What becomes of the page views under the releases' stores, placement by placement.

    `campaigns` are those of the store after whose reach is wanted. The placements come in the order of the store
    after, those that it has no more behind them.
    """
    tallies: dict[str, _Tally] = {}
    reach = ReachTally(campaigns)
    n_views = n_changed = n_left_out = 0
    for view in views:
        then, now = decide_view(view, before), decide_view(view, after, explain=bool(campaigns))
        if then is None or now is None:
            n_left_out += 1
            continue
        n_views += 1
        n_changed += _count(view, then, now, tallies)
        reach.count(now)
    order = dict.fromkeys(chain(after.store.placements, before.store.placements))
    placements = {name: tallies[name].plan() for name in order if name in tallies}
    return PlanReport(n_views, n_changed, n_left_out, placements, reach.reach())


def _count(view: View, then: Decision, now: Decision, tallies: dict[str, _Tally]) -> bool:
    """Whether anything changed on the page."""
    any_change = False
    for placement, was, will_be in _paired(then, now):
        tally = tallies.setdefault(placement, _Tally())
        tally.views += 1
        winners = _winner(was), _winner(will_be)
        tally.before.update(filter(None, winners[:1]))
        tally.after.update(filter(None, winners[1:]))
        if _look(was) != _look(will_be) or winners[0] != winners[1]:
            any_change = True
            tally.changed += 1
            found = tally.examples.setdefault((str(winners[0]), str(winners[1])), [])
            if len(found) < EXAMPLES:
                found.append(Example(view.who, view.page, now.region, placement, shown_by(was), shown_by(will_be)))
    return any_change


def _paired(then: Decision, now: Decision) -> Iterator[tuple[str, Answer | None, Answer | None]]:
    was, will_be = ({answer.placement: answer for answer in decision.placements} for decision in (then, now))
    for placement in dict.fromkeys([*was, *will_be]):
        yield placement, was.get(placement), will_be.get(placement)


def _winner(answer: Answer | None) -> str | None:
    """Who won the placement, for counting; None where there is no placement."""
    if answer is None:
        return None
    if answer.campaign is None:
        return HOUSE
    return HELD_BACK.format(answer.campaign) if answer.control else answer.campaign


def _look(answer: Answer | None) -> object:
    """All that a visitor sees of a placement, but for the cards, which are the same ones."""
    if answer is None:
        return None
    rows = [(row.title, [_place(slot) for slot in row.items]) for row in answer.rows]
    items = [_place(slot) for slot in answer.items]
    return answer.kind, answer.mechanic, answer.live, answer.variation, answer.content, items, rows


def _place(slot: Slot) -> object:
    return slot.item, slot.slot, slot.label

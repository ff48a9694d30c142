"""Which campaign gets a placement: those that want it are asked in the order in which they win, one after the other.

Nobody behind the winner is evaluated, unless somebody wants it explained. Where campaigns stand against each other,
the better one has its way wherever on the page it is. What a row cannot be filled with only shows on the way: the
filling says so with `refuse` and `settle`.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import Final

from vitrine.decisions.actions import Action, Lookup
from vitrine.decisions.answers import Considered, Live, Outcome
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.context import Context
from vitrine.decisions.eligibility import Eligibility, Spent, Standing
from vitrine.decisions.placements import Placement, Store
from vitrine.rules.experiments import Assignment
from vitrine.rules.index import bits
from vitrine.values import dataclass
from vitrine.visitors.exposures import Exposures

NOBODY_DENIED: Final[Mapping[str, Outcome]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Chosen:
    """A contender for a placement and what it would show; without a campaign it is the placement's own action.

    `control`: the visitor is held back for comparison and the action is the placement's own; from the campaign that
    won, or without one from all that could have run here. `assignment` is there when an experiment chose the variation,
    `live` when the variation has a countdown or a wheel, even if it is not shown to the control group.
    """

    placement: Placement
    action: Action
    campaign: Campaign | None = None
    variation: str | None = None
    control: bool = False
    assignment: Assignment | None = None
    live: Live | None = None


class Contest:
    """The contest of one page view.

    `exposures` None: they could not be read, or there is no visitor to have any. `denied` are campaigns whose showing
    could not be counted, with what is to be said of them.
    """

    def __init__(
        self,
        store: Store,
        facts: Lookup,
        context: Context,
        exposures: Exposures | None,
        spent: Spent,
        denied: Mapping[str, Outcome] = NOBODY_DENIED,
    ) -> None:
        self._eligibility = Eligibility(store, facts, context, exposures, spent, denied)
        self._explain = context.request.options.explain
        self._page: tuple[Placement, ...] = ()
        self._expected: Mapping[str, Campaign] | None = None
        self._settled: dict[str, Chosen] = {}
        self._refused: dict[tuple[str, str], Outcome] = {}
        self._n_refused_before = 0

    def reserve(self, placements: Sequence[Placement]) -> None:
        """Keep exclusive groups, and room in the visitor's row, for the campaigns of these placements that win first.

        Without it, they go to whoever is settled first. To be called before anything is settled.
        """
        self._page, self._expected = tuple(placements), None

    def of(self, placement: Placement) -> Iterator[Chosen]:
        """The contenders in the order in which they win, each evaluated when it is its turn; at last the placement's
        own action. Asked again, it begins anew, with what was settled and refused since."""
        for number in bits(self._listed(placement) & self._eligibility.likely()):
            campaign, standing = self._eligibility.index.campaigns[number], self._eligibility.of(number)
            if standing.lost == "holdout":
                yield Chosen(placement, placement.action, control=True)
                return
            if standing.lost is None and self._is_open(placement, campaign):
                yield _chosen(placement, campaign, standing)
        yield Chosen(placement, placement.action)

    def settle(self, chosen: Chosen) -> bool:
        """Take note that this is what the placement shows: its group is now taken on this page.

        False, and refused, when what was settled since it was chosen stands against it.
        """
        if chosen.campaign is not None and not self._is_open(chosen.placement, chosen.campaign):
            return False
        self._settled[chosen.placement.name] = chosen
        return True

    def refuse(self, chosen: Chosen, outcome: Outcome) -> None:
        """Take note that the placement does not show this, and why."""
        if chosen.campaign is not None:
            self._refused[chosen.placement.name, chosen.campaign.name] = outcome
            self._expected = None

    def reopen(self) -> bool:
        """Whether the page has to be filled once more, from the start; then nothing is settled any more.

        It has when what was refused leaves its group to a campaign whose placement was settled before that was known.
        Every time this is true something more was refused, so it ends.
        """
        won = {name: chosen.campaign for name, chosen in self._settled.items() if chosen.campaign is not None}
        if not self._page or len(self._refused) == self._n_refused_before or won == self._expectation():
            return False
        self._n_refused_before = len(self._refused)
        self._settled.clear()
        return True

    @property
    def settled(self) -> tuple[Chosen, ...]:
        """What was settled, in order."""
        return tuple(self._settled.values())

    def considered(self, placement: Placement) -> tuple[Considered, ...]:
        """What became of the campaigns that list the placement, in the order in which they win.

        Of all of them when the request wants it explained, each with its own reason; else of those that were evaluated.
        """
        if not self._explain and not self._eligibility.made:
            return ()
        campaigns, listed = self._eligibility.index.campaigns, self._listed(placement)
        evaluated = (number for number in sorted(self._eligibility.made) if listed >> number & 1)
        told, winner = [], self._settled.get(placement.name)
        is_taken = False
        for number in bits(listed) if self._explain else evaluated:
            campaign, standing = campaigns[number], self._eligibility.of(number)
            if winner is not None and winner.campaign is campaign:
                outcome: Outcome = "control" if winner.control else "shown"
                is_taken = True
            else:
                outcome = standing.lost or self._beaten(placement, campaign, is_taken=is_taken)
            told.append(_considered(campaign, standing, outcome))
        return tuple(told)

    def _beaten(self, placement: Placement, campaign: Campaign, *, is_taken: bool) -> Outcome:
        """Why a campaign that could be shown is not; `is_taken`: one that wins before it has the placement."""
        refused = self._refused.get((placement.name, campaign.name))
        blocked = None if refused or is_taken else self._block(placement, campaign)
        return refused or blocked or "outranked"

    def _listed(self, placement: Placement) -> int:
        return self._eligibility.index.by_placement.get(placement.name, 0)

    def _is_open(self, placement: Placement, campaign: Campaign) -> bool:
        """Whether neither the filling of the row nor another campaign of the page stands against it."""
        return (placement.name, campaign.name) not in self._refused and self._block(placement, campaign) is None

    def _block(self, placement: Placement, campaign: Campaign) -> Outcome | None:
        """Why it cannot be shown beside what other placements show already, or are expected to."""
        if not campaign.is_noted:
            return None
        shown = {name: chosen.campaign for name, chosen in self._settled.items()}
        page = {**self._expectation(), **shown}
        others = [other for name, other in page.items() if other is not None and name != placement.name]
        return self._conflict(campaign, others)

    def _conflict(self, campaign: Campaign, others: Sequence[Campaign]) -> Outcome | None:
        """Why one page cannot show the campaign and these together."""
        if not campaign.is_noted:
            return None
        if campaign.group is not None and any(
            other.group == campaign.group and other.name != campaign.name for other in others
        ):
            return "group"
        return None if self._eligibility.has_room([*others, campaign]) else "not_counted"

    def _expectation(self) -> Mapping[str, Campaign]:
        """What the page's placements would show by what is known now, whatever their order."""
        if self._expected is None:
            self._expected = self._expect()
        return self._expected

    def _expect(self) -> Mapping[str, Campaign]:
        """Campaigns choose in the order in which they win: each gets what is left of its placements, if no better one
        stands against it."""
        left = {placement.name: self._listed(placement) for placement in self._page}
        wanting = reduce(or_, left.values(), 0)
        expected: dict[str, Campaign] = {}
        for number in bits(wanting & self._eligibility.likely()) if left else ():
            campaign = self._eligibility.index.campaigns[number]
            at = [name for name, listed in left.items() if listed >> number & 1]
            at = [name for name in at if (name, campaign.name) not in self._refused]
            standing = self._eligibility.of(number) if at else None
            if standing is not None and standing.lost == "holdout":
                break
            if standing is None or standing.lost or self._conflict(campaign, list(expected.values())):
                continue
            for name in at:
                expected[name] = campaign
                del left[name]
            if not left:
                break
        return expected


def _considered(campaign: Campaign, standing: Standing, outcome: Outcome) -> Considered:
    has_arm = standing.assignment is not None or standing.lost is None
    variation = campaign.variations[standing.arm].name if has_arm else None
    return Considered(campaign.name, outcome, variation, standing.bucket, standing.live)


def _chosen(placement: Placement, campaign: Campaign, standing: Standing) -> Chosen:
    variation = campaign.variations[standing.arm]
    action = placement.action if standing.control else variation.action
    return Chosen(placement, action, campaign, variation.name, standing.control, standing.assignment, standing.live)

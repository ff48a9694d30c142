"""Which campaign gets a placement: those that want it are asked in the order in which they win, one after the other.

Nobody behind the winner is evaluated, unless somebody wants it explained. What a row cannot be filled with, and what
stands against another campaign of the same page, only shows on the way: the filling says so with `refuse` and `settle`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from vitrine.decisions.actions import Action, Lookup
from vitrine.decisions.answers import Considered, Outcome
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.context import Context
from vitrine.decisions.eligibility import Eligibility, Spent, Standing
from vitrine.decisions.placements import Placement, Store
from vitrine.rules.experiments import Assignment
from vitrine.rules.index import bits
from vitrine.visitors.exposures import Exposures

NOBODY_DENIED: Final[Mapping[str, Outcome]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Chosen:
    """A contender for a placement and what it would show; without a campaign it is the placement's own action.

    `control`: the visitor is held back for comparison and the action is the placement's own; from the campaign that
    won, or without one from all that could have run here. `assignment` is there when an experiment chose the variation.
    """

    placement: Placement
    action: Action
    campaign: Campaign | None = None
    variation: str | None = None
    control: bool = False
    assignment: Assignment | None = None


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
        self._settled: list[Chosen] = []
        self._refused: dict[tuple[str, str], Outcome] = {}
        self._blocked: dict[tuple[str, str], Outcome] = {}

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
        self._settled.append(chosen)
        return True

    def refuse(self, chosen: Chosen, outcome: Outcome) -> None:
        """Take note that the placement does not show this, and why."""
        if chosen.campaign is not None:
            self._refused[chosen.placement.name, chosen.campaign.name] = outcome

    @property
    def settled(self) -> tuple[Chosen, ...]:
        """What was settled, in order."""
        return tuple(self._settled)

    def considered(self, placement: Placement) -> tuple[Considered, ...]:
        """What became of the campaigns that list the placement, in the order in which they win.

        Of all of them when the request wants it explained, each with its own reason; else of those that were evaluated.
        """
        campaigns, listed = self._eligibility.index.campaigns, self._listed(placement)
        evaluated = (number for number in sorted(self._eligibility.made) if listed >> number & 1)
        numbers = bits(listed) if self._explain else evaluated
        return tuple(self._considered(placement, campaigns[each], self._eligibility.of(each)) for each in numbers)

    def _considered(self, placement: Placement, campaign: Campaign, standing: Standing) -> Considered:
        at = placement.name, campaign.name
        outcome = standing.lost or self._refused.get(at) or self._blocked.get(at) or "outranked"
        for chosen in self._settled:
            if chosen.placement.name == placement.name and chosen.campaign is campaign:
                outcome = "control" if chosen.control else "shown"
        has_arm = standing.assignment is not None or standing.lost is None
        variation = campaign.variations[standing.arm].name if has_arm else None
        return Considered(campaign.name, outcome, variation, standing.bucket)

    def _listed(self, placement: Placement) -> int:
        return self._eligibility.index.by_placement.get(placement.name, 0)

    def _is_open(self, placement: Placement, campaign: Campaign) -> bool:
        """Whether neither the filling of the row nor what this page shows already stands against it."""
        at = placement.name, campaign.name
        blocked = self._block(campaign)
        if blocked is None:
            self._blocked.pop(at, None)
        else:
            self._blocked[at] = blocked
        return blocked is None and at not in self._refused

    def _block(self, campaign: Campaign) -> Outcome | None:
        """Why it cannot be shown beside what this page shows already."""
        others = [chosen.campaign for chosen in self._settled if chosen.campaign is not None]
        if campaign.group is not None and any(
            other.group == campaign.group and other.name != campaign.name for other in others
        ):
            return "group"
        return None if not campaign.is_noted or self._eligibility.has_room([*others, campaign]) else "not_counted"


def _chosen(placement: Placement, campaign: Campaign, standing: Standing) -> Chosen:
    variation = campaign.variations[standing.arm]
    action = placement.action if standing.control else variation.action
    return Chosen(placement, action, campaign, variation.name, standing.control, standing.assignment)

"""Whether one visitor may see a campaign on one page view: every check but those between campaigns of the page.

Checks that cost nothing come first, and none is made twice. A visitor of a campaign's control group passes the same
checks as one who sees it, counts included, or the two groups would drift apart: after three showings the one would be
capped and the other not.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

from vitrine.decisions.actions import Countdown, Lookup, Wheel
from vitrine.decisions.answers import Drawn, Ends, Live, Outcome
from vitrine.decisions.campaigns import Campaign, index_campaigns
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Store
from vitrine.rules.bucketing import hash_value
from vitrine.rules.experiments import Assignment, assign
from vitrine.values import dataclass
from vitrine.visitors.exposures import Exposures

Spent: TypeAlias = Callable[[Campaign], bool | None]
"""Whether a campaign's budget is spent, None when that is not known."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a campaign stands in all of its placements: why it loses, or (None) that it may be shown.

    `bucket` is what decided: the holdout's, the control's or the experiment's. `live` is that of its arm's countdown or
    wheel, also where the countdown is over or the visitor is held back: then it is theirs all the same.
    """

    lost: Outcome | None = None
    arm: int = 0
    control: bool = False
    assignment: Assignment | None = None
    bucket: float | None = None
    live: Live | None = None


class Eligibility:
    """The standings of one page view, each made when it is first asked for. Campaigns go by their number in `index`."""

    def __init__(
        self,
        store: Store,
        facts: Lookup,
        context: Context,
        exposures: Exposures | None,
        spent: Spent,
        denied: Mapping[str, Outcome],
    ) -> None:
        self.index = store.index or index_campaigns(store.campaigns)
        self.made: dict[int, Standing] = {}
        self._facts = facts
        self._context = context
        self._now_ms = int(context.now.timestamp() * 1000)
        self._exposures = exposures
        self._spent = spent
        self._denied = denied
        self._on_page = self.index.by_page[context.request.page.type]
        self._possible: int | None = None
        self._holdout = store.holdout

    def likely(self) -> int:
        """A mask of the campaigns that are not ruled out by page type and what their conditions require at least."""
        if self._possible is None:
            self._possible = self._on_page & self.index.conditions.possible(self._facts)
        return self._possible

    @cached_property
    def _held_out(self) -> float | None:
        """The visitor's bucket if they never see a campaign."""
        return _bucket_below(self._holdout.seed, self._context, self._holdout.share) if self._holdout else None

    def of(self, number: int) -> Standing:
        """The standing of a campaign."""
        standing = self.made.get(number)
        if standing is None:
            standing = self.made[number] = self._judge(number, self.index.campaigns[number])
        return standing

    def has_room(self, campaigns: list[Campaign]) -> bool:
        """Whether all of these can be noted for the visitor by one page view."""
        noted = {name for campaign in campaigns for name in campaign.noted_as}
        groups = {campaign.group for campaign in campaigns if campaign.group is not None}
        return self._exposures is not None and self._exposures.has_room(noted, groups, self._now_ms)

    def _judge(self, number: int, campaign: Campaign) -> Standing:
        kept_out = self._kept_out(number, campaign)
        if kept_out is not None:
            return kept_out
        if campaign.is_noted and self._exposures is None:
            return Standing("not_counted")
        assignment = self._assigned(campaign)
        if assignment is None:
            return self._counted(campaign, Standing())
        standing = Standing(None, assignment.arm, assignment=assignment, bucket=assignment.bucket)
        # To whom nothing can be hashed for gets the first variation, and is no exposure of the experiment.
        if not assignment.in_experiment and assignment.reason != "no_attribute":
            return replace(standing, lost="not_in_experiment")
        return self._counted(campaign, standing)

    def _kept_out(self, number: int, campaign: Campaign) -> Standing | None:
        """Why the campaign is not for this page view at all, the cheapest checks first."""
        if not self._on_page >> number & 1:
            return Standing("page")
        if not campaign.is_running(self._now_ms):
            return Standing("schedule")
        if not self.likely() >> number & 1:
            return Standing("condition")
        if not campaign.needs <= self._context.request.consent:
            return Standing("consent")
        if campaign.condition is not None and not campaign.condition.matches(self._facts):
            return Standing("condition")
        # Last, so that only who would have been in the audience is compared with those who are.
        return None if self._held_out is None else Standing("holdout", bucket=self._held_out)

    def _assigned(self, campaign: Campaign) -> Assignment | None:
        if campaign.experiment is None:
            return None
        arms = self._exposures.arms if self._exposures is not None else {}
        return assign(campaign.experiment, self._facts, arms, tuple(each.name for each in campaign.variations))

    def _counted(self, campaign: Campaign, standing: Standing) -> Standing:
        """The standing after all that is counted, and the control group of those who are left."""
        action = campaign.variations[standing.arm].action
        if action.countdown is not None:
            standing = self._timed(campaign, action.countdown, standing)
        elif action.wheel is not None:
            standing = self._drawn(campaign, action.wheel, standing)
        lost = (
            standing.lost
            or self._denied.get(campaign.name)
            or self._capped(campaign)
            or self._held(campaign)
            or self._broke(campaign)
        )
        if lost is not None:
            return replace(standing, lost=lost)
        bucket = _bucket_below(f"{campaign.name}:control", self._context, campaign.control)
        return standing if bucket is None else replace(standing, control=True, bucket=bucket)

    def _timed(self, campaign: Campaign, countdown: Countdown, standing: Standing) -> Standing:
        """The standing with the countdown's end: the one that was remembered, never later than the campaign's own.

        It is remembered with the login, where there is one: a device that is used without it later, and had not begun
        the countdown before, begins one of its own. A second row would cost each first showing a second write.
        """
        is_own = countdown.lasts_ms is not None
        begun = self._exposures.ends_ms(campaign.name) if is_own and self._exposures is not None else None
        ends_ms = countdown.ends_ms(self._context.now) if begun is None else begun
        if campaign.ends_ms is not None:
            ends_ms = min(ends_ms, campaign.ends_ms)
        return replace(standing, lost="over" if ends_ms <= self._now_ms else None, live=Ends(ends_ms, is_own))

    def _drawn(self, campaign: Campaign, wheel: Wheel, standing: Standing) -> Standing:
        """The standing with what the wheel gives the visitor: their bucket decides, however often it is asked.

        The device's, where it is known: a login on it turns the wheel no second time, but one on another device does.
        """
        request = self._context.request
        turner = request.device_visitor or request.visitor
        if request.visitor is None or turner is None:
            return replace(standing, lost="no_visitor")
        return replace(standing, live=Drawn(wheel.outcome(hash_value(f"{campaign.name}:wheel", turner))))

    def _capped(self, campaign: Campaign) -> Outcome | None:
        if self._exposures is None:
            return None
        for cap in campaign.caps:
            session = self._context.request.session
            if self._exposures.views(campaign.name, cap.per, cap.period_ms, self._now_ms, session) >= cap.views:
                return "capped"
        return None

    def _held(self, campaign: Campaign) -> Outcome | None:
        """What its group says: the session has met another campaign of it, or nobody knows any more."""
        if self._exposures is None or campaign.group is None:
            return None
        holders = self._exposures.holders(campaign.group, self._now_ms, self._context.request.session)
        if holders is None:
            return "not_counted"
        return "group" if holders - {campaign.name} else None

    def _broke(self, campaign: Campaign) -> Outcome | None:
        if campaign.budget is None:
            return None
        spent = self._spent(campaign)
        if spent is None:
            return "not_counted"
        return "budget" if spent else None


def _bucket_below(seed: str, context: Context, share: float) -> float | None:
    """The visitor's bucket if it lies below the share; None else, and for who has no id. GrowthBook's hash, version 2:
    with different seeds its buckets are independent.

    The lower one of login and device: who was held back before a login stays so after it.
    """
    ids = (context.request.visitor, context.request.device_visitor)
    if share <= 0 or ids[0] is None:
        return None
    bucket = min(hash_value(seed, each, 2) for each in ids if each is not None)
    return bucket if bucket < share else None

"""Campaigns: who sees what, where, when, how often; and which of those that would like a placement gets it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Final, Literal, get_args

from vitrine.decisions.actions import Action
from vitrine.places.calendar import local_time
from vitrine.rules.conditions import Condition
from vitrine.rules.experiments import Experiment
from vitrine.rules.index import ConditionIndex
from vitrine.types import PageType, Purpose
from vitrine.values import dataclass
from vitrine.visitors.exposures import EVER_MS
from vitrine.visitors.trails import MAX_MARKS, SESSION_MS, ending

MAX_CAP_VIEWS: Final = MAX_MARKS
"""A cap per session or period counts no further; one for ever may have any number of views."""


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many showings per visitor: in a session, or in any `period_ms` up to now (None: ever).

    A showing is a page view that shows the campaign, in however many placements.
    """

    views: int
    per: Literal["session", "period"]
    period_ms: int | None = None

    @property
    def in_detail(self) -> bool:
        """Whether it matters when a showing was, not only how many there were."""
        return self.per == "session" or self.period_ms is not None

    @property
    def lasts_ms(self) -> int:
        """For how long a showing matters to the cap."""
        if self.per == "session":
            return SESSION_MS
        return EVER_MS if self.period_ms is None else self.period_ms


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many showings to all visitors together, per day or week as the `timezone` has them (None: in all).

    The counter has `shards` rows, each with its equal part, so that no row is written too often.
    """

    views: int
    period: Literal["day", "week"] | None
    shards: int
    timezone: str = "UTC"

    def period_at(self, now: datetime) -> tuple[int, datetime | None]:
        """The number of the period at an aware instant, and when it ends; 0 and None where there are no periods.

        A day is numbered from 1 January of the year 1, a week, from Monday on, by ISO 8601: 202645 is week 45 of 2026.
        """
        if self.period is None:
            return 0, None
        at = local_time(now, self.timezone)
        day, (year, week, weekday) = at.date(), at.isocalendar()
        number, n_left = (day.toordinal(), 1) if self.period == "day" else (year * 100 + week, 8 - weekday)
        return number, datetime.combine(day + timedelta(days=n_left), time(), at.tzinfo)


@dataclass(frozen=True, slots=True)
class Variation:
    """One arm: its name in answers and records, and what it shows."""

    name: str
    action: Action


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign, compiled. Of two that want one placement the higher `priority` wins, then the earlier in the files.

    `condition` holds audiences and `when` together, None for everybody. `control` is the share of its audience who are
    held back for comparison and see the placement's own action. `needs` are consents without which it is not shown.
    `group` names campaigns that must not meet in one session. With several variations `experiment` assigns them.
    """

    name: str
    placements: frozenset[str]
    variations: tuple[Variation, ...]
    priority: int = 0
    condition: Condition | None = None
    pages: frozenset[PageType] | None = None
    starts_ms: int | None = None
    ends_ms: int | None = None
    group: str | None = None
    caps: tuple[Cap, ...] = ()
    budget: Budget | None = None
    control: float = 0.0
    needs: frozenset[Purpose] = frozenset()
    experiment: Experiment | None = None
    offer: bool = False

    @property
    def is_noted(self) -> bool:
        """Whether its showings have to be noted per visitor: it has a cap, a group, sticky arms or countdowns of
        visitors' own."""
        return (
            bool(self.caps)
            or self.group is not None
            or (self.experiment is not None and self.experiment.sticky)
            or self.counts_down
        )

    @property
    def counts_down(self) -> bool:
        """Whether a variation of it has a countdown that begins anew for each visitor."""
        return any(
            one.action.countdown is not None and one.action.countdown.lasts_ms is not None for one in self.variations
        )

    @property
    def noted_as(self) -> tuple[str, ...]:
        """Names under which its showings are noted for a visitor, beside its group and arms."""
        own = (self.name,) if self.caps else ()
        return (*own, ending(self.name)) if self.counts_down else own

    def is_running(self, now_ms: int) -> bool:
        """Whether its schedule has begun and not ended; `ends_ms` itself is after the end."""
        return (self.starts_ms is None or self.starts_ms <= now_ms) and (self.ends_ms is None or now_ms < self.ends_ms)


@dataclass(frozen=True, slots=True)
class Holdout:
    """The share of visitors who never see a campaign, so that the value of all of them together can be measured."""

    share: float
    seed: str = "holdout"


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of visitor by several attributes at once. The first that matches is theirs; the last matches everybody."""

    name: str
    condition: Condition | None


Audiences = Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class CampaignIndex:
    """Campaigns in the order in which they win, found by bits: campaign i is bit i of every mask."""

    campaigns: tuple[Campaign, ...]
    conditions: ConditionIndex
    by_placement: Mapping[str, int]
    by_page: Mapping[PageType, int]
    budgeted: tuple[Campaign, ...]
    """Those with a budget, whose counters a page view reads."""


def index_campaigns(campaigns: Iterable[Campaign]) -> CampaignIndex:
    """The index of a store's campaigns: by priority, then in the order given."""
    ordered = tuple(sorted(campaigns, key=lambda campaign: -campaign.priority))
    by_placement: dict[str, int] = {}
    by_page: dict[PageType, int] = dict.fromkeys(get_args(PageType), 0)
    for number, campaign in enumerate(ordered):
        for placement in campaign.placements:
            by_placement[placement] = by_placement.get(placement, 0) | 1 << number
        for page in by_page if campaign.pages is None else campaign.pages:
            by_page[page] |= 1 << number
    conditions = ConditionIndex([campaign.condition for campaign in ordered])
    budgeted = tuple(campaign for campaign in ordered if campaign.budget is not None)
    return CampaignIndex(ordered, conditions, by_placement, by_page, budgeted)

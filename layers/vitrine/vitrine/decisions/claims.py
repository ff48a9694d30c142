"""What one page view has to have counted before it is shown: caps, groups, arms and ends per visitor, and budgets.

A budget's counter has several rows, of which a visitor always uses the same one: its limit is that row's part of the
budget, so all parts together are the budget, whoever comes.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, Literal

from vitrine import keys
from vitrine.decisions.answers import Ends
from vitrine.decisions.campaigns import Budget, Campaign
from vitrine.decisions.contest import Chosen
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Placement
from vitrine.types import Absent, Key, Row, Rows, VisitorId
from vitrine.values import dataclass, field
from vitrine.visitors.exposures import Exposures, Showing, row_of

COUNTER_KEPT: Final = timedelta(days=2)
"""Counters of a period are kept so long after its end: no clock is as late as that."""

Denied = Literal["budget", "not_counted"]


@dataclass(frozen=True, slots=True)
class Spending:
    """One showing to count in a row of a campaign's counter, if it holds fewer than `limit`. `ttl` in epoch seconds."""

    campaign: str
    key: Key
    limit: int
    ttl: int | None


@dataclass(frozen=True, slots=True)
class Claims:
    """What has to be counted: the budgets, and `row` in the place of the visitor's row of exposures with revision `rev`
    (None: there is none yet). `row` None: the visitor's stays. `campaigns` are all that are claimed for."""

    campaigns: tuple[str, ...]
    budgets: tuple[Spending, ...]
    row: Row | None
    rev: int | None


@dataclass(frozen=True, slots=True)
class ClaimOutcome:
    """What became of claims; by default all was counted.

    `denied` are campaigns that must not be shown, and why. `fresh` is the visitor's row as somebody else has just left
    it: decide again with it. `uncounted`: nothing can be counted at present, so show only what needs no counting.
    `paid` are campaigns whose budgets were counted, to be claimed no second time by this page view.
    """

    denied: Mapping[str, Denied] = field(default_factory=dict)
    fresh: Row | Absent | None = None
    uncounted: bool = False
    paid: tuple[str, ...] = ()

    @property
    def is_granted(self) -> bool:
        """Whether the page view may be shown as it was claimed for."""
        return not self.denied and self.fresh is None and not self.uncounted


def claims_of(
    settled: Sequence[Chosen],
    sponsored: Mapping[str, int],
    exposures: Exposures | None,
    rev: int | None,
    context: Context,
    paid: Collection[str] = (),
) -> Claims | None:
    """What a page view with these choices has to count, None when there is nothing.

    `sponsored` are the items that sponsored rules placed, by rule. Campaigns in `paid` have had their budget counted.
    A campaign in several placements is one showing. Control groups are counted, but spend no budget. The row is written
    also for what the device brings to a login, and to live on while one of its sticky arms is in use.
    """
    request = context.request
    if request.visitor is None:
        return None
    shown = {chosen.campaign.name: (chosen.campaign, chosen) for chosen in settled if chosen.campaign is not None}
    row = None
    if exposures is not None:
        row = _row_after(exposures, [_showing(*each) for each in shown.values()], sponsored, rev, context)
    budgets = tuple(
        _spending(campaign, campaign.budget, request.visitor, context.now)
        for campaign, chosen in shown.values()
        if campaign.budget is not None and not chosen.control and campaign.name not in paid
    )
    if row is None and not budgets:
        return None
    counted = tuple(name for name, (campaign, _) in shown.items() if campaign.is_noted or campaign.budget is not None)
    return Claims(counted, budgets, row, rev)


def budget_keys(campaigns: Sequence[Campaign], placements: Sequence[Placement], context: Context) -> list[Key]:
    """Keys of the counters that the campaigns of these placements would use for this visitor, now."""
    request, now_ms = context.request, _ms(context)
    if request.visitor is None:
        return []
    names = frozenset(placement.name for placement in placements)
    return [
        _spending(campaign, campaign.budget, request.visitor, context.now).key
        for campaign in campaigns
        if campaign.budget is not None
        and not names.isdisjoint(campaign.placements)
        and (campaign.pages is None or request.page.type in campaign.pages)
        and campaign.is_running(now_ms)
    ]


def spent(rows: Rows, context: Context) -> Callable[[Campaign], bool | None]:
    """Whether a campaign's budget is spent for this visitor, as far as the rows tell; None where they do not."""
    visitor = context.request.visitor

    def is_spent(campaign: Campaign) -> bool | None:
        if campaign.budget is None:
            return False
        if visitor is None:
            return None
        spending = _spending(campaign, campaign.budget, visitor, context.now)
        row = rows.get(spending.key, Absent.NOT_READ)
        used = 0 if row is Absent.MISSING else row.get("used") if not isinstance(row, Absent) else None
        return used >= spending.limit if isinstance(used, int) else None

    return is_spent


def limit_of(budget: Budget, shard: int) -> int:
    """The part of the budget that a shard has; those of all shards are the budget."""
    each, rest = divmod(budget.views, budget.shards)
    return each + (shard < rest)


def _row_after(
    exposures: Exposures, showings: Sequence[Showing], sponsored: Mapping[str, int], rev: int | None, context: Context
) -> Row | None:
    """The row after the page view, None when the present one may stay."""
    if not showings and not sponsored and exposures.before is None:
        return None
    after = exposures.after(showings, sponsored, _ms(context), context.request.session)
    lapses = any(showing.arm is not None for showing in showings) and exposures.is_due(context.now)
    return row_of(after, rev, context.now) if lapses or after != exposures else None


def _showing(campaign: Campaign, chosen: Chosen) -> Showing:
    live = chosen.live
    return Showing(
        campaign.name,
        lasts_ms=max((cap.lasts_ms for cap in campaign.caps), default=0),
        in_detail=any(cap.in_detail for cap in campaign.caps),
        group=campaign.group,
        arm=chosen.assignment.remember if chosen.assignment is not None else None,
        ends_ms=live.ends_ms if isinstance(live, Ends) and live.is_own else None,
    )


def _spending(campaign: Campaign, budget: Budget, visitor: VisitorId, now: datetime) -> Spending:
    period, ends = budget.period_at(now)
    digest = blake2b(f"{campaign.name}\n{visitor}".encode(errors="replace"), digest_size=8).digest()
    shard = int.from_bytes(digest, "big") % budget.shards
    ttl = None if ends is None else int((ends + COUNTER_KEPT).timestamp())
    return Spending(campaign.name, keys.budget(campaign.name, period, shard), limit_of(budget, shard), ttl)


def _ms(context: Context) -> int:
    return int(context.now.timestamp() * 1000)

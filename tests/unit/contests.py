"""Small stores with campaigns and page views of them, for tests of who gets a placement."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from vitrine.decisions.actions import Action, Content, Fixed
from vitrine.decisions.campaigns import Campaign, Holdout, Variation, index_campaigns
from vitrine.decisions.contest import Contest
from vitrine.decisions.context import Context, DecisionRequest, Options
from vitrine.decisions.placements import Placement, Store
from vitrine.rules.conditions import Condition
from vitrine.types import Page, PageType
from vitrine.visitors.exposures import Exposures

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
HOUR_MS = 3_600_000
CONSENT = frozenset({"personalization"})
PAGES: frozenset[PageType] = frozenset({"home", "product", "cart"})


def banner(text: str) -> Action:
    """Content that says its text."""
    return Action("content", content=Content(Fixed({"en": text})))


def placement(name: str) -> Placement:
    """A placement that shows its own banner."""
    return Placement(name, PAGES, banner(f"own of {name}"))


HERO, SIDE, FOOT = placement("hero"), placement("side"), placement("foot")


def campaign(name: str, *arms: str, at: Iterable[str] = ("hero",), **fields: Any) -> Campaign:
    """A campaign in the placement `hero` with these variations, by default the one `a`."""
    variations = tuple(Variation(arm, banner(f"{name} {arm}")) for arm in arms or ("a",))
    return Campaign(name, frozenset(at), variations, **fields)


def store(*campaigns: Campaign, share: float | None = None) -> Store:
    """A store with three placements, these campaigns and a holdout of a share."""
    return Store(
        name="shop",
        currency="EUR",
        locales=("en",),
        regions=("north",),
        default_region="north",
        placements={each.name: each for each in (HERO, SIDE, FOOT)},
        campaigns=campaigns,
        holdout=None if share is None else Holdout(share),
        index=index_campaigns(campaigns),
    )


def view(
    visitor: str | None = "v1",
    *,
    session: str | None = "s1",
    page: PageType = "home",
    at_ms: int = NOW_MS,
    explain: bool = False,
    consent: frozenset[Any] = CONSENT,
    device: str | None = None,
) -> Context:
    """The context of a page view."""
    request = DecisionRequest(
        Page(page),
        visitor=visitor,
        device_visitor=device,
        session=session,
        consent=consent,
        options=Options(explain=explain),
    )
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return Context("d1", now, request, "north", 1, "default", "en")


def facts(context: Context, **known: Any) -> Callable[[str], Any]:
    """A lookup of these attributes and of the visitor's id."""
    values: Mapping[str, Any] = {"visitor.id": context.request.visitor, **known}
    return values.get


def when(path: str, value: Any) -> Condition:
    """An attribute must have a value."""
    return Condition(lambda lookup: lookup(path) == value, {path: frozenset({value})}, frozenset({path}))


def contest(
    shop: Store, context: Context, exposures: Exposures | None = None, *, readable: bool = True, **known: Any
) -> Contest:
    """A contest in which nothing was shown before, unless said otherwise; no budget is spent."""
    shown = (exposures or Exposures()) if readable else None
    return Contest(shop, facts(context, **known), context, shown, lambda _: False)


def winner(of: Contest, at: Placement = HERO) -> str | None:
    """The name of the campaign that gets the placement, settled."""
    chosen = next(of.of(at))
    assert of.settle(chosen)
    return chosen.campaign.name if chosen.campaign else None


def filled(of: Contest, page: Sequence[Placement], empty: Collection[tuple[str, str]] = ()) -> dict[str, str | None]:
    """The campaign that each placement of the page shows. (Placement, campaign) in `empty` have nothing to show."""
    of.reserve(page)
    while True:
        for each in page:
            for chosen in of.of(each):
                if chosen.campaign is not None and (each.name, chosen.campaign.name) in empty:
                    of.refuse(chosen, "nothing_to_show")
                elif of.settle(chosen):
                    break
        if not of.reopen():
            return {each.placement.name: each.campaign.name if each.campaign else None for each in of.settled}


def outcomes(of: Contest, at: Placement = HERO) -> dict[str, str]:
    """What became of the campaigns, by name."""
    return {each.campaign: each.outcome for each in of.considered(at)}

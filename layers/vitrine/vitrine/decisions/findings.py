"""What was found out before anything is decided: the visitor, the weather, the lists, and what could not be read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from vitrine import keys
from vitrine.decisions.answers import Outcome
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.candidates import Lists
from vitrine.decisions.claims import ClaimOutcome, spent
from vitrine.decisions.context import Context
from vitrine.decisions.placements import Placement
from vitrine.decisions.predicted import Predicted, read_predicted
from vitrine.decisions.reads import ReadRows, lists_of, wanted_keys, weather_cell
from vitrine.decisions.release import Release
from vitrine.decisions.visit import Visit, at_home, resolve_visit
from vitrine.errors import DependencyFailed
from vitrine.places.weather import Weather, parse_weather
from vitrine.types import Absent, Key, Row, Rows
from vitrine.values import dataclass, field
from vitrine.visitors.exposures import Exposures, parse_exposures
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import parse_profile


@dataclass(frozen=True, slots=True)
class Findings:
    """`profile` and `exposures` are empty for a new visitor, None when they could not be read. `rev` is that of the
    row of exposures. `predicted` is what a refresh predicted of the visitor. `all_seen` is False when a list
    could not be read.

    `denied` are campaigns that turned out not to be countable, `paid` those whose budget has been counted already;
    without `can_count` none is.
    """

    context: Context
    visit: Visit
    profile: Profile | None
    exposures: Exposures | None
    rev: int | None
    weather: Weather | None
    predicted: Predicted
    lists: Lists
    all_seen: bool
    rows: Rows
    denied: Mapping[str, Outcome] = field(default_factory=dict)
    paid: frozenset[str] = frozenset()
    can_count: bool = True

    def is_spent(self, campaign: Campaign) -> bool | None:
        """Whether a campaign's budget is spent, None when that is not known. What was paid for here is not."""
        if not self.can_count:
            return None
        return False if campaign.name in self.paid else spent(self.rows, self.context)(campaign)

    def after(self, outcome: ClaimOutcome) -> "Findings":
        """The same with what claims that were not granted have taught."""
        known = replace(self, denied={**self.denied, **outcome.denied}, paid=self.paid.union(outcome.paid))
        if outcome.uncounted or self.context.request.visitor is None:
            return known.uncounted()
        if outcome.fresh is None:
            return known
        rows = {**self.rows, keys.shown(self.context.request.visitor): outcome.fresh}
        exposures, rev = _exposures(self.context, rows, is_first=False)
        return replace(known, exposures=exposures, rev=rev, rows=rows)

    def uncounted(self) -> "Findings":
        """The same for showing only what need not be counted."""
        return replace(self, exposures=None, rev=None, can_count=False)


def find_out(context: Context, release: Release, placements: Sequence[Placement], read: ReadRows) -> Findings:
    """Everything that one batched read tells; a second one only for what the profile alone revealed."""
    told = resolve_visit(context.request, None, context.now)
    rows = dict(read(wanted_keys(context, told, release, placements)))
    profile = _profile(context, rows)
    region, context = context.region, at_home(context, profile, release.store)
    visit = resolve_visit(context.request, profile, context.now)
    if context.region != region or not visit.has_the_items_of(told):
        rows.update(_read_rest(read, wanted_keys(context, visit, release, placements), rows))
    lists, all_seen = lists_of(context, visit, release.lists, rows)
    exposures, rev = _exposures(context, rows, is_first=context.request.is_first)
    return Findings(
        context=context,
        visit=visit,
        profile=profile,
        exposures=exposures,
        rev=rev,
        weather=_weather(context, release, rows),
        predicted=_predicted(context, release, rows),
        lists=lists,
        all_seen=all_seen,
        rows=rows,
    )


def _read_rest(read: ReadRows, wanted: Sequence[Key], rows: Mapping[Key, Row | Absent]) -> Rows:
    rest = [key for key in wanted if key not in rows]
    return read(rest) if rest else {}


def _profile(context: Context, rows: Rows) -> Profile | None:
    request = context.request
    if request.visitor is None or request.is_first:
        return Profile()
    try:
        return parse_profile(rows.get(keys.profile(request.visitor), Absent.NOT_READ), context.now).profile
    except DependencyFailed:
        return None


def _exposures(context: Context, rows: Rows, *, is_first: bool) -> tuple[Exposures | None, int | None]:
    """What campaigns showed the visitor, with what they showed the device before a login beneath it."""
    request = context.request
    if request.visitor is None:
        return None, None
    unread = Absent.MISSING if is_first else Absent.NOT_READ
    try:
        own = parse_exposures(rows.get(keys.shown(request.visitor), unread), context.now)
        if request.device_visitor is None:
            return own.exposures, own.rev
        before = parse_exposures(rows.get(keys.shown(request.device_visitor), Absent.NOT_READ), context.now)
        return own.exposures.merged_under(before.exposures, request.device_visitor), own.rev
    except DependencyFailed:
        return None, None


def _predicted(context: Context, release: Release, rows: Rows) -> Predicted:
    """What a refresh predicted of a visitor who is recognised; nothing of anybody else."""
    request = context.request
    if request.visitor is None or request.is_first:
        return {}
    return read_predicted(rows.get(keys.personal(request.visitor, release.lists), Absent.NOT_READ))


def _weather(context: Context, release: Release, rows: Rows) -> Weather | None:
    cell = weather_cell(context, release)
    return None if cell is None else parse_weather(rows.get(keys.weather(cell), Absent.NOT_READ), context.now)

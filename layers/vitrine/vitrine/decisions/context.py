"""What is asked of a decision and what is known of its circumstances."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from vitrine.decisions.placements import Store
from vitrine.types import CartLine, DeviceKind, Geo, ItemId, Page, Purpose, RegionId, Signals, VisitorId
from vitrine.visitors.consent import may_recognise

DEFAULT_DEADLINE_MS = 150
MAX_RECENT = 10


@dataclass(frozen=True, slots=True)
class Options:
    """How the caller wants to be answered."""

    explain: bool = False
    deadline_ms: int = DEFAULT_DEADLINE_MS
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One page view. `visitor` is the id inside a verified token, None for a first call.

    `placements` None asks for every placement of the page's type. `recent` is newest first.
    """

    page: Page
    visitor: VisitorId | None = None
    session: str | None = None
    device: DeviceKind = "desktop"
    recent: tuple[ItemId, ...] = ()
    cart: tuple[CartLine, ...] = ()
    signals: Signals = field(default_factory=Signals)
    geo: Geo | None = None
    region: RegionId | None = None
    consent: frozenset[Purpose] = frozenset()
    placements: tuple[str, ...] | None = None
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one decision, resolved: everything later is a function of it and of the rows read."""

    decision: str
    now: datetime
    request: DecisionRequest
    region: RegionId
    region_bit: int
    locale: str


def resolve_context(decision: str, now: datetime, request: DecisionRequest, store: Store) -> Context:
    """The circumstances of a request in a store: region and locale fall back to the store's own.

    A request without consent to personalisation loses what would recognise the visitor; the cart stays, because it
    is what the page is about.
    """
    if not may_recognise(request.consent):
        request = replace(request, visitor=None, session=None, recent=())
    if "geo" not in request.consent:
        request = replace(request, geo=None)
    region = request.region if request.region in store.regions else store.default_region
    return Context(
        decision=decision,
        now=now,
        request=request,
        region=region,
        region_bit=store.regions.index(region),
        locale=_locale(request.page.locale, store),
    )


def _locale(wanted: str | None, store: Store) -> str:
    """The store's locale of the same language, else its first: "en-GB" is served by "en"."""
    language = (wanted or "").replace("_", "-").split("-")[0].lower()
    return language if language in store.locales else store.locales[0]

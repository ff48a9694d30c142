"""What is asked of a decision and what is known of its circumstances."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Literal

from vitrine.decisions.placements import Store
from vitrine.types import (
    CartLine,
    DeviceKind,
    Geo,
    ItemId,
    Page,
    Purpose,
    RegionId,
    Session,
    Signals,
    Traffic,
    Viewer,
    VisitorId,
)
from vitrine.values import dataclass, field
from vitrine.visitors.consent import may_locate, may_recognise

DEFAULT_DEADLINE_MS: Final = 150
MAX_RECENT: Final = 10

RegionSource = Literal["preview", "network", "geo", "profile", "default"]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A region and who says that the visitor is there, before their profile is asked for a home region."""

    region: RegionId
    source: RegionSource


@dataclass(frozen=True, slots=True)
class Options:
    """How the caller wants to be answered. `explain` and previews are for operators only."""

    explain: bool = False
    deadline_ms: int = DEFAULT_DEADLINE_MS
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """Circumstances that an operator supposes instead of the real ones. `attributes` stand above all that is known."""

    at: datetime | None = None
    region: RegionId | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


NOTHING_SUPPOSED: Final = Preview()


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One page view. `visitor` is the id inside a verified token, or one just made (`is_first`: nothing is known of
    them yet, but buckets and caps already count); None for who did not agree to be recognised.

    `placements` None asks for every placement of the page's type. `recent` is newest first. `listing` are the items of
    the page in the order in which it would show them. `device_visitor` is who the device was before a login.
    """

    page: Page
    visitor: VisitorId | None = None
    is_first: bool = False
    device_visitor: VisitorId | None = None
    session: str | None = None
    visit: Session = field(default_factory=Session)
    traffic: Traffic = field(default_factory=Traffic)
    device: DeviceKind = "desktop"
    recent: tuple[ItemId, ...] = ()
    cart: tuple[CartLine, ...] = ()
    listing: tuple[ItemId, ...] = ()
    signals: Signals = field(default_factory=Signals)
    viewer: Viewer = field(default_factory=Viewer)
    geo: Geo | None = None
    consent: frozenset[Purpose] = frozenset()
    placements: tuple[str, ...] | None = None
    preview: Preview | None = None
    options: Options = field(default_factory=Options)


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one decision, resolved: everything later is a function of it and of the rows read."""

    decision: str
    now: datetime
    request: DecisionRequest
    region: RegionId
    region_bit: int
    region_source: RegionSource
    locale: str

    @property
    def geo(self) -> Geo | None:
        """The visitor's coordinates: those that the page gave, else the network's. None without consent to them."""
        return self.request.geo or self.request.viewer.geo


def resolve_context(
    decision: str, now: datetime, request: DecisionRequest, store: Store, told: Whereabouts | None = None
) -> Context:
    """The circumstances of a request in a store: region and locale fall back to the store's own.

    A request without consent to personalisation loses what would recognise the visitor; the cart stays, because it
    is what the page is about. One without consent to its place loses the page's coordinates at once, and the network's
    city and coordinates as soon as they have told the region. One with a supposed region loses all that the network
    says: that is the operator's place.

    `told` is the region that was resolved when the request was decided first: what is on record of a request need not
    tell it any more. It counts where the store has such a region.

    For the region the network comes before coordinates that the page gives, for whatever is nearer than a region
    (place.shop, place.distance_km, the weather's cell) after them: so place.shop may lie in another region than
    place.region, such as for a visitor behind a company's network.
    """
    if not may_recognise(request.consent):
        request = replace(request, visitor=None, device_visitor=None, session=None, recent=())
    if request.geo is not None and not may_locate(request.consent):
        request = replace(request, geo=None)
    preview = request.preview or NOTHING_SUPPOSED
    found = told if told is not None and told.region in store.regions else _whereabouts(request, preview, store)
    viewer = _known_of(request, found)
    return Context(
        decision=decision,
        now=preview.at or now,
        request=request if viewer is request.viewer else replace(request, viewer=viewer),
        region=found.region,
        region_bit=store.regions.index(found.region),
        region_source=found.source,
        locale=_locale(request.page.locale, store),
    )


def _whereabouts(request: DecisionRequest, preview: Preview, store: Store) -> Whereabouts:
    """Where the visitor is, and who says so: the network first, then coordinates they agreed to, then the store."""
    if preview.region in store.regions:
        return Whereabouts(preview.region, "preview")
    by_network = store.places.region_of_viewer(request.viewer)
    if by_network is not None:
        return Whereabouts(by_network, "network")
    by_geo = store.places.region_at(request.geo) if request.geo is not None else None
    if by_geo is not None:
        return Whereabouts(by_geo, "geo")
    return Whereabouts(store.default_region, "default")


def _known_of(request: DecisionRequest, found: Whereabouts) -> Viewer:
    """What may be known of the network's word once the region has been found."""
    if found.source == "preview":
        return Viewer()
    viewer = request.viewer
    is_near = viewer.city is not None or viewer.geo is not None
    return replace(viewer, city=None, geo=None) if is_near and not may_locate(request.consent) else viewer


def _locale(wanted: str | None, store: Store) -> str:
    """The store's locale of the same language, else its first: "en-GB" is served by "en"."""
    language = (wanted or "").replace("_", "-").split("-")[0].lower()
    return language if language in store.locales else store.locales[0]

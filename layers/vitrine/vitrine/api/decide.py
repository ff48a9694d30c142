"""The request of POST /v1/decide."""

from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from vitrine.api.fields import MAX_QUANTITY, Address, Consent, Id, Locale, Price, Share, Text, Token
from vitrine.api.strict_json import parse_object
from vitrine.api.wire import Bounds, Wire
from vitrine.decisions.context import DEFAULT_DEADLINE_MS, MAX_RECENT, DecisionRequest, Options
from vitrine.errors import InvalidField
from vitrine.types import CartLine, DeviceKind, Geo, Page, PageType, Session, Signals, Traffic, Viewer, VisitorId

NEEDED: Final = {"product": "item", "category": "category"}
"""What a page of a type is about, and so cannot do without."""

GEO_DECIMALS: Final = 1
"""Coordinates are rounded to 0.1 degree (about 10 km) before anything else sees them."""

NOWHERE: Final = Viewer()
"""The network says nothing of the caller."""

UNTOLD: Final = "other"
"""A referrer that is no address of a page; `traffic.referrer` knows no other class for such."""

MAX_LISTING: Final = 100
MAX_CART_LINES: Final = 100
MAX_PLACEMENTS: Final = 50
MAX_VIEWS: Final = 100_000
MAX_SESSION_S: Final = 7 * 86_400  # a tab that stays open for a week is still one visit to somebody


def rounded(lat: float, lon: float) -> Geo:
    """The place, no finer than GEO_DECIMALS; never a negative zero, so that equal places are written alike."""
    return Geo(round(lat, GEO_DECIMALS) + 0.0, round(lon, GEO_DECIMALS) + 0.0)


def address_of(referrer: str) -> str:
    """A referrer down to scheme, host and path: queries and fragments hold what people typed, e-mail addresses too.

    What is neither a host's page nor a path of the shop (`mailto:` is not) is UNTOLD. Its class stays the same.
    """
    referrer = referrer.strip()
    try:
        parts = urlsplit(referrer)
    except ValueError:  # such as brackets that hold no address
        return "/" if referrer.startswith("/") else UNTOLD
    host = parts.netloc.rpartition("@")[2]  # without the name and password before it
    if host:
        return f"{parts.scheme and parts.scheme + ':'}//{host}{parts.path}"
    if referrer.startswith("/"):
        return parts.path or "/"
    return UNTOLD if referrer else ""


class PageBody(Wire):
    """The page that is being shown."""

    type: PageType
    item: Id | None = None
    category: Text | None = None
    query: Text | None = None
    locale: Locale | None = None
    referrer: Address | None = None

    def to_domain(self) -> Page:
        """The page as the decision knows it.

        Raises:
            InvalidField: a product page without its item, or a category page without its category.
        """
        needed = NEEDED.get(self.type)
        if needed is not None and not getattr(self, needed):
            raise InvalidField(f"is required on a {self.type} page", f"page.{needed}")
        referrer = None if self.referrer is None else address_of(self.referrer)
        return Page(**vars(self) | {"referrer": referrer})


class DeviceBody(Wire):
    """What the page is shown on. `visitor` is the token that the device had before a login, if it had another one."""

    kind: DeviceKind = "desktop"
    visitor: Token | None = None


class TrafficBody(Wire):
    """Where the session came from: UTM parameters of the page it began on."""

    source: Text | None = None
    medium: Text | None = None
    campaign: Text | None = None


class VisitBody(Wire):
    """What the page knows of the session: pages seen before this one, seconds since it began."""

    views: Annotated[int, Bounds(0, MAX_VIEWS)] = 0
    seconds: Annotated[float, Bounds(0, MAX_SESSION_S)] = 0.0


class CartLineBody(Wire):
    """One line of the cart as the storefront holds it."""

    item: Id
    quantity: Annotated[int, Bounds(1, MAX_QUANTITY)] = 1
    price: Price | None = None


class SignalsBody(Wire):
    """What the page observed of the visitor's behaviour."""

    exit_intent: bool = False
    idle_s: Annotated[float, Bounds(0, 86_400)] = 0.0
    scroll: Share = 0.0
    tab_return: bool = False
    added_to_cart: Id | None = None


class GeoBody(Wire):
    """Where the device says it is, in degrees."""

    lat: Annotated[float, Bounds(-90, 90)]
    lon: Annotated[float, Bounds(-180, 180)]

    def to_domain(self) -> Geo:
        """The place, no finer than GEO_DECIMALS."""
        return rounded(self.lat, self.lon)


class OptionsBody(Wire):
    """How the caller wants to be answered."""

    explain: bool = False
    deadline_ms: Annotated[int, Bounds(20, 3_000)] = DEFAULT_DEADLINE_MS
    dry_run: bool = False


class DecideBody(Wire):
    """The body of POST /v1/decide."""

    visitor: Token | None = None
    session: Id | None = None
    page: PageBody
    device: DeviceBody = DeviceBody()
    traffic: TrafficBody = TrafficBody()
    visit: VisitBody = VisitBody()
    recent: Annotated[tuple[Id, ...], Bounds(0, MAX_RECENT)] = ()
    cart: Annotated[tuple[CartLineBody, ...], Bounds(0, MAX_CART_LINES)] = ()
    listing: Annotated[tuple[Id, ...], Bounds(0, MAX_LISTING)] = ()
    signals: SignalsBody = SignalsBody()
    geo: GeoBody | None = None
    consent: Consent = ()
    placements: Annotated[tuple[Id, ...], Bounds(0, MAX_PLACEMENTS)] | None = None
    options: OptionsBody = OptionsBody()

    @classmethod
    def from_body(cls, body: bytes) -> Self:
        """The request in these bytes.

        Raises:
            InvalidRequest: one of its kinds, naming what is wrong and where.
        """
        return cls.checked(parse_object(body))

    def to_domain(
        self, visitor: VisitorId | None, device_visitor: VisitorId | None = None, viewer: Viewer = NOWHERE
    ) -> DecisionRequest:
        """The request as the decision knows it. The visitors are the ids inside the verified tokens.

        Raises:
            InvalidField: a product page without its item, or a category page without its category.
        """
        return DecisionRequest(
            page=self.page.to_domain(),
            visitor=visitor,
            device_visitor=device_visitor,
            session=self.session,
            visit=Session(**vars(self.visit)),
            traffic=Traffic(**vars(self.traffic)),
            device=self.device.kind,
            recent=self.recent,
            cart=tuple(CartLine(line.item, line.quantity, line.price) for line in self.cart),
            listing=self.listing,
            signals=Signals(**vars(self.signals)),
            viewer=viewer,
            geo=None if self.geo is None else self.geo.to_domain(),
            consent=frozenset(self.consent),
            placements=self.placements,
            options=Options(**vars(self.options)),
        )

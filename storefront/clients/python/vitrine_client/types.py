"""What Vitrine's calls take and give: plain JSON objects, with types.

Amounts are integers in the currency's minor units (98 is 0.98 USD), instants milliseconds since 1970. The fields are
those of `openapi.json`, which says more about each.
"""

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

Consent: TypeAlias = Literal["personalization", "geo", "messages"]
PageType: TypeAlias = Literal[
    "home", "category", "product", "cart", "favourites", "search", "checkout", "order", "other"
]
DeviceKind: TypeAlias = Literal["desktop", "mobile", "app"]
EventKind: TypeAlias = Literal[
    "view",
    "add_to_cart",
    "remove_from_cart",
    "favourite",
    "search",
    "purchase",
    "impression",
    "click",
    "slot_click",
    "dismiss",
    "survey",
    "exit_intent",
]
PlacementKind: TypeAlias = Literal["products", "content", "overlay", "sort", "none"]
Mechanic: TypeAlias = Literal[
    "message", "exit_intent", "idle", "add_to_cart", "survey", "lead_form", "countdown", "comparison", "wheel"
]
FaultCode: TypeAlias = Literal[
    "invalid_request",
    "malformed_json",
    "body_too_large",
    "invalid_field",
    "invalid_token",
    "unknown_decision",
    "invalid_record",
    "not_found",
    "busy",
    "unavailable",
    "internal_error",
]
RejectionCode: TypeAlias = Literal["invalid_field", "from_the_future", "too_old", "no_consent"]


class Page(TypedDict):
    """The page that is shown: a product page has its `item`, a category page its `category`."""

    type: PageType
    item: NotRequired[str | None]
    category: NotRequired[str | None]
    query: NotRequired[str | None]
    locale: NotRequired[str | None]
    referrer: NotRequired[str | None]


class Device(TypedDict, total=False):
    """What it is shown on; `visitor` is the token that the device had before a login."""

    kind: DeviceKind
    visitor: str | None


class Traffic(TypedDict, total=False):
    """UTM parameters of the page that the session began on."""

    source: str | None
    medium: str | None
    campaign: str | None


class Visit(TypedDict, total=False):
    """The session so far: pages seen before this one, seconds since it began."""

    views: int
    seconds: float


class CartLine(TypedDict):
    """One line of the cart; `price` is of one."""

    item: str
    quantity: NotRequired[int]
    price: NotRequired[int | None]


class Signals(TypedDict, total=False):
    """What was observed of the visitor; `added_to_cart` is the item."""

    exit_intent: bool
    idle_s: float
    scroll: float
    tab_return: bool
    added_to_cart: str | None


class Geo(TypedDict):
    """Degrees north and east; used only with consent to `geo`."""

    lat: float
    lon: float


class Options(TypedDict, total=False):
    """How to answer; `explain` is for operators and refused here."""

    explain: bool
    deadline_ms: int
    dry_run: bool


class DecideRequest(TypedDict):
    """The body of POST /v1/decide."""

    page: Page
    visitor: NotRequired[str | None]
    session: NotRequired[str | None]
    device: NotRequired[Device]
    traffic: NotRequired[Traffic]
    visit: NotRequired[Visit]
    recent: NotRequired[list[str]]
    cart: NotRequired[list[CartLine]]
    listing: NotRequired[list[str]]
    signals: NotRequired[Signals]
    geo: NotRequired[Geo | None]
    consent: NotRequired[list[Consent]]
    placements: NotRequired[list[str] | None]
    options: NotRequired[Options]


class Event(TypedDict):
    """Something that happened; of two events with one `id` the second does not count."""

    id: str
    kind: EventKind
    at_ms: int
    item: NotRequired[str | None]
    quantity: NotRequired[int]
    price: NotRequired[int | None]
    query: NotRequired[str | None]
    decision: NotRequired[str | None]
    placement: NotRequired[str | None]
    slot: NotRequired[int | None]
    answers: NotRequired[dict[str, str]]


class EventsRequest(TypedDict):
    """The body of POST /v1/events."""

    events: list[Event]
    visitor: NotRequired[str | None]
    session: NotRequired[str | None]
    consent: NotRequired[list[Consent]]


class Card(TypedDict):
    """What is shown of an item; an `image` of `/media/...` stands below the API's origin."""

    title: str
    url: str
    image: str
    price: int
    regular_price: int
    currency: str
    category: str


Bundle = TypedDict("Bundle", {"with": str, "offer": str, "price": int, "apart": int, "currency": str})
"""A set with the item `with`: `price` for both, which cost `apart` without it. One of the names is a keyword."""


class Reason(TypedDict):
    """The list that an item was on, and the item that led to it."""

    list: str
    item: str | None


class Item(TypedDict):
    """An item in its place; `sponsored` is the label that has to stand beside it."""

    id: str
    slot: int
    card: Card | None
    bundle: Bundle | None
    sponsored: str | None
    reasons: list[Reason]


class Row(TypedDict):
    """One of several rows of a placement."""

    title: str
    items: list[Item]


class Countdown(TypedDict):
    """When an offer ends, and the proof of it."""

    ends_at_ms: int
    proof: str | None


class Wheel(TypedDict):
    """The sector at which a wheel of fortune stops."""

    outcome: str


class Placement(TypedDict):
    """What one placement shows; texts in `content` are set as text, never as HTML."""

    kind: PlacementKind
    campaign: str | None
    variation: str | None
    control: bool
    mechanic: Mechanic | None
    live: Countdown | Wheel | None
    items: list[Item]
    rows: list[Row]
    content: Any
    fallback: str | None
    reasons: list[str]


class Decision(TypedDict):
    """The answer of POST /v1/decide."""

    decision: str
    release: str
    model: str | None
    region: str
    placements: dict[str, Placement]
    skipped: list[str]
    visitor: str | None
    timings_ms: dict[str, float]


class Rejection(TypedDict):
    """An event that was not taken, by its index in the batch."""

    index: int
    code: RejectionCode
    message: str
    field: str


class EventsAnswer(TypedDict):
    """The answer of POST /v1/events."""

    accepted: int
    duplicates: int
    rejected: list[Rejection]
    visitor: str | None


class Fault(TypedDict):
    """What the API found wrong, and in which field."""

    code: FaultCode
    message: str
    field: str

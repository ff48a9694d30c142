"""Vocabulary shared by every subject of the package.

Plain immutable values. Instants are integer milliseconds since the Unix epoch (`..._ms`) wherever they are stored,
packed or compared, because profiles and lists hold thousands of them; `now` travels as an aware UTC datetime.
Money is an integer count of the currency's minor units.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal, NamedTuple, TypeAlias

from vitrine.values import dataclass, field

DAY_MS: Final = 86_400_000

ItemId: TypeAlias = str
VisitorId: TypeAlias = str
ReleaseId: TypeAlias = str
RegionId: TypeAlias = str

PageType = Literal["home", "category", "product", "cart", "favourites", "search", "checkout", "order", "other"]
DeviceKind = Literal["desktop", "mobile", "app"]
Purpose = Literal["personalization", "geo", "messages"]
PlacementKind = Literal["products", "content", "overlay", "sort", "none"]
EventKind = Literal[
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


class Absent(Enum):
    """Why a value is not there: the store has none, or nobody could look."""

    MISSING = "missing"
    NOT_READ = "not_read"


class Key(NamedTuple):
    """Primary key of one item of the table."""

    pk: str
    sk: str


Attribute: TypeAlias = str | int | bytes | bool
Row: TypeAlias = Mapping[str, Attribute]
"""One item of the table without its key: only strings, integers, booleans and binaries are used."""

Rows: TypeAlias = Mapping[Key, Row | Absent]
"""The answer of one batched read: every requested key is present."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page that is being shown."""

    type: PageType
    item: ItemId | None = None
    category: str | None = None
    query: str | None = None
    locale: str | None = None
    referrer: str | None = None


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of a cart. `price` is per unit in minor units, None when the caller did not say."""

    item: ItemId
    quantity: int = 1
    price: int | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What the page observed of the visitor's behaviour.

    `scroll` is the share of the page seen, 0..1; `tab_return` says that the visitor just came back to the tab;
    `added_to_cart` is the item whose addition made the page ask.
    """

    exit_intent: bool = False
    idle_s: float = 0.0
    scroll: float = 0.0
    tab_return: bool = False
    added_to_cart: ItemId | None = None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Where the session came from: the usual UTM parameters of its landing page."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What the page knows of the session: pages seen before this one and seconds since it began."""

    views: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Geo:
    """Coordinates in degrees, already rounded at the edge to 0.1 (about 10 km)."""

    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Viewer:
    """Where the network says the caller is (CloudFront's viewer headers). Coordinates are rounded as in Geo."""

    country: str | None = None
    subdivision: str | None = None
    city: str | None = None
    geo: Geo | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a visitor did. `price` is per unit in minor units; `at_ms` is when it happened, not when it arrived."""

    id: str
    kind: EventKind
    at_ms: int
    item: ItemId | None = None
    quantity: int = 1
    price: int | None = None
    query: str | None = None
    session: str | None = None
    decision: str | None = None
    placement: str | None = None
    slot: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)

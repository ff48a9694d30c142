"""What a placement can show: a row of products, content, an overlay, a listing put in order, or nothing.

A placement has an action of its own, the house's; campaigns bring theirs. All of it is compiled: whoever decides meets
no name that does not exist.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any, Final, Literal, Protocol, TypeAlias

from vitrine.decisions.candidates import NEXT, PERSONA_LISTS
from vitrine.decisions.selection import Selector
from vitrine.places.calendar import local_time
from vitrine.rules.bucketing import Range, choose_variation
from vitrine.types import PlacementKind
from vitrine.values import dataclass, field

Audience = Literal["known", "active", "anyone"]
PriceRelation = Literal["any", "dearer", "cheaper"]
Mechanic = Literal[
    "message", "exit_intent", "idle", "add_to_cart", "survey", "lead_form", "countdown", "comparison", "wheel"
]
BY_MODEL: Final = "model"
REGION_SHELF: Final = "popular"
SECTORS: Final = "sectors"
"""The field of a wheel's content that holds what the page draws of its sectors."""

Lookup: TypeAlias = Callable[[str], Any]
"""Value of a context attribute by its path (`weather.temperature_c`); None when it is unknown."""


class Payload(Protocol):
    """Content of any JSON shape whose texts are per locale and may hold variables, each with a default."""

    def render(self, locale: str, lookup: Lookup) -> Any:  # noqa: ANN401 - any JSON
        """The content in a locale of the store, its variables filled from the attributes. Total: never raises."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A payload without variables: the finished content per locale."""

    by_locale: Mapping[str, Any]

    def render(self, locale: str, lookup: Lookup) -> Any:  # noqa: ANN401 - any JSON
        """See Payload."""
        return self.by_locale[locale]


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to fill a row: items of `lists`, best first by the ranker or by one list's own score.

    `lists` are names of candidates.LISTS, or `<popular|trending|new|discounted>@<category path>` for the shelf of a
    category in the visitor's region. `audience`: `known` visitors have lists of their own, `active` ones have looked at
    or put aside something. `other_category` keeps out what is of the page item's own kind (accompanying goods are no
    substitutes); `price` keeps what is dearer or cheaper than the page's item. `items` narrows the candidates.
    A strategy with `slots` (0 is the first) fills only those; one without fills what is left.
    """

    audience: Audience
    lists: tuple[str, ...]
    order: str
    other_category: bool = False
    price: PriceRelation = "any"
    items: Selector | None = None
    slots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Floor:
    """When to show nothing rather than nonsense: fewer items than `min_items`, or an item below `min_score`.

    `min_score` is in the unit of the list that orders a strategy; it does not bind strategies ordered by the model,
    whose scores compare the items of one page and mean nothing by themselves.
    """

    min_items: int = 1
    min_score: float | None = None


@dataclass(frozen=True, slots=True)
class Explore:
    """A share of the decisions gives the row's last slot to one of the `pool` best items left, all equally likely."""

    share: float
    pool: int = 20


@dataclass(frozen=True, slots=True)
class ProductRow:
    """How a row of products is filled, at most `size` of them.

    `max_per_kind` bounds the items of one whole category path, `max_per_category` those of one aisle (two levels),
    `max_per_brand` those of a brand. `blend` adds business value to the score: weights of merchandising.BLEND terms,
    in standard deviations of the row's scores. `rows` > 0 makes a two-axis layout: so many rows, one per category
    that the visitor buys or looks at most, each of at most `size` items.
    """

    size: int
    title: Payload
    strategies: tuple[Strategy, ...]
    hide_bought_days: int = 2
    max_per_kind: int = 50
    max_per_category: int = 50
    max_per_brand: int = 50
    items: Selector | None = None
    floor: Floor = Floor()
    blend: Mapping[str, float] = field(default_factory=dict)
    explore: Explore | None = None
    rows: int = 0

    @property
    def takes_bestsellers(self) -> bool:
        """Whether the region's bestsellers may stand in: only where the store itself puts all of them for anyone."""
        return self.items is None and any(
            way.audience == "anyone" and REGION_SHELF in way.lists and way.items is None for way in self.strategies
        )

    @property
    def shelves(self) -> tuple[str, ...]:
        """Category paths whose shelves the strategies draw from by name."""
        named = (name.partition("@")[2] for way in self.strategies for name in way.lists)
        return tuple(dict.fromkeys(path for path in named if path))

    @property
    def is_for_persona(self) -> bool:
        """Whether a strategy draws from the shelf of the visitor's persona."""
        return any(name in PERSONA_LISTS for way in self.strategies for name in way.lists)

    @property
    def looks_ahead(self) -> bool:
        """Whether a strategy draws from what is likely to be looked at next."""
        return any(NEXT in way.lists for way in self.strategies)


@dataclass(frozen=True, slots=True)
class Cover:
    """One way content can look: shown to who likes the category most. `category` None is for everybody else."""

    category: str | None
    payload: Payload


@dataclass(frozen=True, slots=True)
class Content:
    """Content and, where it has them, covers chosen by affinity: the cover's payload is merged over the content's."""

    payload: Payload
    covers: tuple[Cover, ...] = ()


@dataclass(frozen=True, slots=True)
class Sort:
    """How a given listing is put in order: by the ranker or a list's score, against the weight of the given order.

    Score and given position are compared in standard deviations; `position_weight` 0 forgets the given order.
    """

    order: str
    position_weight: float


@dataclass(frozen=True, slots=True)
class Countdown:
    """When an overlay's countdown ends, in one of three ways.

    `lasts_ms` after it was first shown to the visitor; at `until_ms`, for everybody; or every day of the `timezone` at
    `minute` of that day (1,440 is midnight at its end), for everybody.
    """

    lasts_ms: int | None = None
    until_ms: int | None = None
    minute: int | None = None
    timezone: str = "UTC"

    def ends_ms(self, now: datetime) -> int:
        """The end for who is shown it for the first time at an aware instant; not after it where it is over by then."""
        if self.lasts_ms is not None:
            return int(now.timestamp() * 1000) + self.lasts_ms
        if self.until_ms is not None:
            return self.until_ms
        at = local_time(now, self.timezone)
        end = datetime.combine(at.date(), time(), at.tzinfo) + timedelta(minutes=self.minute or 0)
        return int(end.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel of fortune: the ids of its sectors, the part of [0, 1) of each, and what the page draws of them."""

    ids: tuple[str, ...]
    ranges: tuple[Range, ...]
    sectors: Payload

    def outcome(self, bucket: float) -> str:
        """Id of the sector in whose part the bucket lies; of the last one where rounding left it in none."""
        index = choose_variation(bucket, self.ranges)
        return self.ids[-1 if index is None else index]


@dataclass(frozen=True, slots=True)
class Action:
    """What to show. `products` have a row; `content` has content; an `overlay` has content, a mechanic and perhaps a
    row, and with the mechanics of these names a countdown or a wheel; `sort` has its sort; `none` has nothing."""

    kind: PlacementKind
    row: ProductRow | None = None
    content: Content | None = None
    mechanic: Mechanic | None = None
    sort: Sort | None = None
    countdown: Countdown | None = None
    wheel: Wheel | None = None


NOTHING: Final = Action("none")

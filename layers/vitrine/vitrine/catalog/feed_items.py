"""The words of catalogue feeds: what a feed says of an item, what is wrong with it, and how the feed is written.

A feed is read as a stream of raw items (texts under the feed's own names), each of which becomes a `FeedItem` or a
`FeedFault`. One bad item spoils no other; what ends the reading is a fault, too, and the last one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

from vitrine.catalog.goods import Goods
from vitrine.types import ItemId, RegionId
from vitrine.values import dataclass, field

Format = Literal["google_xml", "google_tsv", "yml", "csv", "jsonl"]
FaultKind = Literal["damaged", "unreadable", "currency", "field"]
DecimalMark = Literal["auto", ".", ","]
LIST_SEPARATOR: Final = "\n"
"""Between the entries of a field that is a list in the feed; a text has white space, but this never means a list."""

FIELDS: Final = (
    "item",
    "title",
    "price",
    "sale_price",
    "sale_dates",
    "regular_price",
    "currency",
    "available",
    "category",
    "brand",
    "image",
    "url",
    "cost",
)
"""What a feed can say of an item; a form maps each to the feed's own name for it."""
MAX_IGNORED: Final = 1_000
OTHERS: Final = "(others)"
NEEDED: Final = ("item", "title", "price", "url")


@dataclass(frozen=True, slots=True)
class RawItem:
    """One item as the feed spells it: texts by the feed's own names. `line` counts from 1."""

    line: int
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FeedItem(Goods):
    """One item that can be taken. A price of 0 is told, not refused: what comes of it is for the gates.

    `regular_price` is never below `price`; `regions` are sorted, () when it is out of stock.
    """

    line: int


@dataclass(frozen=True, slots=True)
class FeedFault:
    """Why an item is not taken. `damaged` ends the feed; `item` is '' where nobody can tell which it was."""

    line: int
    item: ItemId
    kind: FaultKind
    message: str
    hint: str = ""

    def __str__(self) -> str:
        whose = f", item {self.item}" if self.item else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"line {self.line}{whose}: {self.message}{hint}"


class Ignored:
    """How often each field came that nobody looks at; of more than MAX_IGNORED names the rest is counted together."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def note(self, name: str) -> None:
        """Count one."""
        self.counts[name if name in self.counts or len(self.counts) < MAX_IGNORED else OTHERS] += 1


Told: TypeAlias = Iterator[RawItem | FeedFault]


class BadValue(Exception):
    """A field's text cannot be taken. `hint` says how to mend it."""

    def __init__(self, message: str, hint: str = "", kind: FaultKind = "field") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind


class Damaged(Exception):
    """The feed cannot be read on from a line; 0 where lines mean nothing yet, as in a broken archive."""

    def __init__(self, line: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.fault = FeedFault(line, "", "damaged", message, hint)


@dataclass(frozen=True, slots=True)
class StockRule:
    """Where an item that is available is in stock.

    With `fields`, in the regions of which one of these fields says so; with `listed`, in the regions that this field
    names; else in all of `everywhere`. `preorders` are in stock if they are sold.
    """

    everywhere: tuple[RegionId, ...] = ()
    fields: Mapping[RegionId, tuple[str, ...]] = field(default_factory=dict)
    listed: str = ""
    separator: str = ","
    sells_preorders: bool = False

    @property
    def names(self) -> frozenset[str]:
        """The feed's fields that it looks at."""
        return frozenset(name for names in self.fields.values() for name in names) | ({self.listed} - {""})


@dataclass(frozen=True, slots=True)
class FeedForm:
    """How a feed is written. `fields` has the feed's own name of each of FIELDS that it tells, or several: then the
    first that says something counts.

    `max_bytes` bounds the unpacked feed.
    """

    format: Format
    fields: Mapping[str, tuple[str, ...]]
    stock: StockRule
    separator: str = ","
    encoding: str = "utf-8"
    decimal_mark: DecimalMark = "auto"
    category_separator: str = ">"
    max_bytes: int = 4 << 30

    @property
    def wanted(self) -> frozenset[str]:
        """All of the feed's fields that are looked at; the others are counted and left alone."""
        return frozenset(name for names in self.fields.values() for name in names) | self.stock.names

    def text(self, fields: Mapping[str, str], name: str) -> str:
        """What an item says under the first of the feed's names for one of FIELDS that says something; '' for none."""
        own = self.fields.get(name, ())
        return next((text for one in own if (text := fields.get(one, "").strip())), "")


@dataclass(frozen=True, slots=True)
class Shop:
    """What is true of all items. Margins are shares of the price by brand, for items of which no cost is told."""

    currency: str
    regions: tuple[RegionId, ...]
    margins: Mapping[str, float]
    other_margin: float

"""feeds.yaml: where the catalogue's feed lies, how it is written, and how much may be odd about it."""

from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, FiniteFloat, StringConstraints, model_validator

from vitrine.api.store_faults import Refuse, suggest
from vitrine.api.store_files import About, Share, StoreFile, StrictFile
from vitrine.catalog.feed_gates import Bounds
from vitrine.catalog.feed_items import FIELDS, NEEDED, DecimalMark, FeedForm, Format, Shop, StockRule
from vitrine.catalog.feed_plan import FeedPlan, Source
from vitrine.catalog.feed_reading import FIELDS_OF

FEEDS: Final = "feeds.yaml"
MARKS: Final[dict[Format, DecimalMark]] = {"google_xml": ".", "google_tsv": ".", "yml": "."}
"""Formats that say themselves which decimal mark they use."""

OBJECT: Final = r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$"
_USUAL: Final = Bounds()

OwnName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Fields = OwnName | Annotated[list[OwnName], Field(min_length=1, max_length=20)]
"""One of the feed's own fields, or several: then the first that says something counts."""


def _http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{url!r} is no web address; begin with https://")
    return url


class FromFile(StrictFile):
    """Where a feed lies: in the lake's bucket or on the web."""

    lake: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", max_length=500)] | None = (
        None
    )
    """Name of an object in the lake's bucket."""
    url: Annotated[str, AfterValidator(_http), Field(max_length=2_000)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.lake is None) == (self.url is None):
            raise ValueError("names no place, or two; give either lake or url")
        return self


class StockFile(StrictFile):
    """Where what is available is in stock: in all regions, in some, or as fields of the feed say."""

    regions: list[str] | None = Field(default=None, min_length=1)
    fields: dict[str, Fields] | None = Field(default=None, min_length=1)
    """Per region, the field (a quantity or words) that says whether it has the item."""
    listed: OwnName | None = None
    """The field that lists the regions that have it."""
    separator: str = Field(default=",", min_length=1, max_length=3)
    preorders: bool = False
    """Whether what can only be ordered ahead counts as in stock."""

    @model_validator(mode="after")
    def _at_most_one(self) -> Self:
        if sum(said is not None for said in (self.regions, self.fields, self.listed)) > 1:
            raise ValueError("says in several ways where items are in stock; keep one of regions, fields and listed")
        return self

    def to_domain(self, regions: tuple[str, ...]) -> StockRule:
        """The rule in a store of these regions."""
        fields = {region: several(names) for region, names in (self.fields or {}).items()}
        everywhere = tuple(self.regions or regions)
        return StockRule(everywhere, fields, self.listed or "", self.separator, self.preorders)


class BoundsFile(StrictFile):
    """How much may be odd before the whole feed goes into quarantine. All but the first two are shares."""

    price_jump: Annotated[FiniteFloat, Field(gt=0, le=10)] = _USUAL.price_jump
    """A price that changes by more than this share of the old one is held back."""
    factor: Annotated[FiniteFloat, Field(ge=2, le=1_000)] = _USUAL.factor
    """A price that changes so many times, up or down, is a mistake of units."""
    gone: Share = _USUAL.gone
    sold_out: Share = _USUAL.sold_out
    jumps: Share = _USUAL.jumps
    misprints: Share = _USUAL.misprints
    zero_prices: Share = _USUAL.zero_prices
    duplicates: Share = _USUAL.duplicates
    currencies: Share = _USUAL.currencies
    faults: Share = _USUAL.faults


class CatalogueFile(StrictFile):
    """The feed of the catalogue: all of it, every time."""

    about: About = ""
    source: FromFile = Field(alias="from")
    format: Format
    fields: dict[str, Fields] = Field(default_factory=dict)
    """The feed's own names for what we want to know; the formats with names of their own need none."""
    separator: Literal[",", ";", "\t", "|"] = ","
    encoding: Literal["utf-8", "windows-1250", "windows-1251", "windows-1252", "iso-8859-1", "iso-8859-15"] = "utf-8"
    """Of a table; XML says it itself, and JSON lines are UTF-8."""
    decimal_mark: DecimalMark | None = None
    category_separator: str = Field(default=">", min_length=1, max_length=3)
    stock: StockFile = StockFile()
    other_margin: Share = 0.25
    """Share of the price for items whose cost the feed does not tell, and whose brand has no margin in store.yaml."""
    price_drop: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.05
    """Share of a price from which on a lower one is news."""
    max_mb: int = Field(default=4_096, ge=1, le=65_536)
    """Of the unpacked feed."""
    bounds: BoundsFile = BoundsFile()

    @model_validator(mode="after")
    def _knows_what_it_needs(self) -> Self:
        unknown = next((name for name in self.fields if name not in FIELDS), None)
        if unknown is not None:
            raise ValueError(f"fields has {unknown!r}; {suggest(unknown, FIELDS, 'fields')}")
        missing = [name for name in NEEDED if name not in self.fields and name not in FIELDS_OF[self.format]]
        if missing:
            raise ValueError(f"fields lacks {', '.join(missing)}; say what the feed calls them")
        return self

    def to_domain(self, store: StoreFile) -> FeedPlan:
        """What to fetch and how to read it."""
        regions = tuple(region.id for region in store.regions)
        form = FeedForm(
            format=self.format,
            fields={**FIELDS_OF[self.format], **{name: several(own) for name, own in self.fields.items()}},
            stock=self.stock.to_domain(regions),
            separator="\t" if self.format == "google_tsv" else self.separator,
            encoding=self.encoding,
            decimal_mark=self.decimal_mark or MARKS.get(self.format, "auto"),
            category_separator=self.category_separator,
            max_bytes=self.max_mb << 20,
        )
        source = Source(self.source.lake or "", self.source.url or "")
        shop = Shop(store.currency, regions, store.margins, self.other_margin)
        return FeedPlan(source, form, shop, Bounds(**dict(self.bounds)), self.price_drop)


class FeedsFile(StrictFile):
    """feeds.yaml."""

    catalogue: CatalogueFile


def check_feed(file: CatalogueFile, store: StoreFile, refuse: Refuse) -> None:
    """Tell of regions that the store does not have."""
    known = [region.id for region in store.regions]
    stock = file.stock
    for name, regions in (("regions", stock.regions or []), ("fields", list(stock.fields or {}))):
        for region in regions:
            if region not in known:
                place = ("catalogue", "stock", name)
                refuse(place, f"there is no region {region!r} in store.yaml", suggest(region, known, "regions"))


def several(names: str | list[str]) -> tuple[str, ...]:
    """The names as a list."""
    return (names,) if isinstance(names, str) else tuple(names)

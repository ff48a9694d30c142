"""Feeds made in code: one small catalogue in every format, and a desk that takes feeds in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import duckdb
import orjson

from vitrine.adapters.feed_source import FeedSource
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.catalog.feed_gates import Bounds
from vitrine.catalog.feed_items import FeedFault, FeedForm, FeedItem, Format, Shop, StockRule
from vitrine.catalog.feed_plan import FeedPlan, Source
from vitrine.catalog.feed_reading import FIELDS_OF, FeedReading
from vitrine.refresh.engine import Limits
from vitrine.refresh.feeds import FeedDesk
from vitrine.refresh.lists import Regions

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
SHOP = Shop("USD", ("north", "south"), {"Acme": 0.4}, 0.25)
INBOX = "feeds/inbox/catalogue"
COLUMNS = {"item": ("sku",), "title": ("name",), "price": ("price",), "url": ("url",), "available": ("stock",)}
MORE_COLUMNS = {"category": ("path",), "brand": ("brand",), "image": ("image",), "regular_price": ("was",)}
MARKS: Mapping[Format, str] = {"google_xml": ".", "google_tsv": ".", "yml": "."}


def silent(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


@dataclass(frozen=True)
class Offer:
    """One item of a feed, in words that every format can say."""

    id: str
    price: str = "10.00"
    was: str = ""
    title: str = ""
    category: str = "Kitchen > Pans"
    brand: str = "Acme"
    stock: str = "in_stock"


def offers(n: int, **said: str) -> list[Offer]:
    """Offers "0" to "n-1", alike but for the id."""
    return [Offer(str(number), **said) for number in range(n)]


def form(format_: Format, **changed: object) -> FeedForm:
    """How a format writes the offers; tables and objects call the fields as `COLUMNS` says."""
    fields = {**FIELDS_OF[format_], **({} if FIELDS_OF[format_] else COLUMNS | MORE_COLUMNS)}
    separator = "\t" if format_ == "google_tsv" else ","
    mark = MARKS.get(format_, "auto")
    plain = FeedForm(format_, fields, StockRule(SHOP.regions), separator=separator, decimal_mark=mark)  # type: ignore[arg-type]
    return replace(plain, **changed)  # type: ignore[arg-type]


def read(data: bytes, how: FeedForm, size: int = 1000) -> tuple[list[FeedItem], list[FeedFault]]:
    """Items and faults of a feed that arrives in chunks of a size."""
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    told = list(FeedReading(chunks, how, SHOP, NOW_MS))
    return [one for one in told if isinstance(one, FeedItem)], [one for one in told if isinstance(one, FeedFault)]


def written(format_: Format, some: Sequence[Offer], currency: str = "USD") -> bytes:
    """The offers as a feed of the format."""
    match format_:
        case "google_xml":
            return _google(some, currency).encode()
        case "google_tsv":
            return _google_table(some, currency).encode()
        case "yml":
            return _yml(some, currency).encode("windows-1251")
        case "csv":
            return "".join(_csv_lines(some, currency)).encode()
        case "jsonl":
            return b"".join(orjson.dumps(_plain(one, currency), option=orjson.OPT_APPEND_NEWLINE) for one in some)


def _title(one: Offer) -> str:
    return one.title or f"Pan {one.id}"


def _google(some: Sequence[Offer], currency: str) -> str:
    items = "".join(
        f"<item><g:id>{escape(one.id)}</g:id><title>{escape(_title(one))}</title>"
        f"<link>https://shop.example/p/{one.id}</link><description>long words</description>"
        f"<g:price>{one.was or one.price} {currency}</g:price>"
        + (f"<g:sale_price>{one.price} {currency}</g:sale_price>" if one.was else "")
        + f"<g:availability>{one.stock}</g:availability><g:product_type>{escape(one.category)}</g:product_type>"
        f"<g:brand>{escape(one.brand)}</g:brand><g:image_link>https://shop.example/{one.id}.jpg</g:image_link></item>\n"
        for one in some
    )
    return (
        '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>'
        f"<title>A shop</title>{items}</channel></rss>"
    )


def _google_table(some: Sequence[Offer], currency: str) -> str:
    head = ["id", "title", "link", "price", "sale price", "availability", "product_type", "brand", "image link"]
    rows = [
        [
            one.id,
            _title(one),
            f"https://shop.example/p/{one.id}",
            f"{one.was or one.price} {currency}",
            f"{one.price} {currency}" if one.was else "",
            one.stock,
            one.category,
            one.brand,
            f"https://shop.example/{one.id}.jpg",
        ]
        for one in some
    ]
    return "".join("\t".join(row) + "\r\n" for row in [head, *rows])


def _yml(some: Sequence[Offer], currency: str) -> str:
    names = list(dict.fromkeys(one.category for one in some))
    tree = "".join(
        f'<category id="{n}0">{escape(name.split(" > ")[0])}</category>'
        f'<category id="{n}1" parentId="{n}0">{escape(name.split(" > ")[-1])}</category>'
        for n, name in enumerate(names, 1)
    )
    rows = "".join(
        f'<offer id="{one.id}" available="{"true" if one.stock == "in_stock" else "false"}">'
        f"<name>{escape(_title(one))}</name><url>https://shop.example/p/{one.id}</url><price>{one.price}</price>"
        + (f"<oldprice>{one.was}</oldprice>" if one.was else "")
        + f"<currencyId>{currency}</currencyId><categoryId>{names.index(one.category) + 1}1</categoryId>"
        f"<vendor>{escape(one.brand)}</vendor><picture>https://shop.example/{one.id}.jpg</picture>"
        '<param name="colour">red</param></offer>\n'
        for one in some
    )
    return (
        '<?xml version="1.0" encoding="windows-1251"?>\n<!DOCTYPE yml_catalog SYSTEM "shops.dtd">\n'
        f'<yml_catalog date="2026-11-22"><shop><currencies><currency id="{currency}" rate="1"/></currencies>'
        f"<categories>{tree}</categories><offers>{rows}</offers></shop></yml_catalog>"
    )


def _plain(one: Offer, currency: str) -> dict[str, str]:
    return {
        "sku": one.id,
        "name": _title(one),
        "price": f"{one.price} {currency}",
        "was": f"{one.was} {currency}" if one.was else "",
        "url": f"https://shop.example/p/{one.id}",
        "stock": one.stock,
        "path": one.category,
        "brand": one.brand,
        "image": f"https://shop.example/{one.id}.jpg",
    }


def _csv_lines(some: Sequence[Offer], currency: str) -> Iterator[str]:
    plain = [_plain(one, currency) for one in some]
    yield ",".join(plain[0]) + "\n"
    for row in plain:
        yield ",".join(f'"{value}"' for value in row.values()) + "\n"


@dataclass
class Rig:
    """A desk over memory, whose clock goes on by an hour with every feed."""

    table: MemoryTable = field(default_factory=MemoryTable)
    lake: MemoryObjects = field(default_factory=MemoryObjects)
    releases: MemoryObjects = field(default_factory=MemoryObjects)
    bounds: Bounds = field(default_factory=Bounds)
    form: FeedForm = field(default_factory=lambda: form("jsonl"))
    now: datetime = NOW

    @property
    def desk(self) -> FeedDesk:
        """What takes feeds now."""
        plan = FeedPlan(Source(lake=INBOX), self.form, SHOP, self.bounds, 0.05)
        now = self.now
        return FeedDesk(
            table=self.table,
            lake=self.lake,
            releases=self.releases,
            clock=lambda: now,
            regions=Regions(SHOP.regions, "north"),
            currency="USD",
            plan=plan,
            fetch=FeedSource(self.lake, 1 << 30),
            limits=Limits(threads=1, memory_mb=500),
        )

    def take(self, some: Sequence[Offer], currency: str = "USD"):
        """Put a feed into the inbox and take it, an hour after the last one."""
        return self.take_bytes(written(self.form.format, some, currency))

    def take_bytes(self, data: bytes):
        """The same of a feed as it is."""
        self.lake.put(INBOX, data)
        self.now += timedelta(hours=1)
        return self.desk.take(silent)

    def catalogue(self, folder: Path) -> list[dict[str, object]]:
        """The catalogue of the lake, sorted by item."""
        return rows_of(self.lake.objects["catalog/items.parquet"], folder)

    def changes(self, folder: Path) -> list[dict[str, object]]:
        """Rows of all files of changes, in the order of the files."""
        names = sorted(name for name in self.lake.objects if name.startswith("events/changes/"))
        return [row for name in names for row in rows_of(self.lake.objects[name], folder)]


def rows_of(data: bytes, folder: Path) -> list[dict[str, object]]:
    """The rows of a Parquet file."""
    file = folder / "looked_into.parquet"
    file.write_bytes(data)
    with duckdb.connect() as connection:
        found = connection.read_parquet(str(file))
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]

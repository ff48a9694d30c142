"""Feeds read: every format, packed or not, spoilt in every way, and in memory that does not grow."""

import gzip
import sys
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.feeds import NOW_MS, SHOP, Offer, form, offers, read, written
from vitrine.catalog.feed_items import FeedFault, FeedItem, Format, StockRule
from vitrine.catalog.feed_reading import FeedReading

FORMATS: list[Format] = ["google_xml", "google_tsv", "yml", "csv", "jsonl"]
SOME = [
    Offer("a1", was="12.50"),
    Offer("b-2", title="Pots & <lids>, no 5", category="Kitchen & co > Pots", stock="out_of_stock", brand="Böhm"),
]
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;">]>
<rss><channel><item><title>&lol2;</title></item></channel></rss>"""


def only_damage(data: bytes, format_: Format) -> FeedFault:
    """The fault that ended the reading, which is the last."""
    _, faults = read(data, form(format_), 1 << 16)
    assert faults[-1].kind == "damaged"
    return faults[-1]


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_says_the_same(format_: Format, size: int) -> None:
    """Ids, titles, paths, prices in minor units, stock, margins of brands; however the bytes arrive."""
    some = SOME if format_ != "yml" else [SOME[0], replace(SOME[1], brand="Bohm")]  # windows-1251 has no ö
    items, faults = read(written(format_, some), form(format_), size)
    assert faults == []
    first, second = items
    assert (first.item, first.title, first.category, first.brand) == ("a1", "Pan a1", "kitchen/pans", "Acme")
    assert (first.price, first.regular_price, first.margin) == (1000, 1250, 0.4)
    assert (first.url, first.image) == ("https://shop.example/p/a1", "https://shop.example/a1.jpg")
    assert first.regions == ("north", "south")
    assert (second.title, second.category, second.margin) == ("Pots & <lids>, no 5", "kitchen-co/pots", 0.25)
    assert (second.price, second.regular_price, second.regions) == (1000, 1000, ())


@pytest.mark.parametrize("format_", FORMATS)
def test_one_bad_item_spoils_no_other(format_: Format) -> None:
    """It is told with its line, its id, what is wrong and what to do."""
    some = [Offer("1"), Offer("2", price="cheap"), Offer("3")]
    items, (fault,) = read(written(format_, some), form(format_))
    assert [item.item for item in items] == ["1", "3"]
    assert (fault.item, fault.kind) == ("2", "field")
    assert fault.line > 0
    assert "no price" in str(fault)


@pytest.mark.parametrize("packings", [1, 2])
@pytest.mark.parametrize("format_", FORMATS)
def test_packed_feeds_are_unpacked(format_: Format, packings: int) -> None:
    """Also what a server has packed once more, and an archive of several members."""
    data = written(format_, offers(50))
    packed = gzip.compress(data[:100]) + gzip.compress(data[100:])
    items, faults = read(packed if packings == 1 else gzip.compress(packed), form(format_), 13)
    assert (len(items), faults) == (50, [])


def test_a_broken_or_cut_archive_is_damage() -> None:
    """Half a feed must not pass for a whole one."""
    packed = gzip.compress(written("jsonl", offers(2_000)))
    assert "ends early" in only_damage(packed[:-20], "jsonl").message
    assert "broken" in only_damage(packed[:50] + bytes(50) + packed[100:], "jsonl").message


def test_a_bomb_is_stopped_when_it_is_too_large() -> None:
    """Before it is unpacked whole."""
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    _, faults = read(bomb, form("jsonl", max_bytes=5_000_000), 1 << 16)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "larger than 5,000,000 bytes" in faults[-1].message
    assert peak < 8_000_000


@pytest.mark.parametrize("format_", ["google_xml", "yml"])
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LAUGHS, "document type"),
        (b'<!DOCTYPE yml_catalog SYSTEM "file:///etc/passwd"><yml_catalog/>', "document type"),
        (b'<!DOCTYPE yml_catalog SYSTEM "shops.dtd" [<!ENTITY a "b">]><yml_catalog/>', "document type"),
        (b"<a>" * 100, "deeper"),
        (b"<rss><channel><item>" + b"<a/>" * 6_000, "more than 5,000 elements"),
        (b'<rss a="' + b"x" * 3_000_000, "longer than"),
        (b"<rss><!--" + b"x" * 3_000_000, "longer than"),
        (b'<?xml version="1.0" encoding="martian"?><rss/>', "encoding"),
        (b"", "not well-formed"),
        (b"{}", "not well-formed"),
    ],
)
def test_what_no_feed_needs_is_refused(format_: Format, data: bytes, said: str) -> None:
    """Entities, document types, depths, widths and tags without end, and what is no XML."""
    if "elements" in said and format_ == "yml":
        data = data.replace(b"<rss><channel><item>", b"<yml_catalog><shop><offers><offer>")
    fault = only_damage(data, format_)
    assert said in fault.message
    assert fault.line >= 1


def test_the_known_document_type_of_yml_is_harmless() -> None:
    """And what it would declare is a space."""
    data = written("yml", [Offer("1", title="Pan NBSP set")]).replace(b" NBSP ", b"&nbsp;")
    (item,), faults = read(data, form("yml"))
    assert (item.title, faults) == ("Pan set", [])


def test_a_cut_feed_is_damage_at_its_line() -> None:
    """What was read before it is told, too."""
    data = written("google_xml", offers(20))
    items, faults = read(data[: len(data) // 2], form("google_xml"))
    assert 0 < len(items) < 20
    assert (faults[-1].kind, faults[-1].line) == ("damaged", len(items) + 2)


def test_google_says_it_in_atom_too() -> None:
    """Links are attributes there; Google's words come before Atom's."""
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><entry>
    <id>tag:atom</id><g:id>7</g:id><title>Pan</title><link href="https://shop.example/p/7"/><g:price>5 USD</g:price>
    <g:google_product_category>Home &gt; Pans</g:google_product_category><c:colour>red</c:colour>
    <g:cost_of_goods_sold>4 USD</g:cost_of_goods_sold></entry></feed>"""
    reading = FeedReading([data], form("google_xml"), SHOP, NOW_MS)
    (item,) = list(reading)
    assert isinstance(item, FeedItem)
    assert (item.item, item.url, item.category, item.margin) == ("7", "https://shop.example/p/7", "home/pans", 0.2)
    assert item.image == "/media/home/pans.svg"  # drawn, for want of a photograph
    assert reading.ignored.counts == {"c:colour": 1}


def test_a_sale_price_counts_in_its_days() -> None:
    """Outside of them the price is what it always was."""
    sale = b"<g:sale_price_effective_date>%s</g:sale_price_effective_date></item>"
    data = written("google_xml", [Offer("1", price="8.00", was="10.00")])
    for dates, price in ((b"2026-11-01/2026-12-01", 800), (b"2026-12-01/2026-12-24", 1000)):
        (item,), _ = read(data.replace(b"</item>", sale % dates), form("google_xml"))
        assert (item.price, item.regular_price) == (price, 1000)


def test_categories_of_yml_are_a_tree() -> None:
    """Its root is the department; an id that is not there is told, and a loop ends."""
    tree = (
        b'<category id="1">Food</category><category id="2" parentId="1">Dairy</category>'
        b'<category id="3" parentId="2">Milk</category><category id="4" parentId="5">A</category>'
        b'<category id="5" parentId="4">B</category>'
    )
    offer = (
        b'<offer id="%d"><name>x</name><price>1</price><currencyId>USD</currencyId><categoryId>%d</categoryId>'
        b"<url>/p</url></offer>"
    )
    rows = b"".join(offer % (number, category) for number, category in enumerate((3, 9, 4)))
    data = b"<yml_catalog><shop><categories>%s</categories><offers>%s</offers></shop></yml_catalog>" % (tree, rows)
    items, faults = read(data, form("yml"))
    assert [item.category for item in items] == ["food/dairy/milk"]
    assert [(fault.item, "category" in fault.message) for fault in faults] == [("1", True), ("2", True)]


def test_stock_of_regions_comes_from_fields() -> None:
    """Quantities per region in columns, of outlets in YML, or a column that lists regions."""
    per_region = StockRule(fields={"north": ("qty_n",), "south": ("qty_s", "qty_s2")})
    data = b"sku,name,price,url,stock,qty_n,qty_s,qty_s2\n1,a,1,/p,,3,0,\n2,a,1,/p,,0,,1\n3,a,1,/p,no,5,5,5\n"
    items, faults = read(data, form("csv", stock=per_region))
    assert [item.regions for item in items] == [("north",), ("south",), ()]
    outlets = StockRule(fields={"north": ("outlet:1", "outlet:2")})
    data = written("yml", [Offer("1")]).replace(b"</offer>", b'<outlets><outlet id="2" instock="4"/></outlets></offer>')
    assert [item.regions for item in read(data, form("yml", stock=outlets))[0]] == [("north",)]
    listed = StockRule(listed="where", separator="|")
    data = b"sku,name,price,url,where\n1,a,1,/p,south|north\n2,a,1,/p,\n3,a,1,/p,mars\n"
    items, faults = read(data, form("csv", stock=listed))
    assert [item.regions for item in items] == [("north", "south"), ()]
    assert "no region 'mars'" in faults[0].message


def test_objects_may_nest_and_list() -> None:
    """Fields below fields, lists of regions and categories, numbers as numbers."""
    how = form("jsonl")
    how = replace(how, fields={**how.fields, "price": ("offer.price",)}, stock=StockRule(listed="where"))
    line = b'{"sku":7,"name":"x","offer":{"price":1.299,"x":1},"url":"/p","where":["south"],"path":["A","B"]}'
    (item,), faults = read(line, how)
    assert (item.item, item.price, item.regions, item.category, faults) == ("7", 130, ("south",), "a/b", [])


def test_tables_of_other_tills_are_read() -> None:
    """A byte order mark, semicolons, windows-1251, quoted separators and line feeds, lines that end as on Windows."""
    how = form("csv", separator=";", encoding="windows-1251")
    data = 'sku;name;price;url;stock\r\n1;"Сыр; ""Гауда""\n1 кг";1 299,00;/p;да\r\n'.encode("windows-1251")
    (item,), faults = read(data, how)
    assert (item.title, item.price, faults) == ('Сыр; "Гауда" 1 кг', 129_900, [])
    (item,), faults = read(b"\xef\xbb\xbfsku,name,price,url\n1,x,1,/p\n", form("csv"))
    assert (item.item, faults) == ("1", [])


def test_bad_lines_of_a_table_are_told_by_number() -> None:
    """Too few values, bytes that are no letters, a line without end; those between are taken."""
    data = b"sku,name,price,url\n1,x,1,/p\n2,x,1\n\n3,\xff,1,/p\n4," + b"y" * 2_000_000 + b",1,/p\n5,x,1,/p\n"
    items, faults = read(data, form("csv"), 1 << 16)
    assert [item.item for item in items] == ["1", "5"]
    assert [(fault.line, fault.kind) for fault in faults] == [(3, "unreadable"), (5, "unreadable"), (6, "unreadable")]


def test_a_table_without_the_columns_is_damage() -> None:
    """The hint names those that there are."""
    fault = only_damage(b"id,name,price,url\n1,x,1,/p\n", "csv")
    assert "'sku'" in fault.message
    assert "id, name" in fault.hint
    assert "names no columns" in only_damage(b"", "csv").message


def test_fields_that_nobody_knows_are_counted_and_bounded() -> None:
    """However many an adversary invents."""
    lines = b"".join(b'{"sku":"1","x%d":1}\n' % number for number in range(3_000))
    reading = FeedReading([lines], form("jsonl"), SHOP, NOW_MS)
    list(reading)
    assert len(reading.ignored.counts) == 1_001
    assert reading.ignored.counts.total() == 3_000


@given(st.permutations(["sku", "name", "price", "url", "stock", "path", "junk"]))
def test_the_order_of_columns_means_nothing(names: list[str]) -> None:
    """They are found by name."""
    values = {"sku": "1", "name": "x", "price": "5", "url": "/p", "stock": "0", "path": "a > b", "junk": "?"}
    data = f"{','.join(names)}\n{','.join(values[name] for name in names)}\n".encode()
    (item,), faults = read(data, form("csv"))
    assert (item.item, item.price, item.category, item.regions, faults) == ("1", 500, "a/b", (), [])


@settings(max_examples=60)
@given(st.binary(max_size=400), st.integers(1, 50), st.sampled_from(FORMATS))
def test_random_bytes_are_faults_with_a_place(data: bytes, size: int, format_: Format) -> None:
    """Nothing is ever raised, and whatever is told says where."""
    items, faults = read(data, form(format_), size)
    assert items == []
    assert all(fault.line >= 0 and fault.message for fault in faults)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(FORMATS))
def test_a_spoilt_feed_never_crashes(data: st.DataObject, format_: Format) -> None:
    """Any bytes put in the place of any others of a good one."""
    good = written(format_, offers(3))
    at = data.draw(st.integers(0, len(good)))
    spoilt = good[:at] + data.draw(st.binary(max_size=20)) + good[data.draw(st.integers(at, len(good))) :]
    items, faults = read(spoilt, form(format_))
    assert len(items) <= 4
    assert all(str(fault) for fault in faults)


def endless(format_: Format, n: int) -> Iterator[bytes]:
    """A feed of n items, made while it is read."""
    one = written(format_, [Offer("ID")])
    begin = {"google_xml": b"<item>", "yml": b"<offer "}.get(format_)
    at = one.index(begin) if begin else 0 if format_ == "jsonl" else one.index(b"\n") + 1
    end = {"google_xml": b"</item>", "yml": b"</offer>"}.get(format_)
    to = one.index(end) + len(end) if end else len(one)
    yield one[:at]
    for number in range(0, n, 100):
        yield b"".join(one[at:to].replace(b"ID", b"%d" % each) for each in range(number, number + 100))
    yield one[to:]


@pytest.mark.parametrize("format_", FORMATS)
def test_memory_does_not_grow_with_the_feed(format_: Format) -> None:
    """The peak is the same for ten times as many items."""
    peaks = []
    for n in (200, 2_000):
        tracemalloc.start()
        assert sum(isinstance(one, FeedItem) for one in FeedReading(endless(format_, n), form(format_), SHOP, 0)) == n
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2 + 50_000
    assert peaks[1] < 2_000_000


@pytest.mark.no_cover
def test_two_hundred_thousand_items_leave_nothing_behind() -> None:
    """As many blocks of memory are in use after the last thousand as after the first."""
    blocks = []
    reading = FeedReading(endless("csv", 200_000), form("csv"), SHOP, 0)
    for n, one in enumerate(reading, 1):
        assert isinstance(one, FeedItem)
        if n % 1_000 == 0:
            blocks.append(sys.getallocatedblocks())
    assert len(blocks) == 200
    assert max(blocks[1:]) < blocks[0] + 5_000

"""The demo shop's pages: what they show without Vitrine, what they tell it, and what becomes of odd addresses."""

import re

import pytest
import yaml

from tests.functional.shop_rig import BANANA, GONE, NASTY, ROOT, SOUTHERN, STOREFRONT, Counter
from vitrine.errors import DependencyFailed, InvalidSource
from vitrine.keys import card
from vitrine.local.shop_names import read_words
from vitrine.local.shop_site import ShopSite

PAGES = {
    "home": "/shop",
    "category": "/shop/c/grocery",
    "product": "/shop/p/1",
    "search": "/shop/search?q=milk",
    "cart": "/shop/cart",
    "favourites": "/shop/favourites",
    "checkout": "/shop/checkout",
    "other": "/shop/help",
}
FULL = {"shop_cart": f"1:2.{BANANA}:1", "shop_favourites": BANANA}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("locale", ["en", "ru"])
def test_every_page_has_the_placements_of_its_type(counter: Counter, kind: str, locale: str) -> None:
    """All that store/placements.yaml declares for it are there, so that a campaign for any of them can be seen."""
    declared = yaml.safe_load((ROOT / "store" / "placements.yaml").read_text())["placements"]
    wanted = {name for name, placement in declared.items() if kind in placement["pages"]}
    seen = counter.page(PAGES[kind], shop_locale=locale, **FULL)
    found = set(re.findall(r'data-vitrine(?:-overlays)?="([\w.]+)"', seen.text))
    assert (seen.status, found) == (200, wanted)
    assert seen.block()["page"]["type"] == kind
    assert f'<html lang="{locale}">' in seen.text


@pytest.mark.parametrize("path", ["/shop/login", "/shop/consent", "/shop/search", "/shop/search?q=xyzzy"])
def test_other_pages_render(counter: Counter, path: str) -> None:
    """With a heading, as all pages."""
    seen = counter.page(path)
    assert seen.status == 200
    assert seen.text.count("<h1") == 1


def test_a_page_is_all_that_a_shop_without_scripts_needs(counter: Counter) -> None:
    """Goods with prices, forms and links, and neither inline scripts nor styles, which the headers forbid."""
    seen = counter.page("/shop")
    assert {BANANA, "1"} <= set(seen.listed())
    assert '<form method="post" action="/shop/cart"' in seen.text
    assert "$0.90" in seen.text
    assert not re.search(r"<script(?![^>]*(?: src=|application/json))|<style| style=| on\w+=", seen.text)
    assert seen.headers["content-security-policy"].startswith("default-src 'self';")
    assert "unsafe" not in seen.headers["content-security-policy"]


def test_hostile_titles_are_text(counter: Counter) -> None:
    """In cards, attributes, the page of the product, its title and its JSON block."""
    for path in ("/shop", f"/shop/p/{NASTY}", "/shop/search?q=sons", "/shop/c/produce"):
        seen = counter.page(path, shop_cart=f"{NASTY}:1", shop_favourites=NASTY)
        assert NASTY in seen.listed() or path.endswith(NASTY)
        assert "<script>alert" not in seen.text
        assert "{{7*7}}" in seen.text


def test_hostile_searches_are_text(counter: Counter) -> None:
    """The words come back as they were typed, in the heading, the field and the block."""
    seen = counter.page("/shop/search?q=%3C/script%3E%3Cb%3E%22%27*%20OR%20NEAR(%20-%20%3A")
    assert seen.status == 200
    assert "<b>" not in seen.text
    assert seen.block()["page"]["query"] == "</script><b>\"'* OR NEAR( - :"


@pytest.mark.parametrize(
    "path",
    [
        "/shop/nowhere", "/shop/c/no-such-shelf", "/shop/c/grocery/", "/shop/c/..%2f..%2fetc", "/shop/p/0",
        "/shop/p/%00", "/shop/p/a%20b", "/shop/p/" + "9" * 99, "/shop/order/123", "/shop/order", "/shop/leads",
        "/shop/static/..%2ftexts.yaml", "/shop/c/%F0%9F%A5%95",
    ],
)  # fmt: skip
def test_bad_addresses_get_a_page_that_helps(counter: Counter, path: str) -> None:
    """404 with the shop around it, goods to go on with, and the headers of every page."""
    seen = counter.page(path)
    assert seen.status == 404
    assert "There is no such page" in seen.text
    assert seen.listed()
    assert "default-src" in seen.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("query", "page"),
    [("", 1), ("page=2", 2), ("page=3", 2), ("page=999999999999", 1), ("page=0", 1), ("page=-1", 1), ("page=x", 1),
     ("page=%D9%A3", 1), ("page=2&sort=nonsense", 2)],
)  # fmt: skip
def test_pages_stay_within_bounds(counter: Counter, query: str, page: int) -> None:
    """Thirty kinds of milk are two pages; what lies behind the last is the last, what is no number the first."""
    seen = counter.page(f"/shop/c/grocery/milk?{query}")
    listing = seen.block()["listing"]
    assert len(listing) == (24 if page == 1 else 6)
    assert f'aria-current="page" aria-label="Page {page}"' in seen.text


def test_orders_and_filters(counter: Counter) -> None:
    """By price both ways; only own brands; only what is reduced; a filter that leaves nothing says so."""
    cheap = counter.page("/shop/c/grocery?sort=price").block()["listing"]
    dear = counter.page("/shop/c/grocery?sort=price-down").block()["listing"]
    assert (cheap[0], dear[0]) == ("1", "30")
    own = counter.page("/shop/c/grocery?own=1").block()["listing"]
    assert own == [item for item in own if int(item) % 2]
    assert len(own) == 15
    assert counter.page("/shop/c/produce?sale=1").block()["listing"] == [BANANA]
    assert "Nothing fits these filters" in counter.page("/shop/c/grocery?sale=1").text


def test_bestsellers_come_first(counter: Counter) -> None:
    """As many as the lake has sold in the region."""
    assert counter.page("/shop/c/grocery").block()["listing"][:2] == ["1", "2"]


def test_a_region_sees_its_own_shelves(counter: Counter) -> None:
    """What the region lacks is neither listed nor sold there; its page says where there is some."""
    north, south = counter.page("/shop/c/produce"), counter.page("/shop/c/produce", shop_region="south")
    assert SOUTHERN not in north.listed()
    assert SOUTHERN in south.listed()
    lacking = counter.page(f"/shop/p/{SOUTHERN}").text
    assert "Sold out in North; there is some in South" in lacking
    assert 'class="buy"' not in lacking
    assert counter.page("/shop/c/grocery", shop_region="south").status == 404
    assert "Sold out at the moment" in counter.page(f"/shop/p/{GONE}").text


def test_prices_and_stock_are_live(counter: Counter) -> None:
    """The card counts, not what was imported."""
    row = counter.table.rows[card(BANANA)]
    counter.table.rows[card(BANANA)] = {**row, "price": 11, "regions": 0}
    try:
        seen = counter.page(f"/shop/p/{BANANA}")
    finally:
        counter.table.rows[card(BANANA)] = row
    assert "$0.11" in seen.text
    assert "Sold out at the moment" in seen.text


def test_one_batched_read_per_page(counter: Counter) -> None:
    """Of all rows of the home page together; and a second for a page about one item, whose category it tells."""
    before = counter.table.reads
    counter.page("/shop")
    assert counter.table.reads - before == 1
    counter.page("/shop/p/1")
    assert counter.table.reads - before == 3


def test_a_silent_table_leaves_the_shop_open(counter: Counter) -> None:
    """With prices and stock as of the import."""
    counter.table.outage = DependencyFailed("table", "gone")
    try:
        seen = counter.page("/shop")
    finally:
        counter.table.outage = None
    assert seen.status == 200
    assert BANANA in seen.listed()


def test_search_takes_unfinished_words_and_russian_departments(counter: Counter) -> None:
    """All words first, any of them when none has all."""
    assert counter.page("/shop/search?q=bana").block()["listing"] == [BANANA]
    assert BANANA in counter.page("/shop/search?q=bananas+hammer").block()["listing"]
    assert BANANA in counter.page("/shop/search?q=%D1%84%D1%80%D1%83%D0%BA%D1%82").block()["listing"]
    assert "listing" not in counter.page("/shop/search?q=hammer").block()


def test_a_shop_that_is_not_open_yet_says_so(counter: Counter) -> None:
    """503 that the browser tries again by itself; and the reason if it cannot open at all."""

    def fail() -> None:
        raise InvalidSource("items.parquet is <missing>")

    site = ShopSite(STOREFRONT, lambda *_: None)
    closed = counter.ask(lambda browser: browser.get("/shop"), site)
    assert (closed.status, closed.headers["retry-after"]) == (503, "3")
    site._open(fail)  # type: ignore[arg-type]
    broken = counter.ask(lambda browser: browser.get("/shop"), site)
    assert "items.parquet is &lt;missing>" in broken.text


def test_texts_of_all_languages_say_the_same() -> None:
    """Every text in every language, with the same places to fill, and as many forms as the language has."""
    english, russian = (read_words(STOREFRONT / "shop")[locale].texts for locale in ("en", "ru"))
    assert english.keys() == russian.keys()
    for key, text in english.items():
        forms = [text, russian[key]]
        if not isinstance(text, str):
            assert [len(one) for one in forms] == [2, 3], key
        places = [set(re.findall(r"{(\w+)}", str(one))) for one in forms]
        assert places[0] == places[1], key


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/vitrine.js", "text/javascript"), ("/overlays.js", "text/javascript"), ("/vitrine.css", "text/css"),
     ("/vitrine.classic.js", "text/javascript"), ("/media/grocery/milk/milk.svg", "image/svg+xml"),
     ("/shop/static/shop.css", "text/css"), ("/shop/static/mark.svg", "image/svg+xml")],
)  # fmt: skip
def test_files_beside_the_pages(counter: Counter, path: str, kind: str) -> None:
    """The snippet as it ships, drawn pictures, the shop's own files."""
    seen = counter.page(path)
    assert (seen.status, seen.headers["content-type"].partition(";")[0]) == (200, kind)


def test_nothing_else_is_a_picture(counter: Counter) -> None:
    """A path that no item can have; nor a file that is not there."""
    assert counter.page("/shop/static/nothing.css").status == 404
    assert counter.page("/media/milk.png").status == 404

"""What the default renderers make: accessible, in the visitor's language, and harmless whatever an answer holds."""

import json
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.browser.snippet_pages import (
    PATIENT,
    answer_with,
    banner,
    card,
    decision,
    good,
    html,
    open_page,
    placement,
    row,
    serve,
    settle,
)
from tests.browser.stub_site import StubSite

BUNDLE: Final = {"with": "7", "offer": "set", "price": 180, "apart": 205, "currency": "USD"}
FULL: Final = placement(
    "products",
    content={"title": "Picked for you"},
    items=[
        good("1"),
        good("2", 1, sponsored="Advertisement", card=card("2", regular_price=98)),
        good("3", 2, bundle=BUNDLE),
        good("4", 3, bundle=BUNDLE | {"with": "1"}),
    ],
)
ROWS: Final = placement(
    "products",
    content={"title": "For you"},
    rows=[{"title": "Bakery", "items": [good("1")]}, {"title": "Produce", "items": [good("2", 1), good("3", 2)]}],
)
WIDTHS: Final = (360, 1440)


def show(page: Page, site: StubSite, answers: dict[str, Any], locale: str = "en", **options: Any) -> None:
    """Have answers rendered on a product page, in a tall page without anything else."""
    body = "<main>" + "".join(f'<section data-vitrine="{name}"></section>' for name in answers) + "</main>"
    serve(
        site, body, options={"page": {"type": "product", "item": "7", "locale": locale}, **options}, css=ROOM + PATIENT
    )
    answer_with(site, decision(answers))
    open_page(page, site)
    settle(page)


def said(elements: Locator) -> list[str]:
    """What each element says, with one space between words."""
    return [" ".join(text.split()) for text in elements.all_inner_texts()]


ROOM: Final = "[data-vitrine] { --vitrine-height: 420px }"


def test_a_row_of_products(page: Page, stub_site: StubSite) -> None:
    """Heading, named list, links, lazy pictures with a size, prices of minor units, struck regular price, labels."""
    show(page, stub_site, {"home.recs": FULL})
    page.get_by_role("heading", name="Picked for you", level=2).wait_for()
    items = page.get_by_role("list", name="Picked for you").get_by_role("listitem")
    assert said(items) == [
        "Goods 1 $0.98 Regular price $1.29",
        "Goods 2 $0.98 Advertisement",
        "Goods 3 $0.98 Regular price $1.29 with this item for $1.80 instead of $2.05",
        "Goods 4 $0.98 Regular price $1.29 with Goods 1 for $1.80 instead of $2.05",
    ]
    link = items.first.get_by_role("link")
    assert link.get_attribute("href") == f"{stub_site.url}/shop/p/1"
    assert items.first.locator("s").count() == 1
    picture = items.first.locator("img")
    wanted = {"alt": "", "loading": "lazy", "width": "160", "height": "160", "src": f"{stub_site.url}/media/1.svg"}
    assert {name: picture.get_attribute(name) for name in wanted} == wanted


def test_rows_of_two_axes(page: Page, stub_site: StubSite) -> None:
    """A title for all, one for each."""
    show(page, stub_site, {"home.recs": ROWS})
    assert page.get_by_role("heading", level=2).all_inner_texts() == ["For you"]
    assert page.get_by_role("heading", level=3).all_inner_texts() == ["Bakery", "Produce"]
    assert page.get_by_role("list", name="Produce").get_by_role("listitem").count() == 2


def test_russian(page: Page, stub_site: StubSite) -> None:
    """Labels and numbers as Russians write them; currencies by their own minor units."""
    yen = good("5", card=card("5", currency="JPY", price=98, regular_price=98))
    show(page, stub_site, {"home.recs": FULL, "home.viewed": placement("products", items=[yen])}, "ru_RU")
    texts = said(page.locator(".vitrine-item"))
    assert texts[0] == "Goods 1 0,98 $ Обычная цена 1,29 $"
    assert texts[2].endswith("вместе с этим товаром за 1,80 $ вместо 2,05 $")
    assert "98 ¥" in texts[4]


def test_a_banner(page: Page, stub_site: StubSite) -> None:
    """One link around all of it; without an address, or texts, no link and no banner."""
    answers = {
        "home.hero": banner(text="From the freezer", button="To the aisle", link="/shop/c/ice", image="/media/ice.svg"),
        "home.strip": banner(button="Nowhere"),
        "home.moment": placement("content", content={"conditions": "None"}),
    }
    show(page, stub_site, answers)
    link = page.get_by_role("link")
    assert link.inner_text() == "It is 33 °C. Ice cream?\nFrom the freezer\nTo the aisle"
    assert link.get_attribute("href") == f"{stub_site.url}/shop/c/ice"
    assert page.locator("[data-vitrine='home.strip'] > div").inner_text() == "It is 33 °C. Ice cream?"
    assert page.locator("[data-vitrine='home.moment']").inner_text() == ""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_they_are_accessible_at_every_width(chromium: Browser, stub_site: StubSite, width: int, direction: str) -> None:
    """No serious fault by axe, nothing wider than the page, reading from the right as from the left."""
    context = chromium.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    show(page, stub_site, {"home.recs": FULL, "home.rows": ROWS, "home.hero": banner(link="/x", image="/media/a.svg")})
    page.evaluate("(direction) => { document.documentElement.dir = direction }", direction)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    serious = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    first, second = (page.locator("[data-item='1'], [data-item='2']").nth(index).bounding_box() for index in (0, 1))
    assert first is not None
    assert second is not None
    assert (first["x"] < second["x"]) == (direction == "ltr")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    context.close()


HOSTILE: Final = (
    "javascript:window.hacked=1",
    " java\nscript:window.hacked=1",
    "data:text/html,<script>window.hacked=1</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "http://[broken",
    7,
    {},
    None,
)
MARKUP: Final = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


@pytest.mark.parametrize("address", HOSTILE)
def test_hostile_answers_are_inert(page: Page, stub_site: StubSite, page_errors: list[str], address: object) -> None:
    """Markup is text; an address that is none of the web makes no link and no picture."""
    bad = card("1", title=MARKUP, url=address, image=address)
    answers = {
        "home.recs": placement("products", content={"title": MARKUP}, items=[good("1", card=bad, sponsored=MARKUP)]),
        "home.hero": placement("content", content={"title": MARKUP, "text": MARKUP, "link": address, "image": address}),
    }
    show(page, stub_site, answers)
    page.wait_for_timeout(100)
    assert page.locator("section a[href], section img, section script").count() == 0
    assert page.evaluate("window.hacked") is None
    for text in page.locator("section").all_inner_texts():
        assert text == "" or MARKUP in text
    assert page_errors == []


def test_renderers_can_be_replaced(page: Page, stub_site: StubSite) -> None:
    """A node stands in for the default one, `true` is for who has done it, anything else for the shop's content."""
    body = "".join(f'<section data-vitrine="{name}"><p>Default</p></section>' for name in ("a", "b", "c"))
    serve(stub_site, body)
    stub_site.files["/start.js"] = """
      import {products, start} from "/vitrine.js";
      const content = (answer, {element, placement, decision, locale, page}) => {
        if (placement === "c") return null;
        if (placement === "b") return (element.textContent = [decision, locale, page.type].join()) && true;
        return document.createElement("hr");
      };
      start({renderers: {content}});
    """
    answer_with(stub_site, decision({name: banner() for name in "abc"}, decision="d1"))
    open_page(page, stub_site)
    settle(page)
    assert page.locator("hr").count() == 1
    assert page.locator("section").all_inner_texts() == ["", "d1,en,home", "Default"]


def test_labels_can_be_replaced(page: Page, stub_site: StubSite) -> None:
    """Each by itself."""
    show(page, stub_site, {"home.recs": FULL})
    stub_site.files["/start.js"] = 'import {start} from "/vitrine.js"; start({labels: {regular: "Before"}});'
    page.reload()
    settle(page)
    (first,), (third,) = said(page.locator("[data-item='1']")), said(page.locator("[data-item='3']"))
    assert first == "Goods 1 $0.98 Before $1.29"
    assert third.endswith("with this item for $1.80 instead of $2.05")


def test_what_is_asked(page: Page, stub_site: StubSite) -> None:
    """The page's placements once each, and what its options say; images of another API's origin come from there."""
    api = stub_site.url.replace("127.0.0.1", "localhost")
    options = {
        "api": f"{api}/",
        "page": {"type": "category", "category": "produce", "locale": "en_gb"},
        "consent": ["geo"],
        "geo": {"lat": 52.5, "lon": 13.4},
        "cart": [{"item": "1", "quantity": 2}],
        "listing": ["3", "4"],
        "overlays": ["site.overlay"],
    }
    stub_site.pages["/"] = html(
        '<p data-vitrine="a"></p><p data-vitrine="b"></p><p data-vitrine="a"></p>', options=options
    )
    serve(stub_site, path="/other")
    access = {"access-control-allow-origin": stub_site.url}
    answer_with(stub_site, decision({"a": row("1")}), headers=access)
    open_page(page, stub_site)
    settle(page)
    (request,) = stub_site.of("/v1/decide")
    assert request == {
        "page": {"type": "category", "category": "produce", "locale": "en-GB", "referrer": ""},
        "placements": ["a", "b", "site.overlay"],
        "consent": ["geo"],
        "device": {"kind": "desktop"},
        "traffic": {},
        "cart": [{"item": "1", "quantity": 2}],
        "listing": ["3", "4"],
        "geo": {"lat": 52.5, "lon": 13.4},
    }, json.dumps(request)
    assert not any(one.method == "OPTIONS" for one in stub_site.requests)

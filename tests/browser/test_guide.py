"""storefront/INTEGRATE.md, pasted: each of its pages shows a placement, with the API on another origin."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.snippet_pages import PATIENT, TOKEN, WATCH, answer_with, decision, events_of, row, settle, shipped
from tests.browser.stub_site import STOREFRONT, StubSite, open_stub_site
from tests.unit.client_types import load_package
from tests.unit.guide_blocks import block

CORS = {"access-control-allow-origin": "*"}
CHOOSE = """
(age) => {
  document.cookie = `consent=yes; max-age=${age}`;
  document.dispatchEvent(new Event("consent-changed"));
}
"""
AGREED = {"name": "consent", "value": "yes"}
SOURCES = ("rendered.js", "snippet/page.js", "snippet/sight.js")
SHOWN = decision({"home.recs": row("1", "2"), "product.similar": row("3", title="Alike")}, visitor=TOKEN)


@pytest.fixture
def api() -> Iterator[StubSite]:
    """An API on an origin of its own, which admits every other."""
    with open_stub_site() as site:
        answer_with(site, SHOWN, headers=CORS)
        accepted = site.events
        site.events = lambda request: replace(accepted(request), headers=CORS)
        yield site


def publish(shop: StubSite, api: StubSite, html: str, files: Mapping[str, str]) -> None:
    """Have the shop serve a page at every address, under the guide's policy."""
    sources = {f"/vitrine/{name}": (STOREFRONT / name).read_text("utf-8") for name in SOURCES}
    built = {f"/vitrine{path}": text for path, text in shipped().items()}
    shop.files |= {**sources, **built, "/patience.css": PATIENT, **files}
    for path in ("/", "/p/1082185"):
        shop.pages[path] = html.replace("</head>", '<link rel="stylesheet" href="/patience.css"></head>')
        shop.headers[path] = {"content-security-policy": block("Content", "", api=api.url).strip()}


def open_shop(page: Page, shop: StubSite, *, agreed: bool = True) -> None:
    """Go to the shop as somebody who was asked for consent."""
    if agreed:
        page.context.add_cookies([AGREED | {"url": shop.url}])
    page.add_init_script(WATCH)
    page.goto(shop.url)
    settle(page)


def publish_a(shop: StubSite, api: StubSite, **more: str) -> None:
    """The shop of section A."""
    files = {"/personal.js": block("A.", "js", api=api.url), "/shop.css": block("A.", "css"), **more}
    publish(shop, api, block("A.", "html"), files)


def test_a_shop_that_renders_on_the_server(
    page: Page, stub_site: StubSite, api: StubSite, page_errors: list[str]
) -> None:
    """Its row becomes the visitor's, with pictures of the API's origin; nothing moves and nothing is complained of."""
    publish_a(stub_site, api)
    open_shop(page, stub_site)
    assert page.locator("[data-vitrine-state=shown] .vitrine-item").count() == 2
    assert page.locator("text=Bestsellers").count() == 0
    assert page.evaluate("window.shift") == 0
    (request,) = api.of("/v1/decide")
    assert request["page"]["type"] == "home"
    assert request["placements"] == ["home.recs", "site.overlay"]
    page.wait_for_function("() => [...document.images].every((image) => image.complete && image.naturalWidth)")
    assert page.evaluate("JSON.parse(localStorage.vitrine).token") == TOKEN
    assert page_errors == []


def test_without_consent_nothing_is_stored(page: Page, stub_site: StubSite, api: StubSite) -> None:
    """Until the visitor agrees, and as soon as they take it back."""
    publish_a(stub_site, api)
    open_shop(page, stub_site, agreed=False)
    assert "visitor" not in api.of("/v1/decide")[0]
    assert page.evaluate("localStorage.length") == 0
    page.evaluate(CHOOSE, 60)
    assert page.evaluate("Object.keys(localStorage)") == ["vitrine"]
    page.evaluate(CHOOSE, 0)
    assert page.evaluate("localStorage.length") == 0


def test_events_of_the_shop_arrive(page: Page, stub_site: StubSite, api: StubSite, page_errors: list[str]) -> None:
    """Those of the section on events."""
    publish_a(stub_site, api, **{"/events.js": 'import {vitrine} from "/personal.js";\n' + block("Events", "js")})
    open_shop(page, stub_site)
    page.evaluate("import('/events.js').then(() => dispatchEvent(new Event('pagehide')))")
    page.wait_for_timeout(500)
    for kind, item in (("add_to_cart", "1082185"), ("favourite", "1082185"), ("purchase", "1082185")):
        (event,) = events_of(api, kind)
        assert event["item"] == item
    assert events_of(api, "purchase")[0]["id"] == "order-1017-1"
    assert page_errors == []


def test_the_classic_tag(page: Page, stub_site: StubSite, api: StubSite, page_errors: list[str]) -> None:
    """Instead of the module, in the same page."""
    publish_a(stub_site, api)
    module = '<script type="module" src="/personal.js"></script>'
    stub_site.pages["/"] = stub_site.pages["/"].replace(module, block("A.", "html", 1, api=api.url))
    open_shop(page, stub_site)
    assert page.locator("[data-vitrine-state=shown] .vitrine-item").count() == 2
    assert page.evaluate("Vitrine.start() === Vitrine.start()")
    assert page_errors == []


def test_a_single_page_shop(page: Page, stub_site: StubSite, api: StubSite, page_errors: list[str]) -> None:
    """One question per page, to and fro; rows are those of the page."""
    files = {"/app.js": block("B.", "js", api=api.url), "/shop.css": block("A.", "css")}
    publish(stub_site, api, block("B.", "html"), files)
    open_shop(page, stub_site)
    assert page.locator("[data-vitrine='home.recs'] .vitrine-item").count() == 2
    page.locator("main > a").click()
    settle(page, 2)
    assert page.locator("[data-vitrine='product.similar'] .vitrine-item").count() == 1
    page.go_back()
    settle(page, 3)
    assert page.locator("[data-vitrine='home.recs'] .vitrine-item").count() == 2
    asked = [(request["page"]["type"], request["placements"][0]) for request in api.of("/v1/decide")]
    assert asked == [("home", "home.recs"), ("product", "product.similar"), ("home", "home.recs")]
    assert page_errors == []


def test_a_row_rendered_on_the_server(page: Page, stub_site: StubSite, api: StubSite, page_errors: list[str]) -> None:
    """By the guide's own code; the browser does not ask again, and the visitor has the cookie."""
    load_package()
    scope: dict[str, Any] = {}
    exec(
        block("Rendered", "python", api=api.url).replace(
            'vitrine = Vitrine("', 'vitrine = Vitrine(timeout_s=30, api="'
        ),
        scope,
    )
    cookies: dict[str, str] = {}
    response = SimpleNamespace(set_cookie=lambda name, value, **_: cookies.update({name: value}))
    request = SimpleNamespace(cookies={}, headers={})
    html = scope["home_row"](request, response, ["personalization"])
    scope["vitrine"].close()
    assert cookies == {"visitor": TOKEN}
    options = {"page": {"type": "home"}, "consent": ["personalization"], "visitor": TOKEN}
    before, _, after = block("A.", "html").partition('{"page": {"type": "home"}}')
    body = f"{before}{json.dumps(options)}{after}".replace("</section>", f"</section>{html}")
    publish(stub_site, api, body, {"/personal.js": block("Rendered", "js", api=api.url)})
    open_shop(page, stub_site)
    assert page.locator("[data-vitrine-decision] li").count() == 2
    asked_by_server, asked_by_page = api.of("/v1/decide")
    assert asked_by_server["placements"] == ["home.recs"]
    assert asked_by_page["visitor"] == TOKEN
    assert page_errors == []

"""Placements that the shop's server has filled: not asked for again, never held, counted like all others."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.snippet_pages import (
    CONSENT,
    answer_with,
    banner,
    decision,
    open_page,
    row,
    serve,
    settle,
    texts_seen,
)
from tests.browser.stub_site import StubSite

DECIDED = "01m80mre83gycs2cjnw2872rm9"
START = """
import {start} from "/vitrine.js";
import {startRendered} from "/rendered.js";
window.vitrine = startRendered(start);
"""
NOTE = "window.noted = []; document.addEventListener('vitrine:event', ({detail}) => window.noted.push(detail));"
BODY = (
    f'<section data-vitrine="home.recs" data-vitrine-state="shown" data-vitrine-decision="{DECIDED}"><h2>For you</h2>'
    '<ul><li data-item="7"><a href="#seven">Seven</a></li><li data-item="8"><a href="#eight"><b>Eight</b></a></li></ul>'
    '</section><section data-vitrine="home.hero" class="reserved"><p>Default banner</p></section>'
)


def open_rendered(page: Page, site: StubSite, body: str = BODY, consent: object = CONSENT) -> None:
    """A page with a placement of the server's."""
    serve(site, body, options={"consent": consent})
    site.files["/start.js"] = START
    answer_with(site, decision({"home.hero": banner(), "home.recs": row("1")}))
    page.add_init_script(NOTE)
    open_page(page, site)
    page.wait_for_function("() => window.vitrine")


def noted(page: Page, kind: str) -> list[dict[str, Any]]:
    """Events of a kind that the snippet has noted."""
    return page.evaluate("(kind) => window.noted.filter((one) => one.kind === kind)", kind)


def test_started_too_early_it_waits_for_the_page(page: Page, stub_site: StubSite) -> None:
    """As an `async` module may be: by then the elements are not all there."""
    early = START.replace(
        "window.vitrine =", "Object.defineProperty(document, 'readyState', {value: 'loading', configurable: true});"
    )
    serve(stub_site, BODY, options={"consent": CONSENT})
    stub_site.files["/start.js"] = early + (
        "delete document.readyState; window.vitrine = true;"
        "setTimeout(() => document.dispatchEvent(new Event('DOMContentLoaded')));"
    )
    answer_with(stub_site, decision({"home.hero": banner(), "home.recs": row("1")}))
    open_page(page, stub_site)
    settle(page)
    (request,) = stub_site.of("/v1/decide")
    assert request["placements"] == ["home.hero"]


def test_what_the_server_has_rendered_is_not_asked_for(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """It is visible from the first frame on, and stays as it is; other placements are decided."""
    open_rendered(page, stub_site)
    settle(page)
    (request,) = stub_site.of("/v1/decide")
    assert request["placements"] == ["home.hero"]
    shown = page.locator("[data-vitrine='home.recs']")
    assert shown.inner_text().split() == ["For", "you", "Seven", "Eight"]
    assert page.evaluate("'last' in (window.held['home.recs'] ?? {})") is False
    assert texts_seen(page, "home.hero") == ["It is 33 °C. Ice cream?"]
    assert page.evaluate("window.shift") == 0
    assert page_errors == []


def test_it_counts_what_is_seen_and_clicked(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """Under the server's decision; a click with the item and its place."""
    open_rendered(page, stub_site)
    page.locator("text=Eight").click()
    page.wait_for_function(
        "() => window.noted.some((one) => one.kind === 'impression' && one.placement === 'home.recs')"
    )
    (click,) = noted(page, "click")
    assert {name: click[name] for name in ("placement", "decision", "item", "slot")} == {
        "placement": "home.recs",
        "decision": DECIDED,
        "item": "8",
        "slot": 1,
    }
    assert ("home.recs", DECIDED) in {(event["placement"], event["decision"]) for event in noted(page, "impression")}
    assert page_errors == []


def test_a_page_of_the_servers_alone_asks_nothing(page: Page, stub_site: StubSite) -> None:
    """And without consent it tells nothing, either."""
    open_rendered(page, stub_site, BODY.partition("</section>")[0] + "</section>", [])
    page.locator("text=Seven").click()
    page.wait_for_timeout(300)
    assert noted(page, "click") == []
    assert stub_site.of("/v1/decide") == []


def test_the_next_page_view_is_the_snippets(page: Page, stub_site: StubSite) -> None:
    """Then it is decided anew, and clicks count once."""
    open_rendered(page, stub_site)
    settle(page)
    page.evaluate("history.pushState({}, '', '/next')")
    settle(page, 2)
    assert stub_site.of("/v1/decide")[1]["placements"] == ["home.recs", "home.hero"]
    page.evaluate("document.addEventListener('click', (event) => event.preventDefault())")
    page.locator("text=Goods 1").click()
    (click,) = noted(page, "click")
    assert (click["item"], click["decision"]) == ("1", "01m80mre83gycs2cjnw2872rm8")

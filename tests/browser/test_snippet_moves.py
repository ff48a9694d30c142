"""A single-page shop: each address is a page view of its own."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.snippet_pages import (
    CONSENT,
    PATIENT,
    SHOP_CSS,
    answer_with,
    decision,
    events_of,
    open_page,
    placement,
    row,
    serve,
    settle,
    texts_seen,
)
from tests.browser.stub_site import Answer, StubSite

START: Final = """
import {start} from "/vitrine.js";
window.item = "1";
window.vitrine = start({page: () => ({type: "product", item: window.item}), consent: ["personalization"]});
"""
HERE: Final = '<section data-vitrine="product.similar" class="reserved"><p>Default</p></section>'


def similar(request: Any) -> Answer:
    """A row that tells which page it was made for."""
    return Answer(decision({"product.similar": row(f"like-{request['page']['item']}", title="")}))


def shop(page: Page, site: StubSite) -> None:
    """A page that goes on to others by itself."""
    site.files["/start.js"] = START
    serve(site, HERE)
    site.decide = similar
    open_page(page, site)
    settle(page)


def test_each_new_address_is_decided_anew(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """By pushState, replaceState and the back button; the address that stays is no page view."""
    shop(page, stub_site)
    page.evaluate("() => { window.item = '2'; history.pushState({}, '', '/p/2?a=b#c') }")
    settle(page, 2)
    page.evaluate(
        "() => { window.item = '3'; history.replaceState({}, '', '/p/3'); history.replaceState({}, '', '/p/3') }"
    )
    settle(page, 3)
    page.evaluate("() => { history.pushState({}, '', '#part'); window.item = '1'; history.go(-2) }")
    settle(page, 4)
    page.wait_for_timeout(200)
    requests = stub_site.of("/v1/decide")
    assert [request["page"]["item"] for request in requests] == ["1", "2", "3", "1"]
    assert [request["recent"] for request in requests] == [[], ["1"], ["2", "1"], ["3", "2", "1"]]
    assert requests[2]["page"]["referrer"].endswith("/p/2")
    assert page.locator("[data-item]").get_attribute("data-item") == "like-1"
    assert page_errors == []


def test_a_replaced_query_is_the_same_page_view(page: Page, stub_site: StubSite) -> None:
    """Tidied of `utm_source`, or paged on: what is looked at stays."""
    shop(page, stub_site)
    page.evaluate("() => { history.replaceState({}, '', '?page=2'); history.replaceState({}, '', location.pathname) }")
    page.wait_for_timeout(300)
    assert len(stub_site.of("/v1/decide")) == 1
    assert texts_seen(page, "product.similar") == [(page.locator("[data-vitrine]").text_content() or "").strip()]
    page.evaluate("() => history.pushState({}, '', '?page=3')")
    settle(page, 2)


def test_old_answers_are_dropped(page: Page, stub_site: StubSite) -> None:
    """An answer for the page that was must not stand on the page that is."""
    stub_site.files["/start.js"] = START
    serve(stub_site, HERE)
    stub_site.decide = lambda request: Answer(
        similar(request).body, delay_s=0.8 if request["page"]["item"] == "1" else 0.0
    )
    open_page(page, stub_site)
    page.wait_for_function("() => window.vitrine")
    page.evaluate("() => { window.item = '2'; history.pushState({}, '', '/p/2') }")
    settle(page)
    page.wait_for_timeout(1000)
    assert page.evaluate("window.decisions.map((one) => one.request.page.item)") == ["2"]
    assert not any("like-1" in text for text in texts_seen(page, "product.similar"))


def test_a_placement_that_stays_is_held_again_and_gets_its_default_back(page: Page, stub_site: StubSite) -> None:
    """What was decided for another page is gone before the new answer, and nothing moves."""
    shop(page, stub_site)
    stub_site.decide = lambda request: Answer(decision({"product.similar": placement("none")}), delay_s=0.1)
    page.evaluate("() => { window.item = '2'; history.pushState({}, '', '/p/2') }")
    settle(page, 2)
    page.wait_for_timeout(200)
    assert texts_seen(page, "product.similar")[1:] == ["Default"]
    assert page.evaluate("window.shift") == 0


def test_what_the_shop_has_rendered_meanwhile_is_its_new_default(page: Page, stub_site: StubSite) -> None:
    """A list of another category must not become the list of the one before."""
    body = '<ul data-vitrine="category.listing"><li data-item="1">1</li><li data-item="2">2</li></ul>'
    serve(stub_site, body, css=SHOP_CSS + PATIENT)
    answer_with(stub_site, decision({"category.listing": placement("sort", items=[{"id": "2"}, {"id": "1"}])}))
    open_page(page, stub_site)
    settle(page)
    assert page.locator("ul").inner_text().split() == ["2", "1"]
    answer_with(stub_site, decision({}))
    page.evaluate(
        "() => { const li = document.createElement('li'); li.textContent = '3';"
        " document.querySelector('ul').replaceChildren(li); vitrine.refresh() }"
    )
    settle(page, 2)
    assert page.locator("ul").inner_text().split() == ["3"]


def test_an_unchanged_list_gets_its_own_order_back(page: Page, stub_site: StubSite) -> None:
    """Another page view without a decision about it shows what the shop has rendered."""
    body = '<ul data-vitrine="category.listing"><li data-item="1">1</li><li>ad</li><li data-item="2">2</li></ul>'
    serve(stub_site, body)
    answer_with(stub_site, decision({"category.listing": placement("sort", items=[{"id": "2"}, {"id": "1"}])}))
    open_page(page, stub_site)
    settle(page)
    assert page.locator("ul").inner_text().split() == ["2", "ad", "1"]
    answer_with(stub_site, decision({}))
    page.evaluate("vitrine.refresh()")
    settle(page, 2)
    assert page.locator("ul").inner_text().split() == ["1", "ad", "2"]


def test_two_starts_are_one(page: Page, stub_site: StubSite) -> None:
    """Also of two copies of the file, the classic one among them."""
    serve(stub_site, head='<script defer src="/vitrine.classic.js"></script>', options={"consent": CONSENT})
    stub_site.files["/start.js"] = """
      import {start} from "/vitrine.js";
      import {start as again} from "/vitrine.js?copy";
      window.vitrine = start();
      window.one = start() === window.vitrine && again() === window.vitrine;
    """
    answer_with(stub_site)
    open_page(page, stub_site)
    settle(page)
    page.evaluate("() => history.pushState({}, '', '/x')")
    settle(page, 2)
    page.wait_for_timeout(300)
    assert page.evaluate("window.one && Vitrine.start() === window.vitrine") is True
    assert len(stub_site.of("/v1/decide")) == 2


def test_stop_ends_everything(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """The history is the browser's own again, and a new start begins anew."""
    shop(page, stub_site)
    page.evaluate("vitrine.stop()")
    assert page.evaluate("history.pushState === History.prototype.pushState") is True
    page.evaluate("() => history.pushState({}, '', '/p/2')")
    page.evaluate("() => { vitrine.track({kind: 'favourite', item: '1'}); vitrine.signal({exit_intent: true}) }")
    page.wait_for_timeout(300)
    assert len(stub_site.of("/v1/decide")) == 1
    page.evaluate("async () => { window.vitrine = (await import('/vitrine.js')).start({page: {type: 'home'}}) }")
    settle(page, 2)
    assert stub_site.of("/v1/decide")[1]["page"]["type"] == "home"
    assert page_errors == []


def test_a_page_out_of_the_back_forward_cache_lives_on(page: Page, stub_site: StubSite) -> None:
    """It is as it was left, its session counts on, and what it notes is sent."""
    shop(page, stub_site)
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    page.wait_for_timeout(200)
    page.evaluate(
        "() => localStorage.setItem('vitrine', JSON.stringify({...JSON.parse(localStorage.vitrine), active: 1}))"
    )
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    assert page.evaluate("Date.now() - JSON.parse(localStorage.vitrine).active") < 60_000
    page.evaluate("vitrine.track({kind: 'favourite', item: '1'})")
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(300)
    assert len(events_of(stub_site, "favourite")) == 1
    assert len(stub_site.of("/v1/decide")) == 1

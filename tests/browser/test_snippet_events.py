"""What the visitor sees and does reaches the API, in batches that outlive the page."""

from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.snippet_pages import (
    ANSWER,
    CONSENT,
    PATIENT,
    SHOP_CSS,
    TOKEN,
    answer_with,
    banner,
    decision,
    events_of,
    open_page,
    placement,
    row,
    serve,
    settle,
)
from tests.browser.stub_site import Answer, StubSite

OPTIONS: Final[dict[str, Any]] = {"page": {"type": "product", "item": "7"}, "consent": CONSENT}
KNOWN: Final = ANSWER | {"visitor": TOKEN}
ID: Final = KNOWN["decision"]
LEAVE: Final = "() => window.dispatchEvent(new PageTransitionEvent('pagehide'))"
STAY: Final = "() => document.addEventListener('click', (event) => event.preventDefault())"


def flush(page: Page) -> None:
    """Have the page send what it noted, as when it ends."""
    page.evaluate(LEAVE)
    page.wait_for_timeout(300)


def test_views_and_searches_are_noted(page: Page, stub_site: StubSite) -> None:
    """Ids are unique, batches name the visitor, and no preflight is needed."""
    serve(stub_site, options=OPTIONS)
    serve(stub_site, path="/search", options={"page": {"type": "search", "query": "oat\tmilk"}, "consent": CONSENT})
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    open_page(page, stub_site, "/search")  # leaving the first page sends what it noted
    settle(page)
    flush(page)
    (view,), (search,) = events_of(stub_site, "view"), events_of(stub_site, "search")
    assert view["item"] == "7"
    assert search["query"] == "oat milk"
    assert view["id"] != search["id"]
    batch = stub_site.of("/v1/events")[0]
    assert batch["visitor"] == TOKEN
    assert batch["consent"] == CONSENT
    assert batch["session"] == stub_site.of("/v1/decide")[0]["session"]
    sent = [request for request in stub_site.requests if request.path.startswith("/v1/")]
    assert {request.method for request in sent} == {"POST"}
    assert {request.headers["content-type"].lower() for request in sent} == {"text/plain;charset=utf-8"}


def test_a_page_that_is_refreshed_is_seen_once(page: Page, stub_site: StubSite) -> None:
    """Another item is another page, and so is the same one after a page between."""
    serve(stub_site, options=OPTIONS)
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    for n, about in enumerate(("undefined", "{type: 'product', item: '8'}", "{type: 'cart'}", "undefined"), start=2):
        page.evaluate(f"() => vitrine.refresh({about})")
        settle(page, n)
    flush(page)
    assert [event["item"] for event in events_of(stub_site, "view")] == ["7", "8", "7"]
    assert [asked.get("recent") for asked in stub_site.of("/v1/decide")][1:3] == [["7"], ["7"]]


def test_the_session_is_the_shops_where_it_gives_one(page: Page, stub_site: StubSite) -> None:
    """So that caps per session count what its server has decided, too; an empty one is none."""
    serve(stub_site, options=OPTIONS | {"session": "s-1"})
    serve(stub_site, path="/own", options=OPTIONS | {"session": ""})
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    flush(page)
    open_page(page, stub_site, "/own")
    settle(page)
    given, own = (asked["session"] for asked in stub_site.of("/v1/decide"))
    assert given == "s-1"
    assert own not in ("", "s-1")
    assert stub_site.of("/v1/events")[0]["session"] == "s-1"


def test_impressions_are_what_was_half_in_view_for_a_second(page: Page, stub_site: StubSite) -> None:
    """Once per placement and decision; not what is below the view, nor what passed through it."""
    css = SHOP_CSS + PATIENT + ".tall { height: 2000px }"
    body = (
        '<section data-vitrine="home.hero" class="reserved"></section><div class="tall"></div>'
        '<section data-vitrine="home.recs" class="reserved"></section><div class="tall"></div>'
    )
    serve(stub_site, body, css=css, options=OPTIONS)
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    page.wait_for_timeout(1500)
    page.evaluate("scrollTo(0, 2300)")
    page.wait_for_timeout(300)
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(1500)
    flush(page)
    seen = [(event["placement"], event["decision"]) for event in events_of(stub_site, "impression")]
    assert seen == [("home.hero", ID)]
    page.evaluate("scrollTo(0, 2300)")
    page.wait_for_timeout(1500)
    flush(page)
    assert [event["placement"] for event in events_of(stub_site, "impression")] == ["home.hero", "home.recs"]


def test_what_is_not_shown_is_not_seen(page: Page, stub_site: StubSite) -> None:
    """A late answer and an empty one make no impression and no click."""
    serve(stub_site, '<section data-vitrine="home.hero"><a href="/x">Default</a></section>', options=OPTIONS)
    answer_with(stub_site, decision({"home.hero": placement("none")}, visitor=TOKEN))
    open_page(page, stub_site)
    settle(page)
    page.evaluate(STAY)
    page.locator("text=Default").click()
    page.wait_for_timeout(1300)
    flush(page)
    assert events_of(stub_site, "impression") == []
    assert events_of(stub_site, "click") + events_of(stub_site, "slot_click") == []


def test_clicks_name_decision_placement_slot_and_item(page: Page, stub_site: StubSite) -> None:
    """A banner has no item, and clicks beside links are none."""
    serve(stub_site, options=OPTIONS)
    answers = {"home.hero": banner(link="/shop/c/ice-cream"), "home.recs": row("1", "2", "3")}
    answer_with(stub_site, decision(answers, visitor=TOKEN))
    open_page(page, stub_site)
    settle(page)
    page.evaluate(STAY)
    page.locator("[data-item='2'] a").click()
    page.locator(".vitrine-banner").click(button="middle")
    page.locator("h2.vitrine-title").click()
    flush(page)
    (click,), (slot_click,) = events_of(stub_site, "click"), events_of(stub_site, "slot_click")
    assert click.items() >= {"decision": ID, "placement": "home.recs", "slot": 1, "item": "2"}.items()
    assert slot_click.items() >= {"decision": ID, "placement": "home.hero"}.items()
    assert "item" not in slot_click


def test_goods_put_into_the_cart_and_what_the_shop_tracks(page: Page, stub_site: StubSite) -> None:
    """`vitrine:add` is an event; `track` takes one event or several, and the page hears of each."""
    serve(stub_site, options=OPTIONS)
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    page.evaluate("() => { window.told = []; document.addEventListener('vitrine:event', (e) => told.push(e.detail)) }")
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('vitrine:add', {detail: {item: '5', quantity: 2, price: 98}}))"
    )
    page.evaluate("vitrine.track([1, 2].map((item) => ({kind: 'purchase', item: `${item}`, quantity: 1, price: 5})))")
    flush(page)
    (added,) = events_of(stub_site, "add_to_cart")
    assert added.items() >= {"item": "5", "quantity": 2, "price": 98}.items()
    assert [event["item"] for event in events_of(stub_site, "purchase")] == ["1", "2"]
    assert page.evaluate("told.map((one) => one.kind)") == ["add_to_cart", "purchase", "purchase"]


def test_events_leave_in_batches_every_five_seconds(page: Page, stub_site: StubSite) -> None:
    """Of a size that the API takes."""
    page.clock.install()
    serve(stub_site, options=OPTIONS)
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    page.evaluate("vitrine.track(Array.from({length: 99}, (_, n) => ({kind: 'favourite', item: `${n}`})))")
    page.clock.run_for(4000)
    assert stub_site.of("/v1/events") == []
    page.clock.run_for(1500)
    page.wait_for_timeout(300)
    sizes = [len(batch["events"]) for batch in stub_site.of("/v1/events")]
    assert max(sizes) <= 40
    assert len(events_of(stub_site, "favourite")) == 99


def test_who_has_no_token_gets_one_by_an_event(page: Page, stub_site: StubSite) -> None:
    """When the decision failed; what the API could not take then is sent again."""
    page.clock.install()
    serve(stub_site, options=OPTIONS)
    answer_with(stub_site, status=500)
    stub_site.events = lambda batch: Answer(status=503)
    open_page(page, stub_site)
    settle(page)
    page.clock.run_for(5100)
    page.wait_for_timeout(300)
    stub_site.events = lambda batch: Answer({"accepted": 1, "duplicates": 0, "rejected": [], "visitor": "v1.new"})
    page.clock.run_for(5100)
    page.wait_for_function("() => JSON.parse(localStorage.vitrine).token === 'v1.new'")
    first, again = stub_site.of("/v1/events")
    assert first["events"] == again["events"]


def test_leaving_by_a_hidden_tab_sends(page: Page, stub_site: StubSite) -> None:
    """Telephones end pages without a pagehide."""
    serve(stub_site, options=OPTIONS)
    answer_with(stub_site, KNOWN)
    open_page(page, stub_site)
    settle(page)
    page.evaluate(
        "() => { Object.defineProperty(document, 'hidden', {value: true});"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    page.wait_for_timeout(300)
    assert len(events_of(stub_site, "view")) == 1

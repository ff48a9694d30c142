"""What a visitor does may bring up an overlay: the overlays alone are decided anew, once per kind and page view."""

import json
from datetime import UTC, date, datetime
from math import isnan
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.snippet_pages import (
    CONSENT,
    PLACEMENTS,
    answer_with,
    decision,
    events_of,
    open_page,
    placement,
    serve,
    settle,
)
from tests.browser.stub_site import Answer, StubSite

OVERLAYS: Final = f'<body data-vitrine-overlays="site.overlay">{PLACEMENTS}<p class="long">Long</p>'
LONG: Final = ".long { height: 4000px }"
STUB: Final = """
export function open(answer, options) {
  const close = () => { window.open_now -= 1; options.onClose(); };
  window.open_now = (window.open_now ?? 0) + 1;
  (window.opened ??= []).push({answer, options, close});
  return {element: document.body, close};
}
"""
"""Overlays without looks: these tests are about when one opens."""

ADD: Final = (
    "(item) => document.dispatchEvent(new CustomEvent('vitrine:add', {detail: {item, quantity: 1, price: 98}}))"
)
HIDE: Final = """(hidden) => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def overlay(mechanic: str = "message") -> dict[str, Any]:
    """An answer with an overlay."""
    return decision({"site.overlay": placement("overlay", mechanic=mechanic, content={"title": "Stay"})})


def shop(page: Page, site: StubSite, **options: Any) -> None:
    """A page that listens for signals."""
    site.files["/overlays.js"] = STUB
    serve(site, OVERLAYS, options={"consent": CONSENT, "idle": 3600, "scroll": 2, **options}, css=LONG)
    open_page(page, site)
    settle(page)
    page.evaluate("async () => { await import('/signals.js') }")
    page.wait_for_timeout(100)


def signals_of(site: StubSite) -> list[dict[str, Any]]:
    """Signals of every decision after the page's own."""
    return [request["signals"] for request in site.of("/v1/decide") if "signals" in request]


def test_the_pointer_on_its_way_out(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """Through the top, once; the overlays alone are asked for, and what opens is told about."""
    shop(page, stub_site)
    answer_with(stub_site, overlay("exit_intent"))
    page.evaluate("() => document.dispatchEvent(new MouseEvent('mouseout', {clientX: 0, clientY: 300}))")
    page.wait_for_timeout(200)
    assert signals_of(stub_site) == []
    for top in (300, -5, 300, -5):
        page.mouse.move(300, top)
    page.wait_for_function("() => window.opened")
    page.evaluate("() => document.dispatchEvent(new MouseEvent('mouseout', {clientX: 300, clientY: -1}))")
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(300)
    assert signals_of(stub_site) == [{"scroll": 0, "exit_intent": True}]
    assert stub_site.of("/v1/decide")[-1]["placements"] == ["site.overlay"]
    assert page.evaluate("window.opened.length") == 1
    assert len(events_of(stub_site, "exit_intent")) == 1
    (seen,) = events_of(stub_site, "impression")
    assert seen["placement"] == "site.overlay"
    assert page_errors == []


def test_a_return_to_the_tab(page: Page, stub_site: StubSite) -> None:
    """The first look at a tab that was opened behind is no return."""
    page.add_init_script("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    shop(page, stub_site)
    page.evaluate(HIDE, False)
    page.wait_for_timeout(200)
    assert signals_of(stub_site) == []
    page.evaluate(HIDE, True)
    page.evaluate(HIDE, False)
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_timeout(300)
    assert signals_of(stub_site) == [{"scroll": 0, "tab_return": True}]


def test_a_page_out_of_the_back_forward_cache_is_a_return(page: Page, stub_site: StubSite) -> None:
    """Also where no tab was left."""
    shop(page, stub_site)
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.wait_for_timeout(300)
    assert signals_of(stub_site) == [{"scroll": 0, "tab_return": True}]


def test_leaving_is_told_once_even_while_an_overlay_is_open(page: Page, stub_site: StubSite) -> None:
    """It asks for nothing then, and is a fact all the same."""
    shop(page, stub_site)
    answer_with(stub_site, overlay())
    page.evaluate(ADD, "1")
    page.wait_for_function("() => window.opened")
    for _ in range(5):
        page.evaluate("() => document.dispatchEvent(new MouseEvent('mouseout', {clientX: 300, clientY: -1}))")
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(300)
    assert len(events_of(stub_site, "exit_intent")) == 1
    assert [set(one) - {"scroll"} for one in signals_of(stub_site)] == [{"added_to_cart"}]


def test_a_signal_after_another_tab_has_withdrawn_the_consent_names_nobody(
    context: BrowserContext, page: Page, stub_site: StubSite
) -> None:
    """Nor does it tell of a consent that is no more."""
    shop(page, stub_site, visitor="v1.login")
    other = context.new_page()
    open_page(other, stub_site)
    settle(other)
    other.evaluate("vitrine.consent([])")
    page.evaluate("vitrine.signal({exit_intent: true})")
    page.wait_for_timeout(300)
    last = stub_site.of("/v1/decide")[-1]
    assert last["signals"]["exit_intent"]
    assert last["consent"] == []
    assert "visitor" not in last


def test_idleness_and_depth(page: Page, stub_site: StubSite) -> None:
    """Each at the mark that the shop sets; signs of life put idleness off."""
    page.clock.install()
    shop(page, stub_site, idle=60, scroll=0.5)
    page.clock.run_for(40_000)
    page.mouse.move(10, 10)
    page.wait_for_timeout(100)
    page.clock.run_for(40_000)
    assert signals_of(stub_site) == []
    page.clock.run_for(70_000)
    page.wait_for_timeout(300)
    assert signals_of(stub_site) == [{"scroll": 0, "idle_s": 60}]
    page.evaluate("scrollTo(0, 2500)")
    page.wait_for_timeout(400)
    page.evaluate("scrollTo(0, 3500)")
    page.wait_for_timeout(1200)
    assert len(signals_of(stub_site)) == 2
    assert 0.5 <= signals_of(stub_site)[1]["scroll"] <= 1


def test_a_fast_scroll_up_on_a_touch_screen(chromium: Browser, stub_site: StubSite) -> None:
    """A slow one, or one with a mouse, is reading."""
    context = chromium.new_context(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740})
    page = context.new_page()
    shop(page, stub_site)
    page.evaluate("scrollTo(0, 3000)")
    for top in range(2900, 2300, -100):
        page.wait_for_timeout(150)
        page.evaluate("(top) => scrollTo(0, top)", top)
    assert signals_of(stub_site) == []
    page.wait_for_timeout(400)
    page.evaluate("() => { scrollTo(0, 2200); setTimeout(() => scrollTo(0, 1400), 60) }")
    page.wait_for_timeout(500)
    assert [each["exit_intent"] for each in signals_of(stub_site)] == [True]
    assert stub_site.of("/v1/decide")[0]["device"] == {"kind": "mobile"}
    context.close()


def test_goods_put_into_the_cart(page: Page, stub_site: StubSite) -> None:
    """Each item is answered once; none while an overlay is open."""
    shop(page, stub_site)
    page.evaluate(ADD, "1")
    page.evaluate(ADD, "1")
    page.wait_for_timeout(300)
    answer_with(stub_site, overlay("add_to_cart"))
    page.evaluate(ADD, "2")
    page.wait_for_function("() => window.opened")
    page.evaluate(ADD, "3")
    page.wait_for_timeout(200)
    assert [each["added_to_cart"] for each in signals_of(stub_site)] == ["1", "2"]
    page.evaluate("window.opened[0].close()")
    page.evaluate(ADD, "4")
    page.wait_for_function("() => window.opened.length === 2")


def test_an_overlay_is_told_what_was_added(page: Page, stub_site: StubSite) -> None:
    """Its name as the shop told it, for the overlay that this brought up; the API does not hear it."""
    answer_with(stub_site, overlay("add_to_cart"))
    shop(page, stub_site)
    page.wait_for_function("() => window.opened")
    page.evaluate("window.opened[0].close()")
    detail = "{item: '1', quantity: 1, price: 98, title: 'Bananas'}"
    page.evaluate(f"() => document.dispatchEvent(new CustomEvent('vitrine:add', {{detail: {detail}}}))")
    page.wait_for_function("() => window.opened.length === 2")
    page.evaluate("() => { opened[1].close(); vitrine.signal({tab_return: true}) }")
    page.wait_for_function("() => window.opened.length === 3")
    assert page.evaluate("opened.map(({options}) => options.added ?? null)") == [None, "Bananas", None]
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(300)
    assert "Bananas" not in json.dumps([stub_site.of("/v1/decide"), stub_site.of("/v1/events")])


def test_what_an_overlay_gets(page: Page, stub_site: StubSite) -> None:
    """Where it was decided for, how it tells, and the shop's own renderers."""
    stub_site.files["/start.js"] = """
      import {start} from "/vitrine.js";
      const survey = () => true;
      document.addEventListener("vitrine:lead", (event) => { window.lead = event.detail; });
      window.vitrine = start({renderers: {overlay: {survey}}, onLead: (fields) => { throw (window.fields = fields); }});
    """
    answer_with(stub_site, overlay("survey"))
    shop(page, stub_site)
    page.wait_for_function("() => window.opened")
    page.evaluate(
        "() => { const {options} = opened[0]; options.track('survey', {answers: {a: 'b'}}); options.onLead({x: 1}) }"
    )
    page.evaluate("() => window.dispatchEvent(new PageTransitionEvent('pagehide'))")
    page.wait_for_timeout(300)
    (survey,) = events_of(stub_site, "survey")
    assert (
        survey.items()
        >= {"placement": "site.overlay", "answers": {"a": "b"}, "decision": overlay()["decision"]}.items()
    )
    assert page.evaluate("[window.fields, window.lead.fields, window.lead.placement]") == [
        {"x": 1},
        {"x": 1},
        "site.overlay",
    ]
    assert page.evaluate("[typeof opened[0].options.renderers.survey, opened[0].options.locale]") == ["function", "en"]


def test_an_overlay_does_not_outlive_its_page_or_come_out_of_the_blue(page: Page, stub_site: StubSite) -> None:
    """The next page view closes it; one whose answer took seconds stays away."""
    answer_with(stub_site, overlay())
    shop(page, stub_site)
    page.wait_for_function("() => window.opened")
    stub_site.decide = lambda request: Answer(overlay(), delay_s=2.2)
    page.evaluate("() => history.pushState({}, '', '/next')")
    page.wait_for_function("() => window.open_now === 0")
    settle(page, 2)
    page.wait_for_timeout(300)
    assert page.evaluate("window.opened.length") == 1


def test_pages_without_overlays_load_nothing_for_them(page: Page, stub_site: StubSite) -> None:
    """And tell of no signals."""
    serve(stub_site, options={"consent": CONSENT})
    answer_with(stub_site)
    open_page(page, stub_site)
    settle(page)
    page.evaluate("() => document.dispatchEvent(new MouseEvent('mouseout', {clientX: 300, clientY: -1}))")
    page.evaluate("vitrine.signal({exit_intent: true})")
    page.wait_for_timeout(300)
    assert signals_of(stub_site) == []
    assert not any(request.path == "/signals.js" for request in stub_site.requests)


def test_overlays_that_cannot_be_loaded_are_left_out(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """By a blocker, say: the page goes on, and so do its other placements."""
    page.route("**/overlays.js", lambda route: route.abort())
    answer_with(stub_site, overlay())
    shop(page, stub_site)
    page.evaluate("vitrine.signal({exit_intent: true})")
    settle(page, 2)
    page.wait_for_timeout(200)
    assert signals_of(stub_site) == [{"scroll": 0, "exit_intent": True}]
    assert page_errors == []


def test_the_overlays_as_shipped_open(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """Both files together, under the strict policy."""
    serve(stub_site, OVERLAYS, options={"consent": CONSENT})
    answer_with(stub_site, overlay())
    open_page(page, stub_site)
    page.get_by_role("heading", name="Stay").wait_for(state="visible")
    assert page_errors == []


def test_overlays_are_told_the_servers_time(page: Page, stub_site: StubSite) -> None:
    """It is in the decision's id, whatever the device's clock says; an id of another layout tells nothing."""
    id_of_november = "01m80mre83gycs2cjnw2872rm8"
    answer_with(stub_site, overlay() | {"decision": id_of_november})
    shop(page, stub_site)
    page.wait_for_function("() => window.opened")
    answer_with(stub_site, overlay() | {"decision": "another"})
    page.evaluate("() => { opened[0].close(); vitrine.refresh() }")
    page.wait_for_function("() => window.opened.length === 2")
    told_ms, untold_ms = page.evaluate("opened.map(({options}) => options.serverNow)")
    assert datetime.fromtimestamp(told_ms / 1000, UTC).date() == date(2026, 11, 22)
    assert isnan(untold_ms)

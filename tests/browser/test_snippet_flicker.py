"""An answer in time is shown without a flicker or a shift, and needs no permission that a strict policy refuses."""

from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.snippet_pages import (
    PATIENT,
    PLACEMENTS,
    SHOP_CSS,
    answer_with,
    banner,
    decision,
    open_page,
    placement,
    row,
    serve,
    settle,
    texts_seen,
)
from tests.browser.stub_site import Answer, StubSite

TALL: Final = ".tall { height: 2000px }"


def test_an_answer_in_time_is_all_that_is_seen(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """The default content is never visible, nothing moves."""
    serve(stub_site)
    answer_with(stub_site, delay_s=0.05)
    open_page(page, stub_site)
    settle(page)
    page.wait_for_timeout(500)
    assert texts_seen(page, "home.hero") == ["It is 33 °C. Ice cream?"]
    assert [text[:14] for text in texts_seen(page, "home.recs")] == ["Picked for you"]
    assert page.evaluate("window.shift") == 0
    assert page.evaluate("window.decisions[0].late") is False
    assert page_errors == []


def test_the_classic_build_starts_by_itself(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """By the attributes of its own tag, also on a page of another encoding."""
    serve(stub_site, options={"page": {"type": "home", "locale": "ru"}})
    stub_site.pages["/"] = (
        stub_site.pages["/"]
        .replace('<meta charset="utf-8">', '<meta charset="windows-1251">')
        .replace(
            '<script type="module" src="/start.js"></script>',
            '<script defer src="/vitrine.classic.js" data-consent="personalization geo" data-device="app"></script>',
        )
    )
    stub_site.headers["/"] = {**stub_site.headers["/"], "content-type": "text/html"}
    answer_with(stub_site)
    open_page(page, stub_site)
    settle(page)
    assert page.locator(".vitrine-regular").first.inner_text().startswith("Обычная цена")
    (request,) = stub_site.of("/v1/decide")
    assert request["consent"] == ["personalization", "geo"]
    assert request["device"] == {"kind": "app"}
    assert page.evaluate("Vitrine.start() === Vitrine.start() && Object.keys(Vitrine)") == [
        "content",
        "money",
        "products",
        "sort",
        "start",
    ]
    assert page_errors == []


@pytest.mark.parametrize("answer", [placement("none"), row()], ids=["none", "empty row"])
def test_nothing_to_show_leaves_the_default_at_once(page: Page, stub_site: StubSite, answer: dict) -> None:
    """The hold ends with the answer, not with the 300 ms."""
    serve(stub_site)
    answer_with(stub_site, decision({"home.hero": answer}))
    open_page(page, stub_site)
    settle(page)
    assert page.locator("[data-vitrine-state=default]").count() == 2
    assert page.locator("text=Default banner").is_visible()
    assert page.evaluate("window.shift") == 0


def test_what_needs_more_room_than_there_is_moves_nothing(page: Page, stub_site: StubSite) -> None:
    """It keeps the height that was reserved; without any, in view, the default stays; out of view it may grow."""
    body = (
        '<p data-vitrine="home.strip"></p><section data-vitrine="home.hero"><p>Small</p></section><p>What follows</p>'
        '<div class="tall"></div><section data-vitrine="home.recs"></section><p>The end</p>'
    )
    serve(stub_site, body, css=TALL + PATIENT)
    answer_with(stub_site, decision({"home.strip": banner(), "home.hero": row("1", "2"), "home.recs": row("3")}))
    open_page(page, stub_site)
    settle(page)
    page.wait_for_timeout(200)
    assert page.evaluate("window.shift") == 0
    states = page.evaluate("[...document.querySelectorAll('[data-vitrine]')].map((one) => one.dataset.vitrineState)")
    assert states == ["default", "shown", "shown"]
    assert page.evaluate("document.querySelector('[data-vitrine=\"home.hero\"]').offsetHeight") < 60
    assert page.evaluate("document.querySelector('[data-vitrine=\"home.recs\"]').offsetHeight") > 200


def test_room_for_nothing_is_given_up_out_of_sight(page: Page, stub_site: StubSite) -> None:
    """An empty placement below the view collapses; one in view keeps the room that the shop reserved."""
    body = '<p data-vitrine="home.strip"></p><div class="tall"></div><p data-vitrine="home.again"></p><p>The end</p>'
    serve(stub_site, body, css=TALL + PATIENT + "[data-vitrine] { --vitrine-height: 120px }")
    answer_with(stub_site, decision({}))
    open_page(page, stub_site)
    settle(page)
    heights = page.evaluate("[...document.querySelectorAll('[data-vitrine]')].map((one) => one.offsetHeight)")
    assert heights == [120, 0]
    assert page.evaluate("window.shift") == 0


def test_what_the_shop_fills_later_is_seen(page: Page, stub_site: StubSite) -> None:
    """An empty placement that had collapsed opens again when the shop's own script puts something there."""
    body = '<div class="tall"></div><p data-vitrine="home.again"></p><p>The end</p>'
    serve(stub_site, body, css=TALL + PATIENT)
    answer_with(stub_site, decision({}))
    open_page(page, stub_site)
    settle(page)
    placed = page.locator("[data-vitrine]")
    assert placed.get_attribute("data-vitrine-state") == "empty"
    page.evaluate("document.querySelector('[data-vitrine]').append(document.createElement('b'), 'Bestsellers')")
    assert placed.is_visible()


def test_what_says_of_itself_that_it_is_visible_is_held_as_well(page: Page, stub_site: StubSite) -> None:
    """Carousels do, once they have begun."""
    body = '<section data-vitrine="home.recs"><p class="slides">Default</p></section>'
    serve(stub_site, body, css=PATIENT + ".slides { visibility: visible }")
    stub_site.decide = lambda request: Answer(decision({}), delay_s=1)
    open_page(page, stub_site)
    assert page.evaluate("getComputedStyle(document.querySelector('[data-vitrine]')).opacity") == "0"
    settle(page)
    assert page.evaluate("getComputedStyle(document.querySelector('[data-vitrine]')).opacity") == "1"


def test_pages_without_placements_ask_nothing(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """No request, no fault."""
    serve(stub_site, "<p>Terms and conditions</p>")
    open_page(page, stub_site)
    page.wait_for_function("() => window.vitrine")
    page.wait_for_timeout(200)
    assert stub_site.of("/v1/decide") == []
    assert page_errors == []


def test_resets_of_animations_do_not_break_the_hold(page: Page, stub_site: StubSite) -> None:
    """Shops switch animations off for who asked for less motion: then, too, the default does not show before."""
    reset = "* { animation: none !important; animation-duration: 0.01ms !important }"
    serve(stub_site, css=SHOP_CSS + PATIENT + reset)
    answer_with(stub_site, delay_s=0.05)
    open_page(page, stub_site)
    settle(page)
    page.wait_for_timeout(200)
    assert texts_seen(page, "home.hero") == ["It is 33 °C. Ice cream?"]


def test_the_budget_is_one_number(page: Page, stub_site: StubSite) -> None:
    """The option moves what the style sheet holds."""
    serve(stub_site, options={"budget": 5000}, css=SHOP_CSS)
    answer_with(stub_site, delay_s=0.5)
    open_page(page, stub_site)
    settle(page)
    page.wait_for_timeout(100)
    assert texts_seen(page, "home.hero") == ["It is 33 °C. Ice cream?"]


def test_without_javascript_the_default_shows_at_once(chromium: Browser, stub_site: StubSite) -> None:
    """The style sheet knows that nobody will come."""
    serve(stub_site, PLACEMENTS)
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(stub_site.url, wait_until="commit")
    page.locator("text=Default banner").wait_for(state="visible", timeout=2000)
    hold = page.locator("[data-vitrine]").first
    assert hold.is_visible()
    context.close()

"""Whatever happens to the API, the real shop is as it would be without Vitrine: soon, steady, and silent."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.demo import Demo
from tests.browser.holds import NOTE_HOLDS, held_beyond_budget
from tests.browser.layout import NOTE_SHIFTS, shifts
from tests.browser.shopper import Shopper, hold_for

PATHS = ("/shop", "/shop/c/produce", "/shop/cart")
DEFAULTS = "[data-vitrine]:not(:empty)"
LONG_HOLD_S = 3

FAULTS: dict[str, Callable[[Route], None]] = {
    "the API is blocked": lambda route: route.abort("blockedbyclient"),
    "the API is down": lambda route: route.abort("connectionrefused"),
    "the API fails": lambda route: route.fulfill(status=500, json={"message": "Internal Server Error"}),
    "the answer is broken": lambda route: route.fulfill(body='{"placements": {"home.recs"'),
    "the answer is another's": lambda route: route.fulfill(json=["placements"]),
    "there is no answer for 10 s": lambda route: None,
}


@pytest.fixture
def shopper(page: Page, demo: Demo) -> Shopper:
    """A newcomer on a page that notes what moves, and how long it holds its placements."""
    page.add_init_script(NOTE_SHIFTS)
    page.add_init_script(NOTE_HOLDS)
    return Shopper(page, demo.url, is_patient=False)


def own_content(page: Page) -> list[str]:
    """Texts of all placements that are not empty."""
    return page.locator(DEFAULTS).all_inner_texts()


@pytest.mark.parametrize("fault", FAULTS)
def test_default_content_shows_soon_and_stays(shopper: Shopper, page_errors: list[str], fault: str) -> None:
    """Nothing moves, nothing is printed on the console. What holds a placement ends after the budget by itself."""
    shopper.page.route("**/v1/decide", FAULTS[fault])
    for path in PATHS:
        shopper.page.goto(shopper.url + path)
        placements = shopper.page.locator(DEFAULTS)
        for n in range(placements.count()):
            expect(placements.nth(n)).to_be_visible()
        assert held_beyond_budget(shopper.page, DEFAULTS) == {}
        assert shopper.page.locator('[data-vitrine-state="shown"]').count() == 0
        assert shifts(shopper.page) == []
    assert len(shopper.asked) == len(PATHS)
    assert page_errors == []


def test_a_blocked_snippet_leaves_the_shop_as_it_is(shopper: Shopper, page_errors: list[str]) -> None:
    """As some extensions do with scripts of this kind."""
    shopper.page.route("**/vitrine.js", lambda route: route.abort("blockedbyclient"))
    shopper.page.goto(f"{shopper.url}/shop")
    expect(shopper.placement("home.recs")).to_be_visible()
    assert held_beyond_budget(shopper.page, DEFAULTS) == {}
    assert shifts(shopper.page) == []
    assert shopper.asked == []
    assert page_errors == []


@pytest.mark.parametrize("script", ["**/v1/decide", "**/vitrine.js"])
def test_a_longer_hold_is_noticed(shopper: Shopper, script: str) -> None:
    """Negative control of the two tests above: a style sheet that holds for three seconds, with and without a script
    that would end it before."""
    shopper.page.route("**/vitrine.css", hold_for(LONG_HOLD_S))
    shopper.page.route(script, lambda route: route.abort())
    shopper.page.goto(f"{shopper.url}/shop")
    placements = shopper.page.locator(DEFAULTS).evaluate_all("all => all.map((one) => one.dataset.vitrine)")
    assert placements
    assert set(placements) <= held_beyond_budget(shopper.page, DEFAULTS).keys()


def test_a_late_answer_is_dropped(shopper: Shopper, page_errors: list[str]) -> None:
    """What the visitor looks at already is not replaced; the journeys show such answers, which come in time."""
    held: list[Route] = []
    shopper.page.route("**/v1/decide", lambda route: held.append(route))
    shopper.page.goto(f"{shopper.url}/shop")
    expect(shopper.placement("home.recs")).to_be_visible()
    before = own_content(shopper.page)
    held[0].continue_()
    shopper.settled()
    assert [one["late"] for one in shopper.decisions()] == [True]
    assert shopper.page.locator('[data-vitrine-state="shown"]').count() == 0
    assert own_content(shopper.page) == before
    assert shifts(shopper.page) == []
    assert page_errors == []


def test_what_moves_is_noticed(shopper: Shopper) -> None:
    """Else a measured nothing would mean nothing."""
    shopper.page.goto(f"{shopper.url}/shop")
    shopper.page.wait_for_timeout(100)
    shopper.page.evaluate("document.querySelector('main').style.setProperty('margin-top', '300px')")
    shopper.page.wait_for_timeout(100)
    assert shifts(shopper.page)

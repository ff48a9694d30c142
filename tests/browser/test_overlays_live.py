"""Overlays whose substance the server decided: the end of a countdown, the outcome of a wheel."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.overlay_answers import overlay_answer
from tests.browser.overlay_page import WHEEL_CONTRAST, OverlayPage
from tests.browser.stub_site import StubSite

NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
ANGLE = """() => {
  const disc = handle.element.shadowRoot.querySelector(".disc");
  const {a, b} = new DOMMatrix(getComputedStyle(disc).transform);
  return Math.round(Math.atan2(b, a) * 180 / Math.PI + 360) % 360;
}"""


@pytest.fixture
def shop(page: Page, stub_site: StubSite) -> OverlayPage:
    """A page to open overlays on, whose clock stands still."""
    page.clock.install(time=NOW_MS / 1000)
    page.clock.pause_at(NOW_MS / 1000 + 1)
    return OverlayPage(page, stub_site)


def now_ms(shop: OverlayPage) -> int:
    """The page's time."""
    return int(shop.page.evaluate("Date.now()"))


def test_a_countdown_ticks_once_a_second(shop: OverlayPage, page_errors: list[str]) -> None:
    """It is a timer with a name, so that it is not read out each second."""
    shop.open(overlay_answer("countdown", ends_at_ms=now_ms(shop) + HOUR_MS + 61_000))
    timer = shop.dialog.get_by_role("timer", name="Time left")
    expect(timer).to_have_text("01 hour01 minute01 second")
    expect(timer).not_to_have_attribute("aria-live", "polite")
    shop.page.clock.run_for(2_000)
    expect(timer).to_have_text("01 hour00 minutes59 seconds")
    assert page_errors == []


def test_a_long_one_counts_days_in_the_visitors_language(shop: OverlayPage) -> None:
    """With the forms of the words that the numbers ask for."""
    shop.open(overlay_answer("countdown", ends_at_ms=now_ms(shop) + 50 * HOUR_MS), locale="ru")
    expect(shop.dialog.get_by_role("timer")).to_have_text("02 дня02 часа00 минут00 секунд")


def test_it_ends_once_and_for_all(shop: OverlayPage) -> None:
    """What is over is said once; setting the clock back does not start it again; the focus is not lost."""
    shop.open(overlay_answer("countdown", ends_at_ms=now_ms(shop) + 3_000))
    shop.dialog.get_by_role("link", name="To the cart").focus()
    shop.page.clock.run_for(3_100)
    over = "The last van has left. Delivery costs what it always does."
    expect(shop.dialog.get_by_role("timer")).to_have_count(0)
    expect(shop.dialog.get_by_role("status")).to_have_text(over)
    expect(shop.dialog.get_by_role("link", name="To the cart")).to_have_count(0)
    assert shop.focus == "Free delivery this evening"
    shop.page.clock.set_fixed_time((NOW_MS - HOUR_MS) / 1000)
    shop.page.clock.run_for(5_000)
    expect(shop.dialog.locator(".over")).to_have_text(over)


def test_one_that_is_over_says_so_at_once(shop: OverlayPage) -> None:
    """Opening it anew gives no new time."""
    shop.open(overlay_answer("countdown", ends_at_ms=now_ms(shop) - 1))
    expect(shop.dialog.locator(".over")).to_be_visible()
    expect(shop.dialog.get_by_role("timer")).to_have_count(0)


def test_a_wrong_clock_of_the_device_changes_nothing(shop: OverlayPage) -> None:
    """The device is two hours ahead; without the server's time the offer would seem over."""
    server_ms = now_ms(shop) - 2 * HOUR_MS
    shop.open(overlay_answer("countdown", ends_at_ms=server_ms + HOUR_MS), serverNow=server_ms)
    expect(shop.dialog.get_by_role("timer")).to_have_text("01 hour00 minutes00 seconds")


def test_without_an_end_nothing_is_counted(shop: OverlayPage) -> None:
    """The message alone: this side makes up no end."""
    assert shop.open(overlay_answer("countdown") | {"live": None})
    expect(shop.dialog.get_by_role("timer")).to_have_count(0)
    expect(shop.dialog.get_by_role("link", name="To the cart")).to_be_visible()


def test_the_wheel_stops_where_the_server_said(shop: OverlayPage, page_errors: list[str]) -> None:
    """By keyboard; only then the outcome is said, once, and the focus is at it. Turning is no dismissal."""
    shop.open(overlay_answer("wheel"))
    expect(shop.dialog.get_by_role("img")).to_have_accessible_name(
        "A wheel with Tomato soup, Tacos, Chickpea curry, Home-made pizza, Big summer salad, Apple cake"
    )
    shop.tab_to("Turn the wheel")
    shop.page.keyboard.press("Enter")
    shop.page.keyboard.press("Enter")
    expect(shop.dialog.get_by_role("status")).to_have_text("The wheel is turning…")
    expect(shop.dialog.get_by_text("Tacos it is")).to_have_count(0)
    shop.page.clock.run_for(5_000)
    expect(shop.dialog.get_by_role("heading", name="Tacos it is")).to_be_focused()
    expect(shop.dialog.get_by_role("status")).to_have_text("Tacos it is. Bring lime.")
    expect(shop.dialog.get_by_role("button", name="Turn the wheel")).to_have_count(0)
    expect(shop.dialog.get_by_role("link", name="Take me there")).to_have_attribute(
        "href", f"{shop.site.url}/shop/c/tacos"
    )
    shop.page.keyboard.press("Escape")
    assert shop.told == [{"kind": "slot_click"}]
    assert page_errors == []


def test_without_motion_it_shows_the_outcome_at_once(shop: OverlayPage) -> None:
    """The second of six sectors, whose middle is at 90 degrees, is at the top after three quarters of a turn."""
    shop.page.emulate_media(reduced_motion="reduce")
    shop.open(overlay_answer("wheel"))
    shop.dialog.get_by_role("button", name="Turn the wheel").click()
    expect(shop.dialog.get_by_role("heading", name="Tacos it is")).to_be_focused()
    assert shop.page.evaluate(ANGLE) == 270


def test_labels_of_the_wheel_can_be_read(shop: OverlayPage) -> None:
    """In both colour schemes, and of the sector that came up (WCAG 2.2, 1.4.3)."""
    shop.page.emulate_media(reduced_motion="reduce")
    for scheme in ("light", "dark"):
        shop.page.emulate_media(color_scheme=scheme)
        shop.open(overlay_answer("wheel"))
        shop.dialog.get_by_role("button", name="Turn the wheel").click()
        assert min(shop.page.evaluate(WHEEL_CONTRAST)) >= 4.5


@pytest.mark.parametrize("live", [None, {}, {"outcome": "jackpot"}, {"outcome": None}])
def test_without_a_known_outcome_there_is_no_wheel(shop: OverlayPage, page_errors: list[str], live: object) -> None:
    """This side never chooses one."""
    assert not shop.open(overlay_answer("wheel") | {"live": live})
    expect(shop.dialog).to_have_count(0)
    assert page_errors == []

"""Whatever an answer holds, an overlay runs nothing, leads nowhere bad and throws nothing into the page."""

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.overlay_answers import IN_CORNER, MODAL, items_of, overlay_answer
from tests.browser.overlay_page import OverlayPage
from tests.browser.stub_site import StubSite

MARKUP: Final = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>'
BAD_ADDRESSES: Final = (
    "javascript:window.hacked=1",
    " JaVaScRiPt:window.hacked=1",
    "data:text/html,x",
    "blob:x",
    "\tjava\nscript:0",
)
BROKEN: Final[tuple[object, ...]] = (
    None,
    7,
    {},
    {"mechanic": "unheard_of"},
    {"mechanic": "toString"},
    {"mechanic": "message", "content": "text", "items": "goods"},
    {"mechanic": "survey", "content": {"question": "q", "answers": [None, 1]}},
    {"mechanic": "wheel", "content": {"sectors": [None, {"id": 1}]}, "live": {"outcome": 1}},
    {"mechanic": "comparison", "content": None, "items": [{"card": {}}, {"card": {"currency": "?"}}]},
    {"mechanic": "lead_form", "content": {"fields": [{}], "action": "/x"}},
    {"mechanic": "countdown", "content": {}, "live": {"ends_at_ms": "soon"}},
)


@pytest.fixture
def shop(page: Page, stub_site: StubSite) -> OverlayPage:
    """A page to open overlays on, without a policy that would save it."""
    shop = OverlayPage(page, stub_site)
    stub_site.headers.clear()
    page.reload()
    page.evaluate("async () => { window.told = []; window.open_overlay = (await import('/overlays.js')).open; }")
    page.evaluate("window.show = (answer, options) => !!(window.handle = open_overlay(answer, options)).element")
    return shop


def poisoned(value: object) -> object:
    """The same payload with markup in every text but ids."""
    if isinstance(value, dict):
        return {key: one if key in ("id", "action", "type") else poisoned(one) for key, one in value.items()}
    if isinstance(value, list):
        return [poisoned(one) for one in value]
    return MARKUP if isinstance(value, str) else value


def test_markup_is_text(shop: OverlayPage, page_errors: list[str]) -> None:
    """In every text of the content and of goods."""
    for mechanic in (*MODAL, *IN_CORNER):
        answer = overlay_answer(mechanic, ends_at_ms=4_000_000_000_000)
        answer["content"] = poisoned(answer["content"])
        answer["items"] = items_of()
        for item in answer["items"]:
            item["sponsored"] = MARKUP
            item["card"] |= {"title": MARKUP, "category": MARKUP}
        assert shop.open(answer), mechanic
        expect(shop.page.locator("vitrine-overlay h2")).to_contain_text("<script>")
        assert shop.page.locator("vitrine-overlay script").count() == 0
    shop.page.wait_for_timeout(100)
    assert shop.page.evaluate("window.hacked") is None
    assert page_errors == []


def test_an_address_is_of_the_web_or_none(shop: OverlayPage, page_errors: list[str]) -> None:
    """No link and no picture is made of anything else; the goods stay readable."""
    for address in BAD_ADDRESSES:
        answer = overlay_answer("exit_intent", link=address, button="Go", image=address)
        for item in answer["items"]:
            item["card"] |= {"url": address, "image": address}
        shop.open(answer)
        assert shop.page.locator("vitrine-overlay a").count() == 0, address
        assert shop.page.locator("vitrine-overlay img").count() == 0, address
        expect(shop.dialog.get_by_text("Bananas")).to_be_visible()
    assert page_errors == []


def test_a_broken_answer_breaks_nothing(shop: OverlayPage, page_errors: list[str]) -> None:
    """Nothing is thrown; whatever opened can be closed; the next overlay opens."""
    for answer in BROKEN:
        shop.open(answer)
        shop.page.evaluate("handle.close()")
        assert shop.page.locator("vitrine-overlay").count() == 0, answer
        assert shop.open(overlay_answer("message")), answer
        shop.page.evaluate("handle.close()")
    assert page_errors == []


def test_what_the_page_hands_in_may_fail(shop: OverlayPage, page_errors: list[str]) -> None:
    """Reporting, the closing callback, a renderer of the shop's."""
    shop.page.evaluate(
        """(answer) => {
      const fail = () => { throw new Error("the page's own") };
      window.handle = open_overlay(answer, {track: fail, onClose: fail});
    }""",
        overlay_answer("exit_intent"),
    )
    shop.page.keyboard.press("Escape")
    expect(shop.dialog).to_have_count(0)
    shop.page.evaluate(
        """(answer) => {
      window.handle = open_overlay(answer, {renderers: {message: () => { throw new Error("the page's own") }}});
    }""",
        overlay_answer("message"),
    )
    assert shop.page.evaluate("handle.element") is None
    assert page_errors == []


def test_a_renderer_of_the_shops_takes_over(shop: OverlayPage) -> None:
    """It fills the frame, which is the same for all."""
    shop.page.evaluate(
        """(answer) => {
      const message = (frame) => { frame.body.append("Our own words") };
      open_overlay(answer, {renderers: {message}});
    }""",
        overlay_answer("message"),
    )
    expect(shop.card).to_contain_text("Our own words")
    expect(shop.card.get_by_role("button", name="Close")).to_be_visible()


def test_pictures_of_the_api_come_from_the_api(shop: OverlayPage) -> None:
    """Those below `/media/`; others stand where they say."""
    answer = overlay_answer("exit_intent")
    answer["items"][1]["card"]["image"] = "/pictures/1.svg"
    shop.open(answer, api="https://api.example.com/prod")
    pictures = shop.page.locator("vitrine-overlay img")
    expect(pictures.nth(0)).to_have_attribute("src", "https://api.example.com/prod/media/grocery/milk/whole-milk.svg")
    expect(pictures.nth(1)).to_have_attribute("src", f"{shop.site.url}/pictures/1.svg")

"""Overlays that ask: a survey tells Vitrine one answer, a lead form tells the shop alone."""

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.overlay_answers import overlay_answer
from tests.browser.overlay_page import OverlayPage
from tests.browser.stub_site import StubSite

ADDRESS = "vera@example.com"


@pytest.fixture
def shop(page: Page, stub_site: StubSite) -> OverlayPage:
    """A page to open overlays on."""
    return OverlayPage(page, stub_site)


@pytest.fixture
def posts(shop: OverlayPage) -> list[Request]:
    """What was posted to the shop, which takes it."""
    seen: list[Request] = []
    shop.page.route("**/shop/notify", lambda route: (seen.append(route.request), route.fulfill(status=204)))
    return seen


def test_a_survey_by_keyboard(shop: OverlayPage, page_errors: list[str]) -> None:
    """Arrow keys choose, the answer leaves as an event, thanks are said and read, closing is no dismissal."""
    shop.open(overlay_answer("survey"))
    group = shop.dialog.get_by_role("radiogroup", name="What do you cook most?")
    expect(group.get_by_role("radio")).to_have_count(3)
    shop.page.keyboard.press("Tab")
    shop.page.keyboard.press("Space")
    shop.page.keyboard.press("ArrowDown")
    shop.page.keyboard.press("Enter")
    expect(shop.dialog.get_by_role("heading", name="Thank you, that helps us.")).to_be_focused()
    expect(shop.dialog.get_by_role("status")).to_have_text("Thank you, that helps us.")
    shop.page.keyboard.press("Escape")
    assert shop.told == [{"kind": "survey", "answers": {"cooking": "scratch"}}]
    assert shop.focus == "Open"
    assert page_errors == []


def test_a_survey_without_an_answer_says_so(shop: OverlayPage) -> None:
    """Nothing is sent, and the focus is at the answers."""
    shop.open(overlay_answer("survey"))
    shop.dialog.get_by_role("button", name="Send").click()
    expect(shop.dialog.get_by_role("alert")).to_have_text("Please choose an answer.")
    expect(shop.dialog.get_by_role("radio").first).to_be_focused()
    assert shop.told == []


def test_a_lead_goes_to_the_shop_alone(shop: OverlayPage, posts: list[Request], page_errors: list[str]) -> None:
    """By keyboard; the page learns what was typed, events do not."""
    shop.open(overlay_answer("lead_form"))
    shop.tab_to("email")
    shop.page.keyboard.type(ADDRESS)
    shop.tab_to("consent")
    shop.page.keyboard.press("Space")
    shop.page.keyboard.press("Enter")
    expect(shop.dialog.get_by_role("heading", name="We will write to you.")).to_be_focused()
    (post,) = posts
    assert post.method == "POST"
    assert ADDRESS in (post.post_data or "")
    fields = {"name": "", "email": ADDRESS, "phone": "", "consent": "yes"}
    assert shop.page.evaluate("leads") == [{"fields": fields, "campaign": "any"}]
    assert shop.told == [{"kind": "slot_click"}]
    assert ADDRESS not in str(shop.site.requests)
    assert page_errors == []


def test_what_is_wrong_stands_at_its_field(shop: OverlayPage, posts: list[Request]) -> None:
    """The first wrong field has the focus; a message goes as soon as it is mended."""
    shop.open(overlay_answer("lead_form"))
    email, phone = shop.dialog.get_by_label("E-mail"), shop.dialog.get_by_label("Phone")
    email.fill("nobody")
    phone.fill("12")
    shop.dialog.get_by_role("button", name="Write to me").click()
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description("Please check the address: it should look like name@example.com.")
    expect(phone).to_have_accessible_description("Please check the number: it should have at least five digits.")
    box = shop.dialog.get_by_role("checkbox")
    expect(box).to_have_accessible_description("Please tick this box, so that we may answer you.")
    assert shop.faults() == []
    email.fill(ADDRESS)
    expect(email).not_to_have_attribute("aria-invalid", "true")
    box.check()
    expect(box).to_have_accessible_description("")
    assert posts == []


def test_a_shop_that_fails_loses_nothing(shop: OverlayPage) -> None:
    """What was typed stays, and the next try may work."""
    statuses = [500, 204]
    shop.page.route("**/shop/notify", lambda route: route.fulfill(status=statuses.pop(0)))
    shop.open(overlay_answer("lead_form"))
    shop.dialog.get_by_label("E-mail").fill(ADDRESS)
    shop.dialog.get_by_role("checkbox").check()
    shop.dialog.get_by_role("button", name="Write to me").click()
    expect(shop.dialog.get_by_role("alert")).to_contain_text("please try again")
    expect(shop.dialog.get_by_label("E-mail")).to_have_value(ADDRESS)
    assert shop.told == []
    shop.dialog.get_by_role("button", name="Write to me").click()
    expect(shop.dialog.get_by_role("heading", name="We will write to you.")).to_be_visible()


def test_a_shop_that_cannot_be_reached_is_no_error_of_the_page(shop: OverlayPage, page_errors: list[str]) -> None:
    """The connection is cut."""
    shop.page.route("**/shop/notify", lambda route: route.abort())
    shop.open(overlay_answer("lead_form"))
    shop.dialog.get_by_label("E-mail").fill(ADDRESS)
    shop.dialog.get_by_role("checkbox").check()
    shop.dialog.get_by_role("button", name="Write to me").click()
    expect(shop.dialog.get_by_role("alert")).to_contain_text("please try again")
    assert page_errors == []


def test_the_form_works_without_fetch(shop: OverlayPage, posts: list[Request]) -> None:
    """As a plain form."""
    shop.page.evaluate("delete window.fetch; window.fetch = undefined")
    shop.open(overlay_answer("lead_form"))
    shop.dialog.get_by_label("E-mail").fill(ADDRESS)
    shop.dialog.get_by_role("checkbox").check()
    with shop.page.expect_request("**/shop/notify"):
        shop.dialog.get_by_role("button", name="Write to me").click()
    assert "email=vera%40example.com" in (posts[0].post_data or "")


def test_a_form_in_hand_is_not_lost_to_a_slip(shop: OverlayPage) -> None:
    """A click beside it closes it only as long as nothing was typed; Escape always does."""
    shop.open(overlay_answer("lead_form"))
    shop.dialog.get_by_label("E-mail").fill("v")
    shop.page.mouse.click(5, 5)
    expect(shop.dialog).to_be_visible()
    shop.page.keyboard.press("Escape")
    expect(shop.dialog).to_have_count(0)


@pytest.mark.parametrize(
    "action", ["https://elsewhere.example/take", "//elsewhere.example", "javascript:alert(1)", "", 7]
)
def test_a_form_goes_nowhere_else(shop: OverlayPage, page_errors: list[str], action: object) -> None:
    """An address that is not the shop's own is not shown at all; the caller learns that nothing is open."""
    is_own = action == 7  # a relative path, like any other text without a scheme
    assert shop.open(overlay_answer("lead_form", action=action)) is is_own
    assert shop.page.evaluate("nClosed") == (0 if is_own else 1)
    assert page_errors == []

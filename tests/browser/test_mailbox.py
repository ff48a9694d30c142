"""The mailbox in a browser: a mail is seen as it is, and can do nothing; all works without a script."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.functional.test_mailbox import Mailbox, open_mailbox, shop_with_mail

REFUSED = re.compile("Blocked script execution")  # by which Chromium says that the mail's script did not run


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mailbox with a mail in it, whose page holds a script."""
    with open_mailbox(shop_with_mail(), "h1", "h2", "h718") as mailbox:
        yield mailbox


def test_a_mail_is_opened_and_read(mailbox: Mailbox, page: Page, page_errors: list[str]) -> None:
    """From the list of people to the letter; its script does not run, its twin is one click away."""
    page.goto(f"{mailbox.url}/mailbox")
    page.get_by_role("link", name="h718").click()
    page.get_by_role("link", name="cart-left").click()
    mail = page.frame_locator("iframe.mail")
    expect(mail.get_by_role("heading")).to_have_text("Ana, your cart waits")
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    assert "hacked" not in page.title()
    page.get_by_role("link", name="Plain text").click()
    expect(page.locator("pre.twin")).to_contain_text("Ice cream $3.99")
    assert [error for error in page_errors if not REFUSED.search(error)] == []


def test_a_link_in_a_mail_opens_beside_the_mailbox(mailbox: Mailbox, page: Page) -> None:
    """Not in the frame, where it could not be used."""
    page.context.route("https://shop.example/**", lambda route: route.fulfill(body="the cart"))
    (sending,) = mailbox.shop.state("h718").sendings
    page.goto(f"{mailbox.url}/mailbox/p/h718/{sending.id}")
    with page.context.expect_page() as opened:
        page.frame_locator("iframe.mail").get_by_role("link", name="To the cart").click()
    assert opened.value.url == "https://shop.example/cart"


def test_what_now_works_without_a_script(mailbox: Mailbox, chromium: Browser) -> None:
    """As does everything else: pages are plain HTML."""
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{mailbox.url}/mailbox")
    page.get_by_label("Find a person").fill("718")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="h718").click()
    page.get_by_role("link", name="What now?").click()
    expect(page.get_by_role("heading", name="Nothing goes before")).to_be_visible()
    expect(page.get_by_text("unless they come back or buy first")).to_be_visible()
    context.close()


def test_a_new_message_appears_by_itself(mailbox: Mailbox, page: Page) -> None:
    """Two days later the second letter of the cart goes, as a text message."""
    page.goto(f"{mailbox.url}/mailbox/p/h718")
    expect(page.locator(".sent li")).to_have_count(1)
    mailbox.shop.now += timedelta(days=2)
    mailbox.shop.work("h718")
    expect(page.locator(".sent li")).to_have_count(2)
    expect(page.locator(".sent li").first).to_contain_text("SMS")


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_is_wider_than_the_screen(mailbox: Mailbox, page: Page, width: int) -> None:
    """On a telephone as on a desk."""
    (sending,) = mailbox.shop.state("h718").sendings
    page.set_viewport_size({"width": width, "height": 844})
    for path in ("", "/p/h718", "/p/h718/now", f"/p/h718/{sending.id}"):
        page.goto(f"{mailbox.url}/mailbox{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width

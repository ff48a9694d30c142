"""The mailbox: what was sent to whom, as it looked, when and why; and what would go now."""

import socket
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.error import HTTPError

import pytest
from aiohttp import web

from tests.functional.outreach_shop import Shop
from vitrine import keys
from vitrine.errors import LocalStackError
from vitrine.local.loop_thread import LoopThread
from vitrine.local.mailbox import mailbox_site
from vitrine.local.mailbox_rooms import Mailroom

PAGES: Final = Path(__file__).parents[2] / "storefront" / "mailbox"
STYLES: Final = PAGES.parent / "studio"


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser got."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox on loopback."""

    url: str
    shop: Shop

    def get(self, path: str, **headers: str) -> Answered:
        """One page; without headers as a person opens it."""
        request = urllib.request.Request(self.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return Answered(reply.status, reply.read().decode(), reply.headers)
        except HTTPError as error:
            with error:
                return Answered(error.code, error.read().decode(), error.headers)


@contextmanager
def open_mailbox(shop: Shop, *people: str) -> Iterator[Mailbox]:
    """The mailbox of a shop on a free port, beside the styles that it shares with the studio."""
    room = Mailroom(shop.service, shop.table, people)
    loop, application = LoopThread(), web.Application()
    mailbox_site(PAGES, lambda: room)(application)
    application.router.add_static("/studio/static", STYLES)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    listener = socket.create_server(("127.0.0.1", 0))

    async def start() -> None:
        await runner.setup()
        await web.SockSite(runner, listener).start()

    loop.run(start())
    try:
        yield Mailbox(f"http://127.0.0.1:{listener.getsockname()[1]}", shop)
    finally:
        loop.run(runner.cleanup())
        loop.stop()
        listener.close()


def shop_with_mail() -> Shop:
    """Ana left ice cream in the cart an hour ago and has just got a mail; Ben is reached by text messages alone."""
    shop = Shop()
    shop.now += timedelta(hours=4)
    shop.link("h718", ["w1"], "mail", "push", "sms")
    shop.link("h2", ["w2"], "sms", name="Ben <b>")
    shop.tell("w1", ("view", "ice"), ("add_to_cart", "ice"))
    shop.now += timedelta(hours=1)
    shop.work("h718")
    return shop


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """A mailbox with a mail in it."""
    with open_mailbox(shop_with_mail(), "h1", "h2", "h718") as mailbox:
        yield mailbox


def test_who_has_mail_stands_first(mailbox):
    """Then everybody else; a search finds by a part of the id."""
    page = mailbox.get("/mailbox").text
    assert page.index("/mailbox/p/h718") < page.index("/mailbox/p/h1") < page.index("/mailbox/p/h2")
    assert "1 sent" in page
    found = mailbox.get("/mailbox?q=H71").text
    assert "/mailbox/p/h718" in found
    assert "/mailbox/p/h2" not in found
    assert "Nobody whose id holds that" in mailbox.get("/mailbox?q=%3Cscript%3E").text


def test_a_mail_is_shown_in_a_frame_that_may_do_nothing(mailbox):
    """Its page has an origin of its own and no script; the twin is one link away."""
    (sending,) = mailbox.shop.state("h718").sendings
    page = mailbox.get(f"/mailbox/p/h718/{sending.id}")
    assert f'src="/mailbox/p/h718/{sending.id}/mail"' in page.text
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "goods were left in the cart" in page.text
    mail = mailbox.get(f"/mailbox/p/h718/{sending.id}/mail")
    assert '<head><base target="_blank">' in mail.text
    assert "sandbox allow-popups" in mail.headers["Content-Security-Policy"]
    assert "script-src" not in mail.headers["Content-Security-Policy"]
    twin = mailbox.get(f"/mailbox/p/h718/{sending.id}?as=text").text
    assert "Ana, your cart waits" in twin
    assert "<iframe" not in twin


def test_an_instant_is_told_in_the_persons_zone(mailbox):
    """17:00 UTC is 11:00 in Chicago."""
    assert "Mon 02 Nov 2026 11:00 there (America/Chicago)" in mailbox.get("/mailbox/p/h718").text


def test_what_now_tells_every_candidate(mailbox):
    """The cart's second letter waits for its day, and the reason stands there; nothing is sent by asking."""
    before = mailbox.shop.table.rows.copy()
    page = mailbox.get("/mailbox/p/h718/now").text
    assert "Nothing goes before Wed 04 Nov 2026 11:00" in page
    assert "nothing: it goes then, unless they come back or buy first" in page
    assert "they passed none of its shops lately" in page
    assert mailbox.shop.table.rows == before


def test_words_that_are_gone_are_said_to_be(mailbox):
    """They are kept for a while only."""
    shop = shop_with_mail()
    (sending,) = shop.state("h718").sendings
    shop.table.delete([keys.message("h718", sending.id)])
    with open_mailbox(shop, "h718") as other:
        assert "Its words are not kept any more" in other.get(f"/mailbox/p/h718/{sending.id}").text
        assert other.get(f"/mailbox/p/h718/{sending.id}/mail").status == 404


def test_names_are_text_and_not_html(mailbox):
    """Whoever they belong to."""
    assert "Ben &lt;b&gt;" in mailbox.get("/mailbox/p/h2").text


@pytest.mark.parametrize(
    "path",
    [
        "/mailbox/p/h3",
        "/mailbox/p/a b",
        "/mailbox/p/h718/0",
        "/mailbox/static/mailbox.html",
        "/mailbox/p/h718/now/mail",
    ],
)
def test_what_is_not_there_is_a_plain_404(mailbox, path):
    """A stranger, no id, no letter, no file, no mail."""
    answered = mailbox.get(path.replace(" ", "%20"))
    assert answered.status == 404
    assert answered.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "foreign", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Sec_Fetch_Site": "cross-site"}]
)
def test_pages_of_other_sites_read_no_mail(mailbox, foreign):
    """Letters are private, also from what runs in the same browser."""
    assert mailbox.get("/mailbox/p/h718", **foreign).status == 403


def test_the_stamp_changes_with_every_message(mailbox):
    """By which the script knows that there is something new."""
    shop = shop_with_mail()
    with open_mailbox(shop, "h718") as other:
        before = other.get("/mailbox/p/h718/stamp").text
        assert other.get("/mailbox/p/h718/stamp").text == before
        shop.now += timedelta(days=2)
        shop.work("h718")
        assert other.get("/mailbox/p/h718/stamp").text != before


def test_until_all_is_set_up_it_says_so():
    """And answers nothing else."""

    def not_yet() -> Mailroom:
        raise LocalStackError("the demo is still being set up; try again in a moment")

    loop, application = LoopThread(), web.Application()
    mailbox_site(PAGES, not_yet)(application)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    listener = socket.create_server(("127.0.0.1", 0))

    async def start() -> None:
        await runner.setup()
        await web.SockSite(runner, listener).start()

    loop.run(start())
    try:
        answered = Mailbox(f"http://127.0.0.1:{listener.getsockname()[1]}", Shop()).get("/mailbox")
        assert answered.status == 503
        assert "still being set up" in answered.text
    finally:
        loop.run(runner.cleanup())
        loop.stop()
        listener.close()

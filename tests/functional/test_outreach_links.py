"""Links in messages through the real handler: leaving, pictures and pages of now, the message in the browser."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from tests.functional.handlers import CONTEXT, load_handler, recorded_event
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DependencyFailed
from vitrine.outreach.handing import MailText, PushText, SmsText, WebhookBody, Words, encode
from vitrine.outreach.opened import MessageLinks
from vitrine.outreach.person import Person, parse_person, row_of
from vitrine.outreach.signed_links import SignedLinks
from vitrine.outreach.unsubscribe import Leaving, Opening, mint_leaving, mint_opening
from vitrine.outreach.wording import Links
from vitrine.service.links import LinksService
from vitrine.visitors.identity import TokenKeys, parse_keys

KEYS = parse_keys('{"kid": "k1", "key": "' + "0" * 64 + '"}')
FRESH = parse_keys('{"kid": "k2", "key": "' + "1" * 64 + '", "old": {"k1": "' + "0" * 64 + '"}}')
SENDING = "00112233445566778899aabbccddeeff"
LEAVE = mint_leaving(Leaving("p1", "mail", SENDING), KEYS)
OPEN = mint_opening(Opening("p1", SENDING), KEYS)
LINKS = MessageLinks("https://shop.example", "cart-left", "mail", 1, ("a", "b", "c"), 2)
MAIL = MailText("Still there", "<html><p>Still there</p></html>", "Still there")


def card(item: str, regions: int = 0b10) -> dict[str, Any]:
    """A card's row."""
    return {"title": item, "url": f"/p/{item}", "image": f"/media/{item}.svg", "price": 1, "regions": regions}


@dataclass
class Rig:
    """The handler on memory. `keys` are those that are found when they are asked for anew."""

    module: ModuleType = field(default_factory=lambda: load_handler("outreach_links"))
    table: MemoryTable = field(default_factory=MemoryTable)
    known: TokenKeys | None = KEYS
    keys: TokenKeys | None = KEYS

    def __post_init__(self) -> None:
        self.table.write([(keys.person("p1"), row_of(Person("p1", addresses={"mail": "a@b.example"}), None))])
        self.table.write([(keys.card(item), card(item)) for item in LINKS.items])
        self.keep(MAIL)

    def keep(self, words: Words) -> None:
        """Keep a message as it was sent."""
        self.table.write([(keys.message("p1", SENDING), {"content": encode(words), "ttl": 1, **LINKS.row()})])

    def service(self) -> LinksService:
        """The service over this memory."""
        return LinksService(self.table, lambda kid: self.known if kid is None else self.keys)

    def call(self, method: str, path: str, language: str = "") -> Mapping[str, Any]:
        """The answer to a request."""
        event = recorded_event("outreach_links")
        http = {**event["requestContext"]["http"], "method": method, "path": path}
        event |= {"rawPath": path, "requestContext": {**event["requestContext"], "http": http}}
        event["headers"] = {"accept-language": language} if language else {}
        answer: Mapping[str, Any] = self.module.handler(event, CONTEXT)
        return answer

    def person(self) -> Person:
        """What is known of the person."""
        return parse_person(self.table.rows[keys.person("p1")], "p1")[0]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The handler wired to memory."""
    rig = Rig()
    monkeypatch.setattr(rig.module, "service", rig.service)
    return rig


def test_following_the_link_changes_nothing(rig: Rig) -> None:
    """A scanner of mail opens every link; the page has a button that posts to its own address."""
    answer = rig.call("GET", f"/v1/unsubscribe/{LEAVE}")
    assert answer["statusCode"] == 200
    assert '<form method="post"><button>Unsubscribe</button></form>' in answer["body"]
    assert not rig.person().suppressed
    for name in ("Content-Security-Policy", "Referrer-Policy", "X-Robots-Tag", "Cache-Control"):
        assert name in answer["headers"]


def test_one_click_leaves_and_a_second_changes_nothing(rig: Rig) -> None:
    """Without cookies; only the channel of the message."""
    for _ in range(2):
        answer = rig.call("POST", f"/v1/unsubscribe/{LEAVE}")
        assert answer["statusCode"] == 200
        assert "You are unsubscribed" in answer["body"]
    assert rig.person().suppressed == {"mail": "unsubscribed"}
    assert rig.table.rows[keys.person("p1")]["rev"] == 2


def test_it_speaks_the_readers_language(rig: Rig) -> None:
    answer = rig.call("GET", f"/v1/unsubscribe/{LEAVE}", "ru-RU,ru;q=0.9")
    assert '<html lang="ru">' in answer["body"]
    assert "Отписаться" in answer["body"]
    assert '<html lang="en">' in rig.call("GET", f"/v1/unsubscribe/{LEAVE}", "de")["body"]


def test_a_person_of_whom_nothing_is_known_can_leave(rig: Rig) -> None:
    """It holds when they come back."""
    rig.table.rows.clear()
    assert rig.call("POST", f"/v1/unsubscribe/{LEAVE}")["statusCode"] == 200
    assert rig.person().suppressed == {"mail": "unsubscribed"}


@pytest.mark.parametrize("token", [OPEN, LEAVE[:-1] + ("A" if LEAVE[-1] != "A" else "B"), "x", "v1.k9.p1.mail.x.y"])
def test_other_tokens_leave_nothing(rig: Rig, token: str) -> None:
    """Told as a page, for people read it."""
    for method in ("GET", "POST"):
        answer = rig.call(method, f"/v1/unsubscribe/{token}")
        assert answer["statusCode"] == 401
        assert "This link does not work" in answer["body"]
    assert not rig.person().suppressed


def test_a_picture_is_that_of_now(rig: Rig) -> None:
    """Sold out in the person's region: the next good of the message's list; the page is that of the same one."""

    def shown() -> list[str]:
        return [rig.call("GET", f"/v1/open/{OPEN}/{n}")["headers"].get("Location", "") for n in range(2)]

    assert shown() == ["/media/a.svg", "/media/b.svg"]
    rig.table.rows[keys.card("a")] = card("a", regions=0b01)
    assert shown() == ["/media/c.svg", "/media/b.svg"]
    page = rig.call("GET", f"/v1/go/{OPEN}/0")
    assert page["statusCode"] == 302
    assert page["headers"]["Location"].startswith("https://shop.example/p/c?utm_source=vitrine")
    del rig.table.rows[keys.card("c")]
    pixel = rig.call("GET", f"/v1/open/{OPEN}/0")
    assert (pixel["statusCode"], pixel["headers"]["Content-Type"]) == (200, "image/gif")
    assert b64decode(pixel["body"]).startswith(b"GIF89a")
    assert rig.call("GET", f"/v1/go/{OPEN}/0")["headers"]["Location"].startswith("https://shop.example?utm_source")


@pytest.mark.parametrize("place", ["2", "99", "100", "-1", "x", "٣", "9" * 5000])
def test_places_that_are_none_show_nothing(rig: Rig, place: str) -> None:
    assert rig.call("GET", f"/v1/open/{OPEN}/{place}")["headers"]["Content-Type"] == "image/gif"
    assert rig.call("GET", f"/v1/go/{OPEN}/{place}")["headers"]["Location"].startswith("https://shop.example?")


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "javascript:x", "\\\\evil.example"])
def test_no_card_redirects_elsewhere(rig: Rig, url: str) -> None:
    rig.table.rows[keys.card("a")] = {**card("a"), "url": url}
    assert rig.call("GET", f"/v1/go/{OPEN}/0")["headers"]["Location"].startswith("https://shop.example")


def test_addresses_are_encoded(rig: Rig) -> None:
    """A header holds ASCII without line breaks."""
    rig.table.rows[keys.card("a")] = {**card("a"), "url": "/p/мёд\r\nSet-Cookie: a=b", "image": "/media/мёд.svg"}
    page = rig.call("GET", f"/v1/go/{OPEN}/0")["headers"]["Location"]
    image = rig.call("GET", f"/v1/open/{OPEN}/0")["headers"]["Location"]
    assert page.isascii()
    assert page.isprintable()
    assert image == "/media/%D0%BC%D1%91%D0%B4.svg"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (MAIL, "<p>Still there</p>"),
        (PushText("Title <b>", "Text", "https://shop.example"), "Title &lt;b&gt;"),
        (SmsText("<i>short</i>"), "&lt;i&gt;short"),
        (WebhookBody(b'{"a": "<"}'), "&lt;"),
    ],
)
def test_the_message_in_the_browser(rig: Rig, words: Words, said: str) -> None:
    """As it was sent; nothing in it can run."""
    rig.keep(words)
    answer = rig.call("GET", f"/v1/message/{OPEN}")
    assert said in answer["body"]
    assert "default-src 'none'" in answer["headers"]["Content-Security-Policy"]
    assert "script-src" not in answer["headers"]["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["go/{}/0", "message/{}", "open/{}/0"])
def test_a_message_that_is_not_kept_any_more(rig: Rig, path: str) -> None:
    del rig.table.rows[keys.message("p1", SENDING)]
    assert rig.call("GET", "/v1/" + path.format(OPEN))["statusCode"] == 404
    assert rig.call("GET", "/v1/" + path.format(LEAVE))["statusCode"] == 401


def test_a_fresh_key_is_asked_for(rig: Rig) -> None:
    """A message may be signed with a key that this environment has not seen."""
    rig.keys = FRESH
    token = mint_leaving(Leaving("p1", "mail", SENDING), FRESH)
    assert rig.call("GET", f"/v1/unsubscribe/{token}")["statusCode"] == 200


def test_links_that_we_sign_are_followed(rig: Rig) -> None:
    """What a message is written with is what the handler takes."""
    links: Links = SignedLinks("https://api.example", LINKS, "p1", SENDING, KEYS)

    def path(url: str) -> str:
        return url.removeprefix("https://api.example")

    assert rig.call("GET", path(links.picture(0)))["headers"]["Location"] == "/media/a.svg"
    assert rig.call("GET", path(links.good(1)))["headers"]["Location"] == links.page("/p/b")
    assert rig.call("POST", path(links.unsubscribe))["statusCode"] == 200
    assert links.unsubscribe_mail is None
    assert rig.call("GET", path(SignedLinks("", LINKS, "p1", SENDING, KEYS).message))["statusCode"] == 200
    assert rig.person().suppressed == {"mail": "unsubscribed"}


def test_without_an_address_of_our_own_links_lead_to_the_goods() -> None:
    """As they are when the message is written."""
    links = SignedLinks("", LINKS, "p1", SENDING, KEYS, ("/p/a", "https://evil.example"), ("/media/a.svg", "//evil"))
    assert links.good(0).startswith("https://shop.example/p/a?")
    assert links.good(1) == links.good(7) == links.page("")
    assert [links.picture(n) for n in range(3)] == ["/media/a.svg", "", ""]


def test_an_outage_asks_to_come_again(rig: Rig) -> None:
    """Table or keys; nobody is told that they are unsubscribed who is not."""
    rig.table.outage = DependencyFailed("table", "down")
    answer = rig.call("POST", f"/v1/unsubscribe/{LEAVE}")
    assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "1")
    assert "unsubscribed" not in answer["body"]
    rig.table.outage, rig.known = None, None
    assert rig.call("GET", f"/v1/go/{OPEN}/0")["statusCode"] == 503

"""Messages in words: whatever is known of a person there are words, and nothing of it is markup or a header."""

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.message_files import write_messages
from vitrine.api.message_attributes import MESSAGE_ATTRIBUTES
from vitrine.api.message_render import render
from vitrine.api.store_compile_messages import load_outreach
from vitrine.api.store_folder import compile_store
from vitrine.catalog.items import Card
from vitrine.decisions.facts import ATTRIBUTES
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import MailText, PushText, SmsText, WebhookBody, decode, encode
from vitrine.outreach.messages import Outreach
from vitrine.outreach.opened import MessageLinks
from vitrine.outreach.person import Person
from vitrine.outreach.sms_segments import count_segments
from vitrine.outreach.state import Sending
from vitrine.service.outlook import Occasion
from vitrine.types import ItemId
from vitrine.values import dataclass

EXAMPLE: Final = load_outreach(compile_store(Path("store"), range(0)))
STEPS: Final = [
    (name, n, channel)
    for name, message in EXAMPLE.messages.items()
    for n, step in enumerate(message.steps)
    for channel in step.channels
]
MILK = ("i1", Card("Milk & honey", "/p/i1", "/media/milk.svg", 498, 600, "USD", 1, "grocery/milk"))
BREAD = ("i2", Card("<b>Bread</b>", "/p/i2", "/media/bread.svg", 250, 250, "USD", 1, "grocery/bread"))
EVIL: Final = '<script>alert(1)</script>"\r\nBcc: all@shop.example.com\u202eevil'


@dataclass(frozen=True, slots=True)
class TestLinks:
    """Links as the shop's."""

    __test__ = False

    unsubscribe: str = "https://api.example.com/u/v1.k.p.mail.s.mac?a=1&b=2"
    unsubscribe_mail: str | None = None

    def page(self, path: str) -> str:
        return MessageLinks("https://shop.example.com", "m", "mail").page(path)

    def good(self, n: int) -> str:
        return f"https://api.example.com/o/token/{n}"

    def picture(self, n: int) -> str:
        return f"https://api.example.com/o/token/{n}.png"


LINKS: Final = TestLinks()


def occasion(
    name: str,
    step: int = 0,
    channel: Channel = "mail",
    outreach: Outreach = EXAMPLE,
    facts: dict[str, Any] | None = None,
    **more: Any,
) -> Occasion:
    """A message to Ann, about milk and bread, in English."""
    message = outreach.messages[name]
    told: dict[str, Any] = {
        "message": message,
        "step": message.steps[step],
        "sending": Sending("s" * 32, name, step, "cincinnati", 0, channel, 0, "intended"),
        "person": Person("p1", addresses={"webhook": "chat-7"}, name="Ann"),
        "locale": "en",
        "lookup": (facts or {}).get,
        "goods": (MILK, BREAD),
        "was": {},
        "outreach": outreach,
        "links": MessageLinks("https://shop.example", name, "mail"),
    }
    return Occasion(**(told | more))


def mail(**more: Any) -> MailText:
    """The letter about a cart."""
    words = render(occasion("cart-left", **more), LINKS)
    assert isinstance(words, MailText)
    return words


class Read(HTMLParser):
    """What a mail program makes of the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("locale", ["en", "ru"])
@pytest.mark.parametrize(("name", "step", "channel"), STEPS)
def test_the_example_reads_well(name: str, step: int, channel: Channel, locale: str) -> None:
    """With nothing known of the person and nothing to show, each text is whole; with goods it names them."""
    bare = occasion(name, step, channel, locale=locale, goods=(), person=Person("p1"))
    for words in (render(bare, LINKS), render(occasion(name, step, channel, locale=locale), LINKS)):
        assert decode(encode(words)) == words
        match words:
            case MailText():
                assert words.subject
                assert "{{" not in words.html + words.text
                assert "None" not in words.text
            case PushText():
                assert 0 < len(words.title) <= 65
                assert 0 < len(words.text) <= 240
                assert words.url.startswith("https://")
            case SmsText():
                assert 0 < count_segments(words.text) <= 3
            case WebhookBody():
                assert orjson.loads(words.body)["message"] == name


def test_a_mail_says_what_the_files_say() -> None:
    """Paragraphs, conditional blocks, the button, goods with live prices."""
    found = mail(facts={"cart.value": 4_000})
    assert found.subject == "Ann, your cart is waiting"
    text = found.text
    assert "We kept your cart as you left it.\n\nA week's shopping: shall we bring it to your door?\n" in text
    assert "Milk & honey\n$4.98 (was $6.00)\n" in text
    assert "<b>Bread</b>\n$2.50\n" in text
    assert "To your cart: https://shop.example.com/shop/cart?utm_source=vitrine" in text
    assert "There is room for more." in mail(facts={"cart.value": 100}).text
    assert mail(person=Person("p1")).subject == "Your cart is waiting"


def test_html_and_its_twin_say_the_same() -> None:
    """The same links, titles and prices; HTML is well formed and tells its language."""
    found = mail()
    page = Read(found.html)
    assert page.open == []
    assert set(page.all("a", "href")) == {word for word in found.text.split() if word.startswith("https://")}
    assert page.all("img", "src") == [LINKS.picture(0), LINKS.picture(1)]
    assert page.all("img", "alt") == ["Milk & honey", "<b>Bread</b>"]
    assert (page.all("html", "lang"), page.all("html", "dir")) == (["en"], ["ltr"])
    said = " ".join(page.text.split())
    for line in found.text.splitlines():
        words = line.partition(": https://")[0].replace(" (was", " was").removesuffix(")")
        assert line.startswith("https://") or words.strip(" -") in said


def test_right_to_left_languages_are_laid_out_so() -> None:
    """And have the layout's own words in English until somebody writes them."""
    from vitrine.api.message_layout import Letter, lay_out

    letter = Letter("he", "S", "s", "", "t", ("a\nb",), "", "", "", (), (), "https://u.example")
    html, text = lay_out(letter)
    assert '<html lang="he" dir="rtl"' in html
    assert "a<br>b" in html
    assert "Unsubscribe: https://u.example" in text


def test_what_people_typed_is_text() -> None:
    """In HTML, in the subject and in prices: no tag, no header, no reversed letters."""
    card = replace(MILK[1], title=EVIL)
    found = mail(person=Person("p1", name=EVIL), goods=(("i1", card),), locale="en")
    page = Read(found.html)
    assert not {tag for tag, _ in page.tags} & {"script", "b "}
    assert "<script" not in found.html
    assert "\n" not in found.subject
    assert "\u202e" not in found.subject + found.html + found.text
    assert found.subject.startswith('<script>alert(1)</script>" Bcc: all@shop.example.com')


def test_a_mail_can_be_unsubscribed_from_with_one_click() -> None:
    """RFC 8058: an https address in List-Unsubscribe, and what is posted to it; the same link stands in the mail."""
    found = mail()
    assert found.headers == {
        "List-Unsubscribe": f"<{LINKS.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    assert LINKS.unsubscribe in Read(found.html).all("a", "href")
    words = render(occasion("cart-left"), TestLinks(unsubscribe_mail="out@shop.example.com"))
    assert isinstance(words, MailText)
    assert words.headers["List-Unsubscribe"] == f"<{LINKS.unsubscribe}>, <mailto:out@shop.example.com>"


def test_earlier_prices_are_told_where_they_were_higher() -> None:
    """What the note of a price drop remembers counts as much as the regular price."""
    words = render(occasion("price-drop", channel="push", goods=(BREAD,), was={"i2": 300}), LINKS)
    assert words == PushText(
        "The price fell", "<b>Bread</b>: now $2.50, was $3.00", LINKS.good(0), image=LINKS.picture(0)
    )
    words = render(occasion("price-drop", channel="push", goods=(BREAD,), was={"i2": 200}), LINKS)
    assert isinstance(words, PushText)
    assert words.text == "<b>Bread</b>: now $2.50"


def test_a_fence_is_called_by_its_name() -> None:
    """In the person's language; our shop, if it is gone."""
    near = occasion("near-a-shop", channel="app", locale="ru")
    words = render(near, LINKS)
    assert isinstance(words, PushText)
    assert words.title == "Цинциннати, набережная - совсем рядом"
    gone = render(replace(near, sending=replace(near.sending, subject="closed")), LINKS)
    assert isinstance(gone, PushText)
    assert gone.title == "Наш магазин - совсем рядом"


def test_a_webhook_gets_whom_what_and_the_goods() -> None:
    """Content as the file has it, its choices by locale made."""
    words = render(occasion("back-in-stock", channel="webhook", locale="ru"), LINKS)
    assert isinstance(words, WebhookBody)
    told = orjson.loads(words.body)
    assert (told["to"], told["step"], told["locale"]) == ("chat-7", 0, "ru")
    assert told["content"] == {
        "template": "back_in_stock",
        "language": "ru",
        "parameters": ["Milk & honey", "4,98\u00a0$"],
    }
    assert [good["item"] for good in told["goods"]] == ["i1", "i2"]
    assert told["goods"][0]["was"] == 600


def test_an_anniversary_knows_the_day_and_the_points() -> None:
    """The person's own date, without its year."""
    facts = {"time.date": "2026-05-09", "crm.bonus_points": 250.0}
    found = render(occasion("anniversary", facts=facts), LINKS)
    assert isinstance(found, MailText)
    assert "May 9: thank you for staying, Ann" in found.text
    assert "There are 250 points on your card" in found.text


def test_what_is_too_long_is_cut_at_a_word(tmp_path: Path) -> None:
    """With somebody's values a text can be longer than it was when it was checked."""
    outreach = load_outreach(compile_store(write_messages(tmp_path), range(0)))
    person = Person("p1", name="Anna Maria " * 40)
    found = render(occasion("cart-left", outreach=outreach, person=person), LINKS)
    assert isinstance(found, MailText)
    assert len(found.subject) <= 121
    assert found.subject.endswith(("Anna…", "Maria…"))


ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.lists(st.text(max_size=5))
)
CARDS = st.builds(
    Card, st.text(max_size=300), st.text(), st.text(), st.integers(0, 10**9), st.integers(0, 10**9),
    st.sampled_from(["USD", "JPY", "KWD", "XXX"]), st.just(1), st.text(),
)  # fmt: skip
GOODS: st.SearchStrategy[list[tuple[ItemId, Card]]] = st.lists(st.tuples(st.text(max_size=20), CARDS), max_size=12)


@given(
    which=st.sampled_from(STEPS),
    facts=st.dictionaries(st.sampled_from([*ATTRIBUTES, *MESSAGE_ATTRIBUTES, "crm.bonus_points"]), ANYTHING),
    goods=GOODS,
    was=st.dictionaries(st.text(max_size=20), st.integers(0, 10**9)),
    name=st.none() | st.text(max_size=200),
    subject=st.text(max_size=20),
    locale=st.sampled_from(["en", "ru"]),
)
def test_any_facts_give_words(
    which: tuple[str, int, Channel],
    facts: dict[str, Any],
    goods: list[tuple[ItemId, Card]],
    was: dict[ItemId, int],
    name: str | None,
    subject: str,
    locale: str,
) -> None:
    """Total, storable, in one line where there is room for one, and no more tags than the layout has."""
    told = occasion(*which, facts=facts, goods=goods, was=was, locale=locale, person=Person("p1", name=name))
    words = render(replace(told, sending=replace(told.sending, subject=subject)), LINKS)
    assert decode(encode(words)) == words
    match words:
        case MailText():
            assert words.subject
            assert words.subject.splitlines() == [words.subject]
            page = Read(words.html)
            assert page.open == []
            assert {tag for tag, _ in page.tags} <= {
                *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td"),
                *("h1", "h2", "a", "img", "b", "span", "br"),
            }
            assert page.all("img", "src") == [LINKS.picture(n) for n in range(len(goods))]
        case PushText():
            assert words.title
            assert len(words.title) <= 66
            assert len(words.text) <= 241
        case SmsText():
            assert count_segments(words.text) <= 3
        case WebhookBody():
            orjson.loads(words.body)

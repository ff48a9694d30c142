"""A step of a message put into words for one person: mail, notification, text message or a webhook's body.

Total: whatever the facts, names and titles are, there are words. What people typed and shops imported is text that
never becomes markup or a header; what is too long is cut at a word.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

import orjson

from vitrine.api.message_attributes import OWN, own_facts, price_before
from vitrine.api.message_layout import LaidGood, Letter, lay_out
from vitrine.api.message_money import money
from vitrine.api.store_check_words import MAX_LETTERS, MAX_TEXT
from vitrine.api.store_messages import FORM_OF
from vitrine.catalog.items import Card
from vitrine.outreach.handing import MailText, PushText, SmsText, WebhookBody, Words
from vitrine.outreach.sms_segments import fit, plainer
from vitrine.outreach.wording import Links
from vitrine.service.outlook import Occasion
from vitrine.types import ItemId

Goods: TypeAlias = Sequence[tuple[ItemId, Card]]

MAX_TITLE: Final = 150
"""Letters of a good's title."""

MAX_NAME: Final = 60
FRONT: Final = "/"
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Controls, tricks with the direction of text, and what no UTF-8 has; not tab and line feed."""

_NO_ADDRESS: Final = re.compile(r"[\s<>]")
_EMPTY_LINES: Final = re.compile(r"\n[ \t]*\n\s*")


def render(occasion: Occasion, links: Links) -> Words:
    """The words of the occasion's step for its sending's channel.

    Raises:
        LookupError: the step has no words for the channel.
    """
    goods = [(item, replace(card, title=_line(card.title, MAX_TITLE))) for item, card in occasion.goods]
    own = own_facts(occasion, goods)
    content = occasion.step.content.payload.render(
        occasion.locale, lambda path: own.get(path) if path.startswith(OWN) else occasion.lookup(path)
    )
    form = FORM_OF[occasion.sending.channel]
    words = content[form]
    match form:
        case "mail":
            return _mail(words, occasion, goods, links)
        case "push":
            return _push(words, occasion, goods, links)
        case "sms":
            return _sms(words, occasion, links)
        case "webhook":
            return _webhook(words, occasion, goods, links)


def _shop(occasion: Occasion) -> str:
    return _line(occasion.outreach.policy.from_name, MAX_NAME)


def _mail(words: Mapping[str, Any], occasion: Occasion, goods: Goods, links: Links) -> MailText:
    button = words.get("button")
    subject = _line(words["subject"], MAX_LETTERS["mail"]["subject"]) or _shop(occasion)
    letter = Letter(
        locale=occasion.locale,
        shop=_shop(occasion),
        subject=subject,
        preheader=_line(words.get("preheader", ""), MAX_LETTERS["mail"]["preheader"]),
        title=_line(words["title"], MAX_TEXT) or subject,
        paragraphs=_paragraphs(words["text"]),
        button=_line(button["text"], MAX_TEXT) if button else "",
        button_url=links.page(button["path"]) if button else "",
        goods_title=_line(words.get("goods_title", ""), MAX_TEXT),
        goods=tuple(_laid(n, item, card, occasion, links) for n, (item, card) in enumerate(goods)),
        postscript=_paragraphs(words.get("postscript", "")),
        unsubscribe=links.unsubscribe,
    )
    html, text = lay_out(letter)
    return MailText(subject, html, text, _headers(links))


def _headers(links: Links) -> Mapping[str, str]:
    """How a mail program unsubscribes by itself: RFC 2369 and, with one click, RFC 8058."""
    ways = [links.unsubscribe]
    if links.unsubscribe_mail is not None:
        ways.append(f"mailto:{links.unsubscribe_mail}")
    told = ", ".join(f"<{_NO_ADDRESS.sub('', way)}>" for way in ways)
    return {"List-Unsubscribe": told, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _laid(n: int, item: ItemId, card: Card, occasion: Occasion, links: Links) -> LaidGood:
    before = price_before(item, card, occasion)
    was = "" if before is None else money(before, card.currency, occasion.locale)
    price = money(card.price, card.currency, occasion.locale)
    return LaidGood(card.title, price, was, links.good(n), links.picture(n))


def _push(words: Mapping[str, Any], occasion: Occasion, goods: Goods, links: Links) -> PushText:
    path = words.get("path")
    url = links.page(path) if path else links.good(0) if goods else links.page(FRONT)
    return PushText(
        title=_line(words["title"], MAX_LETTERS["push"]["title"]) or _shop(occasion),
        text=_line(words["text"], MAX_LETTERS["push"]["text"]),
        url=url,
        image=links.picture(0) if goods else None,
    )


def _sms(words: Mapping[str, Any], occasion: Occasion, links: Links) -> SmsText:
    text = plainer(_plain(words["text"])) or plainer(_shop(occasion))
    ending = f" {links.page(words['path'])}" if words.get("path") else ""
    return SmsText(fit(text, words["segments"], ending))


def _webhook(words: Any, occasion: Occasion, goods: Goods, links: Links) -> WebhookBody:  # noqa: ANN401 - any JSON
    """Whom it is for, what it says in the receiver's own form, and the goods."""
    shown = [
        {
            "item": item,
            "title": card.title,
            "price": card.price,
            "was": price_before(item, card, occasion),
            "currency": card.currency,
            "url": links.good(n),
            "image": links.picture(n),
        }
        for n, (item, card) in enumerate(goods)
    ]
    told = {
        "to": occasion.person.addresses.get("webhook", ""),
        "message": occasion.message.name,
        "step": occasion.sending.step,
        "locale": occasion.locale,
        "content": words,
        "goods": shown,
    }
    return WebhookBody(orjson.dumps(_cleaned(told)))


def _cleaned(plain: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(plain, str):
        return _plain(plain)
    if isinstance(plain, dict):
        return {_plain(key): _cleaned(value) for key, value in plain.items()}
    return [_cleaned(value) for value in plain] if isinstance(plain, list) else plain


def _plain(text: str) -> str:
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _paragraphs(text: str) -> tuple[str, ...]:
    """The parts between empty lines; a block that a condition left empty is none."""
    lines = "\n".join(line.strip() for line in _plain(text).strip()[:MAX_TEXT].split("\n"))
    return tuple(part.strip() for part in _EMPTY_LINES.split(lines) if part.strip())


def _line(text: str, limit: int) -> str:
    """The text in one line, cut at a word: no header and no notification has more."""
    line = " ".join(_plain(text).split())
    if len(line) <= limit:
        return line
    cut = line[:limit]
    return (cut.rpartition(" ")[0] or cut[:-1]).rstrip(" ,;:-") + "…"

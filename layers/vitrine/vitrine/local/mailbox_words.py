"""A message's words as the mailbox shows them: a mail, a notification, a bubble, a body."""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import orjson

from vitrine.outreach.handing import MailText, PushText, SmsText, WebhookBody, Words
from vitrine.values import dataclass, field

Form: TypeAlias = Literal["mail", "note", "sms", "body"]

NEW_TAB: Final = '<base target="_blank">'
"""Links of a mail that is shown in a frame open beside it."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Words of any form. `title` is the subject or the first line; `html` is a mail's own page."""

    form: Form
    title: str
    text: str
    html: str = ""
    url: str = ""
    image: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def shown(words: Words) -> Shown:
    """The words, as a page lists and shows them."""
    match words:
        case MailText(subject, html, text, headers):
            return Shown("mail", subject, text, html, headers=headers)
        case PushText(title, text, url, image):
            return Shown("note", title, text, url=url, image=image or "")
        case SmsText(text):
            return Shown("sms", "Text message", text)
        case WebhookBody(body):
            return Shown("body", "Webhook", indented(body))


def indented(body: bytes) -> str:
    """JSON with a line for each value; what is none, as it is."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")


def framed(html: str) -> str:
    """A mail's page for a frame."""
    head = html.find("<head>")
    at = head + len("<head>") if head >= 0 else 0
    return f"{html[:at]}{NEW_TAB}{html[at:]}" if head >= 0 else NEW_TAB + html

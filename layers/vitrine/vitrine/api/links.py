"""Answers to the links in messages: small pages for people, redirects, and a picture of nothing.

Pages run no script and load nothing from elsewhere but a mail's pictures. Their addresses are secrets of the person, so
no page tells them to the next one (Referrer-Policy), and no search engine keeps them.
"""

from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

from vitrine.api.errors import error_answer
from vitrine.api.http import Answer, Event, text_answer
from vitrine.api.routes import Respond
from vitrine.errors import DependencyFailed, InvalidRequest, ProfileConflict
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import MailText, PushText, SmsText, Words
from vitrine.outreach.unsubscribe import Leaving

HTML: Final = "text/html; charset=utf-8"
UNTOLD: Final = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
PAGE: Final = {
    **UNTOLD,
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data: 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}
NOTHING: Final = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
"""A transparent pixel, GIF89a, in base64."""

ADDRESS: Final = "%/:=&?~#+!$,;'@()*[]"
"""What stands for itself in an address beside letters and digits; the rest is percent-encoded."""

CHANNELS: Final[Mapping[str, Mapping[Channel, str]]] = {
    "en": {"mail": "mail", "push": "notifications", "web_push": "notifications", "sms": "text messages"},
    "ru": {"mail": "письма", "push": "уведомления", "web_push": "уведомления", "sms": "СМС"},
}
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "ask": "Unsubscribe?",
        "about": "You will get no more {channel} with offers from us.",
        "button": "Unsubscribe",
        "left": "You are unsubscribed",
        "done": "We will send you no more {channel} with offers. You can close this page.",
        "other": "messages",
        "wrong": "This link does not work",
        "later": "Please try again in a minute",
    },
    "ru": {
        "ask": "Отписаться?",
        "about": "Мы больше не будем присылать вам {channel} с предложениями.",
        "button": "Отписаться",
        "left": "Вы отписаны",
        "done": "Мы больше не будем присылать вам {channel} с предложениями. Эту страницу можно закрыть.",
        "other": "сообщения",
        "wrong": "Эта ссылка не работает",
        "later": "Попробуйте ещё раз через минуту",
    },
}
LAYOUT: Final = """<!doctype html>
<html lang="{lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
body {{ font: 1.0625rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 15vh auto 0; padding: 0 1.25rem }}
h1 {{ font-size: 1.5rem; line-height: 1.2 }}
button {{ font: inherit; font-weight: 600; padding: .6rem 1.4rem; border: 0; border-radius: .5rem;
 background: #1f4fd8; color: #fff; cursor: pointer }}
button:focus-visible {{ outline: 3px solid #f5a623; outline-offset: 2px }}
pre {{ font: inherit; white-space: pre-wrap }}
</style>
<main>
<h1>{title}</h1>
{body}
</main>
</html>
"""


def ask_leaving(leaving: Leaving, headers: Mapping[str, Any]) -> Answer:
    """A page that asks whether somebody wants to leave a channel; its button posts to its own address."""
    texts = TEXTS[_language(headers)]
    about = escape(texts["about"].format(channel=_channel(leaving, headers)))
    button = f'<form method="post"><button>{escape(texts["button"])}</button></form>'
    return _page(texts["ask"], f"<p>{about}</p>\n{button}", headers)


def left(leaving: Leaving, headers: Mapping[str, Any]) -> Answer:
    """A page that says that somebody has left a channel."""
    texts = TEXTS[_language(headers)]
    return _page(texts["left"], f"<p>{escape(texts['done'].format(channel=_channel(leaving, headers)))}</p>", headers)


def picture(address: str | None) -> Answer:
    """The way to a picture; a transparent pixel where there is none."""
    if address is not None:
        return redirect(address)
    return {**text_answer(NOTHING, "image/gif", UNTOLD), "isBase64Encoded": True}


def redirect(address: str) -> Answer:
    """The way to an address."""
    return text_answer("", HTML, {**UNTOLD, "Location": quote(address, safe=ADDRESS)}, 302)


def message_page(words: Words) -> Answer:
    """A message in the browser; HTML as it was sent, which our own templates made."""
    match words:
        case MailText(html=html):
            return text_answer(html, HTML, PAGE)
        case PushText(title=title, text=text):
            return _page(title, f"<pre>{escape(text)}</pre>", {})
        case SmsText(text=text):
            return _page("SMS", f"<pre>{escape(text)}</pre>", {})
    return _page("Message", f"<pre>{escape(words.body.decode(errors='replace'))}</pre>", {})


def as_page(respond: Respond) -> Respond:
    """The same for people: what is wrong is a page, too. A fault of ours keeps the form that all have."""

    def answer(event: Event, path: Mapping[str, str]) -> Answer:
        try:
            return respond(event, path)
        except (InvalidRequest, DependencyFailed, ProfileConflict) as error:
            return _wrong(error, event)

    return answer


def _wrong(error: InvalidRequest | DependencyFailed | ProfileConflict, event: Event) -> Answer:
    plain = error_answer(error)
    headers = event.get("headers") or {}
    texts = TEXTS[_language(headers)]
    is_theirs = isinstance(error, InvalidRequest)
    body = f"<p>{escape(error.message)}</p>" if isinstance(error, InvalidRequest) else ""
    page = _page(texts["wrong" if is_theirs else "later"], body, headers, plain["statusCode"])
    kept = {name: value for name, value in plain["headers"].items() if name == "Retry-After"}
    return {**page, "headers": {**page["headers"], **kept}}


def _page(title: str, body: str, headers: Mapping[str, Any], status: int = 200) -> Answer:
    html = LAYOUT.format(lang=_language(headers), title=escape(title), body=body)
    return text_answer(html, HTML, PAGE, status)


def _channel(leaving: Leaving, headers: Mapping[str, Any]) -> str:
    language = _language(headers)
    return CHANNELS[language].get(leaving.channel, TEXTS[language]["other"])


def _language(headers: Mapping[str, Any]) -> str:
    """The reader's first language if we speak it, else English."""
    told = headers.get("accept-language")
    first = told[:2].lower() if isinstance(told, str) else ""
    return first if first in TEXTS else "en"

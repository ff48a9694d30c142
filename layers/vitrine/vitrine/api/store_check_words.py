"""Checks of a message's words when a store is published: templates, locales, and how long each text may be.

Lengths are those of the texts with the defaults of their variables. What is longer with somebody's values is cut at a
word when it is sent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from vitrine.api.store_faults import Place, Refuse
from vitrine.api.store_messages import MessageFile, SmsFile, StepFile
from vitrine.api.store_scope import Scope, check_locales
from vitrine.api.store_templates import check_templates, compile_variables
from vitrine.outreach.messages import Message
from vitrine.outreach.opened import MessageLinks
from vitrine.outreach.sms_segments import count_segments, is_gsm, plainer

MAX_LETTERS: Final[Mapping[str, Mapping[str, int]]] = {
    "mail": {"subject": 120, "preheader": 200, "title": 120, "goods_title": 120},
    "push": {"title": 65, "text": 240},
}
"""What inboxes and notifications show at most: Android cuts titles near 65 and texts near 240 letters, iOS later."""

MAX_BUTTON: Final = 40
MAX_TEXT: Final = 5_000
MAY_BE_EMPTY: Final = ("preheader", "goods_title", "postscript")
MANY_LINES: Final = ("text", "postscript")
SMS: Final = "sms"


def check_words(file: MessageFile, message: Message, scope: Scope, at: Place, link: str) -> None:
    """Refuse templates, locales and texts that cannot be sent. `link` is the shop's address, '' if it is unknown."""
    n_faults = 0

    def refuse(place: Place, said: str, hint: str) -> None:
        nonlocal n_faults
        n_faults += 1
        scope.refuse(place, said, hint)

    noting = replace(scope, refuse=refuse)
    places = [((*at, "steps", n, "content"), step) for n, step in enumerate(file.steps)]
    variables = compile_variables(file.variables, replace(scope, refuse=_nothing), ())
    check_templates({place: step.content.plain() for place, step in places}, variables, refuse, (*at, "variables"))
    for place, step in places:
        for text_place, texts in _texts(step, place):
            check_locales(texts, noting, text_place)
    if n_faults:
        return  # lengths of what does not render would be faults of faults
    for n, (place, step) in enumerate(places):
        _check_lengths(step, message, n, noting, place, link)


def _nothing(place: Place, said: str, hint: str) -> None:
    """Told when the message was compiled."""


def _texts(step: StepFile, at: Place) -> Iterator[tuple[Place, Mapping[str, str]]]:
    """Every text per locale of the forms that have fields."""
    for form, content in step.content.plain().items():
        if form != "webhook":
            yield from _texts_in(content, (*at, form))


def _texts_in(plain: Mapping[str, Any], at: Place) -> Iterator[tuple[Place, Mapping[str, str]]]:
    for name, value in plain.items():
        if name == "button":
            yield (*at, name, "text"), value["text"]
        elif isinstance(value, dict):
            yield (*at, name), value


def _check_lengths(step: StepFile, message: Message, n: int, scope: Scope, at: Place, link: str) -> None:
    payload = message.steps[n].content.payload
    links = MessageLinks(link, message.name, "sms")
    for locale in scope.locales:
        rendered = payload.render(locale, lambda path: None)
        for form, words in rendered.items():
            if form in ("mail", "push"):
                _check_form(form, words, locale, scope.refuse, (*at, form))
        if step.content.sms is not None:
            _check_sms(step.content.sms, rendered[SMS]["text"], locale, scope.refuse, (*at, SMS), links)


def _check_form(form: str, words: Mapping[str, Any], locale: str, refuse: Refuse, at: Place) -> None:
    for name, text in words.items():
        if name == "button":
            _check_text(text["text"], MAX_BUTTON, False, refuse, (*at, name, "text", locale))
        elif isinstance(text, str) and name != "path":
            limit = MAX_LETTERS[form].get(name, MAX_TEXT)
            is_long = form == "mail" and name in MANY_LINES
            place = (*at, name, locale)
            if text.strip() or name not in MAY_BE_EMPTY:
                _check_text(text, limit, is_long, refuse, place)


def _check_text(text: str, limit: int, has_lines: bool, refuse: Refuse, at: Place) -> None:
    if not text.strip():
        refuse(at, "is empty when nothing is known of the person", "write something for that case, too")
    elif not has_lines and len(text.strip().splitlines()) > 1:
        refuse(at, "has several lines, and there is room for one", "write it in one line")
    elif len(text.strip()) > limit:
        refuse(at, f"has {len(text.strip())} letters with the defaults", f"{limit} are shown at most: shorten it")


def _check_sms(file: SmsFile, text: str, locale: str, refuse: Refuse, at: Place, links: MessageLinks) -> None:
    place = (*at, "text", locale)
    if not text.strip():
        refuse(place, "is empty when nothing is known of the person", "write something for that case, too")
        return
    whole = plainer(text) + ("" if file.path is None else f" {links.page(file.path)}")
    n_segments = count_segments(whole)
    if n_segments > file.segments:
        letters = "GSM letters" if is_gsm(whole) else "letters, of which some are not of the GSM alphabet"
        said = f"has {len(whole)} {letters} with the defaults, which are {n_segments} segments"
        refuse(place, said, f"shorten it to {file.segments}, or raise segments")

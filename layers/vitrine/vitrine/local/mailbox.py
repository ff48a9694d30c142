"""The mailbox of `make demo`: what was sent to whom, as it looked, when and why, and what would be sent now.

It is a site of the local gateway (see `sites`): pages of plain HTML, which work without a script. A mail is shown in a
frame of its own, whose page may do nothing but look as the mail says.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from vitrine.errors import VitrineError
from vitrine.local.mailbox_rooms import Box, Letter, Mailroom, Prospect, box_of, prospect_of
from vitrine.local.mailbox_words import framed
from vitrine.local.sites import Site
from vitrine.local.studio_guard import HEADERS as STUDIO_HEADERS
from vitrine.local.studio_guard import refusal
from vitrine.outreach.person import PERSON_ID, PersonId
from vitrine.service.rehearsal import Rehearsal

PREFIX: Final = "/mailbox"
FRESH: Final = {"Cache-Control": "no-store"}
FILES: Final = frozenset({".css", ".js"})
HEADERS: Final = {**STUDIO_HEADERS}
MAIL_HEADERS: Final = {
    **HEADERS,
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "img-src http: https: data:; sandbox allow-popups allow-popups-to-escape-sandbox",
}
"""A mail is not ours to trust: no script, no form, no font, an origin of its own. Its pictures are the shop's."""

CHANNEL_NAMES: Final[Mapping[str, str]] = {
    "mail": "Mail",
    "push": "Push",
    "web_push": "Web push",
    "sms": "SMS",
    "webhook": "Webhook",
    "app": "In the app",
}


def mailbox_site(pages: Path, room: Callable[[], Mailroom]) -> Site:
    """The mailbox, to be mounted on the gateway. `pages` is the folder of its template, styles and script; `room`
    raises VitrineError while the demo is being set up."""

    def mount(application: web.Application) -> None:
        application.add_subapp(PREFIX, build_mailbox(pages, room))

    return mount


def build_mailbox(pages: Path, room: Callable[[], Mailroom]) -> web.Application:
    """The mailbox's application, below PREFIX."""
    desk = Desk(pages, room)
    mailbox = web.Application(middlewares=[guard])
    mailbox.on_response_prepare.append(_put_headers)
    mailbox.add_routes(
        [
            web.get("", desk.page),
            web.get("/static/{file}", desk.file),
            web.get("/p/{person}", desk.page),
            web.get("/p/{person}/now", desk.page),
            web.get("/p/{person}/stamp", desk.stamp),
            web.get("/p/{person}/{sending}", desk.page),
            web.get("/p/{person}/{sending}/mail", desk.mail),
        ]
    )
    return mailbox


async def _put_headers(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def guard(request: web.Request, handler: Callable[[web.Request], Any]) -> web.StreamResponse:
    """Refuse foreign pages: letters are private. Say so while the demo is being set up, or does not answer."""
    if refusal(request.method, request.host, request.headers) is not None:
        return web.Response(status=403, text="The mailbox answers to pages of this machine only.")
    try:
        response: web.StreamResponse = await handler(request)
    except VitrineError as error:
        return web.Response(status=503, text=f"The mailbox does not answer for the moment: {error}", headers=FRESH)
    return response


class Desk:
    """Handlers of all pages."""

    def __init__(self, pages: Path, room: Callable[[], Mailroom]) -> None:
        self._pages = pages
        self._room = room
        self._environment = Environment(
            loader=FileSystemLoader(pages),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def page(self, request: web.Request) -> web.Response:
        """The list of people; with a person their letters; with a letter, or what would go now, that too."""
        view = await asyncio.to_thread(self._view, request)
        html = self._environment.get_template("mailbox.html").render(view)
        return web.Response(text=html, content_type="text/html", headers=FRESH)

    async def mail(self, request: web.Request) -> web.Response:
        """A mail's own page, for its frame: of a letter, or (`now`) the one that would go."""
        html = await asyncio.to_thread(self._html, request)
        return web.Response(text=framed(html), content_type="text/html", headers={**MAIL_HEADERS, **FRESH})

    async def stamp(self, request: web.Request) -> web.Response:
        """What changes when there is something new, for the script."""
        said = await asyncio.to_thread(self._room().stamp, person_in(request))
        return web.Response(body=orjson.dumps({"stamp": said}), content_type="application/json", headers=FRESH)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A style or the script."""
        file = self._pages / request.match_info["file"]
        if file.parent != self._pages or file.suffix not in FILES or not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers=FRESH)

    def _view(self, request: web.Request) -> dict[str, Any]:
        room, wanted = self._room(), request.query.get("q", "")[:64]
        view: dict[str, Any] = {
            "people": room.entries(wanted),
            "wanted": wanted,
            "box": None,
            "letter": None,
            "prospect": None,
            "as_text": request.query.get("as") == "text",
            "names": CHANNEL_NAMES,
            "stamp": "",
            "path": request.path,
        }
        if "person" not in request.match_info:
            return view
        return view | self._opened(request, room)

    def _opened(self, request: web.Request, room: Mailroom) -> dict[str, Any]:
        """What a person's page has beside the list."""
        rehearsal = _found(room, person_in(request))
        box: Box = box_of(rehearsal)
        letter: Letter | None = None
        prospect: Prospect | None = None
        if request.path.endswith("/now"):
            prospect = prospect_of(rehearsal)
        elif "sending" in request.match_info:
            letter = room.letter(rehearsal, request.match_info["sending"])
            if letter is None:
                raise web.HTTPNotFound(text="There is no such letter in this mailbox.")
        return {"box": box, "letter": letter, "prospect": prospect, "stamp": room.stamp(box.person.id)}

    def _html(self, request: web.Request) -> str:
        room = self._room()
        rehearsal = _found(room, person_in(request))
        if (sending := request.match_info["sending"]) == "now":
            words = prospect_of(rehearsal).words
        else:
            letter = room.letter(rehearsal, sending)
            words = None if letter is None else letter.words
        if words is None or words.form != "mail":
            raise web.HTTPNotFound(text="There is no such mail.")
        return words.html


def person_in(request: web.Request) -> PersonId:
    """The person of an address; 404 for what is no id."""
    person = request.match_info["person"]
    if PERSON_ID.fullmatch(person) is None:
        raise web.HTTPNotFound(text="No person has such an id.")
    return person


def _found(room: Mailroom, person: PersonId) -> Rehearsal:
    rehearsal = room.find(person)
    if rehearsal is None:
        raise web.HTTPNotFound(text=f"Nothing is known of a person {person}.")
    return rehearsal

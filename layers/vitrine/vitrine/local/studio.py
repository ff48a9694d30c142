"""The studio of `make demo`: the shop beside a panel that changes circumstances and shows every decision and why.

It is a site of the local gateway (see `sites`). Pages are files of storefront/studio; what they may ask for is below.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson
from aiohttp import web

from vitrine.adapters.clock import instant_of
from vitrine.api.strict_json import parse_object
from vitrine.errors import InvalidRequest
from vitrine.local.site_guard import with_headers
from vitrine.local.sites import Site
from vitrine.local.studio_backstage import Backstage
from vitrine.local.studio_compare import Comparison
from vitrine.local.studio_decide import Passage
from vitrine.local.studio_guard import HEADERS, guard
from vitrine.local.studio_overrides import Overrides, preview_of
from vitrine.local.studio_sessions import Session, Sessions
from vitrine.local.studio_upstream import Upstream

PREFIX: Final = "/studio"
HEARTBEAT_S: Final = 15.0
RETRY_MS: Final = 1000
WAKING: Final = {"page": {"type": "other"}, "placements": []}
SHOP_COOKIES: Final = ("shop_cart", "shop_favourites", "shop_visitor")


def studio_site(pages: Path, backstage: Backstage) -> Site:
    """The studio, to be mounted on the gateway. `pages` is the folder of its HTML, scripts and styles."""

    def mount(application: web.Application) -> None:
        application.add_subapp(PREFIX, build_studio(pages, backstage))

    return mount


def build_studio(pages: Path, backstage: Backstage) -> web.Application:
    """The studio's application, below PREFIX."""
    sessions, upstream = Sessions(), Upstream(backstage.operator_token)
    desk = Desk(pages, sessions, backstage, upstream)
    passage = Passage(sessions, upstream, backstage)
    comparison = Comparison(sessions, upstream, backstage)
    studio = web.Application(middlewares=[guard])
    studio.on_response_prepare.append(with_headers(HEADERS))
    studio.cleanup_ctx.append(upstream.running)
    studio.add_routes(
        [
            web.get("", desk.page),
            web.get("/compare", desk.page),
            web.get("/choices", desk.choices),
            web.put("/overrides", desk.suppose),
            web.get("/feed", desk.feed),
            web.get("/replay/{decision}", desk.replay),
            web.post("/newcomer", desk.become_new),
            web.post("/leave", desk.leave),
            web.post("/both", comparison.both),
            web.post("/api/v1/decide", passage.decide),
            web.post("/api/v1/events", passage.events),
            web.get("/static/{file}", desk.file),
        ]
    )
    return studio


class Desk:
    """Handlers of everything but the shop's own calls."""

    def __init__(self, pages: Path, sessions: Sessions, backstage: Backstage, upstream: Upstream) -> None:
        self._pages = pages
        self._sessions = sessions
        self._backstage = backstage
        self._upstream = upstream

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page itself, with a session for who has none."""
        name = "compare.html" if request.path.endswith("/compare") else "studio.html"
        response = web.Response(
            body=(self._pages / name).read_bytes(), content_type="text/html", charset="utf-8", headers=FRESH
        )
        self._sessions.open(request, response)
        return response

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A script or a style."""
        file = self._pages / request.match_info["file"]
        if file.parent != self._pages or file.suffix not in (".js", ".css") or not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers=FRESH)

    async def choices(self, request: web.Request) -> web.Response:
        """What the panel offers, and what this browser supposes now. The first question wakes the function that
        explains, so that no page has to wait for its start."""
        session = self._session(request)
        reading = asyncio.to_thread(self._backstage.choices.told)
        told, _ = await asyncio.gather(reading, self._upstream.explain(request, WAKING))
        return answered({**told, "overrides": session.overrides.given})

    async def suppose(self, request: web.Request) -> web.Response:
        """Suppose other circumstances, or with an empty object none."""
        session = self._session(request)
        try:
            overrides = Overrides.checked(parse_object(await request.read()))
            choices = self._backstage.choices
            zones = await asyncio.to_thread(lambda: choices.zones)
            preview = preview_of(overrides, zones, choices.store.default_region)
        except InvalidRequest as error:
            fault = {"code": error.code, "message": error.message, "field": error.field}
            return answered({"error": fault}, error.status)
        session.overrides, session.preview = overrides, preview
        return answered({"overrides": overrides.given, "preview": preview, "is_preview": overrides.is_preview})

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """Server-Sent Events of this browser: what was told lately, then everything as it happens."""
        session = self._session(request)
        seen = int(text) if (text := request.headers.get("Last-Event-ID", "")).isdecimal() else 0
        stream = web.StreamResponse(headers={**FRESH, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        news: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        session.listeners.add(news)
        try:
            await stream.write(b"retry: %d\n\n" % RETRY_MS)
            for one in [one for one in session.told if one["n"] > seen]:
                await stream.write(as_event(one))
            while True:
                with suppress(TimeoutError):
                    await stream.write(as_event(await asyncio.wait_for(news.get(), HEARTBEAT_S)))
                    continue
                await stream.write(b":\n\n")
        except ConnectionResetError:
            return stream
        finally:
            session.listeners.discard(news)

    async def replay(self, request: web.Request) -> web.Response:
        """GET /v1/decisions/{id}/replay with the operators' token. What is no id could lead to another route."""
        self._session(request)
        decision = request.match_info["decision"]
        try:
            instant_of(decision)
        except ValueError as error:
            return answered({"error": {"code": "not_found", "message": f"no decision has such an id: {error}"}}, 404)
        return (await self._upstream.operate(request, f"/v1/decisions/{decision}/replay")).response()

    async def become_new(self, request: web.Request) -> web.Response:
        """Empty the shop's cookies of cart, favourites and login; the page clears the snippet's storage."""
        self._session(request)
        response = answered({})
        for cookie in SHOP_COOKIES:
            response.del_cookie(cookie, path="/")
        return response

    async def leave(self, request: web.Request) -> web.Response:
        """End the studio: the shop is as everybody sees it."""
        response = answered({})
        self._sessions.close(request, response)
        return response

    def _session(self, request: web.Request) -> Session:
        session = self._sessions.find(request)
        if session is None:
            raise web.HTTPForbidden(
                text=orjson.dumps({"error": {"code": "no_session", "message": "open /studio first"}}).decode(),
                content_type="application/json",
            )
        return session


FRESH: Final = {"Cache-Control": "no-store"}


def answered(body: object, status: int = 200) -> web.Response:
    """An answer in JSON that nobody keeps."""
    return web.Response(body=orjson.dumps(body), status=status, content_type="application/json", headers=FRESH)


def as_event(news: dict[str, Any]) -> bytes:
    """One message of a stream of Server-Sent Events."""
    return b"id: %d\ndata: %b\n\n" % (news["n"], orjson.dumps(news))

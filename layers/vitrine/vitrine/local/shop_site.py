"""The demo shop on the local gateway: its paths, headers, and what is answered when all is not well.

Beside the shop it serves the snippet's files and, as the CDN in front of a real shop would, the drawn pictures.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias

from aiohttp import web

from vitrine.catalog.pictures import draw_picture
from vitrine.errors import InvalidRequest, InvalidSource, VitrineError
from vitrine.local.children import Log
from vitrine.local.shop import Shop
from vitrine.local.shop_acts import Acts
from vitrine.local.shop_answers import HEADERS, Reply, forbid, read_request
from vitrine.local.shop_reading import PAGES, missing, reading
from vitrine.local.site_guard import with_headers
from vitrine.local.snippet import CLASSIC, ENTRIES, snippet_files

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX: Final = "/shop"
STATIC: Final = "static"
SNIPPET: Final = (*ENTRIES, CLASSIC, "vitrine.css", "vitrine.d.ts")
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".ts": "text/plain"}
DAY: Final = "public, max-age=86400"
FRESH: Final = "no-cache"  # a browser asks each time whether the file is still the same
OPENING: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<title>Opening</title><body><h1>The shop opens in a moment</h1><p>{reason}</p></body></html>"""
BEING_MADE: Final = "Its goods are being put on the shelves. This page looks again by itself."


class ShopSite:
    """The shop's paths. `folder` holds the storefront's sources: the snippet's, and below `shop` the shop's own."""

    def __init__(self, folder: Path, log: Log) -> None:
        self.folder = folder
        self.shop: Shop | None = None
        self._log = log
        self._reason = BEING_MADE

    def open(self, make: Callable[[], Shop]) -> None:
        """Open the shop as soon as it is made, which happens in a thread of its own; until then pages say so."""
        threading.Thread(target=self._open, args=[make], name="shop", daemon=True).start()

    def mount(self, application: web.Application) -> None:
        """See sites.Site."""
        shop = web.Application(middlewares=[self._guard])
        shop.on_response_prepare.append(with_headers(HEADERS))
        for path, act in Acts.paths():
            shop.router.add_post(path, self._answer(act))
        for path, make in PAGES.items():
            shop.router.add_get(path, self._answer(reading(make)))
        shop.router.add_static("/static", self.folder / "shop" / STATIC)
        application.add_subapp(PREFIX, shop)
        for name in SNIPPET:
            application.router.add_get(f"/{name}", self._snippet)
        application.router.add_get("/media/{path:.+}", self._picture)

    def _open(self, make: Callable[[], Shop]) -> None:
        try:
            self.shop = make()
        except (VitrineError, OSError, sqlite3.Error) as error:
            self._reason = f"It cannot open: {error}"
            self._log("shop", self._reason)

    def _answer(self, act: Callable[[Shop, Reply], Awaitable[web.StreamResponse]]) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            if self.shop is None:
                return self._opening()
            return await act(self.shop, await read_request(self.shop, request))

        return answer

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what comes from another site's page, and say it where the shop has nothing or cannot answer."""
        if (fault := forbid(request)) is not None:
            return fault
        try:
            response = await handler(request)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):  # a form's address is no page
            response = await self._answer(missing)(request)
        except (VitrineError, sqlite3.Error) as error:
            self._log("shop", f"{request.path}: {error}")
            response = web.Response(status=503, text="The shop does not answer for the moment. Please try again.")
        if f"{PREFIX}/{STATIC}/" in request.path:
            response.headers["cache-control"] = FRESH
        return response

    def _opening(self) -> web.Response:
        text = OPENING.format(reason=self._reason.replace("<", "&lt;"))
        return web.Response(status=503, text=text, content_type="text/html", headers={"retry-after": "3"})

    async def _snippet(self, request: web.Request) -> web.Response:
        name = request.path.removeprefix("/")
        try:
            content = (await asyncio.to_thread(self._build))[name]
        except InvalidSource as error:
            self._log("shop", str(error))
            raise web.HTTPInternalServerError(text=str(error)) from error
        kind = TYPES[Path(name).suffix]
        return web.Response(body=content, content_type=kind, charset="utf-8", headers={"cache-control": FRESH})

    def _build(self) -> Mapping[str, bytes]:
        """The snippet's files, built anew when a source has changed."""
        return built(self.folder, max(source.stat().st_mtime_ns for source in self.folder.glob("**/*.*s")))

    async def _picture(self, request: web.Request) -> web.Response:
        try:
            drawn = draw_picture(request.path)
        except InvalidRequest as error:
            raise web.HTTPNotFound(text=error.message) from error
        return web.Response(body=drawn, content_type="image/svg+xml", headers={"cache-control": DAY})


@lru_cache(maxsize=1)
def built(folder: Path, changed_ns: int) -> Mapping[str, bytes]:
    """The snippet's files as of the last change of its sources."""
    return snippet_files(folder)

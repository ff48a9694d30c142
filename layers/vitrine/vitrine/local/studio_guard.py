"""Who may use the studio: its own pages, opened on this machine.

The studio acts with the operators' token. A page of any other site runs in the same browser, so three things are
looked at: the name that the browser used (a foreign name that was bound to this machine is refused), the origin that
asks, and what the browser says of the two (Fetch Metadata, https://www.w3.org/TR/fetch-metadata/).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from vitrine.errors import VitrineError
from vitrine.local.site_guard import is_loopback

READING: Final = frozenset({"GET", "HEAD"})

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def refusal(method: str, host: str, headers: Mapping[str, str]) -> str | None:
    """Why a request is refused, None when it may pass. `host` is that of the Host header, `headers` ignore case."""
    if not is_loopback(host):
        return "the studio answers to 127.0.0.1 and localhost only"
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if origin is not None and origin != f"http://{host}":
        return "another origin may not use the studio"
    if method in READING and is_opened(headers):
        return None
    if site is not None and site != "same-origin":
        return "a page of another site may not use the studio"
    if method not in READING and origin is None and site is None:
        return "only the studio's own pages may change anything here"
    return None


def is_opened(headers: Mapping[str, str]) -> bool:
    """Whether a person opens an address in a tab of its own: a link from anywhere may lead there."""
    return headers.get("Sec-Fetch-Mode") == "navigate" and headers.get("Sec-Fetch-Dest") == "document"


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign pages, and say so while the demo is still being set up."""
    why = refusal(request.method, request.host, request.headers)
    if why is not None:
        return web.json_response({"error": {"code": "forbidden", "message": why}}, status=403)
    try:
        return await handler(request)
    except VitrineError as error:
        fault = {"code": "unavailable", "message": str(error)}
        return web.json_response({"error": fault}, status=503)

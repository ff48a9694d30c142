"""What the sites of the gateway share: the names that they answer to, and the headers of every answer."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine. Any other name was bound to it, so that a page of another site is
    of the same origin as ours (DNS rebinding)."""
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    return name.lower() in LOOPBACK


def with_headers(headers: Mapping[str, str]) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """What puts these headers on all answers of an application that has it in `on_response_prepare`: on pages, files
    and streams, and on errors, those of the server itself among them."""

    async def put(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(headers)

    return put

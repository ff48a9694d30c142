"""Sites on the local gateway: pages beside the API, asked first, and off unless somebody mounts them."""

import asyncio
import socket

import aiohttp
import pytest
from aiohttp import web

from vitrine.local.gateway import Gateway
from vitrine.local.sandbox import Outcome
from vitrine.local.sites import Site


def mount(application: web.Application) -> None:
    """A site with one page."""

    async def page(request: web.Request) -> web.Response:
        return web.Response(text="the page")

    pages = web.Application()
    pages.router.add_get("", page)
    application.add_subapp("/pages", pages)


def ask(path: str, *sites: Site) -> tuple[int, str]:
    """Status and text that a gateway without any function answers."""

    async def never(name: str, event: bytes) -> Outcome:
        raise AssertionError(name)

    async def one() -> tuple[int, str]:
        gateway = Gateway([], None, never, lambda *_: None, sites=sites)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            await gateway.start(listener)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
            async with aiohttp.ClientSession() as session, session.get(address) as response:
                answer = response.status, await response.text()
            await gateway.stop()
        return answer

    return asyncio.run(one())


def test_a_site_answers_below_its_paths() -> None:
    """The API answers everything else."""
    assert ask("/pages", mount) == (200, "the page")
    assert ask("/page", mount) == (404, '{"message": "Not Found"}')


@pytest.mark.parametrize("path", ["/pages", "/shop", "/studio", "/vitrine.js"])
def test_there_is_none_by_itself(path: str) -> None:
    """Negative control: without a site the paths are the API's, which has no such route."""
    assert ask(path) == (404, '{"message": "Not Found"}')

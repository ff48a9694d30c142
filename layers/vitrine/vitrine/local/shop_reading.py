"""GET: the pages of the demo shop by address."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeAlias

from aiohttp import web

from vitrine.local.shop import Shop
from vitrine.local.shop_answers import HOME, Reply
from vitrine.local.shop_cookies import is_item
from vitrine.local.shop_listing import read_wish
from vitrine.local.shop_views import Page

Read: TypeAlias = Callable[[Shop, Reply], Awaitable[web.StreamResponse]]
LONGEST_SEARCH: Final = 100


class Reading:
    """A function per page, each from the shop and the request to the answer."""

    @classmethod
    def paths(cls) -> Iterable[tuple[str, Read]]:
        """Paths below the shop's own, and what answers them."""
        return [
            ("", cls.home),
            ("/", cls.at_home),
            ("/c/{path:.+}", cls.category),
            ("/p/{item}", cls.product),
            ("/search", cls.search),
            ("/cart", cls.cart),
            ("/favourites", cls.favourites),
            ("/checkout", cls.checkout),
            ("/order/{order}", cls.order),
            ("/login", cls.login),
            ("/consent", cls.consent),
            ("/help", cls.help),
        ]

    @staticmethod
    async def home(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The way in."""
        return await made(reply, shop.pages.home, reply.visit)

    @staticmethod
    async def at_home(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The same with a slash at its end has one address only."""
        raise web.HTTPMovedPermanently(HOME)

    @staticmethod
    async def category(shop: Shop, reply: Reply) -> web.StreamResponse:
        """A shelf."""
        path = reply.request.match_info["path"]
        return await made(reply, shop.pages.category, reply.visit, path, read_wish(reply.request.query))

    @staticmethod
    async def product(shop: Shop, reply: Reply) -> web.StreamResponse:
        """An item."""
        item = reply.request.match_info["item"]
        return await made(reply, shop.pages.product, reply.visit, item) if is_item(item) else await none(reply)

    @staticmethod
    async def search(shop: Shop, reply: Reply) -> web.StreamResponse:
        """What was found."""
        text = " ".join(reply.request.query.get("q", "").split())[:LONGEST_SEARCH]
        return await made(reply, shop.pages.search, reply.visit, text, read_wish(reply.request.query))

    @staticmethod
    async def cart(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The cart."""
        return await made(reply, shop.till.cart, reply.visit)

    @staticmethod
    async def favourites(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The favourites."""
        return await made(reply, shop.till.favourites, reply.visit)

    @staticmethod
    async def checkout(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The till."""
        return await made(reply, shop.till.checkout, reply.visit)

    @staticmethod
    async def order(shop: Shop, reply: Reply) -> web.StreamResponse:
        """A placed order."""
        return await made(reply, shop.till.order, reply.visit, reply.request.match_info["order"])

    @staticmethod
    async def login(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The door."""
        return await made(reply, shop.till.login, reply.visit)

    @staticmethod
    async def consent(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The choice."""
        return await made(reply, shop.till.consent, reply.visit)

    @staticmethod
    async def help(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The help."""
        return await made(reply, shop.till.help, reply.visit)

    @staticmethod
    async def missing(shop: Shop, reply: Reply) -> web.StreamResponse:
        """Any other address."""
        return await none(reply)


async def made(reply: Reply, make: Callable[..., Page | None], *of: object) -> web.StreamResponse:
    """The answer with a page that is made now, in a thread, for it asks the table; a page of its own for none."""
    page = await asyncio.to_thread(make, *of)
    return await none(reply) if page is None else await reply.html(page)


async def none(reply: Reply) -> web.StreamResponse:
    """The answer that there is no such page."""
    return await reply.html(await asyncio.to_thread(reply.shop.till.missing, reply.visit))

"""GET: the pages of the demo shop by address."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from aiohttp import web

from vitrine.local.shop import Shop
from vitrine.local.shop_answers import HOME, Reply
from vitrine.local.shop_cookies import is_item
from vitrine.local.shop_listing import read_wish
from vitrine.local.shop_views import Page

Make: TypeAlias = Callable[[Shop, Reply], Page | None]
"""The page of a request, made in a thread, for it asks the table; None where there is no such page."""

Read: TypeAlias = Callable[[Shop, Reply], Awaitable[web.StreamResponse]]
LONGEST_SEARCH: Final = 100


def home(shop: Shop, reply: Reply) -> Page | None:
    """The way in. With a slash at its end it is the same page, which has one address only."""
    if reply.request.path.endswith("/"):
        raise web.HTTPMovedPermanently(HOME)
    return shop.pages.home(reply.visit)


def category(shop: Shop, reply: Reply) -> Page | None:
    """A shelf."""
    return shop.pages.category(reply.visit, reply.request.match_info["path"], read_wish(reply.request.query))


def product(shop: Shop, reply: Reply) -> Page | None:
    """An item."""
    item = reply.request.match_info["item"]
    return shop.pages.product(reply.visit, item) if is_item(item) else None


def search(shop: Shop, reply: Reply) -> Page | None:
    """What was found."""
    text = " ".join(reply.request.query.get("q", "").split())[:LONGEST_SEARCH]
    return shop.pages.search(reply.visit, text, read_wish(reply.request.query))


PAGES: Final[Mapping[str, Make]] = {
    "": home,
    "/": home,
    "/c/{path:.+}": category,
    "/p/{item}": product,
    "/search": search,
    "/cart": lambda shop, reply: shop.till.cart(reply.visit),
    "/favourites": lambda shop, reply: shop.till.favourites(reply.visit),
    "/checkout": lambda shop, reply: shop.till.checkout(reply.visit),
    "/order/{order}": lambda shop, reply: shop.till.order(reply.visit, reply.request.match_info["order"]),
    "/login": lambda shop, reply: shop.till.login(reply.visit),
    "/consent": lambda shop, reply: shop.till.consent(reply.visit),
    "/help": lambda shop, reply: shop.till.help(reply.visit),
}
"""What makes the page of each path below the shop's own."""


def reading(make: Make) -> Read:
    """What answers with the page that is made, or says that there is no such page."""

    async def read(shop: Shop, reply: Reply) -> web.StreamResponse:
        page = await asyncio.to_thread(make, shop, reply)
        if page is None:
            page = await asyncio.to_thread(shop.till.missing, reply.visit)
        return await reply.html(page)

    return read


missing: Final = reading(lambda shop, reply: None)
"""What answers at any other address."""

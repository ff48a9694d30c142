"""What all answers of the demo shop have in common: who asks, headers, cookies, and whose forms are taken."""

import asyncio
import re
from typing import Final

from aiohttp import web

from vitrine.local.shop import Shop
from vitrine.local.shop_cookies import LOCALE
from vitrine.local.shop_names import LOCALES
from vitrine.local.shop_views import Page
from vitrine.local.shop_visit import Visit, read_visit
from vitrine.local.site_guard import is_loopback
from vitrine.values import dataclass

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'; object-src 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
PRIVATE: Final = "private, no-store"
YEAR_S: Final = 365 * 86_400
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OUR_PAGES: Final = frozenset({"same-origin", "none"})
INSIDE: Final = re.compile(r"/shop(?:[/?][!-\[\]-~]*)?")  # printable ASCII without the backslash
HOME: Final = "/shop"


@dataclass(frozen=True, slots=True)
class Reply:
    """A request that was read, and the ways to answer it."""

    shop: Shop
    request: web.Request
    visit: Visit

    async def html(self, page: Page) -> web.Response:
        """A page. Its language is kept if the address asked for one, which is how a shopper chooses it."""
        text = await asyncio.to_thread(self.shop.render, self.visit, page)
        response = web.Response(status=page.status, text=text, content_type="text/html")
        response.headers["cache-control"] = PRIVATE
        if self.request.query.get("lang") in LOCALES:
            keep(response, LOCALE, self.visit.locale)
        return response


async def read_request(shop: Shop, request: web.Request) -> Reply:
    """The request of a shopper."""
    accepts = request.headers.get("accept-language", "")
    place = request.headers.get("sec-fetch-dest", "")
    return Reply(shop, request, read_visit(request.path_qs, request.query, request.cookies, accepts, shop.trade, place))


def keep(response: web.StreamResponse, name: str, value: str) -> None:
    """Set a cookie for the shop, or remove it for ''. No script needs any of them."""
    if value:
        response.set_cookie(name, value, path="/", max_age=YEAR_S, httponly=True, samesite="Lax")
    else:
        response.del_cookie(name, path="/", httponly=True, samesite="Lax")


def back_to(wanted: str) -> str:
    """The address of a page of this shop, its home page for any other."""
    return wanted if INSIDE.fullmatch(wanted) else HOME


def see_other(address: str) -> web.Response:
    """An answer to a form: go and look at this page."""
    return web.Response(status=303, headers={"location": address, "cache-control": PRIVATE})


def forbid(request: web.Request) -> web.Response | None:
    """A refusal of whom the shop is not there for: whoever knows this machine by a foreign name, and a form that a
    page of another site has sent; every browser tells where a form comes from."""
    if not is_loopback(request.host):
        return web.Response(status=403, text="The shop answers to 127.0.0.1 and localhost only.")
    if request.method in SAFE_METHODS:
        return None
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_ours = site in OUR_PAGES if site is not None else origin == f"{request.scheme}://{request.host}"
    if is_ours:
        return None
    said = "This form was not sent by a page of this shop. Open the page again and send it from there."
    return web.Response(status=403, text=said)

"""POST: what a shopper does. A form is answered with the page to go to; a script that asks for JSON gets the count."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeAlias

from aiohttp import web

from vitrine.errors import InvalidToken
from vitrine.local.shop import Shop
from vitrine.local.shop_answers import Reply, back_to, keep, see_other
from vitrine.local.shop_cookies import (
    ACCEPTED,
    CART,
    CONSENT,
    FAVOURITES,
    MOST_PIECES,
    REFUSED,
    REGION,
    VISITOR,
    is_item,
    with_pieces,
    write_cart,
    write_favourites,
)
from vitrine.local.shop_forms import JSON, fields, number

Act: TypeAlias = Callable[[Shop, Reply], Awaitable[web.StreamResponse]]
LEAD: Final = ("name", "email", "phone", "tel", "message")
LONGEST_ANSWER: Final = 200
SHORTEST_ADDRESS: Final = 5
AGREED: Final = frozenset({"yes", "on", "1", "true", "True"})


class Acts:
    """A function per form, each from the shop and the request to the answer."""

    @classmethod
    def paths(cls) -> Iterable[tuple[str, Act]]:
        """Paths below the shop's own, and what answers them."""
        return [
            ("/cart", cls.cart),
            ("/favourites", cls.favourites),
            ("/order", cls.order),
            ("/consent", cls.consent),
            ("/region", cls.region),
            ("/login", cls.login),
            ("/leads", cls.leads),
        ]

    @staticmethod
    async def cart(shop: Shop, reply: Reply) -> web.StreamResponse:
        """act=add|set|remove, item, quantity: change a line of the cart."""
        form, cart = await fields(reply.request), dict(reply.visit.cart)
        item, pieces = form.get("item", ""), number(form.get("quantity", "1"))
        if pieces is None or not is_item(item):
            raise web.HTTPBadRequest(text=f"a cart takes 0 to {MOST_PIECES} pieces of an item of the shop")
        held = cart.get(item, 0)
        wanted = {"set": pieces, "remove": 0}.get(form.get("act", ""), held + pieces)
        if wanted > held and not await asyncio.to_thread(shop.catalogue.articles, [item]):
            raise web.HTTPBadRequest(text="there is no such item")
        changed = with_pieces(cart, item, wanted) if wanted or held else cart
        count = sum(changed.values())
        return done(reply, form, "/shop/cart", {"count": count, "item": item, "quantity": changed.get(item, 0)}, {
            CART: write_cart(changed)
        })  # fmt: skip

    @staticmethod
    async def favourites(shop: Shop, reply: Reply) -> web.StreamResponse:
        """act=add|remove, item: mark an item, or no longer."""
        form = await fields(reply.request)
        item = form.get("item", "")
        if not is_item(item) or not await asyncio.to_thread(shop.catalogue.articles, [item]):
            raise web.HTTPBadRequest(text="there is no such item")
        others = [one for one in reply.visit.favourites if one != item]
        marked = others if form.get("act") == "remove" else [item, *others]
        return done(reply, form, "/shop/favourites", {"count": len(marked), "item": item, "marked": item in marked}, {
            FAVOURITES: write_favourites(marked)
        })  # fmt: skip

    @staticmethod
    async def order(shop: Shop, reply: Reply) -> web.StreamResponse:
        """Place the order. Nothing is paid, and what the form says of the shopper is not kept."""
        order = await asyncio.to_thread(shop.till.place, reply.visit)
        if order is None:
            return see_other("/shop/cart")
        response = see_other(f"/shop/order/{order.id}")
        keep(response, CART, "")
        return response

    @staticmethod
    async def consent(shop: Shop, reply: Reply) -> web.StreamResponse:
        """choice=accepted|refused, anything else to be asked again."""
        form = await fields(reply.request)
        choice = form.get("choice", "")
        return done(
            reply, form, "/shop", {"choice": choice}, {CONSENT: choice if choice in {ACCEPTED, REFUSED} else ""}
        )

    @staticmethod
    async def region(shop: Shop, reply: Reply) -> web.StreamResponse:
        """region=<id>: where the goods are to come; an unknown one is the store's default."""
        form = await fields(reply.request)
        wanted = form.get("region", "")
        is_known = any(region.id == wanted for region in shop.trade.regions)
        return done(reply, form, "/shop", {"region": wanted}, {REGION: wanted if is_known else ""})

    @staticmethod
    async def login(shop: Shop, reply: Reply) -> web.StreamResponse:
        """household=<id>: be a household of the data, at its home region; '' is to be nobody again."""
        form = await fields(reply.request)
        wanted = form.get("household", "").strip().lower()
        if not wanted:
            return done(reply, form, "/shop", {"household": ""}, {VISITOR: "", REGION: ""})
        visitor = f"h{wanted}" if wanted.isdigit() else wanted
        household = await asyncio.to_thread(shop.catalogue.household, visitor)
        try:
            token = shop.mint(visitor) if household else ""
        except InvalidToken:
            token = ""
        if not household or not token:
            return await reply.html(await asyncio.to_thread(shop.till.login, reply.visit, wanted))
        return done(reply, form, "/shop", {"household": visitor}, {VISITOR: token, REGION: household.region})

    @staticmethod
    async def leads(shop: Shop, reply: Reply) -> web.StreamResponse:
        """The form of a lead: an address and consent are needed. Fields of LEAD are kept while the demo runs, no more
        than LONGEST_ANSWER letters of each, and go nowhere."""
        form = await fields(reply.request)
        lead = {name: form[name].strip()[:LONGEST_ANSWER] for name in LEAD if name in form}
        fault = "" if any(len(text) >= SHORTEST_ADDRESS for text in lead.values()) else "lead_address"
        if form.get("consent", "") not in AGREED:
            fault = fault or "lead_consent"
        if not fault:
            shop.till.ledger.leads.append(lead)
        if JSON in reply.request.headers.get("accept", ""):
            message = shop.views.words(reply.visit).say(fault or "lead_thanks")
            return web.json_response({"message": message}, status=422 if fault else 200)
        return await reply.html(shop.till.thanks(reply.visit, fault))


def done(
    reply: Reply, form: Mapping[str, str], page: str, said: Mapping[str, object], cookies: Mapping[str, str]
) -> web.Response:
    """The answer to something done: JSON for a script, else the page that the form names, or its usual one."""
    is_script = JSON in reply.request.headers.get("accept", "")
    response = web.json_response(said) if is_script else see_other(back_to(form.get("back", page)))
    for name, value in cookies.items():
        keep(response, name, value)
    return response

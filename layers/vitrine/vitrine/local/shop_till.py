"""The pages of the demo shop about its shopper: cart, favourites, checkout, orders, household, help."""

from collections.abc import Mapping
from typing import Final

from vitrine.local.shop_catalogue import Catalogue
from vitrine.local.shop_cookies import MOST_PIECES
from vitrine.local.shop_goods import Good, LiveGoods
from vitrine.local.shop_orders import Ledger, Line, Order
from vitrine.local.shop_pages import N_SPARE, TILL, chosen
from vitrine.local.shop_views import Page, Views, row
from vitrine.local.shop_visit import Visit
from vitrine.types import ItemId

N_HOUSEHOLDS: Final = 8
FIRST_HOUSEHOLDS: Final = ("h718", "h1")
"""Those that the demo's guide names."""


class Till:
    """Makes the pages, and places orders."""

    def __init__(self, catalogue: Catalogue, goods: LiveGoods, views: Views, ledger: Ledger) -> None:
        self._catalogue = catalogue
        self._goods = goods
        self._views = views
        self.ledger = ledger

    def cart(self, visit: Visit) -> Page:
        """What the cart holds and costs."""
        return self._purse("cart", visit, self._catalogue.bestsellers(visit.region.bit, "", N_SPARE))

    def checkout(self, visit: Visit) -> Page:
        """The last page before an order."""
        bit = visit.region.bit
        small = [item for shelf in TILL for item in self._catalogue.bestsellers(bit, shelf, 6)]
        return self._purse("checkout", visit, small)

    def favourites(self, visit: Visit) -> Page:
        """What the shopper marked."""
        best = self._catalogue.bestsellers(visit.region.bit, "", N_SPARE)
        goods = self._goods.read([*visit.favourites, *best], visit.region.bit)
        marked = chosen(goods, visit.favourites)
        rows = {"recs": row(chosen(goods, best), set(visit.favourites))}
        return self._page("favourites", visit, "favourites", {"marked": marked, "rows": rows})

    def order(self, visit: Visit, wanted: str) -> Page | None:
        """A placed order, None for one that is not kept."""
        order = self.ledger.order(wanted)
        if order is None:
            return None
        rows = {"recs": self._bestsellers(visit)}
        return self._page("order", visit, "order", {"order": order, "rows": rows, "events": order.events()})

    def help(self, visit: Visit) -> Page:
        """How the shop works."""
        return self._page("help", visit, "other", {"rows": {"recs": self._bestsellers(visit)}})

    def missing(self, visit: Visit) -> Page:
        """There is no such page."""
        return self._page("missing", visit, "other", {"rows": {"recs": self._bestsellers(visit)}}, status=404)

    def consent(self, visit: Visit) -> Page:
        """What is kept, and the choice."""
        return self._page("consent", visit, "other", {})

    def thanks(self, visit: Visit, fault: str) -> Page:
        """What is said after a form of a lead: thanks, or which text tells what is wrong with it."""
        return self._page("thanks", visit, "other", {"fault": fault}, status=422 if fault else 200)

    def login(self, visit: Visit, wanted: str = "") -> Page:
        """Households to log in as; `wanted` is one that there is not."""
        first = [self._catalogue.household(visitor) for visitor in FIRST_HOUSEHOLDS]
        some = {one.visitor: one for one in [*first, *self._catalogue.households(N_HOUSEHOLDS)] if one}
        values = {"households": list(some.values())[:N_HOUSEHOLDS], "wanted": wanted}
        return self._page("login", visit, "other", values, status=404 if wanted else 200)

    def place(self, visit: Visit) -> Order | None:
        """Order what the cart holds and the region has; None when that is nothing."""
        lines = self._lines(visit)[0]
        return self.ledger.place(lines) if lines else None

    def _purse(self, template: str, visit: Visit, row_items: tuple[ItemId, ...] | list[ItemId]) -> Page:
        lines, gone, goods = self._lines(visit, row_items)
        total = sum(line.total for line in lines)
        saved = sum(max(0, goods[line.item].regular_price - line.price) * line.quantity for line in lines)
        values = {
            "lines": lines,
            "gone": gone,
            "total": total,
            "saved": saved,
            "currency": lines[0].currency if lines else "",
            "most": MOST_PIECES,
            "rows": {"more": row(chosen(goods, row_items), set(visit.cart))},
        }
        prices = {line.item: line.price for line in lines}
        return self._page(template, visit, template, values, prices=prices)

    def _lines(
        self, visit: Visit, also: tuple[ItemId, ...] | list[ItemId] = ()
    ) -> tuple[list[Line], list[Good], Mapping[ItemId, Good]]:
        """Lines that can be bought, goods of the cart that cannot, and all goods that were read."""
        goods = self._goods.read([*visit.cart, *also], visit.region.bit)
        held = chosen(goods, tuple(visit.cart))
        lines = [
            Line(good.item, good.title, good.image, visit.cart[good.item], good.price, good.currency)
            for good in held
            if good.in_stock
        ]
        return lines, [good for good in held if not good.in_stock], goods

    def _bestsellers(self, visit: Visit) -> list[Good]:
        best = self._catalogue.bestsellers(visit.region.bit, "", N_SPARE)
        return row(chosen(self._goods.read(best, visit.region.bit), best), set())

    def _page(
        self,
        template: str,
        visit: Visit,
        kind: str,
        values: Mapping[str, object],
        *,
        prices: Mapping[ItemId, int] | None = None,
        status: int = 200,
    ) -> Page:
        title = self._views.words(visit).say(f"title_{template}")
        return Page(template, title, {"type": kind}, values, prices=prices or {}, status=status)

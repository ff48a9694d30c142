"""Every page of the shop and the studio, by name, as somebody sees it who has shopped a little."""

from collections.abc import Mapping
from typing import Final

from tests.browser.goods import Goods
from tests.browser.shopper import Shopper

SHELF: Final = "/shop/c/grocery/cookies-cones"


def stock(shopper: Shopper, goods: Goods) -> Mapping[str, str]:
    """Fill cart and favourites, place an order, and say where every page is. The visitor agreed to be recognised."""
    dinner = [*goods.best_sold("grocery/pasta-and-noodles"), *goods.best_sold("grocery/pasta-sauce")]
    shopper.send("/shop/consent", choice="accepted")
    shopper.send("/shop/cart", act="add", item=goods.best_sold("grocery/milk")[0])
    order = shopper.send("/shop/order")
    for item in dinner:
        shopper.send("/shop/cart", act="add", item=item)
        shopper.send("/shop/favourites", act="add", item=item)
    return PAGES | {"product": f"/shop/p/{dinner[0]}", "order": order}


PAGES: Final = {
    "home": "/shop",
    "category": SHELF,
    "product": "",
    "search": "/shop/search?q=coffee",
    "found nothing": "/shop/search?q=xylophone",
    "cart": "/shop/cart",
    "favourites": "/shop/favourites",
    "checkout": "/shop/checkout",
    "order": "",
    "login": "/shop/login",
    "consent": "/shop/consent",
    "help": "/shop/help",
    "missing": "/shop/nowhere",
    "russian": "/shop?lang=ru",
    "studio": "/studio",
    "compare": "/studio/compare",
}

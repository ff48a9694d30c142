"""Who asks for a page of the demo shop: what the cookies and the address say."""

from collections.abc import Mapping
from typing import Final

from vitrine.local.shop_cookies import (
    ACCEPTED,
    CART,
    CONSENT,
    FAVOURITES,
    LOCALE,
    REFUSED,
    REGION,
    STUDIO,
    VISITOR,
    read_cart,
    read_favourites,
)
from vitrine.local.shop_names import LOCALES
from vitrine.local.shop_regions import Region, Trade
from vitrine.types import ItemId
from vitrine.values import dataclass

PURPOSES: Final = ("personalization", "geo")
STUDIO_API: Final = "/studio/api"
STUDIO_BUDGET_MS: Final = 1500
"""Each decision is explained as well, and who watches wants to see it, not the default content after 300 ms."""

TOKEN_SIZE: Final = 300


@dataclass(frozen=True, slots=True)
class Visit:
    """One request. `consent` is ACCEPTED, REFUSED or '' for not asked yet; `path` has its query with it.

    `token` is the visitor token of who is logged in, as somebody of the name `household`; both are '' for anybody else.
    """

    path: str
    locale: str
    region: Region
    cart: Mapping[ItemId, int]
    favourites: tuple[ItemId, ...]
    consent: str
    token: str
    household: str
    has_chosen_region: bool
    in_studio: bool

    @property
    def pieces(self) -> int:
        """How many pieces the cart holds."""
        return sum(self.cart.values())


def read_visit(
    path: str,
    query: Mapping[str, str],
    cookies: Mapping[str, str],
    accepts: str,
    trade: Trade,
    place: str = "",
) -> Visit:
    """The visit of a request; `accepts` are the languages that the browser asks for, `place` is where it puts the page
    (Sec-Fetch-Dest): the studio has it in a frame, and the shop in a tab beside it is the shop as it is."""
    token = cookies.get(VISITOR, "")[:TOKEN_SIZE]
    consent = cookies.get(CONSENT, "")
    wanted = cookies.get(REGION, "")
    return Visit(
        path=path,
        locale=choose_locale(query.get("lang", ""), cookies.get(LOCALE, ""), accepts),
        region=trade.region(wanted),
        cart=read_cart(cookies.get(CART, "")),
        favourites=read_favourites(cookies.get(FAVOURITES, "")),
        consent=consent if consent in {ACCEPTED, REFUSED} else "",
        token=token,
        household=household_of(token),
        has_chosen_region=any(region.id == wanted for region in trade.regions),
        in_studio=bool(cookies.get(STUDIO)) and place in {"", "iframe"},
    )


def choose_locale(asked: str, kept: str, accepts: str) -> str:
    """The language of the address, else the one chosen before, else the browser's first that we have."""
    preferred = [part.partition(";")[0].strip()[:2].lower() for part in accepts.split(",")]
    return next(locale for locale in (asked, kept, *preferred, LOCALES[0]) if locale in LOCALES)


def household_of(token: str) -> str:
    """Whom a visitor token names. It is shown only: the API verifies it."""
    parts = token.split(".")
    return parts[2] if len(parts) == 4 else ""


def describe(
    visit: Visit, page: Mapping[str, str], listing: tuple[ItemId, ...], prices: Mapping[ItemId, int]
) -> dict[str, object]:
    """What the page tells the snippet, in its JSON block. Without consent that is nothing of the visitor's."""
    accepted = visit.consent == ACCEPTED
    block: dict[str, object] = {
        "page": {**page, "locale": visit.locale},
        "consent": list(PURPOSES) if accepted else [],
        "cart": [
            {"item": item, "quantity": pieces, **({"price": prices[item]} if item in prices else {})}
            for item, pieces in visit.cart.items()
        ],
    }
    if listing:
        block["listing"] = listing
    if accepted and visit.token:
        block["visitor"] = visit.token
    if accepted and visit.has_chosen_region and visit.region.point:
        block["geo"] = dict(zip(("lat", "lon"), visit.region.point, strict=True))
    if visit.in_studio:
        block |= {"api": STUDIO_API, "budget": STUDIO_BUDGET_MS}
    return block

"""What a shopper does in the demo shop: cart, favourites, orders, consent, login; and what it keeps of that."""

import pytest

from tests.functional.shop_rig import BANANA, HOUSEHOLD, NASTY, OURS, SOUTHERN, Browser, Counter, Seen
from vitrine.local.shop_cookies import LONGEST, MOST_LINES, read_cart, read_favourites, with_pieces, write_cart

JSON = {**OURS, "accept": "application/json"}


def test_nothing_is_stored_before_the_shopper_acts(counter: Counter) -> None:
    """No page sets a cookie by itself."""
    for path in ("/shop", "/shop/c/grocery", "/shop/p/1", "/shop/search?q=milk", "/shop/cart", "/shop/nowhere"):
        assert not counter.page(path).cookies


def test_cart_arithmetic(counter: Counter) -> None:
    """Pieces add up, are set, are removed; the totals follow, with delivery below 35 dollars."""

    async def shop(browser: Browser) -> list[Seen]:
        first = await browser.post("/shop/cart", act="add", item=BANANA, quantity="2", back=f"/shop/p/{BANANA}")
        await browser.post("/shop/cart", act="add", item=BANANA)
        await browser.post("/shop/cart", act="set", item="1", quantity="4")
        cart = await browser.get("/shop/cart")
        await browser.post("/shop/cart", act="set", item="1", quantity="40")
        await browser.post("/shop/cart", act="remove", item=BANANA)
        return [first, cart, await browser.get("/shop/cart")]

    added, cart, later = counter.ask(shop)
    assert (added.status, added.headers["location"]) == (303, f"/shop/p/{BANANA}")
    assert cart.block()["cart"] == [
        {"item": BANANA, "quantity": 3, "price": 90},
        {"item": "1", "quantity": 4, "price": 101},
    ]
    for amount in ("$2.70", "$4.04", "$6.74", "$4.90", "$11.64"):
        assert amount in cart.text
    assert "You save $0.90" in cart.text
    assert "$40.40" in later.text
    assert "free" in later.text
    assert "Bananas" not in later.text.partition('data-vitrine="cart.accompanying"')[0]


def test_cookies_have_their_attributes(counter: Counter) -> None:
    """No script reads them, no other site's form carries them."""
    seen = counter.ask(lambda browser: browser.post("/shop/cart", act="add", item="1"))
    cookie = seen.cookies["shop_cart"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")


def test_a_script_gets_the_count(counter: Counter) -> None:
    """Instead of the next page."""
    seen = counter.ask(lambda browser: browser.post("/shop/cart", JSON, act="add", item="1", quantity="3"))
    assert (seen.status, seen.text) == (200, '{"count": 3, "item": "1", "quantity": 3}')


@pytest.mark.parametrize("form", [
    {"item": "nothing-like-it"}, {"item": "../1"}, {}, {"item": "1", "quantity": "-1"}, {"item": "1", "quantity": ""},
    {"item": "1", "quantity": "1e9"}, {"item": "1", "quantity": "٣"},
])  # fmt: skip
def test_what_no_form_of_ours_sends_is_refused(counter: Counter, form: dict[str, str]) -> None:
    """400 that says what is taken, and no cookie."""
    seen = counter.ask(lambda browser: browser.post("/shop/cart", **form))
    assert (seen.status, dict(seen.cookies)) == (400, {})


@pytest.mark.parametrize("cookie", [
    "", "....", "1", "1:0", "1:-5", "1:1e3", "1:100", ":", "<script>:1", "1:2:3", "%00:1", "x" * 7000,
    "1:1;2:2", "nothing:5",
])  # fmt: skip
def test_a_cart_that_was_tampered_with_is_an_empty_one(counter: Counter, cookie: str) -> None:
    """Every page still opens."""
    for path in ("/shop", "/shop/cart", "/shop/checkout"):
        seen = counter.page(path, shop_cart=cookie)
        assert seen.status == 200
        assert not [line for line in seen.block()["cart"] if line["item"] != "nothing"]


@pytest.mark.parametrize("name", ["shop_favourites", "shop_consent", "shop_locale", "shop_visitor", "shop_region"])
@pytest.mark.parametrize("value", ["", "<b>", "\u00e9", "a.b.c.d.e", "x" * 5000, "..", "accepted "])
def test_other_cookies_may_hold_anything(counter: Counter, name: str, value: str) -> None:
    """What cannot be right is as if it had not been sent, and nothing of it is told to anybody."""
    seen = counter.page("/shop/favourites", **{name: value})
    assert seen.status == 200
    assert seen.block().keys() == {"page", "consent", "cart"}
    assert "<b>" not in seen.text


def test_the_good_part_of_a_bad_cart_is_kept() -> None:
    """And a cart never grows beyond what a cookie holds."""
    assert read_cart("1:2.bad:0.3:99.4:100") == {"1": 2, "3": 99}
    full = {str(n): 1 for n in range(MOST_LINES)}
    assert with_pieces(full, "new", 1) == full
    assert with_pieces({"1": 98}, "1", 105) == {"1": 99}
    wide = {f"{n:064}": 99 for n in range(MOST_LINES)}
    assert len(write_cart(wide)) <= LONGEST
    assert list(read_cart(write_cart(wide))) == list(wide)[: len(read_cart(write_cart(wide)))]
    assert read_favourites("1.1.<.2") == ("1", "2")


def test_favourites_are_marked_and_unmarked(counter: Counter) -> None:
    """The last comes first."""

    async def shop(browser: Browser) -> list[Seen]:
        for item in (BANANA, NASTY):
            await browser.post("/shop/favourites", item=item)
        both = await browser.get("/shop/favourites")
        last = await browser.post("/shop/favourites", JSON, act="remove", item=NASTY)
        return [both, last]

    both, last = counter.ask(shop)
    assert both.listed()[:2] == [NASTY, BANANA]
    assert '"marked": false' in last.text


@pytest.mark.parametrize(
    ("locale", "add", "remove"),
    [
        ("en", "Add to favourites", "Remove from favourites"),
        ("ru", "В избранное", "Убрать из избранного"),
    ],
)
def test_a_products_page_offers_what_is_to_be_done(counter: Counter, locale: str, add: str, remove: str) -> None:
    """To mark it or to take that back; the script finds both names in the form."""
    page = f"/shop/p/{BANANA}"
    for marked, act, says in (("", "add", add), (BANANA, "remove", remove)):
        seen = counter.page(page, shop_locale=locale, shop_favourites=marked).text.partition("</article>")[0]
        assert f'name="act" value="{act}"' in seen.partition("data-favour")[2]
        assert f"<span>{says}</span>" in seen
        assert f'aria-pressed="{"true" if marked else "false"}"' in seen
        assert f'data-on="{remove}" data-off="{add}"' in seen


def test_an_order_reports_what_was_bought_once(counter: Counter) -> None:
    """Only what the region has; the ids of the events stay the same, so a page that is loaded again counts once."""

    async def shop(browser: Browser) -> list[Seen]:
        for item in (BANANA, SOUTHERN):
            await browser.post("/shop/cart", act="set", item=item, quantity="2")
        checkout = await browser.get("/shop/checkout")
        placed = await browser.post("/shop/order", name="<i>Nobody</i>")
        page = placed.headers["location"]
        return [checkout, placed, await browser.get(page), await browser.get(page), await browser.get("/shop/cart")]

    checkout, placed, order, again, cart = counter.ask(shop)
    assert "Peaches" not in checkout.text
    assert placed.status == 303
    (event,) = order.block("purchases")
    assert event == {"id": event["id"], "kind": "purchase", "item": BANANA, "quantity": 2, "price": 90}
    assert again.block("purchases") == [event]
    assert order.block()["page"]["type"] == "order"
    assert "Nobody" not in order.text
    assert cart.block()["cart"] == []


def test_nothing_cannot_be_ordered(counter: Counter) -> None:
    """An empty cart leads back to itself."""
    assert counter.ask(lambda browser: browser.post("/shop/order")).headers["location"] == "/shop/cart"


def test_consent_is_asked_for_kept_and_taken_back(counter: Counter) -> None:
    """Until it is given, and when it is refused, the page tells nothing of who is logged in."""

    async def shop(browser: Browser) -> list[Seen]:
        asked = await browser.post("/shop/login", household="718")
        pages = [asked, await browser.get("/shop")]
        for choice in ("accepted", "refused", "forget"):
            await browser.post("/shop/consent", choice=choice)
            pages.append(await browser.get("/shop"))
        return pages

    login, unasked, accepted, refused, forgotten = counter.ask(shop)
    assert set(login.cookies) == {"shop_visitor", "shop_region"}
    assert login.cookies["shop_visitor"]["httponly"]
    for seen in (unasked, refused, forgotten):
        assert seen.block()["consent"] == []
        assert not {"visitor", "geo"} & seen.block().keys()
    assert accepted.block()["consent"] == ["personalization", "geo"]
    assert accepted.block()["visitor"] == f"v1.k1.{HOUSEHOLD}.mac"
    assert accepted.block()["geo"] == {"lat": 38.25, "lon": -85.76}
    assert ["May we recommend" in seen.text for seen in (unasked, accepted, refused, forgotten)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_a_household_shops_at_home(counter: Counter) -> None:
    """It sees the shelves of its region, and logs out to be nobody again."""

    async def shop(browser: Browser) -> list[Seen]:
        await browser.post("/shop/login", household=HOUSEHOLD)
        home = await browser.get("/shop/c/produce")
        await browser.post("/shop/login", household="")
        return [home, await browser.get("/shop/c/produce")]

    home, out = counter.ask(shop)
    assert SOUTHERN in home.listed()
    assert "Household 718" in home.text
    assert SOUTHERN not in out.listed()
    assert "Household 718" not in out.text


def test_who_is_not_in_the_data_cannot_log_in(counter: Counter) -> None:
    """The page says so, with what was typed as text."""
    seen = counter.ask(lambda browser: browser.post("/shop/login", household="<b>9"))
    assert seen.status == 404
    assert "“&lt;b&gt;9”" in seen.text
    assert not seen.cookies


def test_language_by_address_by_choice_and_by_browser(counter: Counter) -> None:
    """A link chooses and is kept; a browser's wish is heard when nothing was chosen; both lead to the same page."""

    async def shop(browser: Browser) -> list[Seen]:
        return [await browser.get("/shop/search?q=milk&lang=ru"), await browser.get("/shop")]

    chosen, kept = counter.ask(shop)
    assert chosen.cookies["shop_locale"].value == "ru"
    assert '<html lang="ru">' in kept.text
    assert "q=milk&amp;lang=en" in chosen.text
    assert not counter.page("/shop?lang=xx").cookies


def test_the_studio_s_shop_asks_the_studio(counter: Counter) -> None:
    """While its cookie is there."""
    assert counter.page("/shop", vitrine_studio="abc").block()["api"] == "/studio/api"
    assert "api" not in counter.page("/shop").block()


@pytest.mark.parametrize("headers", [
    {}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"},
])  # fmt: skip
def test_forms_of_other_sites_are_refused(counter: Counter, headers: dict[str, str]) -> None:
    """403 on every form, and nothing is done."""
    for path in ("/shop/cart", "/shop/favourites", "/shop/order", "/shop/consent", "/shop/login", "/shop/leads"):
        seen = counter.ask(lambda browser, path=path: browser.post(path, headers, item="1", choice="accepted"))
        assert (seen.status, dict(seen.cookies)) == (403, {})


def test_forms_of_our_own_pages_are_taken(counter: Counter) -> None:
    """Negative control, by the origin that older browsers send instead."""

    async def shop(browser: Browser) -> Seen:
        origin = str(browser._client.make_url("/")).rstrip("/")
        return await browser.post("/shop/cart", {"origin": origin}, act="add", item="1")

    assert counter.ask(shop).status == 303


@pytest.mark.parametrize("back", [
    "https://evil.example", "//evil.example", "/shop\\@evil", "/shopping", "/shop/\r\nset-cookie: a=b",
    "javascript:1", "",
])  # fmt: skip
def test_forms_lead_back_into_the_shop_only(counter: Counter, back: str) -> None:
    """To the page that they name, if it is one of the shop's."""
    assert counter.ask(lambda browser: browser.post("/shop/consent", back=back)).headers["location"] == "/shop"
    inside = counter.ask(lambda browser: browser.post("/shop/consent", back="/shop/search?q=a%20b&page=2"))
    assert inside.headers["location"] == "/shop/search?q=a%20b&page=2"


@pytest.mark.parametrize(("form", "status"), [
    ({"email": "a@b.example", "consent": "yes"}, 200), ({"email": "a@b.example"}, 422),
    ({"email": "a@b.example", "consent": "no"}, 422), ({"email": " ", "consent": "yes"}, 422),
    ({"consent": "yes"}, 422),
])  # fmt: skip
def test_leads_need_an_address_and_consent(counter: Counter, form: dict[str, str], status: int) -> None:
    """They are kept in memory, and what is missing is said, as a page or to a script."""
    leads = counter.shop.till.ledger.leads
    before = len(leads)
    for headers in (OURS, JSON):
        assert (
            counter.ask(lambda browser, headers=headers: browser.post("/shop/leads", headers, **form)).status == status
        )
    assert len(leads) - before == (2 if status == 200 else 0)


def test_a_large_form_is_refused(counter: Counter) -> None:
    """413, as no form of the shop is that long."""
    assert counter.ask(lambda browser: browser.post("/shop/leads", name="x" * 70_000)).status == 413

"""What people do in the demo shop, in a real browser, over the whole stack and real data."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo
from tests.browser.goods import Goods
from tests.browser.shopper import Shopper

HOUSEHOLD, NEIGHBOUR = "h718", "h1"
NORTH, SOUTH, HOT = "north", "south", "west"
BABY_FOOD = "drugstore-and-home/baby-foods"
EVENTS = "POST /v1/events"
STORED = "() => [Object.keys(localStorage), Object.keys(sessionStorage)]"


@pytest.fixture
def shopper(page: Page, demo: Demo) -> Shopper:
    """A newcomer who was not asked yet whether to be recognised."""
    return Shopper(page, demo.url)


@pytest.fixture(scope="module")
def goods(demo: Demo) -> Goods:
    """What is in the data."""
    return Goods(demo.state)


@pytest.fixture
def heat(demo: Demo) -> None:
    """33 degrees in a region of which nobody has asked yet: functions hold the weather that they know for minutes."""
    demo.vitrine("weather", "set", "--region", HOT, "--temperature", "33", "--anomaly", "9")


def test_a_newcomer_comes_from_home_to_a_full_cart(shopper: Shopper, demo: Demo, page_errors: list[str]) -> None:
    """Each page is personalised by one decision; what goes into the cart is counted, shown and told."""
    before = demo.calls(EVENTS)
    shopper.open().choose_consent("accepted")
    assert shopper.shown("home.recs")
    shopper.follow(shopper.page.locator("nav.departments a").first)
    assert shopper.shown("category.top")
    wanted = shopper.ids("main ul.goods > [data-item]")[0]
    shopper.follow(shopper.page.locator(f'main ul.goods > [data-item="{wanted}"] a.into'))
    assert shopper.shown("product.accompanying")
    shopper.put_into_cart(wanted)
    assert shopper.ids("ul.lines > [data-item]") == [wanted]
    assert shopper.shown("cart.accompanying")
    assert [one["item"] for one in shopper.asked[-1]["cart"]] == [wanted]
    assert {"view", "add_to_cart"} <= {event["kind"] for event in shopper.noted}
    assert demo.calls(EVENTS) > before
    assert page_errors == []


def test_favourites_are_marked_and_taken_back_on_the_products_page(shopper: Shopper, goods: Goods) -> None:
    """By one button that says what it does next."""
    (item,) = goods.best_sold("grocery/milk")
    shopper.open(f"/shop/p/{item}")
    button = shopper.page.locator(".about .favour button")
    for pressed, says in (("true", "Remove from favourites"), ("false", "Add to favourites")):
        button.click()
        expect(button).to_have_text(says)
        expect(button).to_have_attribute("aria-pressed", pressed)
        shopper.open(f"/shop/p/{item}")
        expect(button).to_have_text(says)


def test_one_question_is_asked_per_page(shopper: Shopper) -> None:
    """With all placements of the page, those for overlays too."""
    shopper.open()
    (asked,) = shopper.asked
    on_page = shopper.page.locator("[data-vitrine]").evaluate_all("all => all.map((one) => one.dataset.vitrine)")
    assert set(asked["placements"]) == {*on_page, "site.overlay"}


def test_recommendations_follow_what_was_looked_at(shopper: Shopper, goods: Goods) -> None:
    """Of whoever agreed to be recognised; the kind that was looked at comes into the row."""
    shopper.open().choose_consent("accepted")
    before = shopper.items("home.recs")
    viewed = goods.best_sold(BABY_FOOD, 4)
    for item in viewed:
        shopper.open(f"/shop/p/{item}")
    shopper.open()
    after = shopper.items("home.recs")
    assert before != after
    assert not set(goods.best_sold(BABY_FOOD, 300)) & set(before)
    assert set(goods.best_sold(BABY_FOOD, 300)) & set(after)
    assert shopper.items("home.viewed")[: len(viewed)] == [*reversed(viewed)]


def test_leaving_a_full_cart_shows_the_overlay_once(shopper: Shopper, goods: Goods, page_errors: list[str]) -> None:
    """With the pointer through the top; closed, it does not come again, on this page or on the next of the session."""
    (milk,) = goods.best_sold("grocery/milk")
    shopper.open().choose_consent("accepted").put_into_cart(milk)
    shopper.leave_through_the_top()
    dialog = shopper.page.get_by_role("dialog")
    expect(dialog).to_contain_text("We keep your cart (1)")
    assert shopper.asked[-1]["signals"]["exit_intent"] is True
    assert shopper.asked[-1]["placements"] == ["site.overlay"]
    shopper.page.keyboard.press("Escape")
    expect(shopper.overlay).to_have_count(0)
    shopper.open("/shop/cart").leave_through_the_top()
    answer = shopper.decisions()[-1]["answer"]["placements"]["site.overlay"]
    assert answer["kind"] == "none"
    expect(shopper.overlay).to_have_count(0)
    assert page_errors == []


def test_heat_brings_ice_cream_to_the_home_page(shopper: Shopper, heat: None) -> None:
    """To who has it delivered where it is hot; elsewhere the page is another."""
    shopper.open().choose_consent("accepted")
    expect(shopper.placement("home.moment")).not_to_contain_text("Cool down")
    shopper.have_delivered_to(HOT)
    expect(shopper.placement("home.moment")).to_contain_text("Cool down")
    expect(shopper.placement("home.hero")).to_contain_text("33 °C")
    cards = shopper.decisions()[0]["answer"]["placements"]["home.moment"]["items"]
    cold = ("grocery/ice-cream", "grocery/frozen-novelties", "grocery/water", "grocery/soft-drinks")
    assert cards
    assert all(one["card"]["category"].startswith(cold) for one in cards)


def test_another_region_hides_what_it_lacks(shopper: Shopper, goods: Goods) -> None:
    """On its shelves and in its recommendations; what the first region shows proves that there is something."""
    lacks = goods.only_in(NORTH, SOUTH)
    pages = ("/shop", f"/shop/c/{goods.uneven(NORTH, SOUTH)}")
    shopper.open().choose_consent("accepted")
    seen = {item for path in pages for item in shopper.open(path).ids()}
    assert seen & lacks
    shopper.open().have_delivered_to(SOUTH)
    assert {one["answer"]["region"] for one in shopper.decisions()} == {SOUTH}
    seen = {item for path in pages for item in shopper.open(path).ids()}
    assert seen
    assert not seen & lacks
    shopper.open(f"/shop/p/{min(lacks)}")
    expect(shopper.page.locator(".stock.out")).to_be_visible()
    expect(shopper.page.locator("form.buy")).to_have_count(0)


def test_a_known_household_sees_its_own(shopper: Shopper, goods: Goods) -> None:
    """What it buys, above all; its neighbour sees something else."""
    seen = {}
    shopper.open().choose_consent("accepted")
    for household in (HOUSEHOLD, NEIGHBOUR):
        shopper.page.goto(f"{shopper.url}/shop/login")
        shopper.follow(shopper.page.locator(f'button[name="household"][value="{household}"]'))
        seen[household] = shopper.open().items("home.recs")
        assert len(set(seen[household]) & goods.bought_by(household)) > len(seen[household]) / 2
    assert seen[HOUSEHOLD] != seen[NEIGHBOUR]


def test_who_refuses_leaves_no_trace(shopper: Shopper, demo: Demo, goods: Goods, page_errors: list[str]) -> None:
    """Nothing is stored, nothing is told, no request says who it is; the pages are personalised by place and time."""
    (milk,) = goods.best_sold("grocery/milk")
    before = demo.calls_settled(EVENTS)  # beacons of another test's pages arrive when these are gone
    shopper.open().choose_consent("refused").put_into_cart(milk).open()
    assert shopper.page.evaluate(STORED) == [[], []]
    assert {one["name"] for one in shopper.page.context.cookies()} == {"shop_consent", "shop_cart"}
    assert demo.calls(EVENTS) == before
    assert shopper.noted == []
    for asked in shopper.asked:
        assert asked["consent"] == []
        assert not {"visitor", "session", "visit", "recent", "geo"} & asked.keys()
    assert shopper.shown("home.recs")
    assert page_errors == []


def test_withdrawn_consent_removes_what_was_kept(shopper: Shopper) -> None:
    """At the next page."""
    shopper.open().choose_consent("accepted").open()
    assert shopper.page.evaluate(STORED) == [["vitrine"], []]
    shopper.page.goto(f"{shopper.url}/shop/consent")
    shopper.follow(shopper.page.locator('main [value="refused"]')).open()
    assert shopper.page.evaluate(STORED) == [[], []]
    assert "visitor" not in shopper.asked[-1]


def test_the_shop_works_without_javascript(chromium: Browser, demo: Demo) -> None:
    """From the home page by search to an order; default content is visible, nothing is asked of the API."""
    context = chromium.new_context(java_script_enabled=False)
    shopper = Shopper(context.new_page(), demo.url, is_patient=False)  # no placement is held
    page = shopper.page
    page.goto(f"{demo.url}/shop")
    expect(shopper.placement("home.recs")).to_be_visible()
    page.get_by_role("searchbox").fill("milk")
    page.keyboard.press("Enter")
    page.locator("main ul.goods a.into").first.click()
    page.locator("form.buy button").click()
    page.locator('header a[href="/shop/cart"]').click()
    expect(page.locator("ul.lines > li")).to_have_count(1)
    page.locator('a[href="/shop/checkout"]').click()
    page.locator('form[action="/shop/order"] button').click()
    expect(page).to_have_url(f"{demo.url}/shop/order/{page.url.rpartition('/')[2]}")
    expect(page.locator(".summary")).to_contain_text("milk", ignore_case=True)
    page.locator('header a[href="/shop/cart"]').click()
    expect(page.locator("ul.lines > li")).to_have_count(0)
    assert shopper.asked == []
    shopper.leave()


def test_the_keyboard_alone_fills_a_cart_and_closes_the_overlay(shopper: Shopper, page_errors: list[str]) -> None:
    """The focus is visible wherever it is, goes into the dialog, and comes back from it."""
    shopper.open().choose_consent("accepted")
    press = shopper.page.keyboard.press
    for is_it in (
        lambda tag: 'href="/shop/c/' in tag,
        lambda tag: 'class="into"' in tag,
    ):
        with shopper.tab_to(is_it).page.expect_navigation():
            press("Enter")
        shopper.settled()
    shopper.tab_to(lambda tag: tag == '<button class="button"></button>')
    press("Enter")
    expect(shopper.overlay).to_have_count(1)
    press("Escape")
    expect(shopper.overlay).to_have_count(0)
    assert 'class="button"' in shopper.page.evaluate("document.activeElement.outerHTML")
    with shopper.tab_to(lambda tag: 'href="/shop/c/' in tag).page.expect_navigation():
        press("Enter")
    expect(shopper.settled().page.locator('[data-count="cart"]')).to_have_text("1")
    assert page_errors == []

"""The studio shows a colleague what personalisation does: change a circumstance, and see the shop and the reasons."""

import re
from typing import Final

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, Route, expect

from tests.browser.demo import Demo
from tests.browser.goods import Goods
from tests.browser.shopper import allow_longer, hold_longer
from tests.browser.stub_site import StubSite

PATIENCE_MS: Final = 30_000
LATE_MS: Final = 500
ASK: Final = """
async ([url, method, body]) => {
  const how = {method, body, credentials: "include"};
  const ask = (mode) => fetch(url, {...how, mode}).then((reply) => reply.type, () => "refused");
  return [await ask("cors"), await ask("no-cors")];
}
"""


class Studio:
    """The studio as somebody sees it."""

    def __init__(self, page: Page, url: str) -> None:
        page.route("**/vitrine.css", hold_longer)
        page.route("**/v1/decide", allow_longer)
        page.set_default_timeout(PATIENCE_MS)
        self.page = page
        self.url = url

    def open(self, address: str = "/studio") -> "Studio":
        """Open it and wait for its first decision."""
        self.page.goto(self.url + address)
        expect(self.latest).to_be_attached(timeout=PATIENCE_MS)
        return self

    @property
    def shop(self) -> FrameLocator:
        """The shop in its frame."""
        return self.page.frame_locator("#shop")

    @property
    def latest(self) -> Locator:
        """The last decision in the panel."""
        return self.page.locator("#list > .decision").first

    def winner(self, placement: str) -> Locator:
        """Who won a placement in the last decision."""
        return self.latest.locator(f'[data-name="{placement}"] .winner')

    def press(self, name: str) -> "Studio":
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()
        return self

    def says(self, pattern: str) -> None:
        """What the head says of the circumstances."""
        expect(self.page.locator("#mode")).to_have_text(re.compile(pattern), timeout=PATIENCE_MS)


@pytest.fixture
def studio(page: Page, demo: Demo) -> Studio:
    """A browser that has not opened it yet."""
    return Studio(page, demo.url)


def test_heat_changes_the_shop_and_the_panel_says_why(studio: Studio, page_errors: list[str]) -> None:
    """The address holds what is supposed, so a colleague sees the same."""
    studio.open().press("A hot day in the north")
    studio.says("Preview.*North.*33 °C")
    expect(studio.winner("home.hero")).to_contain_text("heat-banner", timeout=PATIENCE_MS)
    expect(studio.shop.locator('[data-vitrine="home.hero"]')).to_contain_text("33 °C", timeout=PATIENCE_MS)
    studio.latest.locator('[data-name="home.hero"] > summary').click()
    rows = studio.latest.locator('[data-name="home.hero"] tbody tr')
    expect(rows.filter(has_text="cold-banner")).to_contain_text("weather.temperature_c = 33")
    expect(rows.filter(has_text="heat-banner")).to_contain_text("won")
    assert "region=north" in studio.page.url
    assert "temperature=33" in studio.page.url
    assert page_errors == []


def test_a_shared_link_supposes_the_same(studio: Studio) -> None:
    """In a browser that has never been here."""
    studio.open("/studio?region=south&temperature=-10&household=h718")
    studio.says("South.*-10 °C.*h718")
    expect(studio.latest).to_contain_text("household h718")
    expect(studio.page.locator("#temperature + output")).to_have_text("-10 °C")


def test_who_is_about_to_leave_a_full_cart_is_stopped(studio: Studio) -> None:
    """The decision is a real one and can be replayed."""
    studio.open().press("About to leave with a full cart")
    expect(studio.winner("site.overlay")).to_contain_text("exit-cart", timeout=PATIENCE_MS)
    expect(studio.latest.locator(".headline")).to_contain_text("exit intent")
    studio.press("Replay")
    expect(studio.latest.locator('[role="status"]')).to_have_text(re.compile("identical"), timeout=PATIENCE_MS)


def test_a_preview_can_be_left_again_and_again(studio: Studio) -> None:
    """Its overlays count for no cap, and every press is a page view of its own."""
    studio.open().press("About to leave with a full cart")
    expect(studio.latest.locator(".headline")).to_contain_text("exit intent", timeout=PATIENCE_MS)
    studio.page.evaluate("localStorage.removeItem('vitrine')")  # whom the overlay was shown to has had it for today
    studio.page.locator("#region").select_option("north")
    studio.says("Preview.*North")
    left = studio.page.locator("#list > .decision", has_text="exit intent")
    for n in (2, 3):
        studio.press("Leave")
        expect(left).to_have_count(n, timeout=PATIENCE_MS)
        expect(left.first.locator('[data-name="site.overlay"] .winner')).to_contain_text("exit-cart")


def test_a_page_is_left_that_is_still_loading(studio: Studio) -> None:
    """It is the page that was asked for, and not the one before."""
    held: list[Route] = []
    studio.open().page.route("**/shop/cart", lambda route: held.append(route))
    with studio.page.expect_request("**/shop/cart"):
        studio.press("Cart")
    studio.press("Leave")
    studio.page.wait_for_timeout(LATE_MS)  # the page before could be told meanwhile
    held.pop().continue_()
    left = studio.page.locator("#list > .decision", has_text="exit intent")
    expect(left).to_have_count(1, timeout=PATIENCE_MS)
    expect(left.locator(".headline")).to_contain_text("cart")


def test_the_device_is_the_width_of_the_frame(studio: Studio) -> None:
    """And the shop is not cut off: a desktop is scaled to the room."""
    studio.open()
    for name, width in {"Phone": 360, "Tablet": 820, "Desktop": 1440}.items():
        studio.press(name)
        expect(studio.page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        inside = "(frame) => frame.contentWindow.innerWidth"  # asked from outside: the shop may be loading a page
        assert studio.page.locator("#shop").evaluate(inside) == width
        frame, room = (studio.page.locator(place).bounding_box() for place in ("#shop", "#room"))
        assert frame
        assert room
        assert frame["width"] <= room["width"] + 1


def test_refused_consent_is_the_shops_own(studio: Studio) -> None:
    """Nothing is kept in the browser, and the panel says that nobody is known."""
    studio.open().press("Accept")
    expect(studio.latest).to_contain_text("this browser's visitor", timeout=PATIENCE_MS)
    studio.press("Refuse")
    expect(studio.latest).to_contain_text("nobody known", timeout=PATIENCE_MS)
    expect(studio.page.locator('#consent [data-name="refused"]')).to_have_attribute("aria-pressed", "true")
    assert studio.page.evaluate("localStorage.getItem('vitrine')") is None


def test_a_misspelt_placement_is_named(studio: Studio, page_errors: list[str]) -> None:
    """The API refuses the page as a whole: the panel says why, and the shop shows its own."""
    studio.open().page.route("**/shop/cart", misspell)
    for n in (1, 2):
        studio.press("Cart")
        failed = studio.page.locator("#list > .failed")
        expect(failed).to_have_count(n, timeout=PATIENCE_MS)
        expect(failed.first).to_contain_text("(cart.acompanying): there is no placement of this name")
    expect(studio.shop.locator('[data-vitrine="cart.acompanying"]')).to_have_attribute("data-vitrine-state", "default")
    assert page_errors == []


def misspell(route: Route) -> None:
    """The shop's page, with one letter less."""
    reply = route.fetch()
    route.fulfill(response=reply, body=reply.text().replace("cart.accompanying", "cart.acompanying"))


def test_everyone_beside_this_visitor(studio: Studio, demo: Demo) -> None:
    """What differs is marked; goods of the visitor's own are among those."""
    studio.page.goto(f"{demo.url}/studio/compare?household=h718")
    home = studio.page.get_by_role("region", name="home.recs")
    expect(home).to_contain_text("differs", timeout=PATIENCE_MS)
    everyones, theirs = (home.locator(".side").nth(n) for n in range(2))
    assert everyones.locator("li").count() > 0
    assert theirs.locator("li", has_text="theirs").count() > 0
    item = Goods(demo.state).best_sold("grocery/pasta-and-noodles")[0]
    studio.page.goto(f"{demo.url}/studio/compare?type=product&about={item}")
    expect(studio.page.get_by_role("region", name="product.similar")).to_be_visible(timeout=PATIENCE_MS)


def test_on_a_phone_the_panel_is_a_drawer(studio: Studio) -> None:
    """Opened and closed with the keyboard."""
    studio.page.set_viewport_size({"width": 360, "height": 740})
    studio.open()
    assert studio.page.locator("#room").bounding_box()["y"] < 740 / 6  # what is above the shop
    drawer = studio.page.locator("#drawer")
    expect(studio.page.locator("#presets")).not_to_be_visible()
    drawer.focus()
    studio.page.keyboard.press("Enter")
    expect(studio.page.locator("#presets")).to_be_visible()
    expect(drawer).to_have_attribute("aria-expanded", "true")
    studio.page.keyboard.press("Escape")
    expect(studio.page.locator("#presets")).not_to_be_visible()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/studio/overrides", '{"region": "south"}'),
        ("POST", "/studio/api/v1/decide", '{"page": {"type": "home"}}'),
        ("POST", "/studio/both", '{"page": {"type": "home"}}'),
        ("GET", "/studio/choices", None),
    ],
)
def test_another_sites_page_has_no_powers(
    studio: Studio, stub_site: StubSite, method: str, path: str, body: str | None
) -> None:
    """Although it runs in the browser that has the studio open, on the same host."""
    studio.open()
    other = studio.page.context.new_page()
    stub_site.pages["/"] = "<!doctype html><title>other</title>"
    statuses: list[int] = []
    other.on("response", lambda reply: statuses.append(reply.status) if path in reply.url else None)
    other.goto(stub_site.url)
    assert other.evaluate(ASK, [studio.url + path, method, body])[0] == "refused"
    assert statuses == [] or set(statuses) <= {403, 404}
    assert studio.page.evaluate("fetch('/studio/choices').then((reply) => reply.json())")["overrides"] == {}

"""Every overlay: it opens from an answer, can be worked and closed by keyboard, and is sound to see and to hear."""

import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.overlay_answers import IN_CORNER, MODAL, items_of, overlay_answer
from tests.browser.overlay_page import PREPARE, OverlayPage
from tests.browser.stub_site import STOREFRONT, StubSite
from vitrine.local.snippet import snippet_files

HOUR_MS = 3_600_000


@pytest.fixture
def shop(page: Page, stub_site: StubSite) -> OverlayPage:
    """A page to open overlays on."""
    return OverlayPage(page, stub_site)


def any_answer(mechanic: str) -> dict[str, object]:
    """An answer whose countdown, if it is one, runs for an hour still."""
    return overlay_answer(mechanic, ends_at_ms=int(time.time() * 1000) + HOUR_MS)


@pytest.mark.parametrize("mechanic", MODAL)
def test_a_dialog_takes_the_focus_keeps_it_and_gives_it_back(
    shop: OverlayPage, page_errors: list[str], mechanic: str
) -> None:
    """It is named by its title; Tab never reaches the page behind; Escape closes and counts as a dismissal, once."""
    assert shop.open(any_answer(mechanic))
    title = shop.dialog.get_by_role("heading", level=2)
    expect(title).to_be_focused()
    expect(shop.dialog).to_have_accessible_name(title.inner_text())
    for _ in range(15):
        shop.page.keyboard.press("Tab")
        assert shop.focus not in ("Open", "Elsewhere")
    shop.page.keyboard.press("Escape")
    expect(shop.dialog).to_have_count(0)
    assert shop.focus == "Open"
    assert shop.told == [{"kind": "dismiss"}]
    assert shop.page.evaluate("nClosed") == 1
    assert page_errors == []


@pytest.mark.parametrize("mechanic", IN_CORNER)
def test_a_card_takes_no_focus_and_is_read_out(shop: OverlayPage, page_errors: list[str], mechanic: str) -> None:
    """Who works on goes on working; Tab comes to the card, its close button gives the focus back."""
    answer = any_answer(mechanic)
    assert shop.open(answer)
    expect(shop.card).to_be_visible()
    assert shop.focus == "Open"
    expect(shop.card.get_by_role("status")).to_contain_text(answer["content"]["title"])
    shop.page.locator("a", has_text="Elsewhere").focus()
    shop.tab_to("Close")
    shop.page.keyboard.press("Enter")
    expect(shop.card).to_have_count(0)
    assert shop.focus == "Elsewhere"
    assert shop.told == [{"kind": "dismiss"}]
    assert page_errors == []


def test_escape_closes_a_card_from_anywhere(shop: OverlayPage) -> None:
    """And leaves the focus where it is."""
    shop.open(any_answer("message"))
    shop.page.keyboard.press("Escape")
    expect(shop.card).to_have_count(0)
    assert shop.focus == "Open"


@pytest.mark.parametrize("mechanic", [*MODAL, *IN_CORNER])
def test_it_fits_and_axe_finds_nothing_serious(shop: OverlayPage, mechanic: str) -> None:
    """On a phone and on a wide screen, in both colour schemes; what is pressed has at least 44 pixels."""
    answer = any_answer(mechanic)
    answer["items"] = answer["items"] or (items_of()[:2] if mechanic in IN_CORNER else [])
    shop.page.emulate_media(reduced_motion="reduce")
    assert shop.open(answer)
    for width in (360, 1440):
        shop.page.set_viewport_size({"width": width, "height": 740})
        assert shop.overflows() == []
        assert shop.small_targets() == []
        for scheme in ("light", "dark"):
            shop.page.emulate_media(color_scheme=scheme)
            assert shop.faults() == []


def test_what_sticks_out_and_what_axe_finds_is_found(shop: OverlayPage) -> None:
    """Negative control of the test before."""
    shop.page.set_viewport_size({"width": 360, "height": 740})
    shop.open(any_answer("survey"))
    shop.page.evaluate("""() => {
      const button = handle.element.shadowRoot.querySelector(".actions .button");
      button.style.minWidth = "900px";
      handle.element.shadowRoot.querySelector("h2").style.color = "#999";
      handle.element.shadowRoot.querySelector(".close").style.height = "30px";
    }""")
    assert len(shop.overflows()) >= 1
    assert shop.small_targets() == [""]
    assert any("color-contrast" in fault for fault in shop.faults())


def test_a_click_beside_the_dialog_closes_it(shop: OverlayPage) -> None:
    """But not one that began inside, as when a text is selected."""
    shop.open(any_answer("exit_intent"))
    shop.dialog.get_by_role("heading", level=2).hover()
    shop.page.mouse.down()
    shop.page.mouse.move(5, 5)
    shop.page.mouse.up()
    expect(shop.dialog).to_be_visible()
    shop.page.mouse.click(5, 5)
    expect(shop.dialog).to_have_count(0)
    assert shop.told == [{"kind": "dismiss"}]


def test_one_overlay_at_a_time(shop: OverlayPage) -> None:
    """The newer one replaces the older, which the visitor did not dismiss; a handle may close what is closed."""
    shop.open(any_answer("exit_intent"))
    shop.page.evaluate("window.older = handle")
    shop.open(any_answer("message"))
    expect(shop.dialog).to_have_count(0)
    expect(shop.card).to_be_visible()
    shop.page.evaluate("older.close(); handle.close(); handle.close()")
    expect(shop.card).to_have_count(0)
    assert shop.told == []
    assert shop.page.evaluate("nClosed") == 2


def test_the_main_button_is_taken_up_not_dismissed(shop: OverlayPage) -> None:
    """By keyboard; a button without a link closes, a link without a button gets a label."""
    shop.open(any_answer("exit_intent") | {"content": {"title": "Stay", "button": "Good to know"}})
    shop.tab_to("Good to know")
    shop.page.keyboard.press("Enter")
    expect(shop.dialog).to_have_count(0)
    assert shop.told == [{"kind": "slot_click"}]
    assert shop.open(any_answer("idle"))
    link = shop.card.get_by_role("link", name="Take me there")
    expect(link).to_have_attribute("href", f"{shop.site.url}/shop/search")
    expect(shop.card.get_by_role("button")).to_have_count(1)


def test_goods_have_prices_labels_and_clicks(shop: OverlayPage) -> None:
    """Prices in the locale, the struck one named to those who listen; a click names item and slot."""
    shop.page.evaluate("addEventListener('click', (event) => event.preventDefault())")
    shop.open(any_answer("exit_intent"))
    row = shop.dialog.get_by_role("list", name="Often taken along")
    expect(row.get_by_role("listitem")).to_have_count(4)
    expect(row.get_by_role("listitem").first).to_contain_text("$2.89 instead of $3.19")
    expect(row.get_by_role("listitem").nth(1)).to_contain_text("Advertisement")
    shop.tab_to("Bananas")
    shop.page.keyboard.press("Enter")
    assert shop.told == [{"kind": "click", "item": "102", "slot": 2}]


def test_following_a_link_closes_the_overlay(shop: OverlayPage) -> None:
    """As pages that change without loading need it; no dismissal."""
    shop.page.evaluate(
        "addEventListener('click', (event) => { event.preventDefault(); history.pushState({}, '', '/x') })"
    )
    shop.page.evaluate("told.push = function (...given) { this[this.length] = given[0] }")
    shop.open(any_answer("add_to_cart"))
    shop.dialog.get_by_role("link", name="To the cart").click()
    expect(shop.dialog).to_have_count(0)
    assert shop.told == [{"kind": "slot_click"}]


def test_what_was_added_is_named(shop: OverlayPage) -> None:
    """As text; without a name there is no line for it."""
    shop.open(any_answer("add_to_cart"), added="Tea <b>& more</b>")
    expect(shop.dialog.locator(".added")).to_have_text("Tea <b>& more</b>")
    assert shop.faults() == []
    shop.open(any_answer("add_to_cart"))
    expect(shop.dialog).to_have_count(1)
    expect(shop.dialog.locator(".added")).to_have_count(0)


def test_goods_are_added_by_the_page_or_looked_at(shop: OverlayPage) -> None:
    """A page that takes `vitrine:wanted` keeps the overlay open; once added, the control says so and is read out."""
    shop.page.evaluate("""() => document.addEventListener("vitrine:wanted", (event) => {
      event.preventDefault();
      setTimeout(() => document.dispatchEvent(new CustomEvent("vitrine:add", {detail: event.detail})));
    })""")
    shop.open(any_answer("add_to_cart"))
    shop.tab_to("Add")
    shop.page.keyboard.press("Enter")
    expect(shop.dialog.get_by_role("link", name="Added Whole milk, 1 gal")).to_be_focused()
    expect(shop.dialog.get_by_role("status")).to_have_text("Whole milk, 1 gal: Added")
    expect(shop.dialog.get_by_role("link", name="Add Bananas")).to_be_visible()


def test_without_such_a_page_adding_leads_to_the_goods(shop: OverlayPage) -> None:
    """The link is an ordinary one."""
    shop.site.pages["/shop/p/102"] = "<title>Bananas</title>"
    shop.open(any_answer("add_to_cart"))
    shop.dialog.get_by_role("link", name="Add Bananas").click()
    shop.page.wait_for_url("**/shop/p/102")


def test_goods_side_by_side(shop: OverlayPage) -> None:
    """At most four; rows that differ say so, the lowest price is marked; a phone scrolls the table by keyboard."""
    shop.page.set_viewport_size({"width": 360, "height": 740})
    answer = any_answer("comparison")
    answer["items"] = [*items_of(), *items_of()]
    shop.open(answer)
    table = shop.dialog.get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_count(5)
    price = table.get_by_role("row", name="Price (differs)").first
    expect(price.get_by_role("cell").nth(2)).to_have_text("$0.98Lowest price")
    shop.page.keyboard.press("Tab")
    region = shop.dialog.get_by_role("region", name="Side by side")
    expect(region).to_be_focused()
    shop.page.keyboard.press("ArrowRight")
    shop.page.wait_for_function("() => handle.element.shadowRoot.querySelector('.wide').scrollLeft > 0")


def test_same_prices_are_not_called_different(shop: OverlayPage) -> None:
    """Nor is one of them called the lowest."""
    answer = any_answer("comparison")
    answer["items"] = [items_of()[0], items_of()[0]]
    shop.open(answer)
    expect(shop.dialog.locator(".differs")).to_have_count(0)
    expect(shop.dialog.get_by_text("Lowest price")).to_have_count(0)


def test_it_stands_in_a_page_that_reads_from_the_right(shop: OverlayPage) -> None:
    """The close button is at the left; the page's own direction counts, too."""
    for locale, direction in (("ar", None), ("en", "rtl")):
        shop.page.evaluate("(direction) => document.documentElement.setAttribute('dir', direction ?? 'ltr')", direction)
        shop.open(any_answer("exit_intent"), locale=locale)
        button, box = shop.dialog.get_by_role("button").first.bounding_box(), shop.dialog.bounding_box()
        assert button is not None
        assert box is not None
        assert button["x"] - box["x"] < 20


def test_labels_are_russian_english_or_the_shops(shop: OverlayPage) -> None:
    """A locale without labels gets English ones."""
    for options, name in (
        ({"locale": "ru-RU"}, "Закрыть"),
        ({"locale": "ru_RU"}, "Закрыть"),
        ({"locale": "fi"}, "Close"),
        ({"locale": "no locale"}, "Close"),
        ({"locale": "fi", "labels": {"close": "Sulje"}}, "Sulje"),
    ):
        shop.open(any_answer("message"), **options)
        expect(shop.card.get_by_role("button", name=name)).to_be_visible()


def test_the_shops_colours_and_corners_count(shop: OverlayPage) -> None:
    """Its `--vitrine-*` reach through, its other properties do not; a page that is never dark gets no dark overlay."""
    shop.page.emulate_media(color_scheme="dark")
    shop.page.evaluate("""() => {
      document.querySelector("meta[name=color-scheme]").remove();
      document.documentElement.style.setProperty("--vitrine-accent", "rgb(120, 0, 90)");
      const sheet = new CSSStyleSheet();
      sheet.replaceSync("* { --ground: red; --round: 3px; }");
      document.adoptedStyleSheets = [sheet];
    }""")
    shop.open(any_answer("message"))
    expect(shop.card.get_by_role("link")).to_have_css("background-color", "rgb(120, 0, 90)")
    expect(shop.card).to_have_css("background-color", "rgb(255, 255, 255)")


def test_the_file_that_shops_get_opens_all_of_them(shop: OverlayPage, page_errors: list[str]) -> None:
    """Joined and without comments, under the same strict policy."""
    shop.site.files["/overlays.js"] = snippet_files(STOREFRONT)["overlays.js"].decode()
    n_before = len(shop.site.requests)
    shop.page.reload()
    shop.page.evaluate(PREPARE)
    for mechanic in (*MODAL, *IN_CORNER):
        assert shop.open(any_answer(mechanic)), mechanic
        expect(shop.page.locator("vitrine-overlay .panel")).to_have_css("border-radius", "16px")
    assert [one.path for one in shop.site.requests[n_before:] if one.path.endswith(".js")] == ["/overlays.js"]
    assert page_errors == []


def test_motion_is_left_out_for_those_who_ask(shop: OverlayPage) -> None:
    """Otherwise the panel rises."""
    for motion, name in (("reduce", "none"), ("no-preference", "rise")):
        shop.page.emulate_media(reduced_motion=motion)
        shop.open(any_answer("exit_intent"))
        expect(shop.dialog).to_have_css("animation-name", name)

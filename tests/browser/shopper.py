"""Somebody who shops in the demo, with a browser of their own."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Request, Route, expect

NOTE_DECISIONS: Final = """
window.decided = [];
document.addEventListener("vitrine:decision", ({detail}) => decided.push(detail));
document.addEventListener("vitrine:event", ({detail}) => noteEvent(detail));
"""
UNDECIDED: Final = "[data-vitrine]:not([data-vitrine-state])"
FOCUSED: Final = """() => {
  const at = document.activeElement;
  return at.matches(":focus-visible") ? at.cloneNode().outerHTML : "";
}"""
MOST_TABS: Final = 300
ABOVE_THE_PAGE: Final = (700, -5)
PATIENCE_S: Final = 20
LONGEST_DEADLINE_MS: Final = 3_000


class Shopper:
    """Opens pages of the shop and does there what people do.

    Somebody patient waits for decisions for as long as a busy machine takes. `asked` are the bodies of decide so far,
    `noted` the events that the snippet sends, in beacons that no tool sees.
    """

    def __init__(self, page: Page, url: str, *, is_patient: bool = True) -> None:
        self.page = page
        self.url = url
        self.asked: list[Any] = []
        self.noted: list[Any] = []
        page.add_init_script(NOTE_DECISIONS)
        if is_patient:
            page.route("**/vitrine.css", hold_longer)
            page.route("**/v1/decide", allow_longer)
        page.expose_binding("noteEvent", lambda source, event: self.noted.append(event))
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.url.endswith("/v1/decide"):
            self.asked.append(request.post_data_json)

    def leave(self) -> None:
        """Close the browser profile, whatever is still under way."""
        self.page.unroute_all(behavior="ignoreErrors")
        self.page.context.close()

    def open(self, path: str = "/shop") -> "Shopper":
        """Open a page and wait until every placement is decided."""
        self.page.goto(self.url + path)
        return self.settled()

    def settled(self) -> "Shopper":
        """Wait until every placement of the page is decided."""
        expect(self.page.locator(UNDECIDED)).to_have_count(0)
        return self

    def follow(self, link: Locator) -> "Shopper":
        """Click a link, or send a form, and wait for the page that it leads to."""
        with self.page.expect_navigation():
            link.click()
        return self.settled()

    def choose_consent(self, choice: str) -> "Shopper":
        """Accept (`accepted`) or refuse (`refused`) to be recognised, by the shop's own form."""
        return self.follow(self.page.locator(f'form[action="/shop/consent"] [value="{choice}"]'))

    def have_delivered_to(self, region: str) -> "Shopper":
        """Choose a region by the shop's own form."""
        with self.page.expect_navigation():
            self.page.locator('select[name="region"]').select_option(region)
        return self.settled()

    def send(self, path: str, **fields: str) -> str:
        """Send one of the shop's forms without its page; path of the page that answers."""
        reply = self.page.context.request.post(f"{self.url}{path}", form={**fields}, headers={"origin": self.url})
        assert reply.ok, reply.text()
        return urlsplit(reply.url).path

    def placement(self, name: str) -> Locator:
        """The element of a placement."""
        return self.page.locator(f'[data-vitrine="{name}"]')

    def shown(self, name: str) -> bool:
        """Whether a placement shows what was decided, not the shop's own."""
        return self.placement(name).get_attribute("data-vitrine-state") == "shown"

    def items(self, name: str) -> list[str]:
        """Ids of the items in a placement."""
        return self.ids(f'[data-vitrine="{name}"] [data-item]')

    def ids(self, selector: str = "[data-item]") -> list[str]:
        """Ids of all items of the page, or of those that a selector names."""
        found: list[str] = self.page.locator(selector).evaluate_all("all => all.map((one) => one.dataset.item)")
        return found

    def decisions(self) -> Sequence[Mapping[str, Any]]:
        """What the snippet told of this page's decisions: {request, answer, took_ms, late}."""
        decided: list[Mapping[str, Any]] = self.page.evaluate("window.decided")
        return decided

    def put_into_cart(self, item: str) -> "Shopper":
        """Add an item to an empty cart on its page, and come to the cart."""
        self.open(f"/shop/p/{item}")
        self.page.locator("form.buy button").click()
        expect(self.page.locator('[data-count="cart"]')).to_have_text("1")
        return self.open("/shop/cart")

    @property
    def overlay(self) -> Locator:
        """The overlay, if one is open."""
        return self.page.locator("vitrine-overlay")

    def leave_through_the_top(self) -> None:
        """Move the pointer into the page and out of it where the browser's tabs are; wait until that was answered."""
        self.page.mouse.move(700, 400)
        with self.page.expect_response("**/v1/decide"):
            self.page.mouse.move(*ABOVE_THE_PAGE)

    def tab_to(self, is_it: Callable[[str], bool]) -> "Shopper":
        """Press Tab until the focus, which has to be visible, is on an element whose tag is the right one."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if is_it(self.page.evaluate(FOCUSED)):
                return self
        raise AssertionError("the keyboard does not come there")


def hold_for(seconds: int) -> Callable[[Route], None]:
    """What answers a page with the snippet's styles, but for how long placements are held."""

    def answer(route: Route) -> None:
        reply = route.fetch()
        route.fulfill(response=reply, body=f"{reply.text()}\n:root {{ --vitrine-budget: {seconds}s; }}")

    return answer


hold_longer: Final = hold_for(PATIENCE_S)


def allow_longer(route: Route) -> None:
    """The snippet's question, but for how long the API may take until it leaves things out."""
    asked: dict[str, Any] = route.request.post_data_json or {}
    route.continue_(post_data=json.dumps(asked | {"options": {"deadline_ms": LONGEST_DEADLINE_MS}}))

"""Pictures of every page and every overlay, at the width of a desk and of a phone, as the demo shows them now."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, FloatRect, Page, Route

from tests.browser.demo import Demo
from tests.browser.goods import Goods
from tests.browser.overlay_answers import TEXTS, overlay_answer
from tests.browser.pages import PAGES, stock
from tests.browser.shopper import Shopper

SIZES: Final = {1440: 900, 360: 740}
LONGEST: Final = 3_000  # pixels of a page
HOUSEHOLD: Final = "h718"
HOUR_MS: Final = 3_600_000
WHERE: Final = {
    "exit_intent": "cart",
    "countdown": "cart",
    "add_to_cart": "product",
    "survey": "order",
    "wheel": "home",
}
SUPPOSED: Final = {
    "studio": "?temperature=33&anomaly=9&rain=0&sky=clear&consent=accept",
    "compare": "",  # who is signed in to the shop is the visitor
}
"""Of the studio's pages, in their addresses."""

WALKER: Final = "2264"
"""The number of another household, which bought nothing in the data's last week: by how much that is moved forward
depends on the day of the week."""

MAILBOX: Final = "mailbox"
"""What a household got on its walk, with the mail opened."""

SIGNAL: Final = "document[Symbol.for('vitrine')].signal({idle_s: 60})"
LOAD_PICTURES: Final = """async () => {
  const all = [...document.images];
  for (const one of all) one.loading = "eager";
  await Promise.all(all.map((one) => one.decode().catch(() => {})));
}"""
STUDIO_MS: Final = 4_000  # until the shop in its frame is there, and what was decided for it
COME_IN_MS: Final = 700  # until an overlay has come in


@dataclass(frozen=True, slots=True)
class Picture:
    """What to take, at which width of the window; a long one shows what lies below, too."""

    name: str
    width: int
    is_long: bool = False


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes pictures of a demo into a folder."""

    demo: Demo
    browser: Browser
    folder: Path

    def take(self, pictures: Sequence[Picture]) -> Iterator[Path]:
        """The file of each picture when it is taken; those of one width are of one visitor."""
        for width in SIZES:
            wanted = [picture for picture in pictures if picture.width == width]
            if wanted:
                shopper, paths = self._stocked(width)
                for picture in wanted:
                    self._show(shopper, paths, picture.name)
                    yield self._shoot(shopper.page, picture)
                shopper.leave()

    def _show(self, shopper: Shopper, paths: Mapping[str, str], name: str) -> None:
        page = shopper.page
        if name in TEXTS:
            page.route("**/v1/decide", answer_with(name))
            shopper.open(paths[WHERE.get(name, "category")]).page.evaluate(LOAD_PICTURES)
            page.evaluate(SIGNAL)
            shopper.overlay.locator("h2").wait_for()
            page.wait_for_timeout(COME_IN_MS)
            page.unroute("**/v1/decide")
        elif name in SUPPOSED:
            page.goto(f"{self.demo.url}{paths[name]}{SUPPOSED[name]}")
            page.wait_for_timeout(STUDIO_MS)
        elif name == MAILBOX:
            told = self.demo.vitrine("demo", "walk", "--fast", "--household", WALKER)
            page.goto(told.split()[-1])  # where its messages can be read
            page.get_by_role("link", name="cart-left").click()
            page.frame_locator("iframe").locator("img").first.evaluate("(picture) => picture.decode()")
        else:
            shopper.open(paths[name]).page.evaluate(LOAD_PICTURES)

    def _stocked(self, width: int) -> tuple[Shopper, Mapping[str, str]]:
        context = self.browser.new_context(viewport={"width": width, "height": SIZES[width]}, locale="en-US")
        shopper = Shopper(context.new_page(), self.demo.url)
        paths = stock(shopper, Goods(self.demo.state))
        shopper.send("/shop/login", household=HOUSEHOLD)
        return shopper, paths

    def _shoot(self, page: Page, picture: Picture) -> Path:
        file = self.folder / f"{picture.name.replace(' ', '-')}-{picture.width}.png"
        full: int = page.evaluate("document.documentElement.scrollHeight")
        height = min(full, LONGEST) if picture.is_long else SIZES[picture.width]
        clip: FloatRect = {"x": 0, "y": 0, "width": picture.width, "height": height}
        page.screenshot(path=file, full_page=picture.is_long, clip=clip)
        return file


def answer_with(mechanic: str) -> Callable[[Route], None]:
    """What answers a page that tells of a signal with this overlay, and every other question as the demo does."""

    def answer(route: Route) -> None:
        asked = route.request.post_data_json or {}
        decided = route.fetch().json()
        if "signals" in asked:
            ends = int(time.time() * 1000) + HOUR_MS
            decided["placements"]["site.overlay"] = overlay_answer(mechanic, ends_at_ms=ends)
        route.fulfill(json=decided)

    return answer


LONG: Final = tuple(name for name in PAGES if name not in SUPPOSED)
EVERYTHING: Final = tuple(Picture(name, width, name in LONG) for width in SIZES for name in (*PAGES, *TEXTS, MAILBOX))

"""Every page of the shop and the studio can be used by everybody, on a phone and on a desk, and stands still."""

from collections.abc import Iterator, Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.conftest import note_errors
from tests.browser.demo import Demo
from tests.browser.goods import Goods
from tests.browser.layout import NOTE_SHIFTS, shifts, wider_than_window
from tests.browser.pages import PAGES, stock
from tests.browser.shopper import Shopper

GRAVE = ("serious", "critical")
STUDIO = ("studio", "compare")
SIZES = {1440: 900, 360: 740}


class Visitor:
    """Somebody whose browser has a certain width; `errors` are those of all pages so far."""

    def __init__(self, page: Page, demo: Demo) -> None:
        self.errors: list[str] = []
        note_errors(page, self.errors)
        page.add_init_script(NOTE_SHIFTS)
        self.page = page
        self.shopper = Shopper(page, demo.url)
        self.paths: Mapping[str, str] = stock(self.shopper, Goods(demo.state))


@pytest.fixture(scope="module", params=SIZES, ids=[f"{width} px" for width in SIZES])
def visitor(request: pytest.FixtureRequest, chromium: Browser, demo: Demo) -> Iterator[Visitor]:
    """One for all pages, for each width."""
    width: int = request.param
    viewport: ViewportSize = {"width": width, "height": SIZES[width]}
    context = chromium.new_context(viewport=viewport, reduced_motion="reduce")  # what fades in has no contrast yet
    visitor = Visitor(context.new_page(), demo)
    yield visitor
    visitor.shopper.leave()


def grave_faults(page: Page) -> list[str]:
    """What axe finds serious or critical, with the places."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:5]]}"
        for one in found
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound(visitor: Visitor, name: str) -> None:
    """No fault that keeps people out, nothing to scroll sideways for, nothing that moves, nothing on the console.

    The studio fills in what the data offers when it has it, and may move.
    """
    visitor.errors.clear()
    visitor.shopper.open(visitor.paths[name])
    assert wider_than_window(visitor.page) == []
    assert grave_faults(visitor.page) == []
    assert name in STUDIO or shifts(visitor.page) == []
    assert visitor.errors == []

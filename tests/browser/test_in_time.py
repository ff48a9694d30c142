"""The command that counts answers in time tells those from late ones."""

import time

import pytest
from playwright.sync_api import Page, Route

from tests.browser.demo import Demo
from tests.browser.holds import BUDGET_MS, NOTE_HOLDS
from tests.browser.in_time import View, told, views_of
from tests.browser.shopper import Shopper

PATHS = ("/shop", "/shop/cart")


@pytest.mark.parametrize("is_in_time", [True, False])
def test_answers_in_time_are_counted(page: Page, demo: Demo, is_in_time: bool) -> None:
    """Of pages that hold for long; the same pages with an answer that comes after the budget are the control."""

    def answer_late(route: Route) -> None:
        time.sleep(3 * BUDGET_MS / 1000)
        route.continue_()

    shopper = Shopper(page, demo.url, is_patient=is_in_time)
    page.add_init_script(NOTE_HOLDS)
    if not is_in_time:
        page.route("**/v1/decide", answer_late)
    views = list(views_of(shopper, "somebody", PATHS))
    assert all(view.n_placements and view.is_answered for view in views)
    assert [view.n_in_time for view in views] == [view.n_placements if is_in_time else 0 for view in views]


def test_what_is_not_answered_is_not_in_time() -> None:
    """Although its hold has not run out: the snippet shows the shop's own as soon as the question has failed."""
    views = [View("somebody", 4, 1, 100.0, is_answered=True), View("somebody", 4, 0, 5.0, is_answered=False)]
    assert told("somebody", views).startswith("somebody: 3 of 8 placements (37.5%) in 2 page views")
    assert told("somebody", views).endswith("1 views without an answer")

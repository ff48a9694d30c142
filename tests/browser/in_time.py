"""`python -m tests.browser.in_time`: how many placements of the demo shop are answered while they are held, 300 ms.

A figure of this machine at this moment: compare it only with one of the same machine, which had as much else to do.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from statistics import median, quantiles
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import NO_CHROMIUM, QUIETLY, find_chromium
from tests.browser.demo import Demo, open_demo
from tests.browser.goods import Goods
from tests.browser.holds import BUDGET_MS, NOTE_HOLDS, ran_out
from tests.browser.pages import stock
from tests.browser.shopper import Shopper
from vitrine.values import dataclass

PATHS: Final = ("home", "category", "product", "search", "cart")
HOUSEHOLD: Final = "h718"
WHO: Final[Mapping[str, str]] = {"newcomer": "", "household 718": HOUSEHOLD}
VIEWS: Final = 4
LAST_ANSWER_MS: Final = 20_000
DECIDED: Final = "() => window.decided.length > 0"
PLACEMENTS: Final = "document.querySelectorAll('[data-vitrine]').length"


@dataclass(frozen=True, slots=True)
class View:
    """A page view: how many placements it had, of how many the hold ran out first, how long the answer took."""

    who: str
    n_placements: int
    n_late: int
    took_ms: float
    is_answered: bool

    @property
    def n_in_time(self) -> int:
        """Placements that were answered while they were held."""
        return self.n_placements - self.n_late if self.is_answered else 0


def views_of(shopper: Shopper, who: str, paths: Sequence[str]) -> Iterator[View]:
    """Every page in turn, looked at when its question has been answered."""
    for path in paths:
        shopper.page.goto(shopper.url + path)
        shopper.page.wait_for_function(DECIDED, timeout=LAST_ANSWER_MS)
        decision = shopper.decisions()[0]
        n_placements = shopper.page.evaluate(PLACEMENTS)
        n_late = len(ran_out(shopper.page))
        yield View(who, n_placements, n_late, decision["took_ms"], "answer" in decision)


def shop(demo: Demo, browser: Browser, rounds: int) -> Iterator[View]:
    """Page views of both, as many rounds each; a first one starts what is not running yet, and is not counted."""
    for who, household in WHO.items():
        shopper = Shopper(browser.new_context().new_page(), demo.url, is_patient=False)
        shopper.page.add_init_script(NOTE_HOLDS)
        paths = stock(shopper, Goods(demo.state))
        shopper.send("/shop/login", household=household)
        pages = [paths[name] for name in PATHS]
        list(views_of(shopper, who, pages))
        yield from views_of(shopper, who, pages * rounds)
        shopper.leave()


def told(who: str, views: Sequence[View]) -> str:
    """A line of figures."""
    n = sum(view.n_placements for view in views)
    in_time = sum(view.n_in_time for view in views)
    answered = [view.took_ms for view in views if view.is_answered] or [float("nan")]
    p95 = quantiles(answered, n=20)[-1] if len(answered) > 1 else answered[0]
    return (
        f"{who}: {in_time} of {n} placements ({in_time / n:.1%}) in {len(views)} page views were answered while held,"
        f" {BUDGET_MS} ms; the answer took {median(answered):.0f} ms (median), {p95:.0f} ms (p95);"
        f" {len(views) - sum(view.is_answered for view in views)} views without an answer"
    )


def main(arguments: Sequence[str]) -> int:
    """Print the figures of each and of both; 0, or 2 where there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.in_time", description=__doc__)
    parser.add_argument("--rounds", type=int, default=VIEWS, help=f"through {len(PATHS)} pages ({VIEWS})")
    rounds = parser.parse_args(arguments).rounds
    if rounds < 1:
        parser.error("--rounds: at least 1")
    executable = find_chromium()
    if executable is None:
        print(NO_CHROMIUM, file=sys.stderr)
        return 2
    with open_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIETLY)
        views = list(shop(demo, browser, rounds))
        browser.close()
    for who in WHO:
        print(told(who, [view for view in views if view.who == who]))
    print(told("both", views))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Whatever fails, the shop's own content is visible within 300 ms of the end of parsing, and nothing else happens."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest
from playwright.sync_api import Page

from tests.browser.snippet_pages import (
    ANSWER,
    EMPTY_DECISION,
    SHOP_CSS,
    answer_with,
    decision,
    good,
    open_page,
    placement,
    row,
    serve,
    settle,
    texts_seen,
)
from tests.browser.stub_site import STOREFRONT, StubSite
from vitrine.local.snippet import snippet_files

Break: TypeAlias = Callable[[Page, StubSite], object]

BUDGET_MS: Final = 300
FRAME_MS: Final = 17
LATE_S: Final = 1.2


def says(answer: Any = b"", **fields: Any) -> Break:
    """The API answers so."""
    return lambda page, site: answer_with(site, answer, **fields)


def refused(page: Page, site: StubSite) -> None:
    """Nobody listens where the API should be."""
    site.pages["/"] = site.pages["/"].replace('{"page"', '{"api": "http://127.0.0.1:9", "page"')
    site.headers["/"] = {}


FAULTS: Final[dict[str, Break]] = {
    "connection cut": says(abort=True),
    "connection refused": refused,
    "slow": says(ANSWER, delay_s=LATE_S),
    "very slow": says(ANSWER, delay_s=10),
    "slow 500": says(ANSWER, status=500, delay_s=LATE_S),
    "500": says(b'{"message":"Internal Server Error"}', status=500),
    "503 as a page": says(b"<html>busy</html>", status=503),
    "400": says({"error": {"code": "invalid_field", "message": "no", "field": "page"}}, status=400),
    "broken JSON": says(b'{"decision": "1", "placements": {"home.hero": '),
    "no body": says(b""),
    "null": says(b"null"),
    "a list": says(b"[1, 2]"),
    "no placements": says({"decision": "1"}),
    "placements are a number": says({"decision": "1", "placements": 5}),
    "placements are null": says({"decision": "1", "placements": {"home.hero": None, "home.recs": None}}),
    "unknown kind": says(decision({"home.hero": placement("toString"), "home.recs": placement("hologram")})),
    "items are no list": says(decision({"home.recs": placement("products", items=3, rows=[])})),
    "no card": says(decision({"home.recs": placement("products", items=[good("1", card=None)])})),
    "half a row": says(decision({"home.recs": placement("products", items=[good("1"), {"id": 2}])})),
    "no such currency": says(decision({"home.recs": placement("products", items=[good("1", card={"currency": "?"})])})),
    "no content": says(decision({"home.hero": placement("content")})),
    "other placements": says(EMPTY_DECISION | {"placements": {"elsewhere": row("1")}}),
    "script blocked": lambda page, site: page.route("**/vitrine.js", lambda route: route.abort()),
    "own script blocked": lambda page, site: page.route("**/start.js", lambda route: route.abort()),
    "script broken": lambda page, site: site.files.update({"/start.js": "import('/nowhere.js').catch(() => {})"}),
}


def load(page: Page, site: StubSite, fault: str) -> None:
    """Open the page with the fault, and wait until a late answer has come, if one comes at all soon."""
    serve(site, css=SHOP_CSS)
    FAULTS[fault](page, site)
    open_page(page, site)
    page.wait_for_timeout(LATE_S * 1000 + 400 if "slow" in fault else 800)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_default_is_visible_in_time(page: Page, stub_site: StubSite, page_errors: list[str], fault: str) -> None:
    """It is all that is ever seen; no error of ours, no shift.

    The time is told by the browser's frames, so that a busy machine, which draws few of them, changes nothing.
    """
    load(page, stub_site, fault)
    assert texts_seen(page, "home.hero") == ["Default banner"]
    assert texts_seen(page, "home.recs") == ["BestsellersDefault row"]
    for held in page.evaluate("Object.values(window.held)"):
        begun_ms = max(held["first"], page.evaluate("window.parsed"))
        assert held.get("last", 0) - begun_ms <= BUDGET_MS + FRAME_MS
    assert page.evaluate("window.shift") == 0
    assert page_errors == []


def test_a_late_answer_is_told_but_not_rendered(page: Page, stub_site: StubSite) -> None:
    """The page may learn of it; the visitor's token is kept from it all the same."""
    serve(stub_site, css=SHOP_CSS, options={"consent": ["personalization"]})
    answer_with(stub_site, ANSWER | {"visitor": "v1.late"}, delay_s=0.7)
    open_page(page, stub_site)
    settle(page)
    told = page.evaluate("window.decisions[0]")
    assert told["late"] is True
    assert told["took_ms"] >= 700
    assert page.locator("[data-vitrine-state=default]").count() == 2
    assert page.evaluate("JSON.parse(localStorage.getItem('vitrine')).token") == "v1.late"


def test_a_refusal_is_told_with_its_reason(page: Page, stub_site: StubSite) -> None:
    """To the page, which may look; such as a placement's name that is misspelt."""
    load(page, stub_site, "400")
    (told,) = page.evaluate("window.decisions")
    assert told["error"].startswith("400 {")
    assert '"invalid_field"' in told["error"]
    assert told["request"]["placements"] == ["home.hero", "home.recs"]


def test_faults_of_the_page_stay_in_it(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """Options, renderers and callbacks that throw cost what they were for, not the page."""
    serve(stub_site)
    stub_site.files["/start.js"] = """
      import {start} from "/vitrine.js";
      const fail = () => { throw new Error("the shop's own"); };
      window.vitrine = start({cart: fail, geo: fail, consent: ["geo"], renderers: {products: fail}, onDecision: fail});
      window.vitrine.track(null); window.vitrine.signal(null); window.vitrine.consent(null); window.vitrine.refresh(7);
    """
    answer_with(stub_site)
    open_page(page, stub_site)
    settle(page)
    page.wait_for_timeout(300)
    assert texts_seen(page, "home.recs") == ["BestsellersDefault row"]
    assert page.locator("[data-vitrine='home.hero'] .vitrine-banner").is_visible()
    assert page_errors == []


SABOTAGES: Final = {
    "late answers are rendered": (
        "snippet/space.js",
        'getComputedStyle(element).visibility === "hidden"',
        "true",
        "slow",
    ),
    "faults reach the page": ("vitrine.js", "said.error = `${error}`;", "throw error;", "500"),
    "the hold waits for the script": (
        "vitrine.css",
        "vitrine-hold var(--vitrine-budget, 300ms)",
        "vitrine-hold 9s",
        "script blocked",
    ),
}


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_each_check_fails_on_a_sabotaged_copy(
    page: Page, stub_site: StubSite, page_errors: list[str], tmp_path: Path, sabotage: str
) -> None:
    """The negative control: one line is changed, and the test above must notice."""
    file, line, instead, fault = SABOTAGES[sabotage]
    copy = tmp_path / "storefront"
    shutil.copytree(STOREFRONT, copy, ignore=shutil.ignore_patterns("shop", "studio", "clients"))
    source = (copy / file).read_text()
    assert line in source
    (copy / file).write_text(source.replace(line, instead))
    stub_site.files.update({f"/{name}": content.decode() for name, content in snippet_files(copy).items()})
    with pytest.raises(AssertionError):
        test_the_default_is_visible_in_time(page, stub_site, page_errors, fault)

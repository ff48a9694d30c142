"""Pages with the snippet on them, answers for them, and what can be measured while they load."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from playwright.sync_api import Page

from tests.browser.stub_site import EMPTY_DECISION, STOREFRONT, Answer, StubSite
from vitrine.local.snippet import snippet_files

CONSENT: Final = ["personalization"]
TOKEN: Final = "v1.k1.00112233445566778899aabbccddeeff.Zm9yIGFuIGV4YW1wbGUgb25seSwgbm90IHNpZ25lZCE"
STRICT: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self'; require-trusted-types-for 'script'"
}
PLACEMENTS: Final = (
    '<section data-vitrine="home.hero" class="reserved"><p>Default banner</p></section>'
    '<section data-vitrine="home.recs" class="reserved"><h2>Bestsellers</h2><p>Default row</p></section>'
    "<p>What follows</p>"
)
SHOP_CSS: Final = ".reserved { min-height: 360px }"
PATIENT: Final = "[data-vitrine] { --vitrine-budget: 5s }"
"""Holds placements for as long as a busy machine may need to load the page's scripts: what comes first is then told by
the order of things, not by their speed."""
WATCH: Final = """
window.seen = [];
window.held = {};
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.shift += entry.value; }))
  .observe({type: "layout-shift", buffered: true});
document.addEventListener("DOMContentLoaded", () => { window.parsed = performance.now(); });
document.addEventListener("vitrine:decision", (event) => { (window.decisions ??= []).push(event.detail); });
(function look() {
  for (const element of document.querySelectorAll("[data-vitrine]")) {
    const frame = document.timeline.currentTime;
    const held = (window.held[element.dataset.vitrine] ??= {first: frame});
    if (getComputedStyle(element).visibility === "hidden") {
      held.last = frame;
      continue;
    }
    const last = window.seen.findLast((one) => one.name === element.dataset.vitrine);
    const text = element.textContent.trim();
    if (last?.text !== text) window.seen.push({name: element.dataset.vitrine, text, at: performance.now()});
  }
  requestAnimationFrame(look);
})();
"""
"""Notes layout shifts, every text that was visible in a placement with its moment, the first frame that had the
placement and the last one in which it was invisible, and the snippet's decisions."""


def card(item: str, **fields: Any) -> dict[str, Any]:
    """A card as the API gives it."""
    return {
        "title": f"Goods {item}",
        "url": f"/shop/p/{item}",
        "image": f"/media/{item}.svg",
        "price": 98,
        "regular_price": 129,
        "currency": "USD",
        "category": "produce",
        **fields,
    }


def good(item: str, slot: int = 0, **fields: Any) -> dict[str, Any]:
    """An item of an answer."""
    found = {"id": item, "slot": slot, "card": card(item), "sponsored": None, "bundle": None, "reasons": []}
    return found | fields


def placement(kind: str, **fields: Any) -> dict[str, Any]:
    """A placement's answer of some kind, without anything in it but the fields given."""
    empty = {"campaign": None, "variation": None, "control": False, "mechanic": None, "live": None}
    return {"kind": kind, **empty, "items": [], "rows": [], "content": None, "fallback": None, "reasons": [], **fields}


def row(*items: str, title: str = "Picked for you") -> dict[str, Any]:
    """A row of goods."""
    return placement("products", items=[good(each, slot) for slot, each in enumerate(items)], content={"title": title})


def banner(**content: str) -> dict[str, Any]:
    """A banner."""
    return placement("content", content={"title": "It is 33 °C. Ice cream?", **content})


def decision(placements: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """An answer of decide."""
    return EMPTY_DECISION | {"placements": placements} | fields


ANSWER: Final = decision({"home.hero": banner(), "home.recs": row("1", "2", "3")})


def html(
    body: str = PLACEMENTS, *, options: Mapping[str, Any] | None = None, script: str = "/start.js", head: str = ""
) -> str:
    """A page of the shop; `options` are the JSON block."""
    block = {"page": {"type": "home", "locale": "en"}, **(options or {})}
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Shop</title>'
        '<link rel="stylesheet" href="/vitrine.css"><link rel="stylesheet" href="/shop.css">'
        f'<script type="application/json" id="vitrine">{json.dumps(block)}</script>'
        f'<script type="module" src="{script}"></script>{head}</head>'
        f"{body if '<body' in body else f'<body>{body}'}</html>"
    )


@cache
def shipped() -> Mapping[str, str]:
    """The snippet's files as `vitrine snippet` writes them, by path."""
    return {f"/{name}": content.decode() for name, content in snippet_files(STOREFRONT).items()}


def serve(
    site: StubSite, body: str = PLACEMENTS, *, path: str = "/", css: str = SHOP_CSS + PATIENT, **more: Any
) -> None:
    """Have the site serve a page of the snippet under a strict policy; `css` is the shop's own."""
    for name, text in shipped().items():
        site.files.setdefault(name, text)
    site.pages[path] = html(body, **more)
    site.headers[path] = STRICT
    site.files.setdefault("/start.js", 'import {start} from "/vitrine.js"; window.vitrine = start();')
    site.files["/shop.css"] = css


def answer_with(site: StubSite, answer: Mapping[str, Any] | bytes = ANSWER, **fields: Any) -> None:
    """Have the API answer every decide so."""
    site.decide = lambda request: Answer(answer, **fields)


def open_page(page: Page, site: StubSite, path: str = "/") -> None:
    """Go to a page of the site, watched from its first moment."""
    page.add_init_script(WATCH)
    page.goto(f"{site.url}{path}", wait_until="commit")
    page.wait_for_function("() => window.parsed")


def settle(page: Page, n_decisions: int = 1) -> None:
    """Wait until the snippet has told of its decisions."""
    page.wait_for_function("(n) => window.decisions?.length >= n", arg=n_decisions)


def texts_seen(page: Page, name: str) -> Sequence[str]:
    """Every text that was visible in a placement, one after the other."""
    return page.evaluate(f"window.seen.filter((one) => one.name === {json.dumps(name)}).map((one) => one.text)")


def events_of(site: StubSite, kind: str) -> list[dict[str, Any]]:
    """Events of a kind that reached the API."""
    return [event for batch in site.of("/v1/events") for event in batch["events"] if event["kind"] == kind]


def state(page: Page) -> dict[str, Any] | None:
    """What the snippet keeps in the browser."""
    return page.evaluate("JSON.parse(localStorage.getItem('vitrine'))")

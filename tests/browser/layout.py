"""How steady and how wide a page is, as the browser itself measures it."""

from typing import Final

from playwright.sync_api import Page

NOTE_SHIFTS: Final = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) {
    shifts.push({value: one.value, moved: one.sources.map(({node}) => node?.outerHTML?.slice(0, 120) ?? String(node))});
  }
}).observe({type: "layout-shift", buffered: true});
"""
"""See https://web.dev/articles/cls: a shift within half a second of a click or a key does not count."""

TWO_FRAMES: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WIDER: Final = """
() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const over = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > room + 0.5);
  return over.length ? over.map((one) => one.outerHTML.slice(0, 120)) : ["something"];
}
"""


def shifts(page: Page) -> list[str]:
    """What moved by itself since the page was opened, each with its score; NOTE_SHIFTS has to be its init script."""
    page.evaluate(TWO_FRAMES)
    found = page.evaluate("window.shifts")
    return [f"{one['value']:.4f}: {one['moved']}" for one in found]


def wider_than_window(page: Page) -> list[str]:
    """Elements for which the page has to be scrolled sideways."""
    wide: list[str] = page.evaluate(WIDER)
    return wide

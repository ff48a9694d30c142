"""How long the style sheet holds each placement invisible, as the browser itself has it."""

from collections.abc import Mapping, Sequence
from typing import Final

from playwright.sync_api import Page

BUDGET_MS: Final = 300
NOTE_HOLDS: Final = """
window.holds = {};
window.ranOut = [];
{
  const HOLD = "vitrine-hold";
  const ask = window.fetch;
  window.fetch = (...asked) => {
    for (const {animationName, effect} of document.getAnimations()) {
      if (animationName === HOLD) holds[effect.target.dataset.vitrine] = effect.getComputedTiming().endTime;
    }
    return ask(...asked);
  };
  addEventListener("animationend", ({animationName, elapsedTime, target}) => {
    if (animationName !== HOLD) return;
    holds[target.dataset.vitrine] = Math.round(elapsedTime * 1000);
    ranOut.push(target.dataset.vitrine);
  }, true);
  addEventListener("animationcancel", ({animationName, elapsedTime, target}) => {
    if (animationName === HOLD) holds[target.dataset.vitrine] ??= Math.round(elapsedTime * 1000);
  }, true);
}
"""
"""A hold is over as soon as its placement is decided, and nothing can be read of it then. So its end is read when the
question is asked, and if nobody asks, from the event of its end; where it ended in the moment between, from that of its
being cut short. All are what the style sheet says, in milliseconds, and not what a busy machine made of it:
https://drafts.csswg.org/css-animations-2/#event-dispatch."""

ALL_NOTED: Final = """(selector) =>
  [...document.querySelectorAll(selector)].every(({dataset}) => dataset.vitrine in holds)"""


def held_beyond_budget(page: Page, selector: str) -> Mapping[str, float]:
    """Placements that are held for more than BUDGET_MS, with their milliseconds; NOTE_HOLDS has to be an init script.

    All that the selector finds have to have been held; the browser's timeout error says that one was not.
    """
    page.wait_for_function(ALL_NOTED, arg=selector)
    holds: Mapping[str, float] = page.evaluate("window.holds")
    return {placement: held_ms for placement, held_ms in holds.items() if held_ms > BUDGET_MS}


def ran_out(page: Page) -> Sequence[str]:
    """Placements whose hold ended by itself, before any answer; they show what the shop has rendered."""
    placements: Sequence[str] = page.evaluate("window.ranOut")
    return placements

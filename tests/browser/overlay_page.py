"""A page of a strict shop on which a test opens overlays."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tests.browser.stub_site import StubSite

PAGE: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"></head>
<body><main><h1>Shop</h1><p><button id="opener">Open</button> <a href="/elsewhere">Elsewhere</a></p></main>
</body></html>
"""
STRICT: Final = {"content-security-policy": "default-src 'self'; require-trusted-types-for 'script'"}
PREPARE: Final = """async () => {
  const {open} = await import("/overlays.js");
  window.told = [];
  window.leads = [];
  window.nClosed = 0;
  const options = {
    track: (kind, fields) => told.push({kind, ...fields}),
    onLead: (fields, answer) => leads.push({fields, campaign: answer.campaign}),
    onClose: () => { nClosed += 1; },
  };
  window.show = (answer, more) => { window.handle = open(answer, {...options, ...more}); return !!handle.element; };
}"""
DEEP_FOCUS: Final = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.getAttribute("aria-label") || at?.innerText || at?.name || at?.id || at?.tagName;
}"""
OVERFLOWS: Final = """() => {
  const wide = (box) => box.right > innerWidth + 0.5 || box.left < -0.5;
  const root = handle.element.shadowRoot;
  const isWithin = (one) => one.closest(".wide, .unseen");
  return [...root.querySelectorAll("*")].filter((one) => !isWithin(one) && wide(one.getBoundingClientRect()))
    .map((one) => one.outerHTML.slice(0, 80));
}"""
JUDGED: Final = {
    "include": [["vitrine-overlay"]],
    "exclude": [{"fromShadowDom": ["vitrine-overlay", ".disc text"]}],  # axe takes no notice of an SVG's own colours
}
WHEEL_CONTRAST: Final = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const linear = [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((value) => value / 255)
      .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  return [...handle.element.shadowRoot.querySelectorAll(".sector")].map((sector) => {
    const [ground, ink] = ["path", "text"].map((tag) => luminance(getComputedStyle(sector.querySelector(tag)).fill));
    return (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
  });
}"""
SMALL: Final = """() => [...handle.element.shadowRoot.querySelectorAll("button, a.button, a.add, label.choice")]
  .map((one) => [one.textContent, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 44 || box.height < 44).map(([text]) => text)"""


class OverlayPage:
    """The page; overlays open as vitrine.js opens them, what they report is kept."""

    def __init__(self, page: Page, site: StubSite) -> None:
        self.page = page
        self.site = site
        site.pages["/"] = PAGE
        site.pages["/elsewhere"] = PAGE
        site.headers["/"] = STRICT
        page.goto(f"{site.url}/")
        page.evaluate(PREPARE)
        page.locator("#opener").focus()

    def open(self, answer: Mapping[str, Any], **options: object) -> bool:
        """Open an overlay with the opener focused; whether it is there."""
        return bool(self.page.evaluate("([answer, options]) => show(answer, options)", [answer, options]))

    @property
    def dialog(self) -> Locator:
        """The modal overlay."""
        return self.page.get_by_role("dialog")

    @property
    def card(self) -> Locator:
        """The card in the corner."""
        return self.page.locator("vitrine-overlay section")

    @property
    def told(self) -> list[dict[str, Any]]:
        """Events so far."""
        return self.page.evaluate("told")

    @property
    def focus(self) -> str:
        """Name or text of what has the focus, also within the overlay."""
        return self.page.evaluate(DEEP_FOCUS)

    def tab_to(self, name: str) -> None:
        """Press Tab until something of this name has the focus."""
        for _ in range(30):
            if self.focus.strip().startswith(name):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {name!r}, last was {self.focus!r}")

    def faults(self) -> list[str]:
        """Faults of the overlay that axe calls serious or critical."""
        found: Sequence[Mapping[str, Any]] = Axe().run(self.page, context=JUDGED).response["violations"]
        return [
            f"{one['id']}: {one['nodes'][0]['html']} {one['nodes'][0]['failureSummary']}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def overflows(self) -> list[str]:
        """Parts of the overlay that stick out of the window sideways."""
        return self.page.evaluate(OVERFLOWS)

    def small_targets(self) -> list[str]:
        """Texts of controls of less than 44 pixels."""
        return self.page.evaluate(SMALL)

"""`python -m tests.browser`: pictures of the demo as it is now, for looking at; a few of them go into the README."""

import argparse
import sys
from collections.abc import Sequence
from typing import Final

from playwright.sync_api import sync_playwright

from tests.browser.conftest import NO_CHROMIUM, QUIETLY, find_chromium
from tests.browser.demo import ROOT, open_demo
from tests.browser.overlay_answers import TEXTS
from tests.browser.pictures import EVERYTHING, Camera, Picture

OF_README: Final = (
    Picture("home", 1440),
    Picture("product", 1440),
    Picture("exit_intent", 1440),
    Picture("compare", 1440),  # before the studio is told to suppose other weather
    Picture("studio", 1440),
    Picture("mailbox", 1440),
    Picture("home", 360),
    *(Picture(mechanic, 360) for mechanic in TEXTS),
)
NAMES: Final = sorted({picture.name for picture in EVERYTHING})


def main(arguments: Sequence[str]) -> int:
    """Take the pictures and say where they are; 0, or 2 where there is no browser."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--readme", action="store_true", help="replace those that the README shows instead")
    chosen = parser.parse_args(arguments)
    executable = find_chromium()
    if executable is None:
        print(NO_CHROMIUM, file=sys.stderr)
        return 2
    folder = ROOT / ("storefront" if chosen.readme else "build") / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    pictures = [one for one in (OF_README if chosen.readme else EVERYTHING) if one.name in chosen.only]
    with open_demo() as demo, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIETLY)
        for file in Camera(demo, browser, folder).take(pictures):
            print(f"{file.relative_to(ROOT)}  {file.stat().st_size / 1024:.0f} KB", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""A browser, a page of it, and sites to open in it.

Without playwright or Chromium these tests are skipped and say so, unless BROWSER_TESTS=required makes that a fault.
"""

import os
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.browser.demo import Demo, open_demo
from tests.browser.stub_site import StubSite, open_stub_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

IS_REQUIRED: Final = os.environ.get("BROWSER_TESTS") == "required"
NO_PLAYWRIGHT: Final = "tests in a browser need the package playwright (make setup installs it)"
NO_CHROMIUM: Final = "tests in a browser need Chromium (Debian, Ubuntu: apt install chromium; or CHROMIUM=path)"
PATIENCE_MS: Final = 20_000
QUIETLY: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class LeftOut(pytest.Module):
    """A module that is skipped before it is imported."""

    def collect(self) -> list[pytest.Item]:
        """Nothing, with the reason."""
        pytest.skip(NO_PLAYWRIGHT)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Modules of this folder import playwright: without it they are left out, or fail at that import."""
    if IS_REQUIRED or find_spec("playwright"):
        return None
    return LeftOut.from_parent(parent, path=module_path)


def find_chromium() -> str | None:
    """Path of the browser: the one that CHROMIUM names, else Debian's, else the first on PATH."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("/usr/bin/chromium") or shutil.which("chromium")


@pytest.fixture(scope="package")
def chromium() -> "Iterator[Browser]":
    """The browser, one for all tests of this folder."""
    from playwright.sync_api import expect, sync_playwright

    executable = find_chromium()
    if executable is None:
        give_up = pytest.fail if IS_REQUIRED else pytest.skip
        give_up(NO_CHROMIUM)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=QUIETLY)
        yield browser
        browser.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What a test's page complained of: errors on the console and errors that nobody caught."""
    return []


@pytest.fixture
def context(chromium: "Browser") -> "Iterator[BrowserContext]":
    """A browser profile of its own, 1440 x 900."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    yield context
    for page in context.pages:
        page.unroute_all(behavior="ignoreErrors")  # of requests that are under way when a test ends
    context.close()


@pytest.fixture
def page(context: "BrowserContext", page_errors: list[str]) -> "Page":
    """An empty page that notes its errors."""
    page = context.new_page()
    note_errors(page, page_errors)
    return page


def note_errors(page: "Page", errors: list[str]) -> None:
    """Collect a page's errors, but not the browser's own line on a failed request, which no script can avoid."""
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: (
            errors.append(said.text)
            if said.type == "error" and not said.text.startswith("Failed to load resource")
            else None
        ),
    )


@pytest.fixture
def stub_site() -> Iterator[StubSite]:
    """A site whose pages and API are as the test says."""
    with open_stub_site() as site:
        yield site


@pytest.fixture(scope="package")
def demo(chromium: "Browser") -> Iterator[Demo]:
    """The whole demo, for all tests that shop in it; where there is no browser it is not started."""
    with open_demo() as demo:
        yield demo

"""The stand-in site does what tests of the snippet rely on."""

from time import monotonic

from playwright.sync_api import Page

from tests.browser.stub_site import Answer, Request, StubSite

ASK = """
async ([path, body]) => {
  try {
    const answer = await fetch(path, {method: "POST", body: JSON.stringify(body)});
    return [answer.status, await answer.text()];
  } catch (error) { return [0, error.name]; }
}
"""


def test_a_page_runs_with_its_headers_and_files(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """A script of the same origin may run under its policy, an inline one may not, and that is noted."""
    stub_site.pages["/x"] = '<!doctype html><script src="/own.js"></script><script>document.title = "inline"</script>'
    stub_site.headers["/x"] = {"content-security-policy": "script-src 'self'"}
    stub_site.files["/own.js"] = 'document.title = "own"'
    page.goto(f"{stub_site.url}/x")
    assert page.title() == "own"
    (error,) = page_errors
    assert "Content Security Policy" in error


def test_the_api_answers_as_told_and_requests_are_kept(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """By default with valid answers; a failed request is no error of the page."""
    stub_site.pages["/"] = "<!doctype html><title>shop</title>"
    page.goto(stub_site.url)
    assert page.evaluate(ASK, ["/v1/decide", {"page": {"type": "home"}}])[0] == 200
    assert page.evaluate(ASK, ["/v1/events", {"events": [{}]}])[1].startswith('{"accepted": 1')
    stub_site.decide = lambda request: Answer(b"{broken", 500)
    assert page.evaluate(ASK, ["/v1/decide", {}]) == [500, "{broken"]
    stub_site.decide = lambda request: Answer(abort=True)
    assert page.evaluate(ASK, ["/v1/decide", {}]) == [0, "TypeError"]
    stub_site.decide = lambda request: Answer(delay_s=0.5)
    started = monotonic()
    page.evaluate(ASK, ["/v1/decide", {}])
    assert monotonic() - started >= 0.5
    assert stub_site.of("/v1/decide")[0] == {"page": {"type": "home"}}
    assert isinstance(stub_site.requests[0], Request)
    assert stub_site.requests[0].headers["user-agent"]
    assert page_errors == []


def test_uncaught_errors_are_noted(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """Of the console and of scripts."""
    stub_site.pages["/"] = "<!doctype html><script>console.error('said'); throw new Error('thrown')</script>"
    page.goto(stub_site.url)
    assert page_errors == ["said", "thrown"]

"""Nothing is kept or told about a visitor who has not agreed, and everything goes the moment they no longer do."""

from typing import Any, Final

from playwright.sync_api import BrowserContext, Page

from tests.browser.snippet_pages import (
    ANSWER,
    CONSENT,
    TOKEN,
    answer_with,
    decision,
    events_of,
    open_page,
    serve,
    settle,
    state,
)
from tests.browser.stub_site import Answer, StubSite

KEPT: Final = """async () => [localStorage.length, sessionStorage.length, document.cookie,
  (await indexedDB.databases()).length, (await caches.keys()).length]"""
PRODUCT: Final = {"page": {"type": "product", "item": "7"}}
LEAVE: Final = "() => window.dispatchEvent(new PageTransitionEvent('pagehide'))"


def known(request: Any) -> Answer:
    """As the API: a token for who agreed, the same one for who has it."""
    agreed = "personalization" in request["consent"]
    return Answer(decision({}, visitor=(request.get("visitor") or TOKEN) if agreed else None))


def test_without_consent_nothing_is_kept_or_told(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """No storage of any kind, no token, no recents, no events; the page's own content is asked for all the same."""
    of_visitor = {"visitor": "v1.login", "session": "s-1", "geo": {"lat": 1, "lon": 2}}
    serve(stub_site, options=PRODUCT | of_visitor | {"consent": []})
    answer_with(stub_site, ANSWER | {"visitor": TOKEN})
    open_page(page, stub_site)
    settle(page)
    page.evaluate("() => document.addEventListener('click', (event) => event.preventDefault())")
    page.locator(".vitrine-card").first.click()
    page.evaluate("vitrine.track({kind: 'favourite', item: '7'})")
    page.evaluate(LEAVE)
    page.wait_for_timeout(1300)
    assert page.evaluate(KEPT) == [0, 0, "", 0, 0]
    (request,) = stub_site.of("/v1/decide")
    assert not request.keys() & {"visitor", "session", "visit", "recent", "geo"}
    assert request["device"] == {"kind": "desktop"}
    assert stub_site.of("/v1/events") == []
    assert page_errors == []


def test_consent_that_is_not_known_yet_neither_keeps_nor_removes(page: Page, stub_site: StubSite) -> None:
    """A consent manager answers after the page: the visitor is nobody until then, and themself afterwards."""
    serve(stub_site)
    stub_site.decide = known
    open_page(page, stub_site)
    settle(page)
    page.evaluate("localStorage.setItem('vitrine', JSON.stringify({token: 'v1.mine'}))")
    page.reload()
    settle(page)
    assert "visitor" not in stub_site.of("/v1/decide")[1]
    assert state(page) == {"token": "v1.mine"}
    page.evaluate("vitrine.consent(['personalization']); vitrine.refresh()")
    settle(page, 2)
    assert stub_site.of("/v1/decide")[2]["visitor"] == "v1.mine"


def test_withdrawn_consent_removes_at_once(page: Page, stub_site: StubSite) -> None:
    """In the same task; what waited to be sent is not sent."""
    serve(stub_site, options=PRODUCT | {"consent": CONSENT})
    stub_site.decide = known
    open_page(page, stub_site)
    settle(page)
    kept = state(page)
    assert kept is not None
    assert kept["token"] == TOKEN
    left = page.evaluate("() => { vitrine.consent([]); return localStorage.length }")
    assert left == 0
    page.evaluate(LEAVE)
    page.evaluate("vitrine.refresh()")
    settle(page, 2)
    assert state(page) is None
    assert stub_site.of("/v1/events") == []
    assert "visitor" not in stub_site.of("/v1/decide")[1]


def test_an_answer_after_the_withdrawal_keeps_nothing(page: Page, stub_site: StubSite) -> None:
    """Its token is nobody's any more."""
    serve(stub_site, options={"consent": CONSENT})
    stub_site.decide = lambda request: Answer(decision({}, visitor=TOKEN), delay_s=0.5)
    open_page(page, stub_site)
    page.wait_for_function("() => window.vitrine")
    page.evaluate("vitrine.consent([])")
    settle(page)
    assert state(page) is None


def test_a_withdrawal_holds_for_pages_that_are_open(context: BrowserContext, page: Page, stub_site: StubSite) -> None:
    """Another tab notices that what it kept is gone, and does not begin anew."""
    serve(stub_site, options={"consent": CONSENT})
    stub_site.decide = known
    open_page(page, stub_site)
    settle(page)
    other = context.new_page()
    open_page(other, stub_site)
    settle(other)
    other.evaluate("vitrine.consent([])")
    page.wait_for_function("localStorage.getItem('vitrine') === null")  # the browser tells other tabs a moment later
    page.evaluate("vitrine.track({kind: 'favourite', item: '7'}); vitrine.refresh()")
    settle(page, 2)
    page.evaluate(LEAVE)
    assert state(page) is None
    assert stub_site.of("/v1/decide")[2]["consent"] == []
    assert events_of(stub_site, "favourite") == []


def test_the_token_is_shared_by_tabs(context: BrowserContext, page: Page, stub_site: StubSite) -> None:
    """Two that open at once agree on the token that came first."""
    tokens = iter(["v1.first", "v1.second"])
    serve(stub_site, options={"consent": CONSENT})
    stub_site.decide = lambda request: Answer(decision({}, visitor=request.get("visitor") or next(tokens)), delay_s=0.4)
    other = context.new_page()
    open_page(page, stub_site)
    open_page(other, stub_site)
    settle(page)
    settle(other)
    kept = state(page)
    assert kept is not None
    assert kept["token"] == "v1.first"
    other.reload()
    settle(other)
    requests = stub_site.of("/v1/decide")
    assert ["visitor" in request for request in requests[:2]] == [False, False]
    assert requests[2]["visitor"] == "v1.first"
    assert len({request["session"] for request in requests}) == 1


def test_session_visit_and_recents(page: Page, stub_site: StubSite) -> None:
    """Pages seen before this one, items newest first, at most ten; all of it begins anew after half an hour."""
    stub_site.decide = known
    for item in [*map(str, range(12)), "3"]:
        serve(stub_site, path=f"/p/{item}", options={"page": {"type": "product", "item": item}, "consent": CONSENT})
        open_page(page, stub_site, f"/p/{item}?utm_source=mail&utm_campaign=a%00b")
        settle(page)
    requests = stub_site.of("/v1/decide")
    assert [request["visit"]["views"] for request in requests] == list(range(13))
    assert requests[0]["recent"] == []
    assert requests[1]["recent"] == ["0"]
    assert requests[12]["recent"] == [str(each) for each in range(11, 1, -1)]
    assert requests[12]["visit"]["seconds"] > 0
    assert requests[12]["traffic"] == {"source": "mail", "campaign": "a b"}
    kept = state(page)
    assert kept is not None
    assert kept["recents"] == ["3", *(str(each) for each in range(11, 2, -1))]
    page.evaluate("localStorage.setItem('vitrine', JSON.stringify({...JSON.parse(localStorage.vitrine), active: 1}))")
    page.reload()
    settle(page)
    after = stub_site.of("/v1/decide")[13]
    assert after["visit"]["views"] == 0
    assert after["recent"] == []
    assert after["session"] != requests[12]["session"]
    assert after["visitor"] == TOKEN


def test_a_token_that_the_store_refuses_is_dropped(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """And the page is decided without it, once; a second refusal is taken for an answer."""
    serve(stub_site, options={"consent": CONSENT, "visitor": "v1.login"})
    refusal = {"error": {"code": "invalid_token", "message": "not ours", "field": "visitor"}}
    stub_site.decide = lambda request: Answer(refusal, 401) if request.get("visitor") else known(request)
    open_page(page, stub_site)
    settle(page)
    page.evaluate(
        "localStorage.setItem('vitrine', JSON.stringify({...JSON.parse(localStorage.vitrine), token: 'bad'}))"
    )
    page.reload()
    settle(page)
    sent = [(request.get("visitor"), request["device"].get("visitor")) for request in stub_site.of("/v1/decide")]
    assert sent == [("v1.login", None), (None, None), ("v1.login", "bad"), (None, None)]
    kept = state(page)
    assert kept is not None
    assert kept["token"] == TOKEN
    answer_with(stub_site, refusal, status=401)
    page.reload()
    settle(page)
    assert len(stub_site.of("/v1/decide")) == 6
    assert page_errors == []


def test_who_logged_in_is_known_by_the_shops_token(page: Page, stub_site: StubSite) -> None:
    """The browser's own goes along, so that arms and caps hold, and is not overwritten."""
    serve(stub_site, options={"consent": CONSENT})
    stub_site.decide = known
    open_page(page, stub_site)
    settle(page)
    serve(stub_site, options={"consent": CONSENT, "visitor": "v1.login"})
    page.reload()
    settle(page)
    request = stub_site.of("/v1/decide")[1]
    assert request["visitor"] == "v1.login"
    assert request["device"] == {"kind": "desktop", "visitor": TOKEN}
    kept = state(page)
    assert kept is not None
    assert kept["token"] == TOKEN
    page.evaluate("vitrine.track({kind: 'favourite', item: '7'})")
    page.evaluate(LEAVE)
    page.wait_for_timeout(300)
    assert stub_site.of("/v1/events")[-1]["visitor"] == "v1.login"


BLOCKED: Final = (
    """Object.defineProperty(window, "localStorage", {get() { throw new DOMException("no", "SecurityError") }})"""
)
FULL: Final = """Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") }"""


def survives(page: Page, site: StubSite, errors: list[str], script: str) -> None:
    """Decide, and decide again knowing what the first answer told."""
    page.add_init_script(script)
    serve(site, options={"consent": CONSENT})
    site.decide = known
    open_page(page, site)
    settle(page)
    page.evaluate("vitrine.refresh()")
    settle(page, 2)
    first, second = site.of("/v1/decide")
    assert second["visitor"] == TOKEN
    assert second["session"] == first["session"]
    page.evaluate("vitrine.consent([])")
    assert errors == []


def test_blocked_storage_lasts_for_the_page(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """As in a frame of another site."""
    survives(page, stub_site, page_errors, BLOCKED)


def test_full_storage_lasts_for_the_page(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """As in a private window of some browsers."""
    survives(page, stub_site, page_errors, FULL)


def test_storage_that_others_have_written_is_survived(page: Page, stub_site: StubSite, page_errors: list[str]) -> None:
    """Nonsense under our key counts as nothing."""
    for text in ("[broken", "5", "null", '"text"', '{"recents": 7, "active": 9e99}'):
        page.add_init_script(f"localStorage.setItem('vitrine', {text!r})")
        serve(stub_site, options=PRODUCT | {"consent": CONSENT})
        stub_site.decide = known
        open_page(page, stub_site)
        settle(page)
        kept = state(page)
        assert kept is not None
        assert kept["recents"] == ["7"]
    assert page_errors == []

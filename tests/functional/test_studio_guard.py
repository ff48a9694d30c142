"""No page of another site reaches the operators' powers through a visitor's browser."""

from collections.abc import Iterator

import pytest

from tests.functional.studio_rig import HOME, Studio, open_studio
from vitrine.local.studio_guard import HEADERS, refusal

FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},  # another port of this machine
    {"Origin": "http://127.0.0.1:1"},
    {"Host": "evil.example"},  # a name that was bound to this machine
    {"Host": "127.0.0.1.evil.example:8080"},
    {"Host": ""},
]


@pytest.fixture(scope="module")
def studio(tmp_path_factory) -> Iterator[Studio]:
    """The studio, opened in a browser."""
    with open_studio(tmp_path_factory.mktemp("lake")) as studio:
        studio.enter()
        yield studio


@pytest.mark.parametrize("foreign", FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/studio/api/v1/decide"),
        ("POST", "/studio/both"),
        ("PUT", "/studio/overrides"),
        ("POST", "/studio/leave"),
        ("GET", "/studio/choices"),
        ("GET", "/studio/feed"),
        ("GET", "/studio/replay/d1"),
        ("GET", "/studio/static/studio.js"),
    ],
)
def test_another_sites_page_is_refused(studio, method, path, foreign):
    """Although the browser sends the session's cookie along; the API is not even asked."""
    studio.api.asked.clear()
    body = HOME if method != "GET" else None
    refused = studio.ask(method, path, body, {**studio.own, **foreign})
    assert refused.status == 403
    assert studio.api.asked == []
    assert refused.headers["Content-Security-Policy"]


def test_the_same_calls_of_its_own_page_pass(studio):
    """The control of the test above."""
    assert studio.decide().status == 200
    assert studio.ask("GET", "/studio/choices").status == 200


def test_a_tool_without_origin_may_not_post(studio):
    """Old browsers without Fetch Metadata send an Origin with every POST; what sends neither is no page of ours."""
    assert studio.ask("POST", "/studio/api/v1/decide", HOME, {"Cookie": studio.cookie}).status == 403


@pytest.mark.parametrize("site", ["none", "cross-site", "same-origin"])
def test_a_person_may_open_the_page_from_anywhere(studio, site):
    """A shared link leads there; a frame of another site does not."""
    opened = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert studio.ask("GET", "/studio", headers=opened).status == 200
    if site == "cross-site":
        assert studio.ask("GET", "/studio", headers={**opened, "Sec-Fetch-Dest": "iframe"}).status == 403


def test_pages_run_no_script_but_their_own(studio):
    """And only the studio's own origin may frame them; the session's cookie is out of reach of scripts and sites."""
    opened = studio.ask("GET", "/studio", headers={})
    policy = opened.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert b"<script>" not in opened.json
    assert b"style=" not in opened.json
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in opened.headers["Set-Cookie"]


@pytest.mark.parametrize("file", ["..%2F..%2Fpyproject.toml", "studio.html", "nothing.js", ".", "%2Fetc%2Fpasswd"])
def test_only_scripts_and_styles_are_given_out(studio, file):
    """Whatever the path says."""
    missing = studio.ask("GET", f"/studio/static/{file}")
    assert missing.status == 404
    assert {name: missing.headers.get(name) for name in HEADERS} == HEADERS


def test_the_operators_token_is_in_nothing_that_is_answered(studio):
    """Nor are visitors' tokens in the feed."""
    studio.suppose(household="h718")
    answer = studio.decide(visitor="own-token")
    told = studio.hear(1)
    assert "the-operators-own" not in str((answer.json, answer.headers, told))
    assert "own-token" not in str(told)
    assert "v1.k1." not in str(told)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_names_of_this_machine(host):
    """With and without a port."""
    assert refusal("GET", host, {}) is None

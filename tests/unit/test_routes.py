"""Routes of a function: which code answers, with which parameters, and what becomes of what it raises."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from vitrine.api.http import Answer, Event, text_answer
from vitrine.api.routes import Routes
from vitrine.errors import DependencyFailed, InvalidField, InvalidRecord, ProfileConflict


def told(name: str) -> Any:
    """Code that answers with its name and its parameters."""

    def respond(_: Event, path: Mapping[str, str]) -> Answer:
        return text_answer(json.dumps([name, dict(path)]), "application/json", {"X-Name": name})

    return respond


ROUTES = Routes(
    {
        ("GET", "/v1/things/{thing}"): told("thing"),
        ("GET", "/v1/things/{thing}/parts"): told("parts"),
        ("POST", "/v1/things"): told("new"),
        ("GET", "/media/{proxy+}"): told("media"),
    }
)


def event(method: str, path: str) -> dict[str, Any]:
    """A request, as far as routes look at it."""
    return {"rawPath": path, "requestContext": {"http": {"method": method}}}


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/v1/things/a", ["thing", {"thing": "a"}]),
        ("GET", "/v1/things/{thing}", ["thing", {"thing": "{thing}"}]),
        ("GET", "/v1/things/a/parts", ["parts", {"thing": "a"}]),
        ("POST", "/v1/things", ["new", {}]),
        ("GET", "/media/a", ["media", {"proxy": "a"}]),
        ("GET", "/media/a/b c/d.svg", ["media", {"proxy": "a/b c/d.svg"}]),
    ],
)
def test_a_route_is_found_by_method_and_path(method: str, path: str, found: object) -> None:
    """Parameters are steps of the path; a greedy one is all that is left."""
    answer = ROUTES.answer(event(method, path))
    assert (answer["statusCode"], json.loads(answer["body"])) == (200, found)


@pytest.mark.parametrize(
    "request_",
    [
        event("POST", "/v1/things/a"),
        event("get", "/v1/things/a"),
        event("GET", "/v1/things/"),
        event("GET", "/v1/things/a/"),
        event("GET", "/v1/things/a/b"),
        event("GET", "/media"),
        event("GET", "/"),
        event("GET", ""),
    ],
    ids=lambda request_: f"{request_['requestContext']['http']['method']} {request_['rawPath']}",
)
def test_what_is_no_route_is_404(request_: dict[str, Any]) -> None:
    """In the form of all our errors."""
    answer = ROUTES.answer(request_)
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidField("is wrong", "page"), 400, "invalid_field"),
        (ProfileConflict("h1"), 503, "busy"),
        (DependencyFailed("table", "down"), 503, "unavailable"),
        (InvalidRecord("is damaged"), 422, "invalid_record"),
        (KeyError("canary"), 500, "internal_error"),
    ],
)
def test_what_is_raised_is_answered(error: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture) -> None:
    """Ours explain themselves, anything else only says that it was; its message, which may hold anything, stays."""

    def fail(_: Event, __: Mapping[str, str]) -> Answer:
        raise error

    answer = Routes({("GET", "/"): fail}).answer(event("GET", "/"))
    assert (answer["statusCode"], json.loads(answer["body"])["error"]["code"]) == (status, code)
    assert answer["headers"]["Cache-Control"] == "no-store"
    assert "canary" not in caplog.text + answer["body"]


@pytest.mark.parametrize("broken", [None, {}, {"rawPath": 7}, {"requestContext": None, "rawPath": "/"}])
def test_an_event_of_another_kind_is_no_crash(broken: Any) -> None:
    """Whoever invokes the function by hand gets an answer, too."""
    assert ROUTES.answer(broken)["statusCode"] == 500

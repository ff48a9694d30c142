"""Every bomb on every public route, as requests and as events: what to send, in an order that never changes."""

import base64
import copy
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from tests.abuse.api import Api, Reply
from tests.abuse.bombs import BACKTRACKING, BODIES, FRAGMENTS, TEXTS, TOO_LARGE
from tests.abuse.good import GOOD, spoiled
from vitrine.local.declared import Route
from vitrine.local.http_payload import HttpRequest, build_event

JSON: Final = (("content-type", "application/json"),)
PLACES: Final = tuple(
    f"cloudfront-viewer-{name}" for name in ("country", "country-region", "city", "latitude", "longitude")
)
"""Headers that we parse."""

OTHERS: Final = (
    *("content-type", "content-encoding", "content-length", "transfer-encoding", "accept", "accept-encoding", "host"),
    *("user-agent", "cookie", "authorization", "origin", "x-forwarded-for", "x-http-method-override", "\u00e9"),
)
ODD_VALUES: Final = ("", "\x00", "gzip", "chunked", "-1", "9" * 400, "DELETE", "\u202ex", "a\r\nb: c", "x" * 8000)
DEGREES: Final = ("90.000001", "-180", "1e5", "+1", "1_0", "٣", "XX", "%ff", "%E2%82", "%" * 300)
ODD: Final[tuple[Any, ...]] = (None, "", "x", 0, 7, 1.5, True, [], [1], {}, {"a": 1}, {"a": None}, {"a": [1]})
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get", "")
PATHS: Final = (
    "/",
    "//",
    "/v1",
    "/v1/decide/",
    "/v1//decide",
    "/V1/DECIDE",
    "/v1/decide%00",
    "/media/",
    "/../v1/decide",
)

Spoil = Callable[[dict[str, Any]], object]


@dataclass(frozen=True, slots=True)
class Shot:
    """One attack. `status` is the only right answer, None where any refusal or answer is."""

    kind: str
    name: str
    fire: Callable[[Api], Reply]
    status: int | None = None


def corpus(api: Api) -> Iterator[Shot]:
    """All of it: some 17,000 shots."""
    for route in api.routes:
        if route.key in GOOD:
            yield from _bodies(route)
            yield from _spoiled(route)
        yield from _parameters(route)
        yield from _headers(route)
        yield from _queries(route)
        yield from _events(route, api.routes)
    for path in PATHS:
        yield Shot("path", path, lambda api, path=path: api.send("POST", path, b"{}"))


def _bodies(route: Route) -> Iterator[Shot]:
    for name, body in BODIES.items():
        yield Shot("body", f"{route.key}: {name}", _posting(route, body))
        yield Shot("body in base64", f"{route.key}: {name}", _posting(route, body, (("content-type", "image/png"),)))
    for name, body in TOO_LARGE.items():
        yield Shot("too large", f"{route.key}: {name}", _posting(route, body), 413)
        yield Shot("too large", f"{route.key}: {name}, base64", _posting(route, body, ()), 413)


def _posting(route: Route, body: bytes, headers: tuple[tuple[str, str], ...] = JSON) -> Callable[[Api], Reply]:
    return lambda api: api.send(route.method, api.good_path(route), body, headers)


def _spoiled(route: Route) -> Iterator[Shot]:
    texts = {repr(text)[:30]: json.dumps(text, ensure_ascii=False) for text in (*TEXTS, *BACKTRACKING)}
    for name, fragment in {**FRAGMENTS, **texts}.items():
        for place, body in spoiled(route.key, fragment):
            yield Shot("field", f"{route.key}: {name} at {place}", _posting(route, body))


def _parameters(route: Route) -> Iterator[Shot]:
    if "{" not in route.path:
        return
    before, _, rest = route.path.partition("{")
    after = rest.partition("}")[2]
    for text in (*TEXTS, *BACKTRACKING, "0" * 26, "z" * 26, "7" + "z" * 25, "01m80mre83gycs2cjnw2872rm8"):
        for value in (text, quote(text, safe=""), f"{text}.svg"):
            path = f"{before}{value}{after}"
            yield Shot("parameter", f"{route.key}: {path[:80]!r}", lambda api, path=path: api.send(route.method, path))


def _headers(route: Route) -> Iterator[Shot]:
    body = _good_body(route)
    for names, values in ((PLACES, (*TEXTS, *BACKTRACKING, *DEGREES)), (OTHERS, ODD_VALUES)):
        for name, value in itertools.product(names, values):
            sent = (*JSON, (name, value)) if name != "content-type" else ((name, value),)
            yield Shot("header", f"{route.key}: {name}: {value[:40]!r}", _sending(route, body, sent))


def _queries(route: Route) -> Iterator[Shot]:
    body = _good_body(route)
    for text in (*TEXTS, *BACKTRACKING, "a=" + "&a=" * 3000, "&" * 5000, "=" * 5000, "%" * 5000):
        yield Shot("query", f"{route.key}: {text[:40]!r}", _sending(route, body, JSON, text))


def _sending(
    route: Route, body: bytes, headers: tuple[tuple[str, str], ...], query: str = ""
) -> Callable[[Api], Reply]:
    return lambda api: api.send(route.method, api.good_path(route), body, headers, query)


def _good_body(route: Route) -> bytes:
    return json.dumps(GOOD[route.key]).encode() if route.key in GOOD else b""


def _events(route: Route, routes: Sequence[Route]) -> Iterator[Shot]:
    """Events of the gateway's form with odd contents, and things that are no such events at all."""
    others = {f"method {one.method!r}" for one in routes if one.path == route.path} - {f"method {route.method!r}"}
    for kind, spoilers in (("event", _spoilers()), ("no event", _strangers())):
        for name, spoil in spoilers.items():
            if name in others:
                continue

            def fire(api: Api, spoil: Spoil = spoil) -> Reply:
                return api.invoke(route, spoil(copy.deepcopy(good_event(route, api))))

            yield Shot(kind, f"{route.key}: {name}", fire)


def good_event(route: Route, api: Api) -> dict[str, Any]:
    """An event of the route that is answered with 200."""
    body = _good_body(route)
    path = api.good_path(route)
    parameters = {"decision": api.decisions[0]} if "{decision}" in route.path else {}
    request = HttpRequest(route.method, path, "", JSON, body, "203.0.113.7")
    return build_event(request, route, parameters, "r-1", api.now)


def _spoilers() -> Mapping[str, Spoil]:
    """What to make of a good event, by name."""
    found: dict[str, Spoil] = {
        f"{name} is {value!r}": lambda event, name=name, value=value: event | {name: value}
        for name in ("body", "isBase64Encoded", "cookies", "queryStringParameters", "pathParameters", "version")
        for value in ODD
    }
    found |= {f"no {name}": lambda event, name=name: _without(event, name) for name in ("body", "version")}
    found |= {
        f"base64 that is none: {text[:20]!r}": lambda event, text=text: event | {"body": text, "isBase64Encoded": True}
        for text in ("!", "abc", "é" * 4, "=" * 50, "A" * 16_001, "\ud800", base64.b64encode(b"\xff" * 50).decode())
    }
    found |= {f"method {method!r}": lambda event, method=method: _asked(event, method) for method in METHODS}
    found["a surrogate in the body"] = lambda event: event | {"body": '{"session":"\ud800"}'}
    found["a surrogate in a header"] = lambda event: event | {"headers": {"cloudfront-viewer-city": "\ud800"}}
    found["5,000 headers"] = lambda event: event | {"headers": {f"h{n}": "v" for n in range(5000)}}
    found["a header of 1 MB"] = lambda event: event | {"headers": {"cloudfront-viewer-city": "x" * 1_000_000}}
    return found


def _strangers() -> Mapping[str, Spoil]:
    """What no gateway sends and only who may invoke a function could: a good event is not needed for most of it."""
    found: dict[str, Spoil] = {repr(value): lambda event, value=value: value for value in ODD}
    for name in ("headers", "requestContext", "rawPath", "routeKey"):
        found |= {f"{name} is {value!r}": lambda event, name=name, value=value: event | {name: value} for value in ODD}
        found[f"no {name}"] = lambda event, name=name: _without(event, name)
    found |= {f"http is {value!r}": lambda event, value=value: _at(event, "http", value) for value in ODD}
    return found


def _at(event: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    return event | {"requestContext": event["requestContext"] | {name: value}}


def _without(event: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key != name}


def _asked(event: dict[str, Any], method: str) -> dict[str, Any]:
    event["requestContext"]["http"]["method"] = method
    return event

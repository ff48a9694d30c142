"""Which route of the HTTP API a request takes, and which headers CORS asks for."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from vitrine.local.declared import Cors, Route
from vitrine.local.http_payload import HttpAnswer

GREEDY: Final = re.compile(r"\{(\w+)\+\}")
SINGLE: Final = re.compile(r"\{(\w+)\}")


def match_route(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The most specific route and its path parameters: plain text before `{id}` before `{proxy+}` before `$default`,
    and on the same path a named method before ANY.
    """
    matches = [
        (route, found.groupdict())
        for route in routes
        if route.method in {method, "ANY"} and (found := pattern(route.path).fullmatch(path))
    ]
    return min(matches, key=lambda match: rank(match[0]), default=None)


@lru_cache(maxsize=256)
def pattern(path: str) -> re.Pattern[str]:
    """A regular expression for a route's path."""
    if path == "$default":
        return re.compile(".*", re.DOTALL)
    return re.compile("/".join(segment_pattern(segment) for segment in path.split("/")), re.DOTALL)


def segment_pattern(segment: str) -> str:
    """A regular expression for one segment of a path."""
    if greedy := GREEDY.fullmatch(segment):
        return f"(?P<{greedy[1]}>.+)"
    if single := SINGLE.fullmatch(segment):
        return f"(?P<{single[1]}>[^/]+)"
    return re.escape(segment)


def rank(route: Route) -> tuple[tuple[int, ...], bool]:
    """Sorts more specific routes first."""
    if route.path == "$default":
        return (3,), True
    segments = route.path.split("/")
    kinds = (2 if GREEDY.fullmatch(segment) else 1 if SINGLE.fullmatch(segment) else 0 for segment in segments)
    return tuple(kinds), route.method == "ANY"


def answer_preflight(cors: Cors, headers: Mapping[str, str]) -> HttpAnswer:
    """The gateway's own answer to an OPTIONS request: 204, with permission or without."""
    origin = allowed_origin(cors, headers.get("origin", ""))
    if origin is None:
        return HttpAnswer(204)
    pairs = [
        *common_headers(cors, origin),
        ("access-control-allow-methods", ",".join(cors.methods)),
        ("access-control-allow-headers", ",".join(cors.headers)),
    ]
    if cors.max_age_s is not None:
        pairs.append(("access-control-max-age", str(cors.max_age_s)))
    return HttpAnswer(204, [(name, value) for name, value in pairs if value])


def add_cors(cors: Cors, origin: str, answer: HttpAnswer) -> HttpAnswer:
    """The answer with the template's CORS headers in place of the function's own."""
    own = [pair for pair in answer.headers if not pair[0].startswith("access-control-")]
    permitted = allowed_origin(cors, origin)
    if permitted is None:
        return HttpAnswer(answer.status, own, answer.body)
    expose = [("access-control-expose-headers", ",".join(cors.expose))] if cors.expose else []
    return HttpAnswer(answer.status, [*own, *common_headers(cors, permitted), *expose], answer.body)


def common_headers(cors: Cors, origin: str) -> list[tuple[str, str]]:
    """Headers of every permitted answer."""
    pairs = [("access-control-allow-origin", origin)]
    if origin != "*":
        pairs.append(("vary", "origin"))
    if cors.credentials:
        pairs.append(("access-control-allow-credentials", "true"))
    return pairs


def allowed_origin(cors: Cors, origin: str) -> str | None:
    """What Access-Control-Allow-Origin says to this origin, None when it is not permitted."""
    if not origin:
        return None
    if "*" in cors.origins:
        return "*"
    permitted = origin in cors.origins or any(
        scheme in cors.origins and origin.startswith(scheme[:-1]) for scheme in ("http://*", "https://*")
    )
    return origin if permitted else None

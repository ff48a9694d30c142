"""What each status of the HTTP API means, and the headers that answers carry."""

from collections.abc import Mapping
from typing import Any, Final

from vitrine.api.openapi_answers import ErrorAnswer, GatewayAnswer
from vitrine.api.openapi_routes import Route

Plain = dict[str, Any]

HTML: Final = "text/html"
SCHEMAS: Final = "#/components/schemas/{model}"

HEADERS: Final[Mapping[str, Plain]] = {
    "Cache-Control": {
        "description": "`no-store`: every answer is somebody's own. Pictures may be kept for ever.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Server-Timing": {
        "description": "How long the stages took, in milliseconds, for the browser's developer tools.",
        "schema": {"type": "string"},
        "example": "context;dur=0.1, read;dur=2.4, rank;dur=0.3",
    },
    "Timing-Allow-Origin": {
        "description": "The shop's origins, whose pages may read Server-Timing from the browser's Resource Timing.",
        "schema": {"type": "string"},
    },
    "Retry-After": {"description": "Seconds to wait.", "required": True, "schema": {"type": "string"}},
    "Location": {"description": "Where to go.", "required": True, "schema": {"type": "string"}},
    "Referrer-Policy": {
        "description": "`no-referrer`: the address is the person's secret.",
        "required": True,
        "schema": {"type": "string", "const": "no-referrer"},
    },
    "X-Robots-Tag": {"description": "For search engines.", "schema": {"type": "string", "const": "noindex"}},
    "X-Content-Type-Options": {"description": "As it says.", "schema": {"type": "string", "const": "nosniff"}},
    "Content-Security-Policy": {"description": "No script runs on these pages.", "schema": {"type": "string"}},
    "X-Answer-Sha256": {
        "description": "SHA-256 of `answer` as it stands in the body: the recorded one, if the replay is identical.",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    "Access-Control-Allow-Origin": {
        "description": "The caller's origin, if it is one of the shop's. API Gateway answers preflights, too: GET, POST"
        " and OPTIONS with the header content-type, to be remembered for an hour.",
        "schema": {"type": "string"},
    },
    "Access-Control-Expose-Headers": {
        "description": "The headers that a page's script may read.",
        "schema": {"type": "string", "const": "server-timing"},
    },
}
CORS: Final = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers")

PRIVATE: Final = ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")
PAGE: Final = (*PRIVATE, "X-Content-Type-Options", "Content-Security-Policy")

ERRORS: Final[Mapping[int, str]] = {
    400: "The request is not as this document says; `field` names the place.",
    401: "The token is not one of ours. A visitor's: take it away and ask as a stranger.",
    404: "There is nothing at this address: for a decision, no record, or none yet; for a message, none any more.",
    413: "The body is larger than 16 KB. It was not parsed.",
    422: "The record is there, and damaged or of a form that is not read any more.",
    500: "A fault of ours. A dependency that is down is none: see `skipped`.",
    503: "A dependency did not answer, or others changed the same thing. Send the request again.",
}
THROTTLED: Final = "More requests a second than the stack allows."
UNSIGNED: Final = "The request is not signed, or its signer may not invoke the API."


def responses(route: Route, example: object) -> Plain:
    """The responses of a route by status."""
    found = _good(route, example)
    for status in sorted(route.errors):
        found[str(status)] = _error(route, status)
    found["500"] = _response(ERRORS[500], ErrorAnswer)
    found["429"] = _response(THROTTLED, GatewayAnswer, is_ours=False)
    if route.for_operators:
        found["403"] = _response(UNSIGNED, GatewayAnswer, is_ours=False)
    return dict(sorted(found.items()))


def _good(route: Route, example: object) -> dict[str, Plain]:
    if route.form == "drawing":
        return {"200": _text("The picture.", "image/svg+xml", "Cache-Control")}
    if route.form == "page":
        return {"200": _text("The page.", HTML, *PAGE)}
    if route.form == "redirect":
        return {"302": _text("The way there.", HTML, *PRIVATE, "Location")}
    if route.form == "picture":
        way, pixel = _text("The way there.", HTML, *PRIVATE, "Location"), _text("A pixel.", "image/gif", *PRIVATE)
        return {"200": pixel, "302": way}
    return {"200": _answer(route, example)}


def _error(route: Route, status: int) -> Plain:
    more = ("Retry-After",) if status == 503 else ()
    if route.form in ("page", "redirect"):
        return _text(ERRORS[status], HTML, *PAGE, *more)
    return _response(ERRORS[status], ErrorAnswer, *more)


def _answer(route: Route, example: object) -> Plain:
    more = {"decide": ["Server-Timing", "Timing-Allow-Origin"], "replay": ["X-Answer-Sha256"]}
    response = _response(route.summary + ".", route.answer, *more.get(route.name, []))
    response["content"]["application/json"]["example"] = example
    return response


def _text(text: str, content_type: str, *headers: str) -> Plain:
    content = {content_type: {"schema": {"type": "string"}}}
    return {"description": text, "headers": _headers(*headers, *CORS), "content": content}


def _response(text: str, model: Any, *headers: str, is_ours: bool = True) -> Plain:  # noqa: ANN401 - a class of models
    ours = ("Cache-Control", *headers) if is_ours else ()
    schema = {"$ref": SCHEMAS.format(model=model.__name__)}
    return {
        "description": text,
        "headers": _headers(*ours, *CORS),
        "content": {"application/json": {"schema": schema}},
    }


def _headers(*names: str) -> Plain:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

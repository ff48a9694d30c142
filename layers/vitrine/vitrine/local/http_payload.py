"""Payload format 2.0 of HTTP APIs: the event a function gets and the answer its result becomes.

Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html. What the
page leaves open follows what the service was observed to do: paths arrive decoded, and a body is text only under
text/*, JSON, JavaScript and XML; under every other content type, or none, it is base64.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from vitrine.local.declared import ACCOUNT, API_ID, Route

TEXT_TYPES: Final = frozenset({"application/json", "application/javascript", "application/xml"})
DEFAULT_TYPE: Final = "text/plain;charset=UTF-8"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came in; `path` is decoded, headers are in their order."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What goes back to the caller."""

    status: int
    headers: Sequence[tuple[str, str]] = field(default_factory=tuple)
    body: bytes = b""

    @classmethod
    def message(cls, status: int, text: str) -> "HttpAnswer":
        """An answer of the gateway's own, such as {"message":"Not Found"}."""
        return cls(status, (("content-type", "application/json"),), json.dumps({"message": text}).encode())


INTERNAL_ERROR: Final = HttpAnswer.message(500, "Internal Server Error")


class MalformedResult(ValueError):
    """A function's result is nothing that the gateway can turn into an answer."""


def build_event(
    request: HttpRequest, route: Route, parameters: Mapping[str, str], request_id: str, now: datetime
) -> dict[str, Any]:
    """The event of a request that matched a route with these path parameters."""
    headers = joined(pair for pair in request.headers if pair[0].lower() != "cookie")
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": request.path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": request_context(request, headers, route, request_id, now),
        "isBase64Encoded": False,
    }
    if cookies := read_cookies(request.headers):
        event["cookies"] = cookies
    if query := joined(parse_qsl(request.query, keep_blank_values=True), lower=False):
        event["queryStringParameters"] = query
    if parameters:
        event["pathParameters"] = dict(parameters)
    if request.body:
        event["body"], event["isBase64Encoded"] = encode_body(request.body, headers.get("content-type", ""))
    return event


def request_context(
    request: HttpRequest, headers: Mapping[str, str], route: Route, request_id: str, now: datetime
) -> dict[str, Any]:
    """What the gateway knows of a request beside its contents."""
    host = headers.get("host", "")
    return {
        "accountId": ACCOUNT,
        "apiId": API_ID,
        "domainName": host,
        "domainPrefix": host.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": headers.get("user-agent", ""),
        },
        "requestId": request_id,
        "routeKey": route.key,
        "stage": "$default",
        "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "timeEpoch": int(now.timestamp() * 1000),
    }


def read_cookies(headers: Iterable[tuple[str, str]]) -> list[str]:
    """The single cookies of all cookie headers."""
    values = [value for name, value in headers if name.lower() == "cookie"]
    return [cookie.strip() for value in values for cookie in value.split(";") if cookie.strip()]


def joined(pairs: Iterable[tuple[str, str]], *, lower: bool = True) -> dict[str, str]:
    """Values by name, those of one name joined by commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower() if lower else name
        values[key] = f"{values[key]},{value}" if key in values else value
    return values


def encode_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """The body as text, or as base64 when it is binary by its type or no UTF-8; and which."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("text/") or kind in TEXT_TYPES:
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def read_answer(payload: bytes) -> HttpAnswer:
    """The answer that a function's result stands for; without a statusCode, the result itself as JSON with 200.

    Raises:
        MalformedResult: it is not JSON, or its parts are of the wrong type; the gateway answers 500.
    """
    try:
        result = json.loads(payload)
    except ValueError as error:
        raise MalformedResult("the result is not JSON") from error
    if not isinstance(result, dict) or "statusCode" not in result:
        body = result if isinstance(result, str) else json.dumps(result, separators=(",", ":"), ensure_ascii=False)
        return HttpAnswer(200, (("content-type", "application/json"),), body.encode())
    headers = read_headers(result.get("headers"), result.get("cookies"))
    if not any(name == "content-type" for name, _ in headers):
        headers = [("content-type", DEFAULT_TYPE), *headers]
    return HttpAnswer(read_status(result["statusCode"]), headers, read_body(result))


def read_status(value: object) -> int:
    """A status code given as a number or as digits."""
    status = (
        int(value) if isinstance(value, int) or (isinstance(value, str) and value.isascii() and value.isdigit()) else 0
    )
    if not 100 <= status <= 599:
        raise MalformedResult(f"statusCode {value!r}")
    return status


def read_headers(headers: object, cookies: object) -> list[tuple[str, str]]:
    """Header pairs in lower case, cookies last."""
    headers, cookies = {} if headers is None else headers, [] if cookies is None else cookies
    if not isinstance(headers, dict) or not isinstance(cookies, list):
        raise MalformedResult("headers must be an object and cookies a list")
    pairs: list[tuple[str, str]] = []
    for name, value in headers.items():
        if not isinstance(value, str | int | float):
            raise MalformedResult(f"header {name} is not a scalar")
        pairs.append((name.lower(), str(value).lower() if isinstance(value, bool) else str(value)))
    return [*pairs, *(("set-cookie", str(cookie)) for cookie in cookies)]


def read_body(result: Mapping[str, Any]) -> bytes:
    """The body's bytes."""
    body = result.get("body") or ""
    if not isinstance(body, str):
        raise MalformedResult("body is not a string")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise MalformedResult("body is not base64") from error

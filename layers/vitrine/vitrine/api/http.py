"""Requests in and answers out of an HTTP API (payload version 2.0).

Plain functions over the event, because that is all a route needs: a router with classes for events and responses costs
60 ms of a cold start and 50 us of every request.
"""

import binascii
import zlib
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from vitrine.api.strict_json import check_size
from vitrine.errors import MalformedJson

Event: TypeAlias = Mapping[str, Any]
"""What API Gateway sends: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html"""

Answer: TypeAlias = dict[str, Any]
"""What it takes back."""

JSON: Final = "application/json"
HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
"""Every answer is somebody's own: no cache may keep it."""

WORTH_PACKING: Final = 1_400
"""Bytes that one packet of the network holds: below, fewer of them arrive no sooner."""

QUICKLY: Final = 1
"""zlib's level: a page's answer shrinks to a quarter in some 70 us, and to a fifth in three times that."""

GZIP: Final = 31
"""zlib's window bits for the gzip format (RFC 1952) with the largest window."""


def read_body(event: Event) -> bytes:
    """The body of a request event, of whatever content type (`navigator.sendBeacon` sends text/plain).

    Raises:
        BodyTooLarge: it is above the cap; it was neither decoded nor parsed.
        MalformedJson: there is none, or its transport encoding is broken.
    """
    body = event.get("body")
    if not isinstance(body, str) or not body:
        raise MalformedJson("the request has no body")
    if event.get("isBase64Encoded"):
        check_size(len(body) * 3 // 4 - 2)
        try:
            return b64decode(body, validate=True)
        except (binascii.Error, ValueError) as error:
            raise MalformedJson("the body is not valid base64") from error
    check_size(len(body))
    try:
        return body.encode()
    except UnicodeEncodeError as error:
        raise MalformedJson("the body is not UTF-8") from error


def read_headers(event: Event) -> Mapping[str, str]:
    """The headers of a request event; none where there are none."""
    headers = event.get("headers")
    return headers if isinstance(headers, dict) else {}


def json_answer(body: bytes, status: int = 200, headers: Mapping[str, str] = HEADERS) -> Answer:
    """An answer with an encoded JSON body."""
    return text_answer(body.decode(), JSON, headers, status)


def packed(answer: Answer, event: Event) -> Answer:
    """The same answer, as gzip to who accepts it: AWS bills bytes out, and a telephone waits for them."""
    body = answer["body"]
    if len(body) < WORTH_PACKING or not accepts_gzip(read_headers(event)):
        return answer
    squeeze = zlib.compressobj(QUICKLY, zlib.DEFLATED, GZIP)
    data = squeeze.compress(body.encode()) + squeeze.flush()
    headers = {**answer["headers"], "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    text = binascii.b2a_base64(data, newline=False).decode("ascii")
    return {**answer, "headers": headers, "body": text, "isBase64Encoded": True}


def accepts_gzip(headers: Mapping[str, Any]) -> bool:
    """Whether Accept-Encoding names gzip, and not to refuse it (`q=0`)."""
    accepted = headers.get("accept-encoding")
    if not isinstance(accepted, str):
        return False
    for offer in accepted.lower().split(","):
        coding, _, quality = offer.replace(" ", "").partition(";")
        if coding == "gzip":
            return quality.strip("0.") != "q="
    return False


def text_answer(body: str, content_type: str, headers: Mapping[str, str], status: int = 200) -> Answer:
    """An answer with a text of any type."""
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, **headers},
        "cookies": [],
        "isBase64Encoded": False,
        "body": body,
    }

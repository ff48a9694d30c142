"""Bodies in and responses out of an HTTP API (payload version 2.0)."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response

from vitrine.api.strict_json import check_size
from vitrine.errors import MalformedJson

JSON: Final = "application/json"
HEADERS: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
"""Every answer is somebody's own: no cache may keep it."""


def read_body(event: Mapping[str, Any]) -> bytes:
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


def json_response(body: bytes, status: int = 200, headers: Mapping[str, str] = HEADERS) -> Response[str]:
    """A response with an encoded JSON body."""
    return Response(status_code=status, content_type=JSON, body=body.decode(), headers=dict(headers))

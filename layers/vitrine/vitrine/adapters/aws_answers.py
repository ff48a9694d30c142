"""What an answer of AWS means: a body, a refusal, or trouble."""

import zlib
from typing import Final

import orjson

from vitrine.adapters.http_answer import Answer
from vitrine.errors import DependencyFailed

OK: Final = 200
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500

THROTTLED: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""Codes of a service that is there and has no time for us."""

STALE: Final = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "UnrecognizedClientException",
    }
)
"""Codes of credentials that are no longer good, whatever they said of their expiry."""


class Refused(DependencyFailed):
    """The service answered that it will not do this (HTTP 4xx), which is no outage. `reason` is AWS's word for why."""


def body_of(answer: Answer, dependency: str) -> bytes:
    """The body of a success, whole as DynamoDB's checksum says.

    Raises:
        Refused: the service will not do it.
        DependencyFailed: it is in trouble or has no time for us, or the answer was altered.
    """
    crc = answer.headers.get("x-amz-crc32")
    if crc is not None and crc != str(zlib.crc32(answer.body)):
        raise DependencyFailed(dependency, "its answer was altered on the way")
    if answer.status == OK:
        return answer.body
    code = _code(answer)
    if answer.status >= SERVER_ERROR or answer.status == TOO_MANY or code in THROTTLED:
        raise DependencyFailed(dependency, code)
    raise Refused(dependency, code)


def _code(answer: Answer) -> str:
    """AWS's name of an error: `__type` in JSON, `Code` in XML; the status where it has none."""
    said: object = None
    if answer.body[:1] == b"<":
        said = answer.body.partition(b"<Code>")[2].partition(b"</Code>")[0].decode("latin-1")
    elif answer.body[:1] == b"{":
        try:
            said = orjson.loads(answer.body).get("__type")
        except orjson.JSONDecodeError:
            said = None
    return said.rpartition("#")[2] if isinstance(said, str) and said else f"HTTP {answer.status}"

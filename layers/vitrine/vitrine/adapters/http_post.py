"""One HTTP POST that is not repeated, over a connection of its own, within a deadline that a dripping server cannot
stretch. Only the head of the answer is read: what follows it is for humans, and may have no end.

No redirect is followed: whoever configured the address means that one.
"""

import re
import socket
import time
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ssl import SSLContext
from threading import Timer
from typing import Final
from urllib.parse import SplitResult, urlsplit

from vitrine.outreach.handing import InDoubt, RefusalKind, Refused, Result, Taken
from vitrine.values import dataclass, field

PRINTED: Final = re.compile(r"[!-~]{1,2000}")  # urlsplit leaves out line breaks without a word
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
SUCCESS: Final = range(200, 300)
SERVER_ERRORS: Final = range(500, 600)
LATER: Final = frozenset({408, 425, 429, 503})
"""Answers that say that nothing was done, and to come again (RFC 9110, 15.5.9 and 15.6.4; RFC 8470; RFC 6585)."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


def post(
    url: SplitResult,
    headers: Mapping[str, str],
    body: bytes,
    timeout_s: float,
    make_context: Callable[[], SSLContext],
) -> Head | Refused | InDoubt:
    """The head of the answer; or else a refusal if nothing was sent, and doubt if it may have been."""
    if timeout_s <= 0:
        return Refused("retry", "no time was left to ask")
    connection = _connection(url, timeout_s, make_context)
    deadline = Timer(timeout_s, _shut, [connection])
    deadline.daemon = True
    started, is_sent = time.monotonic(), False
    try:
        deadline.start()
        connection.connect()
        is_sent = True
        connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), body, dict(headers))
        with connection.getresponse() as response:
            head = Head(response.status, {name.lower(): value for name, value in response.getheaders()})
    except (OSError, HTTPException, UnicodeError) as error:  # the last of a host with a part that is empty or too long
        is_late = time.monotonic() - started >= timeout_s
        reason = f"no answer in {timeout_s:.1f} s" if is_late else f"no answer ({type(error).__name__})"
        return InDoubt(reason) if is_sent else Refused("retry", reason)
    finally:
        deadline.cancel()
        connection.close()
    if time.monotonic() - started >= timeout_s:  # the library takes half a head for a whole one
        return InDoubt(f"no whole answer in {timeout_s:.1f} s")
    return head


def judged(head: Head, meaning: Mapping[int, RefusalKind]) -> Result:
    """What the status means. One that the table does not have is tried again later, but a server's own error (500, 502,
    504): it may have done the work before."""
    if head.status in SUCCESS:
        return Taken(head.headers.get("location", "")[:500])
    reason = f"HTTP {head.status}"
    if head.status in SERVER_ERRORS and head.status not in LATER:
        return InDoubt(reason)
    return Refused(meaning.get(head.status, "retry"), reason)


def parse_url(url: str) -> SplitResult:
    """The parts of an https address, or of an http one on loopback.

    Raises:
        ValueError: it is neither, or names a user.
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    is_whole = PRINTED.fullmatch(url) and parts.hostname and "@" not in parts.netloc and parts.port != 0
    if not is_safe or not is_whole:
        raise ValueError("the address should be like https://host/path")
    return parts


def _connection(url: SplitResult, timeout_s: float, make_context: Callable[[], SSLContext]) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "https":
        return HTTPSConnection(host, url.port, timeout=timeout_s, context=make_context())
    return HTTPConnection(host, url.port, timeout=timeout_s)


def _shut(connection: HTTPConnection) -> None:
    """End every read and write under way on the connection's socket."""
    if connection.sock is not None:
        try:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)  # below TLS, whose state another thread uses
        except OSError:
            return  # it was closed meanwhile

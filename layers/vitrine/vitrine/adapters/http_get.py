"""One HTTP GET within a deadline that a dripping server cannot stretch, and its patient repetition.

http.client's timeout counts from one received byte to the next. So a timer shuts the socket at the deadline, which ends
whatever read is under way; no thread stays behind. No redirects are followed and no connection is kept: the callers ask
a few times an hour.
"""

import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from random import SystemRandom
from threading import Timer
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.values import dataclass, field

AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
"""Answers after which it may be worth to ask again."""
OK: Final = 200
PIECE: Final = 1 << 16
USER_AGENT: Final = "vitrine (weather for personalisation of an online store)"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what. `read_s` is for one read; `total_s` is for one question with all its repetitions."""

    connect_s: float = 3.0
    read_s: float = 5.0
    attempt_s: float = 10.0
    total_s: float = 30.0
    attempts: int = 4
    first_pause_s: float = 0.5
    longest_pause_s: float = 10.0
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers with lower-case names, and the whole body; b"" when that went into a file."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def get(
    dependency: str,
    url: str,
    headers: Mapping[str, str],
    max_bytes: int,
    patience: Patience,
    file: BinaryIO | None = None,
) -> Answer:
    """The first answer that is not one of AGAIN; pauses grow exponentially with full jitter (AWS Architecture Blog,
    2015) and are at least as long as the server's Retry-After. With a file, the body of a 200 is written to it.

    Raises:
        DependencyFailed: the last attempt failed, or the server asks to wait longer than we may.
        DeadlineExceeded: an attempt, or all together, took too long.
    """
    give_up = time.monotonic() + patience.total_s
    attempt = 1
    while True:
        try:
            answer = _get_once(dependency, url, headers, max_bytes, patience, give_up, file)
            failure, asked_s = DependencyFailed(dependency, f"HTTP {answer.status}"), _retry_after_s(answer)
        except _TooLarge as error:
            raise DependencyFailed(dependency, str(error)) from error
        except DependencyFailed as error:
            answer, failure, asked_s = None, error, 0.0
        if answer is not None and answer.status not in AGAIN:
            return answer
        pause_s = _pause_s(attempt, asked_s, patience)
        if asked_s > patience.longest_pause_s:
            raise DependencyFailed(dependency, f"{failure.reason}, it asks to wait {asked_s:.0f} s")
        if attempt >= patience.attempts or time.monotonic() + pause_s >= give_up:
            raise failure
        patience.pause(pause_s)
        attempt += 1


def _pause_s(attempt: int, asked_s: float, patience: Patience) -> float:
    most = min(patience.first_pause_s * 2.0 ** (attempt - 1), patience.longest_pause_s)
    return max(asked_s, SystemRandom().uniform(0.0, most))


def _retry_after_s(answer: Answer) -> float:
    """Seconds that the server asks to wait, 0 when it does not say so in a way we understand (RFC 9110, 10.2.3)."""
    said = answer.headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


class _TooLarge(Exception):
    """The body is above the cap."""


def _get_once(
    dependency: str,
    url: str,
    headers: Mapping[str, str],
    max_bytes: int,
    patience: Patience,
    give_up: float,
    file: BinaryIO | None,
) -> Answer:
    left_s = min(patience.attempt_s, give_up - time.monotonic())
    if left_s <= 0:
        raise DeadlineExceeded(dependency, f"no answer in {patience.total_s:g} s")
    connection = _connection(dependency, url, min(patience.connect_s, left_s))
    deadline = Timer(left_s, _shut, [connection])
    deadline.daemon = True
    started = time.monotonic()
    try:
        deadline.start()
        connection.connect()
        connection.sock.settimeout(min(patience.read_s, left_s))
        answer = _ask(connection, url, headers, max_bytes, file)
    except TimeoutError as error:
        raise DeadlineExceeded(dependency, "it is silent") from error
    except (OSError, HTTPException) as error:
        if time.monotonic() - started >= left_s:
            raise DeadlineExceeded(dependency, f"no whole answer in {left_s:.1f} s") from error
        raise DependencyFailed(dependency, f"no answer ({type(error).__name__})") from error
    finally:
        deadline.cancel()
        connection.close()
    if time.monotonic() - started >= left_s:  # a body without a length ends where the socket was shut
        raise DeadlineExceeded(dependency, f"no whole answer in {left_s:.1f} s")
    return answer


def _connection(dependency: str, url: str, timeout_s: float) -> HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise DependencyFailed(dependency, "its address is not an http or https URL")
    make = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return make(parts.hostname, parts.port, timeout=timeout_s)


def _ask(
    connection: HTTPConnection, url: str, headers: Mapping[str, str], max_bytes: int, file: BinaryIO | None
) -> Answer:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection.request("GET", target, headers={"User-Agent": USER_AGENT, "Accept": "application/json", **headers})
    response = connection.getresponse()
    body = b"" if file and response.status == OK else _body(response, max_bytes)
    if file and response.status == OK:
        _write_body(response, max_bytes, file)
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def _body(response: HTTPResponse, max_bytes: int) -> bytes:
    """The whole body. `read` of a body that ends early raises IncompleteRead, so half an answer never passes."""
    declared = response.length
    if declared is not None and declared > max_bytes:
        raise _TooLarge(f"its answer of {declared:,} bytes is larger than {max_bytes:,}")
    body = response.read() if declared is not None else response.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise _TooLarge(f"its answer is larger than {max_bytes:,} bytes")
    return body


def _write_body(response: HTTPResponse, max_bytes: int, file: BinaryIO) -> None:
    """The whole body into the file, from its beginning: an attempt before may have left something."""
    declared = response.length
    if declared is not None and declared > max_bytes:
        raise _TooLarge(f"its answer of {declared:,} bytes is larger than {max_bytes:,}")
    file.seek(0)
    file.truncate()
    while piece := response.read(PIECE):
        file.write(piece)
        if file.tell() > max_bytes:
            raise _TooLarge(f"its answer is larger than {max_bytes:,} bytes")
    if response.length:  # `read` of so many bytes is content with fewer
        raise IncompleteRead(b"", response.length)


def _shut(connection: HTTPConnection) -> None:
    """End every read and write under way on the connection's socket."""
    if connection.sock is not None:
        try:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)  # below TLS, whose state another thread uses
        except OSError:
            return  # it was closed meanwhile

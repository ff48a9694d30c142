"""What a server answers in HTTP/1.1 (RFC 9112), read from whatever hands over its bytes.

Only what AWS's services send: a body has a length or comes in chunks. An answer that ends with its connection is
refused, because half of it could not be told from the whole.
"""

from collections.abc import Callable, Mapping
from typing import Final

from vitrine.values import dataclass

MAX_HEAD: Final = 1 << 16
MAX_CHUNK_LINE: Final = 1 << 10
WITHOUT_BODY: Final = frozenset({204, 304})


class BrokenAnswer(ConnectionError):
    """The answer is not HTTP/1.1, too large, or ends early. The connection is of no more use."""


class NoAnswer(BrokenAnswer):
    """The connection ended before the answer began: a kept one may have been closed while it was idle."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. Names of headers are in lower case; `keeps` tells whether the server keeps the connection."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    keeps: bool


class Inflow:
    """Bytes from a connection, in the portions that a reader asks for; all are held, so that it can begin anew."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        """`receive` waits for some bytes and returns b"" at the end of the connection."""
        self._receive = receive
        self._held: bytes | bytearray = b""  # the first portion as it came, which mostly is all
        self._at = 0

    def until(self, mark: bytes, most: int) -> bytes:
        """What comes before the mark, which is left out.

        Raises:
            BrokenAnswer: the mark does not come within that many bytes.
        """
        while (end := self._held.find(mark, self._at)) < 0:
            if len(self._held) - self._at > most:
                raise BrokenAnswer("a line without end")
            self._more()
        found = self._take(end - self._at)
        self._at += len(mark)
        return found

    def exactly(self, n: int) -> bytes:
        """The next n bytes."""
        while len(self._held) < self._at + n:
            self._more()
        return self._take(n)

    def rewind(self) -> None:
        """Begin anew, with what has come already."""
        self._at = 0

    @property
    def has_begun(self) -> bool:
        """Whether anything came at all."""
        return bool(self._held)

    @property
    def is_done(self) -> bool:
        """Whether all that came was asked for."""
        return self._at == len(self._held)

    def _take(self, n: int) -> bytes:
        held, at = self._held, self._at
        self._at += n
        if isinstance(held, bytes):
            return held[at : at + n]
        with memoryview(held) as view:
            return bytes(view[at : at + n])

    def _more(self) -> None:
        received = self._receive()
        if not received:
            raise BrokenAnswer("its answer ends early")
        if not self._held:
            self._held = received
            return
        if isinstance(self._held, bytes):
            self._held = bytearray(self._held)
        self._held += received


def read_answer(inflow: Inflow, max_bytes: int) -> Answer:
    """One answer with a body of at most max_bytes.

    Raises:
        BrokenAnswer: see there.
    """
    first, *lines = inflow.until(b"\r\n\r\n", MAX_HEAD).decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if version not in {"HTTP/1.1", "HTTP/1.0"} or not (rest[:3].isascii() and rest[:3].isdigit()):
        raise BrokenAnswer("its answer is not HTTP")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    status = int(rest[:3])
    body = b"" if status in WITHOUT_BODY else _body(inflow, headers, max_bytes)
    keeps = version == "HTTP/1.1" and headers.get("connection", "").lower() != "close" and inflow.is_done
    return Answer(status, headers, body, keeps)


def _body(inflow: Inflow, headers: Mapping[str, str], max_bytes: int) -> bytes:
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return _chunks(inflow, max_bytes)
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        raise BrokenAnswer("its answer has no length")
    return inflow.exactly(_within(int(length[:18]), max_bytes))


def _chunks(inflow: Inflow, max_bytes: int) -> bytes:
    body = bytearray()
    while size := _chunk_size(inflow.until(b"\r\n", MAX_CHUNK_LINE)):
        _within(len(body) + size, max_bytes)
        body += inflow.exactly(size)
        if inflow.exactly(2) != b"\r\n":
            raise BrokenAnswer("a chunk of its answer is longer than it says")
    while inflow.until(b"\r\n", MAX_HEAD):
        pass  # trailers
    return bytes(body)


def _chunk_size(line: bytes) -> int:
    try:
        size = int(line.partition(b";")[0], 16)
    except ValueError as error:
        raise BrokenAnswer("a chunk of its answer has no size") from error
    if size < 0:
        raise BrokenAnswer("a chunk of its answer has no size")
    return size


def _within(size: int, max_bytes: int) -> int:
    if size > max_bytes:
        raise BrokenAnswer(f"its answer is larger than {max_bytes:,} bytes")
    return size

"""Connections to one origin that are kept open, over which a call ends at its deadline whatever the other side does.

A timeout of `http.client` is for one read of a socket: an API that sends a byte now and then would never meet it. Here
every wait of a call, for a name, a handshake or a byte, is as long as what is left of it.
"""

import io
import os
import socket
import ssl
import time
import zlib
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

from .outcomes import Failed

MOST_IDLE: Final = 32
MOST_BYTES: Final = 4 * 1024 * 1024
GZIP: Final = 31
HEADERS: Final = {"content-type": "application/json", "accept": "application/json", "accept-encoding": "gzip"}


class Connections:
    """Connections to the origin of `api`; each is used by one thread at a time, and none by a forked process."""

    def __init__(self, api: str, tls: ssl.SSLContext | None) -> None:
        """None yet; `tls` stands in for the system's own trust.

        Raises:
            ValueError: `api` is no http(s) address.
        """
        parts = urlsplit(api)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"the API is an address such as https://api.shop.example, not {api!r}")
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._place = parts.hostname, parts.port or (443 if self._tls else 80)
        self._path = parts.path.rstrip("/")
        self._headers = HEADERS | {"host": parts.netloc.rpartition("@")[2]}
        self._idle: deque[Connection] = deque()
        self._process = os.getpid()

    def post(self, path: str, body: bytes, headers: Mapping[str, str], deadline: float) -> tuple[int, bytes]:
        """Status and content of the answer.

        Raises:
            Failed: there is none by the deadline, an instant of `time.monotonic`.
        """
        connection = self._take()
        connection.deadline = deadline
        call = self._path + path, body, {**headers, **self._headers}
        try:
            status, content, packing = connection.exchange(*call)
        except TimeoutError as error:
            connection.close()
            raise Failed("late", f"no answer within the deadline: {error}") from error
        except (OSError, HTTPException, ValueError, RuntimeError) as error:
            connection.close()
            raise Failed("unreachable", f"{type(error).__name__}: {error}") from error
        self._give_back(connection)
        return status, unpacked(content) if packing == "gzip" else content

    def close(self) -> None:
        """Close those that nobody uses."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _take(self) -> "Connection":
        if self._process != os.getpid():  # what was opened before a fork is the parent's to use
            self._process = os.getpid()
            self.close()
        try:
            return self._idle.pop()
        except IndexError:
            return Connection(*self._place, self._tls)

    def _give_back(self, connection: "Connection") -> None:
        if connection.sock is None or len(self._idle) >= MOST_IDLE:
            connection.close()
        else:
            self._idle.append(connection)


class Connection(HTTPConnection):
    """One connection, which connects when it is used; `deadline` is the instant at which its call ends."""

    sock: Any
    deadline = 0.0

    def __init__(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        """Not connected yet."""
        super().__init__(host, port)
        self._tls = tls

    def exchange(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, str]:
        """Status, content and its encoding. A connection that ended while it was unused is opened once more."""
        was_open = self.sock is not None
        try:
            self.request("POST", path, body, dict(headers))
            response = self.getresponse()
        except (ConnectionError, ssl.SSLError):
            self.close()
            if not was_open:
                raise
            return self.exchange(path, body, headers)
        return response.status, response.read(), response.getheader("content-encoding", "").lower()

    def connect(self) -> None:
        """Connect to the first address that answers; each has its share of the time."""
        addresses = self._resolve()
        for n_left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
            share_s = self.left() / n_left
            try:
                sock = self._connected(socket.socket(family, kind, protocol), address, share_s)
            except OSError:
                if n_left == 1:
                    raise
            else:
                self.sock = Wire(sock, self)
                return

    def left(self) -> float:
        """Seconds until the deadline.

        Raises:
            TimeoutError: there are none.
        """
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    def _connected(self, sock: socket.socket, address: Any, within_s: float) -> socket.socket:  # noqa: ANN401 - by family
        try:
            sock.settimeout(within_s)
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(self.left())
            return self._tls.wrap_socket(sock, server_hostname=self.host) if self._tls else sock
        except OSError:
            sock.close()
            raise

    def _resolve(self) -> list[Any]:
        """The host's addresses, asked for beside: a resolver does not know of deadlines."""
        found: SimpleQueue[list[Any] | Exception] = SimpleQueue()

        def look_up() -> None:
            try:
                found.put(socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                found.put(error)

        Thread(target=look_up, daemon=True).start()
        try:
            answer = found.get(timeout=self.left())
        except Empty:
            raise TimeoutError(f"{self.host} was not resolved") from None
        if isinstance(answer, Exception):
            raise answer
        return answer


class Wire:
    """A socket as `http.client` uses it, which waits for no byte longer than its connection's call has left."""

    def __init__(self, sock: socket.socket, connection: Connection) -> None:
        """Over a socket that is connected."""
        self._sock = sock
        self._connection = connection

    def wait_no_longer(self) -> None:
        """Have the socket's next wait end at the deadline."""
        self._sock.settimeout(self._connection.left())

    def sendall(self, data: bytes) -> None:
        """Send all of it."""
        self.wait_no_longer()
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        """What is received, as a file. The socket stays open until both are closed."""
        return io.BufferedReader(Received(self, self._sock.makefile("rb", buffering=0)))

    def close(self) -> None:
        """Close the socket."""
        self._sock.close()


class Received(io.RawIOBase):
    """What a wire receives, from the unbuffered file of its socket."""

    def __init__(self, wire: Wire, file: socket.SocketIO) -> None:
        """Nothing is read yet."""
        self._wire = wire
        self._file = file

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - typeshed's own type is private to it
        """Read what there is."""
        self._wire.wait_no_longer()
        return self._file.readinto(buffer)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def unpacked(content: bytes) -> bytes:
    """The content of a gzip file.

    Raises:
        Failed: it is damaged, cut off, or larger than any answer.
    """
    unpacking = zlib.decompressobj(GZIP)
    try:
        plain = unpacking.decompress(content, MOST_BYTES)
    except zlib.error as error:
        raise Failed("unreadable", f"the answer is no gzip: {error}") from error
    if not unpacking.eof:
        raise Failed("unreadable", "the answer's gzip is cut off, or too large")
    return plain

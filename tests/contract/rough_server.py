"""A loopback server that behaves as badly as a test says: bytes in, bytes or mischief out.

Its manners are functions of the connection; they are taken in order, and the last one stays.
"""

import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from ssl import SSLContext
from threading import Event, Lock, Thread
from typing import Any, Self

import orjson

Manner = Callable[["Caller"], None]


class Caller:
    """One connection as the server sees it, after a request has arrived whole."""

    def __init__(self, connection: socket.socket, closing: Event) -> None:
        self.connection = connection
        self.closing = closing
        self.keeps = True

    def send(self, data: bytes) -> None:
        """Send what is wanted."""
        self.connection.sendall(data)

    def end(self) -> None:
        """Close the connection once the manner is done."""
        self.keeps = False


class RoughServer:
    """Counts `accepted` connections and `requests`, which it keeps (head and body)."""

    def __init__(self, *manners: Manner, context: SSLContext | None = None) -> None:
        """Speaks TLS if there is a context."""
        self.manners: Sequence[Manner] = manners
        self._context = context
        self.requests: list[tuple[bytes, bytes]] = []
        self.accepted = 0
        self.closing = Event()
        self._lock = Lock()
        self._connections: list[socket.socket] = []
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def bodies(self) -> list[Any]:
        """What the requests said, as JSON."""
        return [orjson.loads(body) for _, body in self.requests]

    def _begin(self, work: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._connections.append(connection)
            self._begin(self._serve, connection)

    def _serve(self, plain: socket.socket) -> None:
        with plain, suppress(OSError), self._secured(plain) as connection:
            while (request := _request(connection)) is not None:
                with self._lock:
                    manner = self.manners[min(len(self.requests), len(self.manners) - 1)]
                    self.requests.append(request)
                caller = Caller(connection, self.closing)
                manner(caller)
                if not caller.keeps:
                    return

    def _secured(self, plain: socket.socket) -> socket.socket:
        return plain if self._context is None else self._context.wrap_socket(plain, server_side=True)


def _request(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Head and body of the next request; None when the caller is gone."""
    held = b""
    while b"\r\n\r\n" not in held:
        received = connection.recv(1 << 16)
        if not received:
            return None
        held += received
    head, _, body = held.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(body) < length:
        body += connection.recv(1 << 16)
    return head, body


def http(body: bytes, status: int = 200, **headers: object) -> bytes:
    """A whole answer."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body


def says(answer: object, status: int = 200) -> Manner:
    """Answers with JSON."""
    return sends(http(orjson.dumps(answer), status))


def throttles(code: str = "ThrottlingException") -> Manner:
    """Answers with an error of AWS's JSON protocols."""
    return says({"__type": f"com.amazonaws.x#{code}", "message": "no"}, 400)


def sends(data: bytes) -> Manner:
    """Sends these bytes."""
    return lambda caller: caller.send(data)


def hang(caller: Caller) -> None:
    """Says nothing until the test is over."""
    caller.closing.wait()
    caller.end()


def drips(data: bytes, every_s: float = 0.04) -> Manner:
    """A byte at a time."""

    def drip(caller: Caller) -> None:
        for byte in data:
            if caller.closing.wait(every_s):
                return caller.end()
            caller.send(bytes([byte]))
        return None

    return drip


def cuts(data: bytes) -> Manner:
    """Sends a part and ends properly, as if that were all."""

    def cut(caller: Caller) -> None:
        caller.send(data)
        caller.end()

    return cut


def reset(caller: Caller) -> None:
    """Ends the connection with RST."""
    caller.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.end()

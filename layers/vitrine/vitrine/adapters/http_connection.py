"""One HTTP/1.1 connection on which every wait ends at an absolute deadline.

A socket's timeout counts from one received byte to the next, so a server that drips a byte each 40 ms holds it open for
as long as it likes. Here each wait gets what is left until the deadline. That needs no thread and no timer.
"""

import socket
import time
from select import POLLIN, poll
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import finalize

from vitrine.adapters.http_answer import Answer, Inflow, NoAnswer, read_answer

if TYPE_CHECKING:
    from ssl import SSLContext

Address: TypeAlias = tuple[int, tuple[str, int] | tuple[str, int, int, int]]
"""Family and address of a socket."""

PIECE: Final = 1 << 16
AT_ONCE_S: Final = 0.001


class Connection:
    """An open connection, for one exchange at a time. After an exchange that failed it must be closed."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened
        self._quiet = poll()
        self._quiet.register(opened, POLLIN)
        self._unsent = memoryview(b"")
        self._inflow: Inflow | None = None
        self._ends_s = 0.0
        self.used_s = time.monotonic()
        finalize(self, opened.close)  # whoever drops a pool drops its connections

    def begin(self, request: bytes) -> None:
        """Take a request on; `finish` sends it."""
        self._unsent = memoryview(request)
        self._inflow = Inflow(self._receive)

    def finish(self, ends_s: float, max_bytes: int) -> Answer:
        """Send what is unsent of the request and read its answer. `ends_s` is on the monotonic clock.

        Raises:
            TimeoutError: it took too long; it can be gone on with by calling this again.
            NoAnswer: the connection ended before the first byte of an answer.
            BrokenAnswer: see there.
            OSError: the connection broke.
        """
        assert self._inflow is not None  # noqa: S101 - see begin
        self._ends_s = ends_s
        try:
            self._send()
            answer = read_answer(self._inflow, max_bytes)
        except TimeoutError:
            self._inflow.rewind()
            raise
        except OSError as error:
            if self._inflow.has_begun:
                raise
            raise NoAnswer("it closed the connection without an answer") from error
        self._inflow = None
        self.used_s = time.monotonic()
        return answer

    @property
    def is_ended(self) -> bool:
        """Whether the other side has closed this idle connection, or sent what nobody asked for."""
        return bool(self._quiet.poll(0))

    def close(self) -> None:
        """Give the connection up."""
        self._inflow = None
        self._socket.close()

    def _send(self) -> None:
        while self._unsent:
            self._socket.settimeout(left_s(self._ends_s))
            self._unsent = self._unsent[self._socket.send(self._unsent) :]

    def _receive(self) -> bytes:
        """What comes next; after the deadline only what is there already: Lambda may have stopped this process while
        the answer came."""
        try:
            self._socket.settimeout(left_s(self._ends_s))
        except TimeoutError:
            self._socket.settimeout(AT_ONCE_S)
        return self._socket.recv(PIECE)


def connect(address: Address, host: str, context: "SSLContext | None", ends_s: float) -> Connection:
    """A new connection to an address, with TLS for `host` if there is a context.

    Raises:
        TimeoutError: it took too long.
        OSError: nobody listens there, or is not who the host is.
    """
    family, where = address
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(left_s(ends_s))
        opened.connect(where)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is None:
            return Connection(opened)
        return Connection(_secured(opened, host, context, ends_s))
    except OSError:
        opened.close()
        raise


def _secured(opened: socket.socket, host: str, context: "SSLContext", ends_s: float) -> socket.socket:
    # bytes: a name as text would import the tables of international names
    secured = context.wrap_socket(opened, server_hostname=host.encode("ascii"), do_handshake_on_connect=False)
    try:
        secured.settimeout(left_s(ends_s))
        secured.do_handshake()
    except OSError:
        secured.close()
        raise
    return secured


def left_s(ends_s: float) -> float:
    """Seconds left until the deadline, more than 0.

    Raises:
        TimeoutError: none are left.
    """
    left = ends_s - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left

"""Connections to one server, kept for the next request.

A connection on which something went wrong or came late is closed, and after a missed deadline so are the idle ones
beside it: what hung once is not asked again through the same door.
"""

import re
import time
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Final

from vitrine.adapters.http_answer import Answer, NoAnswer
from vitrine.adapters.http_connection import Connection, connect, left_s
from vitrine.adapters.name_lookup import Addresses
from vitrine.values import dataclass

if TYPE_CHECKING:
    from ssl import SSLContext

MAX_IDLE: Final = 8
MAX_IDLE_S: Final = 300.0
"""AWS's gateways and balancers forget a silent connection after 350 s, says their documentation."""

URL: Final = re.compile(r"(https?)://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?/?")
PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is. `authority` is what a request's Host header says."""

    is_tls: bool
    host: str
    port: int
    authority: str


def parse_endpoint(url: str) -> Endpoint:
    """The endpoint of an http or https URL without a path.

    Raises:
        ValueError: it is not one.
    """
    match = URL.fullmatch(url)
    if match is None:
        raise ValueError(f"{url!r} should be like https://host or http://host:port")
    scheme, host, port = match.groups()
    authority = host if port is None or int(port) == PORTS[scheme] else f"{host}:{port}"
    return Endpoint(scheme == "https", host.strip("[]"), int(port or PORTS[scheme]), authority)


class HttpPool:
    """Exchanges with one endpoint. Safe to use from several threads, each of which gets a connection of its own."""

    def __init__(
        self,
        endpoint: Endpoint,
        make_context: "Callable[[], SSLContext]",
        max_bytes: int,
        addresses: Addresses | None = None,
    ) -> None:
        """`make_context` is asked only for TLS, and only when a connection is made. Answers have at most max_bytes."""
        self.endpoint = endpoint
        self._make_context = make_context
        self.max_bytes = max_bytes
        self._addresses = addresses or Addresses(endpoint.host, endpoint.port)
        self._idle: list[Connection] = []
        self.generation = 0
        self._lock = Lock()

    def ask(self, request: bytes, ends_s: float, *, twice: bool) -> Answer:
        """The answer to a request, by the deadline on the monotonic clock; see Call.

        Raises:
            TimeoutError: it took too long.
            OSError: no connection, or no whole answer.
        """
        call = Call(self, request, twice=twice)
        try:
            return call.answer(ends_s)
        except TimeoutError:
            call.give_up()
            raise

    def reset(self) -> None:
        """Close the idle connections; those in use are closed when they come back."""
        with self._lock:
            idle, self._idle = self._idle, []
            self.generation += 1
        for connection in idle:
            connection.close()

    def forget(self) -> None:
        """The same, and look the name up anew: for a snapshot that is restored days later."""
        self._addresses.forget()
        self.reset()

    def take(self) -> Connection | None:
        """A kept connection that is still open, the last used first."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if not connection.is_ended and time.monotonic() - connection.used_s < MAX_IDLE_S:
                return connection
            connection.close()

    def put_back(self, connection: Connection, generation: int) -> None:
        """Keep a connection, unless there are enough, or all were closed since it was taken in that generation."""
        with self._lock:
            is_kept = generation == self.generation and len(self._idle) < MAX_IDLE
            if is_kept:
                self._idle.append(connection)
        if not is_kept:
            connection.close()

    def connect(self, ends_s: float) -> Connection:
        """A fresh connection to the first address that takes one; each gets an equal share of the time left."""
        addresses = self._addresses.find(ends_s)
        context = self._make_context() if self.endpoint.is_tls else None
        failure: OSError | None = None
        for n_left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            try:
                share_ends_s = time.monotonic() + left_s(ends_s) / n_left
                return connect(address, self.endpoint.host, context, share_ends_s)
            except OSError as error:
                failure = error
                self._addresses.put_last(address)
        raise failure or OSError("its name has no address")


class Call:
    """A request on its way. After a TimeoutError it can be gone on with, or else must be given up."""

    def __init__(self, pool: HttpPool, request: bytes, *, twice: bool) -> None:
        """A kept connection may turn out to be closed when it is used again; then the request is sent once more on a
        fresh one, if it may arrive `twice`."""
        self._pool = pool
        self._request = request
        self._twice = twice
        self._connection: Connection | None = None
        self._is_kept = False
        self._generation = pool.generation

    def answer(self, ends_s: float) -> Answer:
        """Its answer, by the deadline. Raises as HttpPool.ask."""
        if self._connection is None:
            kept = self._pool.take()
            self._send_on(kept or self._pool.connect(ends_s), is_kept=kept is not None)
        try:
            return self._finish(ends_s)
        except NoAnswer:
            if not (self._is_kept and self._twice):
                raise
        self._send_on(self._pool.connect(ends_s), is_kept=False)
        return self._finish(ends_s)

    def give_up(self, *, others: bool = True) -> None:
        """Close its connection, and the idle ones beside it if the `others` are as bad."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if others:
            self._pool.reset()

    def _send_on(self, connection: Connection, *, is_kept: bool) -> None:
        connection.begin(self._request)
        self._connection, self._is_kept, self._generation = connection, is_kept, self._pool.generation

    def _finish(self, ends_s: float) -> Answer:
        connection = self._connection
        assert connection is not None  # noqa: S101 - see answer
        try:
            answer = connection.finish(ends_s, self._pool.max_bytes)
        except TimeoutError:
            raise
        except OSError:
            connection.close()
            self._connection = None
            raise
        self._connection = None
        if answer.keeps:
            self._pool.put_back(connection, self._generation)
        else:
            connection.close()
        return answer

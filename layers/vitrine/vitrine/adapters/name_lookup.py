"""Addresses of a host, looked up in a thread beside: the system's resolver knows no deadline.

What was found once is kept and used while it is looked up anew, and also when that fails.
"""

import socket
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread
from typing import Any, Final, TypeAlias

from vitrine.adapters.http_connection import Address, left_s

Resolve: TypeAlias = Callable[..., Sequence[tuple[Any, ...]]]

FRESH_S: Final = 60.0
LITERALS: Final = (socket.AF_INET, socket.AF_INET6)


class Addresses:
    """Where one host is to be reached. Safe to use from several threads."""

    def __init__(
        self,
        host: str,
        port: int,
        resolve: Resolve = socket.getaddrinfo,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """A host by name or by number; numbers are not looked up."""
        self._host, self._port = host, port
        self._resolve = resolve
        self._monotonic = monotonic
        self._lock = Lock()
        self._lookup: _Lookup | None = None
        self._known: Sequence[Address] = ()
        self._fresh_until = 0.0
        self.forget()

    def find(self, ends_s: float) -> Sequence[Address]:
        """At least one address, the one to try first first.

        Raises:
            TimeoutError: the resolver did not answer by the deadline; its answer serves a later call.
            OSError: there is no such name.
        """
        with self._lock:
            if self._known and self._monotonic() < self._fresh_until:
                return self._known
            lookup = self._lookup or self._begin()
            if self._known:
                return self._known
        if not lookup.is_done.wait(left_s(ends_s)):
            raise TimeoutError
        if lookup.failure is not None:
            raise OSError("its name cannot be resolved") from lookup.failure
        return self._known

    def put_last(self, address: Address) -> None:
        """Try this address, which did not work, after all others from now on."""
        with self._lock:
            if address in self._known:
                self._known = (*(one for one in self._known if one != address), address)

    def forget(self) -> None:
        """Know nothing but what the host itself says."""
        with self._lock:
            self._known = _literal(self._host, self._port)
            self._fresh_until = float("inf") if self._known else 0.0

    def _begin(self) -> "_Lookup":
        self._lookup = lookup = _Lookup()
        Thread(target=self._look_up, args=(lookup,), name="vitrine-lookup", daemon=True).start()
        return lookup

    def _look_up(self, lookup: "_Lookup") -> None:
        found: Sequence[tuple[Any, ...]] = ()
        try:
            # bytes: a name as text would import the tables of international names
            found = self._resolve(self._host.encode("ascii"), self._port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            lookup.failure = error
        with self._lock:
            if found:
                self._known = tuple(dict.fromkeys((family, where) for family, _, _, _, where in found))
            self._fresh_until = self._monotonic() + FRESH_S
            self._lookup = None
        lookup.is_done.set()


class _Lookup:
    """A question to the resolver that is under way."""

    def __init__(self) -> None:
        self.is_done = Event()
        self.failure: Exception | None = None


def _literal(host: str, port: int) -> tuple[Address, ...]:
    """The one address that a host in numbers stands for; none of a name."""
    for family in LITERALS:
        try:
            socket.inet_pton(family, host)
        except (OSError, UnicodeError):
            continue
        return ((family, (host, port)),)
    return ()

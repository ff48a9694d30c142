"""Signed calls of one AWS service: what a page view needs of botocore, at a tenth of its cost.

A call has a deadline that covers all of it: credentials, name, connection, request and answer. It is one attempt,
because a page is waiting, and a breaker stands before it.
"""

import logging
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Thread
from typing import Final, TypeVar

from pybase64 import b64encode_as_string

from vitrine.adapters.aws_answers import STALE, Refused, body_of
from vitrine.adapters.breaker import Breaker
from vitrine.adapters.credentials import CredentialSource
from vitrine.adapters.http_answer import Answer
from vitrine.adapters.http_pool import Call, HttpPool
from vitrine.adapters.sigv4 import Signer
from vitrine.errors import DeadlineExceeded, DependencyFailed, LeftAlone

T = TypeVar("T")

FAIR_S: Final = 0.03
"""A call that had less time and missed it tells nothing about its dependency: whoever asks for a decision chooses its
deadline, and must not be able to make us leave a healthy table alone."""

SUSPENDED_S: Final = 0.5
"""A deadline is missed by microseconds, unless Lambda has stopped this process: that tells nothing, either."""

MAX_LATE: Final = 2
"""Calls that go on though nobody waits for them; with so many under way no other of that kind is begun."""

log = logging.getLogger(__name__)

NONSENSE: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What reading an answer raises when it is not of its service's form."""


class AwsService:
    """Signed calls of one service. Safe to use from several threads."""

    def __init__(
        self,
        dependency: str,
        signer: Signer,
        pool: HttpPool,
        credentials: CredentialSource,
        breaker: Breaker,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """`wall_s` is the time in seconds since the epoch, for signatures."""
        self._dependency = dependency
        self._signer = signer
        self._pool = pool
        self._credentials = credentials
        self._breaker = breaker
        self._wall_s = wall_s
        self._late: list[Thread] = []

    def reset(self) -> None:
        """Close the idle connections, forget addresses and past failures."""
        self._pool.forget()
        self._breaker.reset()

    def post(
        self,
        target: str,
        version: str,
        body: bytes,
        timeout_s: float,
        *,
        read: Callable[[bytes], T],
        twice: bool = True,
        late_s: float = 0.0,
        hear: Callable[[T | None], None] | None = None,
    ) -> T:
        """What `read` makes of the answer to an operation of a JSON service.

        Without `twice` it is never sent a second time, not even where a kept connection turns out to be closed.
        Raises as `call`.
        """
        headers = {"content-type": f"application/x-amz-json-{version}", "x-amz-target": target}
        return self.call("POST", "/", headers, body, timeout_s, read=read, twice=twice, late_s=late_s, hear=hear)

    def call(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
        *,
        read: Callable[[bytes], T],
        twice: bool,
        late_s: float = 0.0,
        hear: Callable[[T | None], None] | None = None,
    ) -> T:
        """What `read`, which may raise any NONSENSE, makes of the body of a success. `path` is an encoded one.

        With `late_s` a call that missed its deadline goes on beside for that long; what became of it is told to `hear`
        from a thread, None for a failure.

        Raises:
            Refused: the service will not do it.
            DeadlineExceeded: there was no whole answer in time.
            LeftAlone: it is not asked, for it failed too often or too much is on its way already.
            DependencyFailed: it has trouble, or its answer is altered or nonsense.
        """
        self._breaker.check()
        if timeout_s <= 0:
            raise DeadlineExceeded(self._dependency, "there is no time left to ask it")
        if late_s and self._n_late() >= MAX_LATE:
            raise LeftAlone(self._dependency, f"{MAX_LATE} late calls are still on their way")
        ends_s = time.monotonic() + timeout_s
        call = Call(self._pool, self._signed(method, path, headers, body, ends_s), twice=twice)
        try:
            return self._finish(call, ends_s, read)
        except TimeoutError as error:
            if late_s:
                self._go_on(call, late_s, read, hear)
            else:
                self._give_up(call, ends_s, is_fair=timeout_s >= FAIR_S)
            raise DeadlineExceeded(self._dependency, f"no answer in {timeout_s * 1000:.0f} ms") from error

    def _n_late(self) -> int:
        self._late = [thread for thread in self._late if thread.is_alive()]
        return len(self._late)

    def _give_up(self, call: Call, ends_s: float, *, is_fair: bool) -> None:
        """After a missed deadline: the dependency is to blame if it had a fair chance, and we were not stopped."""
        is_fair = is_fair and time.monotonic() - ends_s < SUSPENDED_S
        call.give_up(others=is_fair)
        if is_fair:
            self._breaker.fail()

    def _go_on(
        self, call: Call, late_s: float, read: Callable[[bytes], T], hear: Callable[[T | None], None] | None
    ) -> None:
        thread = Thread(target=self._finish_late, args=(call, late_s, read, hear), name="vitrine-late", daemon=True)
        self._late.append(thread)
        thread.start()

    def _finish_late(
        self, call: Call, late_s: float, read: Callable[[bytes], T], hear: Callable[[T | None], None] | None
    ) -> None:
        """Runs in a thread: a call that nobody waits for any more."""
        ends_s, done = time.monotonic() + late_s, None
        try:
            done = self._finish(call, ends_s, read)
        except TimeoutError:
            self._give_up(call, ends_s, is_fair=True)
            log.warning("%s did not answer within %.1f s", self._dependency, late_s)
        except DependencyFailed as error:
            log.warning("%s, and nobody was waiting any more", error)
        if hear is not None:
            hear(done)

    def _finish(self, call: Call, ends_s: float, read: Callable[[bytes], T]) -> T:
        """What became of a call; the breaker hears of all but a TimeoutError."""
        try:
            done = read(body_of(self._answer(call, ends_s), self._dependency))
        except Refused as refusal:
            self._breaker.succeed()
            if refusal.reason in STALE:
                self._credentials.reset()
            raise
        except DependencyFailed:
            self._breaker.fail()
            raise
        except NONSENSE as error:
            self._breaker.fail()
            raise DependencyFailed(self._dependency, "its answer cannot be read") from error
        self._breaker.succeed()
        return done

    def _signed(self, method: str, path: str, headers: Mapping[str, str], body: bytes, ends_s: float) -> bytes:
        """A whole request."""
        sending = {"host": self._pool.endpoint.authority, **headers}
        digest = sha256(body).hexdigest()
        signed = self._signer.sign(self._credentials(ends_s), method, path, sending, digest, self._wall_s())
        lines = "".join([f"{name}: {value}\r\n" for name, value in signed.items()])
        return f"{method} {path} HTTP/1.1\r\n{lines}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body

    def _answer(self, call: Call, ends_s: float) -> Answer:
        try:
            return call.answer(ends_s)
        except TimeoutError:
            raise
        except ConnectionRefusedError as error:
            raise DependencyFailed(self._dependency, "nobody answers at its address") from error
        except OSError as error:
            raise DependencyFailed(self._dependency, f"no whole answer ({error.strerror or error})") from error


def base64_text(value: object) -> str:
    """Bytes as AWS's JSON spells them: for orjson, which asks about what it does not know."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} has no place in a request")
    return b64encode_as_string(value)

"""The keys of visitor tokens, followed while they rotate.

A function that reads its secret once would mint and verify with retired keys until the next deployment, and for ever
when it is restored from a snapshot. So the secret is read again when what is known of it is old, or when a token names
a key that is not known. Age is told by the wall clock: the monotonic one stands still while a snapshot lies.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Final, TypeAlias

from vitrine.errors import DependencyFailed
from vitrine.ports import Clock
from vitrine.visitors.identity import TokenKeys, parse_keys

TTL: Final = timedelta(minutes=5)
PAUSE: Final = timedelta(seconds=10)
"""Between two readings, so that forged tokens with invented key ids cannot make every request read the secret."""

PAUSE_WITHOUT_KEYS: Final = timedelta(seconds=1)
READ_TIMEOUT_S: Final = 0.5

ReadSecret: TypeAlias = Callable[[float], str]
"""The text of the secret, read in so many seconds. Raises DependencyFailed."""

log = logging.getLogger(__name__)


class RotatingKeys:
    """visitors.identity.KeySource on one secret. Safe to use from several threads.

    A call never raises and takes no longer than `wait_s`, and no time at all unless it lacks a key: keys that are only
    old are renewed beside it. What cannot be read leaves the last good keys in force.
    """

    def __init__(self, read_secret: ReadSecret, clock: Clock, *, wait_s: float = READ_TIMEOUT_S) -> None:
        self._read_secret = read_secret
        self._clock = clock
        self._wait_s = wait_s
        self._lock = Lock()
        self._keys: TokenKeys | None = None
        self._read_at: datetime | None = None
        self._tried_at: datetime | None = None
        self._begun: Thread | None = None

    def __call__(self, unknown_kid: str | None = None) -> TokenKeys | None:
        """The keys in force, None when there never were any. `unknown_kid` is a key id that they seem to lack."""
        with self._lock:
            now = self._clock()
            begun, self._begun = self._begun, None
            if self._is_due(unknown_kid, now):
                begun = self._start(now)
            if begun is not None and self._lack(unknown_kid):
                begun.join(self._wait_s)
            return self._keys

    def begin(self) -> None:
        """Begin to read the secret, at start or after a restore; the next call waits for it. Keys in force stay so."""
        with self._lock:
            self._begun = self._start(self._clock())

    def wait(self) -> None:
        """Wait for a reading that was begun, so that no request has to. Never raises."""
        with self._lock:
            begun, self._begun = self._begun, None
        if begun is not None:
            begun.join(READ_TIMEOUT_S)

    def _is_due(self, unknown_kid: str | None, now: datetime) -> bool:
        if self._keys is None:
            return _is_over(self._tried_at, PAUSE_WITHOUT_KEYS, now)
        return (self._lack(unknown_kid) or _is_over(self._read_at, TTL, now)) and _is_over(self._tried_at, PAUSE, now)

    def _lack(self, kid: str | None) -> bool:
        return self._keys is None or (kid is not None and kid not in self._keys.keys)

    def _start(self, now: datetime) -> Thread:
        self._tried_at = now
        reading = Thread(target=self._read, name="vitrine-keys", daemon=True)
        reading.start()
        return reading

    def _read(self) -> None:
        """Runs in a thread and keeps what it read itself: nobody may be waiting for it any more."""
        try:
            keys = parse_keys(self._read_secret(READ_TIMEOUT_S))
        except DependencyFailed as error:
            log.warning("token keys not read: %s", error)
            return
        self._keys, self._read_at = keys, self._clock()


def _is_over(since: datetime | None, span: timedelta, now: datetime) -> bool:
    """Whether the span has passed; a clock that was set back ends it, too."""
    return since is None or not timedelta(0) <= now - since < span

"""The keys of visitor tokens, followed while they rotate.

A function that reads its secret once would mint and verify with retired keys until the next deployment, and for ever
when it is restored from a snapshot. So the secret is read again when what is known of it is old, or when a token names
a key that is not known. Age is told by the wall clock: the monotonic one stands still while a snapshot lies.
"""

import logging
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from vitrine.adapters.aws import Client, MakeClient, client_maker
from vitrine.adapters.deadline import DeadlineCaller
from vitrine.adapters.secrets_manager import BRISK, DEPENDENCY, read_with
from vitrine.errors import DependencyFailed
from vitrine.ports import Clock
from vitrine.visitors.identity import TokenKeys, parse_keys

TTL: Final = timedelta(minutes=5)
PAUSE: Final = timedelta(seconds=10)
"""Between two readings, so that forged tokens with invented key ids cannot make every request read the secret."""

PAUSE_WITHOUT_KEYS: Final = timedelta(seconds=1)
WARM_TIMEOUT_S: Final = 0.5

log = logging.getLogger(__name__)


class RotatingKeys:
    """visitors.identity.KeySource on one secret of Secrets Manager. Safe to use from several threads.

    A call never raises and takes no longer than `wait_s`, mostly no time at all. What cannot be read leaves the last
    good keys in force; an answer that comes after `wait_s` serves the next call.
    """

    def __init__(
        self, secret: str, clock: Clock, *, wait_s: float = WARM_TIMEOUT_S, make_client: MakeClient | None = None
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._wait_s = wait_s
        self._caller = DeadlineCaller(DEPENDENCY, make_client or client_maker("secretsmanager", BRISK))
        self._lock = Lock()
        self._keys: TokenKeys | None = None
        self._read_at: datetime | None = None
        self._tried_at: datetime | None = None

    def __call__(self, unknown_kid: str | None = None) -> TokenKeys | None:
        """The keys in force, None when there never were any. `unknown_kid` is a key id that they seem to lack."""
        with self._lock:
            now = self._clock()
            if self._is_due(unknown_kid, now):
                self._refresh(now, self._wait_s)
            return self._keys

    def warm(self) -> None:
        """Make the client and read the keys now, so that the first request does not wait for them. Never raises."""
        self._caller.warm()
        with self._lock:
            self._refresh(self._clock(), WARM_TIMEOUT_S)

    def reset(self) -> None:
        """Drop the connections; the next call reads the secret anew. The keys stay in force until it is read."""
        self._caller.reset()
        with self._lock:
            self._read_at = self._tried_at = None

    def _is_due(self, unknown_kid: str | None, now: datetime) -> bool:
        if self._keys is None:
            return _is_over(self._tried_at, PAUSE_WITHOUT_KEYS, now)
        is_unknown = unknown_kid is not None and unknown_kid not in self._keys.keys
        return (is_unknown or _is_over(self._read_at, TTL, now)) and _is_over(self._tried_at, PAUSE, now)

    def _refresh(self, now: datetime, timeout_s: float) -> None:
        self._tried_at = now
        try:
            self._caller.finish(self._caller.start(self._read), timeout_s)
        except DependencyFailed as error:
            log.warning("token keys not read: %s", error)

    def _read(self, client: Client) -> None:
        """Runs in a thread and keeps what it read itself: nobody may be waiting for it any more."""
        keys = parse_keys(read_with(client, self._secret))
        self._keys, self._read_at = keys, self._clock()


def _is_over(since: datetime | None, span: timedelta, now: datetime) -> bool:
    """Whether the span has passed; a clock that was set back ends it, too."""
    return since is None or not timedelta(0) <= now - since < span

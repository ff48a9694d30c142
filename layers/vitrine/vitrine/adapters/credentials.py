"""Who we are for AWS: from the environment, else from the container's endpoint, else from botocore.

Functions get theirs in variables; restored from a snapshot, from an endpoint beside them, with a time of expiry.
Laptops have profiles and single sign-on: those are botocore's business, which is imported only then.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol, TypeAlias

import orjson

from vitrine.adapters.http_pool import HttpPool, parse_endpoint
from vitrine.adapters.sigv4 import Credentials
from vitrine.adapters.trust import trust
from vitrine.errors import DeadlineExceeded, DependencyFailed

DEPENDENCY: Final = "credentials"
RENEW_BEFORE_S: Final = 900.0
"""Before they expire, new ones are asked for; the old ones go on while there are none (botocore's advisory limit)."""

PAUSE_S: Final = 10.0
"""Between two attempts while the old ones are still good."""

CONTAINER_HOST: Final = "http://169.254.170.2"
CONTAINER_HOSTS: Final = frozenset({"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost", "127.0.0.1", "::1"})
"""Where the endpoint may be without TLS (AWS SDKs and Tools Reference Guide, "Container credential provider")."""

NONE: Final = "there are none: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
MAX_BYTES: Final = 1 << 16
OK: Final = 200

Fetch: TypeAlias = Callable[[float], Credentials]
"""Asks for credentials until a deadline on the monotonic clock. Raises DependencyFailed."""

log = logging.getLogger(__name__)


class CredentialSource(Protocol):
    """Where a request gets its credentials."""

    def __call__(self, ends_s: float) -> Credentials:
        """Credentials that are good now, by the deadline on the monotonic clock.

        Raises:
            DependencyFailed: there are none.
        """
        ...

    def reset(self) -> None:
        """Forget them, so that the next call reads them anew."""
        ...


class RenewedCredentials:
    """CredentialSource that keeps what it fetched until shortly before it expires. Safe to use from several threads."""

    def __init__(self, fetch: Fetch, wall_s: Callable[[], float] = time.time) -> None:
        """`wall_s` is the time in seconds since the epoch, which goes on while a snapshot lies."""
        self._fetch = fetch
        self._wall_s = wall_s
        self._lock = Lock()
        self._held: Credentials | None = None
        self._renew_s = 0.0

    def __call__(self, ends_s: float) -> Credentials:
        """See CredentialSource."""
        held, now_s = self._held, self._wall_s()
        if held is not None and now_s < self._renew_s:
            return held
        is_good = held is not None and now_s < (held.expires_s or now_s)
        if not self._lock.acquire(timeout=0.0 if is_good else max(ends_s - time.monotonic(), 0.0)):
            if held is not None and is_good:
                return held  # another call is renewing them already
            raise DeadlineExceeded(DEPENDENCY, "another call is still asking for them")
        try:
            held = self._held
            if held is None or self._wall_s() >= self._renew_s:
                held = self._renew(held, ends_s)
        finally:
            self._lock.release()
        return held

    def reset(self) -> None:
        """See CredentialSource."""
        self._held = None

    def _renew(self, held: Credentials | None, ends_s: float) -> Credentials:
        try:
            fetched = self._fetch(ends_s)
        except DependencyFailed as error:
            now_s = self._wall_s()
            if held is None or (held.expires_s or 0.0) <= now_s:
                raise
            self._renew_s = now_s + PAUSE_S
            log.warning("%s; the old ones go on", error)
            return held
        self._held = fetched
        soonest_s = self._wall_s() + PAUSE_S  # the endpoint hands out what it has, until it has new ones
        self._renew_s = (
            float("inf") if fetched.expires_s is None else max(fetched.expires_s - RENEW_BEFORE_S, soonest_s)
        )
        return fetched


def credential_source(env: Mapping[str, str]) -> CredentialSource:
    """The source that the environment names."""
    if env.get("AWS_ACCESS_KEY_ID") and env.get("AWS_SECRET_ACCESS_KEY"):
        return RenewedCredentials(partial(_from_variables, env))
    if env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") or env.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        return RenewedCredentials(partial(_from_container, env))
    return BotocoreCredentials()


def _from_variables(env: Mapping[str, str], ends_s: float) -> Credentials:
    try:
        return Credentials(
            env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN") or None, None
        )
    except KeyError as error:
        raise DependencyFailed(DEPENDENCY, f"{error.args[0]} is gone from the environment") from error


def _from_container(env: Mapping[str, str], ends_s: float) -> Credentials:
    """One question to the container's endpoint, on a connection of its own: it is asked every few hours."""
    url = env.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    url = url or CONTAINER_HOST + env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    try:
        endpoint = parse_endpoint(f"{scheme}://{authority}")
        if not endpoint.is_tls and endpoint.host not in CONTAINER_HOSTS:
            raise DependencyFailed(DEPENDENCY, f"{endpoint.host} may not be asked without TLS")
        head = f"GET {slash or '/'}{path} HTTP/1.1\r\nhost: {endpoint.authority}\r\naccept: application/json\r\n"
        token = _container_token(env)
        head += f"authorization: {token}\r\n\r\n" if token else "\r\n"
        pool = HttpPool(endpoint, trust(env), MAX_BYTES)
        try:
            answer = pool.ask(head.encode("ascii"), ends_s, twice=True)
        finally:
            pool.reset()
        if answer.status != OK:
            raise DependencyFailed(DEPENDENCY, f"their endpoint answers HTTP {answer.status}")
        return _parsed(orjson.loads(answer.body))
    except TimeoutError as error:
        raise DeadlineExceeded(DEPENDENCY, "their endpoint does not answer") from error
    except OSError as error:
        raise DependencyFailed(DEPENDENCY, f"their endpoint: {error}") from error
    except (ValueError, LookupError, TypeError) as error:
        raise DependencyFailed(DEPENDENCY, "what their endpoint answers, or its address, cannot be read") from error


def _container_token(env: Mapping[str, str]) -> str:
    """What authorises us there; the file is written anew as it is rotated."""
    file = env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    token = Path(file).read_text(encoding="ascii") if file else env.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if "\r" in token or "\n" in token:
        raise DependencyFailed(DEPENDENCY, "the container's token has more than one line")
    return token


def _parsed(answer: Mapping[str, Any]) -> Credentials:
    said = answer.get("Expiration")
    expires_s = None if said is None else datetime.fromisoformat(said).timestamp()
    access_key, secret_key, token = answer["AccessKeyId"], answer["SecretAccessKey"], answer["Token"]
    if not all(isinstance(key, str) and key for key in (access_key, secret_key, token)):
        raise TypeError
    return Credentials(access_key, secret_key, token, expires_s)


class BotocoreCredentials:
    """CredentialSource by way of botocore: profiles, single sign-on, roles. For laptops; it knows no deadline."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: Any = None

    def __call__(self, ends_s: float) -> Credentials:
        """See CredentialSource. botocore renews them by itself."""
        try:
            from botocore.exceptions import BotoCoreError
            from botocore.session import Session
        except ImportError as error:
            raise DependencyFailed(DEPENDENCY, NONE) from error
        try:
            with self._lock:
                self._found = self._found or Session().get_credentials()
            if self._found is None:
                raise DependencyFailed(DEPENDENCY, NONE)
            frozen = self._found.get_frozen_credentials()
        except BotoCoreError as error:
            raise DependencyFailed(DEPENDENCY, str(error)) from error
        return Credentials(frozen.access_key, frozen.secret_key, frozen.token)

    def reset(self) -> None:
        """See CredentialSource."""
        self._found = None

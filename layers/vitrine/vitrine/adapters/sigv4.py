"""Signatures of requests to AWS: Signature Version 4, for requests without a query.

Source: "AWS Signature Version 4 for API requests" in the IAM User Guide; tests compare with botocore's.
"""

import hmac
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from vitrine.mac import Mac
from vitrine.values import dataclass, field

ALGORITHM: Final = "AWS4-HMAC-SHA256"
EMPTY_SHA256: Final = sha256(b"").hexdigest()
UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
"""What stands in a signed path as it is; every other byte is written %XX."""

DATE: Final = "x-amz-date"

MAX_FORMS: Final = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs. `token` is that of a session; `expires_s` is in seconds since the epoch, None for never."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires_s: float | None = None


class Signer:
    """Signs requests to one service in one region. What is derived for a day and for a second is kept. Safe to use from
    threads.
    """

    def __init__(self, region: str, service: str) -> None:
        self._scope = f"{region}/{service}/aws4_request"
        self._derived: tuple[tuple[str, str], Mac] | None = None
        self._told: tuple[int, str] = (-1, "")

    def sign(
        self,
        credentials: Credentials,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body_sha256: str,
        now_s: float,
    ) -> dict[str, str]:
        """The headers to send: the given ones (names in lower case, `host` among them), and those that sign them.

        `path` is as it is sent (see `encode_path`), `now_s` in seconds since the epoch.
        """
        signed = dict(headers)
        if credentials.token is not None:
            signed["x-amz-security-token"] = credentials.token
        form = _form(method, path, tuple(signed.items()))
        stamp = self._stamp(int(now_s))
        day = stamp[:8]
        request = f"{form.before}{stamp}{form.after}{body_sha256}"
        scope = f"{day}/{self._scope}"
        text = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
        signature = self._mac(credentials.secret_key, day).digest(text.encode()).hex()
        signed[DATE] = stamp
        signed["authorization"] = (
            f"{ALGORITHM} Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={form.listed}, Signature={signature}"
        )
        return signed

    def _stamp(self, second: int) -> str:
        known, stamp = self._told
        if known != second:
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
            self._told = (second, stamp)
        return stamp

    def _mac(self, secret_key: str, day: str) -> Mac:
        derived = self._derived
        if derived is None or derived[0] != (secret_key, day):
            key = f"AWS4{secret_key}".encode()
            for part in (day, *self._scope.split("/")):
                key = hmac.digest(key, part.encode(), "sha256")
            derived = self._derived = ((secret_key, day), Mac(key))
        return derived[1]


class _Form(NamedTuple):
    """What is signed of requests that differ in date and body: what stands before the date and after it, and the names
    of the headers."""

    before: str
    after: str
    listed: str


@lru_cache(maxsize=MAX_FORMS)
def _form(method: str, path: str, headers: tuple[tuple[str, str], ...]) -> _Form:
    """The form of a request with these headers and x-amz-date."""
    named = dict(headers)
    names = sorted((*named, DATE))
    at = names.index(DATE)
    before, after = ("".join([f"{name}:{named[name]}\n" for name in part]) for part in (names[:at], names[at + 1 :]))
    listed = ";".join(names)
    return _Form(f"{method}\n{path}\n\n{before}{DATE}:", f"\n{after}\n{listed}\n", listed)


def encode_path(path: str) -> str:
    """A path as it is signed and sent: the bytes of its UTF-8, nothing normalised."""
    return "".join([chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in path.encode()])

"""A browser's push subscription, as `PushSubscription.toJSON()` gives it (W3C Push API) and as it is kept."""

from base64 import urlsafe_b64decode
from binascii import Error
from ipaddress import ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

import orjson

from vitrine.api.fields import PLAIN, is_plain
from vitrine.api.wire import Bounds, Letters, Wire
from vitrine.errors import InvalidField

POINT: Final = 65
"""Bytes of an uncompressed point of P-256, the first of them 4 (RFC 8291, section 3.1)."""

SECRET: Final = 16
"""Bytes of the authentication secret (RFC 8291, section 3.2)."""

Endpoint = Annotated[str, Letters(least=1, most=1_000, pattern=PLAIN, allows=is_plain)]
Secret = Annotated[str, Letters(least=1, most=128)]
Instant = Annotated[float, Bounds(0, 2**53)]


class PushKeys(Wire):
    """What messages to the browser are encrypted with, in base64url."""

    p256dh: Secret
    auth: Secret


class Subscription(Wire):
    """Where a browser is reached, and how to encrypt for it."""

    endpoint: Endpoint
    keys: PushKeys
    expirationTime: Instant | None = None  # noqa: N815 - the browser's name

    def to_json(self, at: str) -> str:
        """The subscription as JSON, the same for the same one.

        Raises:
            InvalidField: the endpoint is no public https address, or a key is none.
        """
        if not _is_public(self.endpoint):
            raise InvalidField("should be an https address of a push service", f"{at}.endpoint")
        if not _is_point(_decoded(self.keys.p256dh)):
            raise InvalidField("should be a point of P-256 in base64url", f"{at}.keys.p256dh")
        if len(_decoded(self.keys.auth)) != SECRET:
            raise InvalidField(f"should be {SECRET} bytes in base64url", f"{at}.keys.auth")
        keys = {"auth": self.keys.auth, "p256dh": self.keys.p256dh}
        return orjson.dumps({"endpoint": self.endpoint, "keys": keys}).decode()


def _is_public(endpoint: str) -> bool:
    """Whether it names a host of the net over https: who pushes must not be sent to its own neighbours."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    is_https = parts.scheme == "https" and port in (None, 443) and "@" not in parts.netloc
    is_named = "." in host.strip(".") and not host.endswith((".local", ".localhost", ".internal"))
    return is_https and is_named and host.isascii() and " " not in endpoint and not _is_number(host)


def _is_number(host: str) -> bool:
    """Whether the host is an IP address, in any of the spellings that resolvers take."""
    try:
        ip_address(host)
    except ValueError:
        return host.rpartition(".")[2][:1].isdigit()  # 127.1, 0x7f.1: no top-level domain begins with a digit
    return True


def _is_point(key: bytes) -> bool:
    return len(key) == POINT and key[0] == 4


def _decoded(text: str) -> bytes:
    """The bytes of a text in base64url, with or without padding; none of another text."""
    bare = text.rstrip("=")
    try:
        data = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    except (Error, ValueError):
        return b""
    is_strict = bare.replace("-", "").replace("_", "").isalnum() and text.isascii()
    return data if is_strict else b""

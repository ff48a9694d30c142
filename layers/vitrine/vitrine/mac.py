"""HMAC-SHA256 (RFC 2104) with a key that is used again and again: of requests to AWS, of visitors' tokens."""

from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hashlib import _Hash

BLOCK: Final = 64  # bytes
INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))


class Mac:
    """Makes the MACs of one key. Safe to use from several threads.

    What the key alone decides, the first blocks of both digests, is worked out once: hmac.digest does it each time, and
    looks its algorithm up, which is four fifths of what it takes for a short message.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        padded = (key if len(key) <= BLOCK else sha256(key).digest()).ljust(BLOCK, b"\0")
        self._inner: _Hash = sha256(padded.translate(INNER))
        self._outer: _Hash = sha256(padded.translate(OUTER))

    def digest(self, message: bytes) -> bytes:
        """The MAC of a message, 32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

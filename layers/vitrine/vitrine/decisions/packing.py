"""Plain values as few bytes: MessagePack, compressed, with a checksum."""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgpack

from vitrine.errors import InvalidRecord

MAX_BYTES: Final = 8 << 20
"""Unpacked; a page view reads a hundredth of it. More is no record of ours."""

FAST: Final = 1  # zlib's level: on the record of a page view half the time of its default for a tenth more bytes


def pack(plain: Mapping[str, Any]) -> bytes:
    """The mapping in few bytes."""
    packed: bytes = msgpack.packb(plain, use_bin_type=True)
    return zlib.compress(packed, FAST)


def unpack(data: bytes) -> dict[str, Any]:
    """The mapping in these bytes.

    Raises:
        InvalidRecord: they are no compressed MessagePack mapping; zlib's checksum tells a flipped bit.
    """
    unzip = zlib.decompressobj()
    try:
        packed = unzip.decompress(data, MAX_BYTES)
        if not unzip.eof or unzip.unused_data:
            raise InvalidRecord("the recorded inputs are cut off or have something behind them")
        plain = msgpack.unpackb(packed)
    except (zlib.error, ValueError, msgpack.UnpackException) as error:
        raise InvalidRecord(f"the recorded inputs are damaged: {error!r}") from error
    if not isinstance(plain, dict):
        raise InvalidRecord("the recorded inputs are damaged: not a mapping")
    return plain

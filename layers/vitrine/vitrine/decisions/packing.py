"""Plain values as few bytes: MessagePack, compressed, with a checksum."""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgpack

from vitrine.errors import InvalidRecord

MAX_BYTES: Final = 8 << 20
"""Unpacked; a page view reads a hundredth of it. More is no record of ours."""

FAST: Final = 1  # zlib's level: on the record of a page view half the time of its default for a tenth more bytes

COMMON: Final = (
    b"I#S#R#20L#missing\xa6listing\xa9is_first\xc3\xaedevice_visitor\xa6viewer\xa7country\xa2US\xabsubdivision\xa4city"
    b"\xa3geo\xa3lat\xcb\xa3lon\xcb\xa5table\xa5codes\xa2V#\xa5SHOWN\x83\xa5shown\xc4\x00\xa3rev\x01\xa3ttl\xcej"
    b"\x93\xa7RELEASE\xa7CURRENT\x86\xa7release\xba20\xafmanifest_sha256\xd9@0123456789abcdef\xa8previous\xa0\xa3rev\x01"
    b"\xa5lists\xba20\xaeprevious_lists\xa0\xa7PROFILE\x83\xa7profile\xc5\x04\xa6\xa3rev\x01\xa3ttl\xcem"
    b"\x84\xa7request\x82\xa7visitor\xb0\xa7options\x81\xabdeadline_ms\xcc\xc8\xabwhereabouts\x92\xa5north\xa7default"
    b"\xa5at_us\xcd\x01\xa4tape\x84\xa6format\x02\xa4rows\xa5cards\x82\xa5items\x9a\xa6\xa5lines\xc5\x10"
    b'","/shop/p/","USD",1,"\xa6claims\x90'
)
"""What the inputs of most decisions have in common, for zlib to begin with: a tenth fewer bytes.

It is part of the format of records: with another one none of those that were packed with this one is read.
"""


def pack(plain: Mapping[str, Any]) -> bytes:
    """The mapping in few bytes."""
    packed: bytes = msgpack.packb(plain, use_bin_type=True)
    zipper = zlib.compressobj(FAST, zdict=COMMON)
    return zipper.compress(packed) + zipper.flush()


def unpack(data: bytes) -> dict[str, Any]:
    """The mapping in these bytes.

    Raises:
        InvalidRecord: they are no compressed MessagePack mapping; zlib's checksum tells a flipped bit.
    """
    unzip = zlib.decompressobj(zdict=COMMON)
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

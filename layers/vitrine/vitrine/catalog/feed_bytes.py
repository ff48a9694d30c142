"""Bytes of a feed: unpacked, counted and cut into lines, a piece at a time."""

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from vitrine.catalog.feed_items import Damaged

GZIP: Final = b"\x1f\x8b"
LAYERS: Final = 2
"""A .gz file that a server packs once more on the way arrives with both."""
PIECE: Final = 1 << 16
MAX_LINE: Final = 1 << 20


def unpacked(chunks: Iterable[bytes], max_bytes: int, layers: int = LAYERS) -> Iterator[bytes]:
    """The bytes without gzip around them.

    Raises:
        Damaged: the archive is broken or ends early, or there are more than `max_bytes`.
    """
    source = iter(chunks)
    head = b""
    while len(head) < len(GZIP) and (chunk := next(source, b"")):
        head += chunk
    if head.startswith(GZIP) and layers:
        yield from unpacked(_gunzipped(chain([head], source)), max_bytes, layers - 1)
        return
    total = 0
    for chunk in chain([head], source):
        total += len(chunk)
        if total > max_bytes:
            raise Damaged(0, f"the feed is larger than {max_bytes:,} bytes", "raise max_mb if that is right")
        if chunk:
            yield chunk


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Members one after the other, in pieces: a bomb is stopped by whoever counts them."""
    engine = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        data = chunk
        while data:
            if engine.eof:
                engine = zlib.decompressobj(wbits=31)
            try:
                piece = engine.decompress(data, PIECE)
            except zlib.error as error:
                raise Damaged(0, "the gzip archive is broken", "send the file again") from error
            data = engine.unused_data if engine.eof else engine.unconsumed_tail
            yield piece
    while not engine.eof and (rest := engine.decompress(engine.unconsumed_tail, PIECE)):
        yield rest
    if not engine.eof:
        raise Damaged(0, "the gzip archive ends early", "send the file again")


def lines(chunks: Iterable[bytes]) -> Iterator[bytes | None]:
    """The lines with their line feeds; None for one of more than MAX_LINE bytes, which is never held whole."""
    held = b""
    is_skipping = False
    for chunk in chunks:
        *whole, rest = (held + chunk).split(b"\n")
        for line in whole:
            yield None if is_skipping or len(line) > MAX_LINE else line + b"\n"
            is_skipping = False
        held = rest
        if len(held) > MAX_LINE:
            held, is_skipping = b"", True
    if is_skipping:
        yield None
    elif held:
        yield held

"""The present, fresh ids and pauses of chance length.

All ask the operating system each time: a generator seeded at start would hand the same ids to every execution
environment that is restored from one SnapStart snapshot.
"""

import os
import time
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Final

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: sorts like the number it spells
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
RANDOM_BITS: Final = 80
ID_LENGTH: Final = 26  # 48 bits of milliseconds and 80 random ones, five to a letter (the layout of a ULID)
WHOLE_BYTES: Final = 20  # that many are a whole number of letters
LETTERS: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", ALPHABET.encode())  # from RFC 4648's

PAUSE_S: Final = 0.01
MAX_PAUSE_S: Final = 0.3


def utc_now() -> datetime:
    """ports.Clock."""
    return datetime.now(UTC)


def new_id(now: datetime) -> str:
    """ports.NewId: 26 letters that sort by the millisecond of `now`, random within it."""
    number = (now - EPOCH) // timedelta(milliseconds=1) << RANDOM_BITS | int.from_bytes(os.urandom(RANDOM_BITS // 8))
    return b32encode(number.to_bytes(WHOLE_BYTES)).translate(LETTERS)[-ID_LENGTH:].decode()


def instant_of(id: str) -> datetime:
    """The instant, to the millisecond, that an id of `new_id` sorts by.

    Raises:
        ValueError: it is not such an id.
    """
    if len(id) != ID_LENGTH or not set(id) <= set(ALPHABET):
        raise ValueError(f"an id has {ID_LENGTH} letters and digits")
    number = 0
    for letter in id:
        number = number * len(ALPHABET) + ALPHABET.index(letter)
    try:
        return EPOCH + timedelta(milliseconds=number >> RANDOM_BITS)
    except OverflowError as error:
        raise ValueError("its instant is beyond all calendars") from error


def back_off(attempt: int) -> None:
    """Wait before the n-th new attempt: exponential with full jitter (AWS Architecture Blog, 2015).

    Twelve attempts wait 1.4 s on average and never longer than 2.7 s.
    """
    time.sleep(SystemRandom().uniform(0.0, min(PAUSE_S * 2.0**attempt, MAX_PAUSE_S)))

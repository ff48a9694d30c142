"""A batched read of any number of keys, in waves: what DynamoDB leaves unprocessed is asked for again in time."""

import time
from collections.abc import Callable, Mapping, Sequence
from random import SystemRandom
from typing import Final, TypeAlias

from vitrine.adapters.dynamodb_requests import DEPENDENCY
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key, Row, Rows

READ_BATCH: Final = 100  # BatchGetItem's limit
PAUSE_S: Final = 0.004  # doubled at each wave of UnprocessedKeys
MAX_PAUSE_S: Final = 0.3

Found: TypeAlias = tuple[Mapping[Key, Row | Absent], list[Key]]
"""Rows found, and keys left unprocessed."""

Begin: TypeAlias = Callable[[Sequence[Key]], Callable[[float], Found]]
"""Begins to read at most READ_BATCH keys; the function it returns waits so many seconds for what was found, and raises
DependencyFailed."""


def read_in_waves(keys: Sequence[Key], timeout_s: float, begin: Begin, pause: Callable[[float], None]) -> Rows:
    """Every key once: its row, MISSING, or NOT_READ for what was left when time ran out or its batch failed.

    A failed batch is not tried again.

    Raises:
        DependencyFailed: nothing at all could be read.
    """
    ends_s = time.monotonic() + timeout_s
    rows: dict[Key, Row | Absent] = dict.fromkeys(keys, Absent.NOT_READ)
    wanted, wave, failure = list(rows), 0, None
    while wanted and (wave == 0 or _pause_before(wave, ends_s, pause)):
        unprocessed: list[Key] = []
        batches = [wanted[at : at + READ_BATCH] for at in range(0, len(wanted), READ_BATCH)]
        for batch, finish in [(batch, begin(batch)) for batch in batches]:
            try:
                found, left = finish(ends_s - time.monotonic())
            except DependencyFailed as error:
                failure = error
                continue
            for key in batch:
                rows[key] = found.get(key, Absent.MISSING)
            rows.update(dict.fromkeys(left, Absent.NOT_READ))
            unprocessed += left
        wanted, wave = unprocessed, wave + 1
    if rows and all(row is Absent.NOT_READ for row in rows.values()):
        raise failure or DeadlineExceeded(DEPENDENCY, "all keys were left unprocessed")
    return rows


def _pause_before(wave: int, ends_s: float, pause: Callable[[float], None]) -> bool:
    """Wait before asking again, exponentially with full jitter; whether there is still time to."""
    left_s = ends_s - time.monotonic()
    pause(min(SystemRandom().uniform(0.0, min(PAUSE_S * 2.0**wave, MAX_PAUSE_S)), max(left_s, 0.0)))
    return time.monotonic() < ends_s

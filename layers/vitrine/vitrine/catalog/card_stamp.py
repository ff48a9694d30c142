"""The stamp of the cards: what has changed among them, in the release pointer's row, which every page view reads.

So a card is held for as long as the stamp says that it has not changed, and not for a guessed time. Whoever writes
cards says so before the first one and after the last: while somebody is at it, or was killed at it, no card is held on
the stamp's word. When they are done they name the items whose cards they wrote; when these are too many to name, or a
killed writer took their names along, all that was known of cards ends, and the stamp begins anew.

It also holds a digest of the note of what was written last. Who finds another note there knows that somebody wrote past
the stamp, such as code of a time before there were stamps, and begins it anew.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Self

import msgpack
import numpy as np

from vitrine.catalog.packed import code
from vitrine.types import Absent, ItemId, Row
from vitrine.values import dataclass

STAMP: Final = "cards"
"""Its attribute in the pointer's row."""

STAMP_FORMAT: Final = 2  # 1 had no digest of the note
MAX_CHANGES: Final = 512
"""Items that a stamp names: 2 KB, so that the pointer's row stays within one read step of 4 KB."""

DEAD_AFTER_MS: Final = 30 * 60_000
"""A writer that began so long ago and has not ended was killed: a function has 15 minutes."""

CODE: Final = np.dtype("<u4")


@dataclass(frozen=True, slots=True)
class CardStamp:
    """`began_ms` names the run of changes, `changes` the items in it by their codes, in order (uint32 each).

    `changed_ms` is when it last changed. `writers` are those under way, by token, with the instant they began.
    `written` is the digest of the note of what was written last, empty where none is known.
    """

    began_ms: int
    changed_ms: int
    changes: bytes = b""
    writers: tuple[tuple[str, int], ...] = ()
    written: bytes = b""

    @property
    def n_changes(self) -> int:
        """How many changes the run has come to."""
        return len(self.changes) // CODE.itemsize

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is writing cards."""
        return not self.writers

    def confirmed(self, written: bytes, now_ms: int) -> Self:
        """The stamp for who finds the note of this digest; this one, unless a writer was killed or wrote past it."""
        alive = self._without_dead(now_ms)
        return alive if alive.written == written else replace(alive._anew(now_ms), written=written)

    def begun(self, token: str, now_ms: int) -> Self:
        """The stamp once a writer has begun."""
        alive = self._without_dead(now_ms)
        return replace(alive, writers=(*alive.writers, (token, now_ms)))

    def ended(self, token: str, items: Iterable[ItemId], now_ms: int) -> Self:
        """The stamp once a writer has written the cards of these items, all of them."""
        alive = self._without_dead(now_ms)
        changes = alive.changes + codes_of(items)
        if len(changes) > MAX_CHANGES * CODE.itemsize:
            return alive.withdrawn(token, now_ms)
        return replace(alive._without(token), changes=changes, changed_ms=alive._next(now_ms))

    def withdrawn(self, token: str, now_ms: int) -> Self:
        """The stamp once a writer has stopped, and which cards it wrote cannot be told."""
        return self._without_dead(now_ms)._anew(now_ms)._without(token)

    def _without(self, token: str) -> Self:
        return replace(self, writers=tuple(one for one in self.writers if one[0] != token))

    def _without_dead(self, now_ms: int) -> Self:
        alive = tuple(one for one in self.writers if now_ms - one[1] < DEAD_AFTER_MS)
        return self if alive == self.writers else replace(self._anew(now_ms), writers=alive)

    def _anew(self, now_ms: int) -> Self:
        at_ms = self._next(now_ms)
        return replace(self, began_ms=at_ms, changed_ms=at_ms, changes=b"")

    def _next(self, now_ms: int) -> int:
        """The present; later than before on any clock, for runs of changes must not share a name."""
        return max(now_ms, self.changed_ms + 1)

    def to_bytes(self) -> bytes:
        """The attribute's value."""
        told = (STAMP_FORMAT, self.began_ms, self.changed_ms, self.changes, self.writers, self.written)
        packed: bytes = msgpack.packb(told)
        return packed


def codes_of(items: Iterable[ItemId]) -> bytes:
    """The items' codes, as a stamp names them."""
    return np.array([code(item) for item in items], CODE).tobytes()


def parse_stamp(data: object) -> CardStamp | None:
    """The stamp in an attribute's value; None where there is none, or none that this code reads: nothing is known."""
    try:
        match msgpack.unpackb(data) if isinstance(data, bytes) else None:
            case [int(form), int(began_ms), int(changed_ms), bytes(changes), list(writers), bytes(written)] if (
                form == STAMP_FORMAT and len(changes) % CODE.itemsize == 0
            ):
                return CardStamp(began_ms, changed_ms, changes, tuple(_writer(*one) for one in writers), written)
    except (ValueError, TypeError, msgpack.UnpackException):
        return None
    return None


def _writer(token: str, since_ms: int) -> tuple[str, int]:
    if not isinstance(token, str) or not isinstance(since_ms, int):
        raise TypeError("a stamp names a writer by something else than text and instant")
    return token, since_ms


def split(row: Row | Absent) -> tuple[Row | Absent, object]:
    """The pointer's row without the stamp, as decisions see and record it, and the stamp's value."""
    if isinstance(row, Mapping) and STAMP in row:
        return {name: value for name, value in row.items() if name != STAMP}, row[STAMP]
    return row, None

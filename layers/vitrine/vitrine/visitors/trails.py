"""A trail: when and in which sessions something met a visitor, in bounded size.

The newest marks are kept. What had to be dropped is dated, so that a count which would need it is never too low: it
answers MANY, and whoever asks holds back. Marks may come in any order of time, because clocks of several machines and
answers that overtake each other make them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final, NamedTuple, TypeAlias

from vitrine.types import DAY_MS
from vitrine.values import dataclass

GAP_MS: Final = 30 * 60_000
"""Without a session id, what is no older than this belongs to one session: the pause that ends a session in the usual
web analytics."""

SESSION_MS: Final = DAY_MS
"""A session id is taken for a new session's once marks of this age had to be dropped."""

MAX_MARKS: Final = 32
DIGEST_BYTES: Final = 8
NEVER: Final = -1
MANY: Final = 2**31 - 1
"""More than any cap: the true number is not known any more."""

ENDING: Final = "countdown:"
"""How the names of such trails begin whose one mark is when a countdown ends; no campaign's name has a colon."""


def ending(campaign: str) -> str:
    """Name of the trail that holds when the campaign's countdown ends."""
    return f"{ENDING}{campaign}"


def earlier(one_ms: int | None, other_ms: int | None) -> int | None:
    """The earlier of two instants, either of which may not be there."""
    return min((each for each in (one_ms, other_ms) if each is not None), default=None)


class Mark(NamedTuple):
    """`n` meetings in one session, the last at `at_ms`. `session` is a digest, empty when there was no session id."""

    at_ms: int
    session: bytes
    what: str = ""
    n: int = 1


def session_digest(session: str | None) -> bytes:
    """What is remembered of a session id: ids are the caller's and may be long."""
    return digest_of(session) if session else b""


def digest_of(name: str) -> bytes:
    """DIGEST_BYTES in the place of an id."""
    return blake2b(name.encode(errors="replace"), digest_size=DIGEST_BYTES).digest()


def is_of_session(mark: Mark, now_ms: int, session: bytes, gap_ms: int = GAP_MS) -> bool:
    """Whether the mark and the present are of one session: by their ids, or by time where one of them has none."""
    if mark.session and session:
        return mark.session == session
    return mark.at_ms > now_ms - gap_ms


@dataclass(frozen=True, slots=True)
class Trail:
    """`total` meetings, of which `marks` are the newest, newest first.

    `forgot_ms` is the newest mark that was dropped, `until_ms` the instant from which the whole trail may be forgotten.
    """

    total: int = 0
    until_ms: int = 0
    forgot_ms: int = NEVER
    marks: tuple[Mark, ...] = ()

    def counted(self, until_ms: int) -> "Trail":
        """The trail with one more meeting of which nothing but the number will matter."""
        return Trail(self.total + 1, max(self.until_ms, until_ms), self.forgot_ms, self.marks)

    def added(self, mark: Mark, until_ms: int) -> "Trail":
        """The trail with a mark of its own."""
        return self._with((mark, *self.marks), mark.n, until_ms)

    def joined(self, mark: Mark, until_ms: int) -> "Trail":
        """The trail with the mark, made one with that of the same thing in the same session if there is one."""
        same = next((other for other in self.marks if _is_same(other, mark)), None)
        if same is None:
            return self.added(mark, until_ms)
        both = mark._replace(at_ms=max(mark.at_ms, same.at_ms), n=mark.n + same.n)
        return self._with((both, *(other for other in self.marks if other is not same)), mark.n, until_ms)

    @property
    def ends_ms(self) -> int | None:
        """When the countdown ends whose trail this is; None before it began."""
        return self.marks[-1].at_ms if self.marks else None

    def ending_at(self, ends_ms: int, kept_ms: int) -> "Trail":
        """The trail of a countdown with an end, to be kept so long after it; the one that it has stays, unless it is
        later."""
        own_ms = self.ends_ms
        if own_ms is not None and own_ms <= ends_ms:
            return self
        return Trail(1, max(self.until_ms, ends_ms + kept_ms), marks=(Mark(ends_ms, b""),))

    def united(self, other: "Trail") -> "Trail":
        """The trail of two visitors who turn out to be one; nothing that both know may have happened only once."""
        ordered = sorted((*self.marks, *other.marks), reverse=True)
        forgot_ms = max((self.forgot_ms, other.forgot_ms, *(mark.at_ms for mark in ordered[MAX_MARKS:])))
        total, until_ms = self.total + other.total, max(self.until_ms, other.until_ms)
        return Trail(total, until_ms, forgot_ms, tuple(ordered[:MAX_MARKS]))

    def since(self, since_ms: int) -> int:
        """Meetings after an instant, MANY when some of them may have been dropped."""
        if self.forgot_ms > since_ms:
            return MANY
        return sum(mark.n for mark in self.marks if mark.at_ms > since_ms)

    def in_session(self, now_ms: int, session: bytes, gap_ms: int = GAP_MS) -> tuple[Mark, ...] | None:
        """Marks of the present session, None when some of them may have been dropped."""
        if self.forgot_ms > now_ms - (SESSION_MS if session else gap_ms):
            return None
        return tuple(mark for mark in self.marks if is_of_session(mark, now_ms, session, gap_ms))

    def _with(self, marks: Iterable[Mark], n: int, until_ms: int) -> "Trail":
        ordered = sorted(marks, reverse=True)
        forgot_ms = max((self.forgot_ms, *(mark.at_ms for mark in ordered[MAX_MARKS:])))
        return Trail(self.total + n, max(self.until_ms, until_ms), forgot_ms, tuple(ordered[:MAX_MARKS]))


Trails: TypeAlias = Mapping[str, Trail]
"""Trails by the name of what was met."""


def has_room(trails: Trails, names: Collection[str], now_ms: int, limit: int) -> bool:
    """Whether trails of these names can be kept, too, when only those that may be forgotten make room."""
    if len(trails) + len(names) <= limit:
        return True
    n_binding = sum(trail.until_ms > now_ms and name not in names for name, trail in trails.items())
    return n_binding + len(names) <= limit


def united(trails: Trails, others: Trails) -> Trails:
    """The trails with those of another visitor who turns out to be the same. Of two ends the earlier one stays."""
    return {**trails, **{name: _united(name, trails.get(name, Trail()), trail) for name, trail in others.items()}}


def endings(trails: Trails) -> Trails:
    """Those of the trails that hold when countdowns end."""
    return {name: trail for name, trail in trails.items() if name.startswith(ENDING)}


def _united(name: str, own: Trail, other: Trail) -> Trail:
    if not name.startswith(ENDING) or other.ends_ms is None:
        return own.united(other)
    return own.ending_at(other.ends_ms, other.until_ms - other.ends_ms)


def binding(trails: Trails, now_ms: int) -> Trails:
    """The trails that may not be forgotten yet."""
    return {name: trail for name, trail in trails.items() if trail.until_ms > now_ms}


def bounded(trails: Trails, limit: int) -> Trails:
    """The trails without as many as are too many, those first that may be forgotten first."""
    if len(trails) <= limit:
        return trails
    by_lapse = sorted(trails, key=lambda name: (trails[name].until_ms, name))
    dropped = frozenset(by_lapse[: len(trails) - limit])
    return {name: trail for name, trail in trails.items() if name not in dropped}


def pack_trails(trails: Trails) -> list[tuple[Any, ...]]:
    """The trails as plain values for MessagePack; equal trails give equal values."""
    return [
        (name, trail.total, trail.until_ms, trail.forgot_ms, [value for mark in trail.marks for value in mark])
        for name, trail in sorted(trails.items())
    ]


def unpack_trails(packed: Iterable[Any]) -> dict[str, Trail]:
    """The trails that were packed; ValueError or TypeError when they are damaged."""
    return {
        str(name): Trail(int(total), int(until_ms), int(forgot_ms), _marks(values))
        for name, total, until_ms, forgot_ms, values in packed
    }


def _marks(values: Sequence[Any]) -> tuple[Mark, ...]:
    fields = [iter(values)] * len(Mark._fields)
    marks = tuple(map(Mark._make, zip(*fields, strict=True)))
    for mark in marks:
        if tuple(map(type, mark)) != (int, bytes, str, int):
            raise ValueError("a mark is of another form")
    return marks


def _is_same(mark: Mark, new: Mark) -> bool:
    """Marks without a session id are one only while the visit goes on, so that one that ended stays apart."""
    if mark.session != new.session or mark.what != new.what:
        return False
    return bool(mark.session) or abs(mark.at_ms - new.at_ms) < GAP_MS

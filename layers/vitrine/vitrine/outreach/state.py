"""What outreach remembers of a person, in one row: what was sent, what was noticed, and when to look again.

One row, written under optimistic locking, because everything that must not happen twice or too often hangs on it: the
write that claims a sending fails if anybody else has written since, so that of any number of workers one sends. A due
row is in the table's sparse index `due`; all others cost nothing until somebody acts.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any, Final, Literal, TypeAlias, get_args
from zlib import crc32

import msgpack

from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.channels import CHANNELS, Channel, TriggerKind
from vitrine.outreach.person import PersonId
from vitrine.types import DAY_MS, Absent, Row
from vitrine.values import dataclass, field

FORMAT_VERSION: Final = 1
SHARDS: Final = 16
"""Of the index `due`: a partition takes 1,000 writes a second, and each alarm is one."""

MAX_SENDINGS: Final = 40
"""The newest that may have reached the person. Windows and caps over all messages are counted from them."""

MAX_OF_MESSAGE: Final = 4
MAX_OF_CHANNEL: Final = 10
"""Of each message and channel so many are remembered beyond that, for caps of their own that are long."""

MAX_REMEMBERED: Final = 56
MAX_UNSENT: Final = 24
"""The newest that did not reach the person; they never push out one that did."""

MAX_REASON: Final = 48
"""Bytes of the reason of a sending; a dead letter has all of it."""

MAX_NOTES: Final = 40
NOTES_FOR_MS: Final = 45 * DAY_MS
KEPT_FOR_S: Final = 400 * 86_400
LOOK_AFTER_MS: Final = 10 * 60_000
"""After a person did something there is a look so much later: no message is due sooner than that."""

SETTLED_MS: Final = 60_000
"""What a person did is in the profile so soon after it was noticed: more than collecting may take."""

DAMAGE: Final = (ValueError, TypeError, LookupError, msgpack.UnpackException)

PAUSE_MS: Final = 60_000
"""After the first time that a provider did not take a message."""

Status: TypeAlias = Literal["intended", "sent", "in_doubt", "retry", "failed"]
"""`intended`: the sending was claimed and may have begun. `in_doubt`: a worker died between handing over and noting it,
and the channel cannot be asked again safely; there is a record in the dead letter queue. `retry`: the provider did not
take it, for now; the claim is given up and may be made again. `failed`: the provider refused for good."""

STATUSES: Final[tuple[Status, ...]] = get_args(Status)
TRIGGER_KINDS: Final[tuple[TriggerKind, ...]] = get_args(TriggerKind)

REACHED: Final[frozenset[Status]] = frozenset(("intended", "sent", "in_doubt"))
"""Sendings that may have reached the person: they count for windows and caps."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One message to a person. `anchor_ms` is what called for it; `at_ms` is when it was claimed.

    `subject` is what the message is about within its kind: an item, a category, a fence, a day, or nothing.
    """

    id: str
    message: str
    step: int
    subject: str
    anchor_ms: int
    channel: Channel
    at_ms: int
    status: Status
    reason: str = ""
    attempts: int = 0

    @property
    def again_ms(self) -> int:
        """When a claim that was given up may be made again: a minute later, and four times as long after each more."""
        return self.at_ms + (PAUSE_MS << 2 * max(self.attempts - 1, 0))


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened around a person and is in no profile: a price fell, a fence was entered.

    `subject` as of a Sending; `value` is the price before (price_drop), the instant of need in ms (replenishment), the
    action as its place in ("enter", "exit", "dwell") (geofence), else 0.
    """

    kind: TriggerKind
    subject: str
    at_ms: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A person's outreach. Sendings and notes are the newest first; `due_ms` None: nothing is awaited.

    `touched_ms` is when it was last written down that the person was about to do something.
    """

    sendings: tuple[Sending, ...] = ()
    notes: tuple[Note, ...] = ()
    due_ms: int | None = None
    touched_ms: int = 0

    def is_alert(self, now_ms: int) -> bool:
        """Whether a look comes soon by itself, after what happens now is in the profile, and nobody can take it back.

        A look that is due is perhaps being taken, before the profile is written. One that is still to come is sure
        only if a touch asks for it: any other is gone once somebody sets an earlier one, and a lease's with its claim.
        """
        is_soon = self.due_ms is not None and now_ms + SETTLED_MS <= self.due_ms <= now_ms + LOOK_AFTER_MS
        return is_soon and now_ms + SETTLED_MS <= self.touched_ms + LOOK_AFTER_MS

    def touched(self, now_ms: int) -> "State":
        """The state of a person who is about to do something: whoever works on it now leaves the look there is."""
        touched_ms = max(now_ms, self.touched_ms)
        return replace(self, touched_ms=touched_ms).alarmed(now_ms + LOOK_AFTER_MS)

    def resting(self, due_ms: int | None, now_ms: int) -> "State":
        """The state after a look that found nothing to do before an instant (None: ever).

        A look that is still to come, or that the last touch asks for, is not put off: its reason may not have been
        there to see.
        """
        kept = [one for one in (self.due_ms, self.touched_ms + LOOK_AFTER_MS) if one is not None and one > now_ms]
        return replace(self, due_ms=min(kept if due_ms is None else [due_ms, *kept], default=None))

    def noted(self, notes: Iterable[Note]) -> "State":
        """The state with these notes; of one kind and subject the newest stays. Any order gives the same."""
        newest: dict[tuple[str, str], Note] = {}
        for note in (*self.notes, *notes):
            known = newest.get((note.kind, note.subject))
            if known is None or (note.at_ms, note.value) > (known.at_ms, known.value):
                newest[note.kind, note.subject] = note
        kept = sorted(newest.values(), key=lambda one: (-one.at_ms, one.kind, one.subject))
        return replace(self, notes=tuple(kept[:MAX_NOTES]))

    def alarmed(self, due_ms: int) -> "State":
        """The state that is looked at no later than at an instant."""
        return replace(self, due_ms=due_ms if self.due_ms is None else min(self.due_ms, due_ms))

    def with_sending(self, sending: Sending) -> "State":
        """The state with a sending, which takes the place of the one with its id."""
        others = [one for one in self.sendings if one.id != sending.id]
        reason = sending.reason.encode(errors="replace")[:MAX_REASON].decode(errors="ignore")
        newest = sorted((replace(sending, reason=reason), *others), key=lambda one: (-one.at_ms, one.id))
        return replace(self, sendings=tuple(_remembered(newest)))

    def sending(self, id_: str) -> Sending | None:
        """The sending of that id."""
        return next((one for one in self.sendings if one.id == id_), None)

    @property
    def open(self) -> Sending | None:
        """The sending that was claimed and not closed."""
        return next((one for one in self.sendings if one.status == "intended"), None)

    def encode(self) -> bytes:
        """The state without its alarm as bytes; equal states give equal bytes."""
        sendings = [_fields(one) for one in self.sendings]
        notes = [_fields(one) for one in self.notes]
        packed: bytes = msgpack.packb((FORMAT_VERSION, self.touched_ms, sendings, notes))
        return packed

    @classmethod
    def decode(cls, data: bytes, due_ms: int | None) -> "State":
        """The state that `encode` wrote.

        Raises:
            DependencyFailed: the bytes are damaged or of another format version.
        """
        try:
            version, touched_ms, sendings, notes = msgpack.unpackb(data)
            if version != FORMAT_VERSION:
                raise DependencyFailed("table", f"outreach has format {version}, this code reads {FORMAT_VERSION}")
            said = (tuple(map(_sending, sendings)), tuple(map(_note, notes)))
            return cls(*said, due_ms, int(touched_ms))
        except DAMAGE as error:
            raise DamagedRow("table", "what outreach remembers of a person is damaged") from error


@dataclass(frozen=True, slots=True)
class StoredState:
    """A state and the revision of its row; `rev` is None when there is no row yet."""

    state: State = field(default_factory=State)
    rev: int | None = None

    def successor(self, state: State, person: PersonId, now_ms: int) -> Row:
        """The row that takes this one's place. Only one that is due has the attributes of the index."""
        alarm: Mapping[str, str | int] = {}
        if state.due_ms is not None:
            alarm = {"shard": shard_of(person), "due": state.due_ms}
        ttl = max(now_ms, state.due_ms or 0) // 1000 + KEPT_FOR_S
        return {"state": state.encode(), "rev": 1 if self.rev is None else self.rev + 1, "ttl": ttl, **alarm}


def parse_state(row: Row | Absent) -> StoredState:
    """The stored state, an empty one when there is none.

    Raises:
        DependencyFailed: the row was not read, or is damaged.
    """
    if row is Absent.MISSING:
        return StoredState()
    match row:
        case {"state": bytes(data), "rev": int(rev), **rest}:
            due = rest.get("due")
            return StoredState(State.decode(data, due if isinstance(due, int) else None), rev)
    if row is Absent.NOT_READ:
        raise DependencyFailed("table", "outreach was not read")
    raise DamagedRow("table", "outreach's row is damaged")


def shard_of(person: PersonId) -> str:
    """The partition of the index `due` in which a person's alarms are."""
    return shard(crc32(person.encode()) % SHARDS)


def shard(n: int) -> str:
    """The n-th partition of the index."""
    return f"DUE#{n:02}"


def sending_id(person: PersonId, message: str, step: int, subject: str, anchor_ms: int) -> str:
    """The id of a sending: the same for the same cause, however often and by whom it is worked off.

    No part holds a line break.
    """
    cause = "\n".join((person, message, str(step), subject, str(anchor_ms)))
    return blake2b(cause.encode(errors="replace"), digest_size=16).hexdigest()


def _remembered(newest: Iterable[Sending]) -> Iterator[Sending]:
    """Those of the newest first that are kept."""
    n_reached, n_unsent = 0, 0
    counted: Counter[tuple[str, str]] = Counter()
    for one in newest:
        if one.status not in REACHED:
            n_unsent += 1
            is_kept = n_unsent <= MAX_UNSENT
        else:
            of_message, of_channel = ("message", one.message), ("channel", one.channel)
            counted.update((of_message, of_channel))
            is_rare = counted[of_message] <= MAX_OF_MESSAGE or counted[of_channel] <= MAX_OF_CHANNEL
            is_kept = n_reached < MAX_SENDINGS or (n_reached < MAX_REMEMBERED and is_rare)
            n_reached += is_kept
        if is_kept:
            yield one


def _sending(plain: list[Any]) -> Sending:
    match plain:
        case [str(), str(), int(), str(), int(), str(channel), int(), str(status), str(), int()]:
            if channel in CHANNELS and status in STATUSES:
                return Sending(*plain)
    raise ValueError("no sending")


def _note(plain: list[Any]) -> Note:
    match plain:
        case [str(kind), str(), int(), int()] if kind in TRIGGER_KINDS:
            return Note(*plain)
    raise ValueError("no note")


def _fields(one: Sending | Note) -> list[str | int]:
    return [getattr(one, name) for name in type(one).__match_args__]

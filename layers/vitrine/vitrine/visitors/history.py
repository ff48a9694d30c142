"""What a visitor did, remembered in bounded size: a set of records per lane that any order of arrival makes the same.

An event is identified by its kind and id: a click and a dismissal of one id are two events. A lane keeps the newest N
of the SET of its records, ordered by (time, digest of kind and id). Union followed by truncation to the top N is
commutative, associative and idempotent (a join semilattice; Shapiro et al., "Conflict-free Replicated Data Types",
2011), so duplicates, late events and any grouping into batches lead to the same history. Should one event come with
two contents, the larger record wins on every path, too.

The wire limits the bytes of every text, and a record keeps only what means something for its kind, so that the largest
history is arithmetic and not luck: see tests/unit/test_profile_size.py.
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, TypeAlias

from vitrine.types import Event, EventKind

DIGEST_BYTES: Final = 8  # two of a visitor's few hundred event ids collide with probability 1e-14

Lane = Literal["view", "cart", "favourite", "purchase", "search", "shown", "reaction", "survey"]
LANES: Final[Mapping[Lane, int]] = {
    "view": 50,
    "cart": 60,
    "favourite": 80,
    "purchase": 200,
    "search": 20,
    "shown": 60,
    "reaction": 40,
    "survey": 5,
}
"""How many records each lane keeps, 515 in all. Additions to and removals from the cart share a lane, so that both are
forgotten from the same instant on and a removed line never comes back."""

LANE_OF: Final[Mapping[EventKind, Lane]] = {
    "view": "view",
    "add_to_cart": "cart",
    "remove_from_cart": "cart",
    "favourite": "favourite",
    "purchase": "purchase",
    "search": "search",
    "impression": "shown",
    "click": "reaction",
    "slot_click": "reaction",
    "dismiss": "reaction",
    "exit_intent": "reaction",
    "survey": "survey",
}
PLACED: Final[frozenset[Lane]] = frozenset({"shown", "reaction"})
"""Lanes whose records say where it happened. For the others that would only take room, as answers would for all but
`survey`."""

NO_PRICE: Final = -1


class Record(NamedTuple):
    """One event as remembered. Its fields are in the order that decides which of two records is the larger."""

    at_ms: int
    digest: bytes
    kind: EventKind
    what: str = ""  # the item, or the words searched for
    quantity: int = 1
    price: int = NO_PRICE
    placement: str = ""
    answers: tuple[tuple[str, str], ...] = ()


Records: TypeAlias = tuple[Record, ...]
"""Records of one lane, newest first, no digest twice, no more than the lane keeps."""

History: TypeAlias = Mapping[Lane, Records]
"""Every lane that holds a record."""


def digest_of(event: Event) -> bytes:
    """What is remembered of an event's identity. No kind holds a line feed, so no two pairs make the same text."""
    return blake2b(f"{event.kind}\n{event.id}".encode(), digest_size=DIGEST_BYTES).digest()


def record_of(event: Event) -> Record:
    """The record of an event: a function of the event alone, so that the set of records is one of the set of events."""
    lane = LANE_OF[event.kind]
    return Record(
        at_ms=event.at_ms,
        digest=digest_of(event),
        kind=event.kind,
        what=(event.query if event.kind == "search" else event.item) or "",
        quantity=event.quantity,
        price=NO_PRICE if event.price is None else event.price,
        placement=(event.placement or "") if lane in PLACED else "",
        answers=tuple(sorted(event.answers.items())) if lane == "survey" else (),
    )


def remember(history: History, events: Iterable[Event]) -> dict[Lane, Records]:
    """The history after these events, whatever their order and however often they come."""
    fresh: dict[Lane, list[Record]] = {}
    for event in events:
        fresh.setdefault(LANE_OF[event.kind], []).append(record_of(event))
    return {**history, **{lane: _newest(lane, (*history.get(lane, ()), *records)) for lane, records in fresh.items()}}


def union(one: History, other: History) -> dict[Lane, Records]:
    """What is remembered of two histories together."""
    return {
        lane: _newest(lane, (*one.get(lane, ()), *other.get(lane, ())))
        for lane in LANES
        if one.get(lane) or other.get(lane)
    }


def _newest(lane: Lane, records: Iterable[Record]) -> Records:
    by_digest: dict[bytes, Record] = {}
    for record in records:
        known = by_digest.get(record.digest)
        if known is None or record > known:
            by_digest[record.digest] = record
    return tuple(sorted(by_digest.values(), reverse=True)[: LANES[lane]])


def is_remembered(history: History, event: Event) -> bool:
    """Whether an event of that kind and id is in the history."""
    digest = digest_of(event)
    return any(record.digest == digest for record in history.get(LANE_OF[event.kind], ()))

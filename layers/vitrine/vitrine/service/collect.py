"""Take note of what a visitor did: the raw events to the lake, their meaning into the profile.

The lake is the source of truth, so it comes first: when the profile cannot be written afterwards, nothing is lost but
speed, and the caller's repetition is recognised by event id (the lake keeps the first of equal ids). The profile is
written under optimistic locking; whoever loses the race reads again and merges, which the reducer makes harmless.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from vitrine import keys
from vitrine.errors import DependencyFailed, ProfileConflict
from vitrine.ports import Clock, Stream, Table
from vitrine.types import Event, Purpose, RegionId, VisitorId
from vitrine.visitors.consent import may_recognise
from vitrine.visitors.identity import TokenKeys, mint, verify
from vitrine.visitors.profile import Consent, Profile
from vitrine.visitors.stored import Stored, parse_profile

MAX_AHEAD: Final = timedelta(minutes=10)
MAX_AGE: Final = timedelta(days=365)
READ_TIMEOUT_S: Final = 1.0
ATTEMPTS: Final = 12
"""Each lost race means that another writer of the same visitor got through."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """An event that was not taken: its index in the batch, why, and the field at fault."""

    index: int
    code: str
    message: str
    field: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Events of one visitor with their indices, and what the wire already refused. `visitor` None: a first call."""

    visitor: VisitorId | None
    consent: frozenset[Purpose]
    events: Sequence[tuple[int, Event]]
    rejected: Sequence[Rejection] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch. `token` is the visitor's, None when nothing about them may be or was kept."""

    accepted: int
    duplicates: int
    rejected: Sequence[Rejection]
    token: str | None


@dataclass(frozen=True, slots=True)
class CollectService:
    """Collects batches of events. Safe to use from several threads.

    `back_off` waits a moment of random length before the n-th new attempt at a profile that others write, too.
    """

    table: Table
    events: Stream
    token_keys: TokenKeys
    new_visitor: Callable[[], VisitorId]
    clock: Clock
    back_off: Callable[[int], None]

    def visitor_of(self, token: str | None) -> VisitorId | None:
        """The visitor whose token it is, None without a token.

        Raises:
            InvalidToken: it is not one of ours.
        """
        return None if token is None else verify(token, self.token_keys)

    def collect(self, batch: Batch, now: datetime) -> Outcome:
        """Keep what is good of a batch.

        Raises:
            DependencyFailed: the stream or the table did not do its work; the caller may send the batch again.
            ProfileConflict: as above, because too many others wrote the same profile.
        """
        timely, rejected = _sift(batch, now)
        if not may_recognise(batch.consent):
            unwanted = [_no_consent(index) for index, _ in timely]
            return Outcome(0, 0, _in_order(rejected + unwanted), None)
        distinct = _distinct(event for _, event in timely)
        if not distinct:
            token = None if batch.visitor is None else mint(batch.visitor, self.token_keys)
            return Outcome(0, 0, _in_order(rejected), token)
        visitor = batch.visitor or self.new_visitor()
        fresh = self._keep(visitor, distinct, Consent(_ms(now), batch.consent), now)
        return Outcome(fresh, len(timely) - fresh, _in_order(rejected), mint(visitor, self.token_keys))

    def _keep(self, visitor: VisitorId, events: Sequence[Event], consent: Consent, now: datetime) -> int:
        """Hand the events to the lake and fold them into the profile; how many were new."""
        try:
            stored = self._load(visitor, now, latest=False)
        except DependencyFailed:
            self._hand_over(visitor, None, events)  # the lake at least has them
            raise
        fresh = [event for event in events if not stored.profile.knows(event)]
        self._hand_over(visitor, stored.profile.region, fresh)
        for attempt in range(1, ATTEMPTS + 1):
            profile = _merged(stored.profile, fresh, consent)
            if stored.rev is not None and profile == stored.profile:
                return len(fresh)
            if self.table.replace(keys.profile(visitor), stored.successor(profile, now), stored.rev):
                return len(fresh)
            self.back_off(attempt)
            stored = self._load(visitor, now, latest=True)
        raise ProfileConflict(f"the profile was written by others {ATTEMPTS} times in a row")

    def _load(self, visitor: VisitorId, now: datetime, *, latest: bool) -> Stored:
        key = keys.profile(visitor)
        return parse_profile(self.table.read([key], READ_TIMEOUT_S, latest=latest)[key], now)

    def _hand_over(self, visitor: VisitorId, region: RegionId | None, events: Sequence[Event]) -> None:
        lost = self.events.put([raw_event(visitor, region, event) for event in events]) if events else 0
        if lost:
            raise DependencyFailed("stream", f"{lost} of {len(events)} events were not taken")


def raw_event(visitor: VisitorId, region: RegionId | None, event: Event) -> bytes:
    """An event as one JSON object of the lake's `events/raw/`."""
    return orjson.dumps(
        {
            "id": event.id,
            "visitor": visitor,
            "kind": event.kind,
            "at_ms": event.at_ms,
            "item": event.item,
            "quantity": event.quantity,
            "price": event.price,
            "session": event.session,
            "region": region,
            "query": event.query,
            "decision": event.decision,
            "placement": event.placement,
            "slot": event.slot,
            "answers": dict(event.answers),
        }
    )


def _merged(profile: Profile, events: Sequence[Event], consent: Consent) -> Profile:
    """The profile with the events; a consent that says what is known already changes nothing."""
    merged = profile.apply(events)
    return merged if consent.purposes == profile.consent.purposes else merged.with_consent(consent)


def _sift(batch: Batch, now: datetime) -> tuple[list[tuple[int, Event]], list[Rejection]]:
    """Events of a believable time, and all rejections so far."""
    earliest, latest = _ms(now - MAX_AGE), _ms(now + MAX_AHEAD)
    timely, rejected = [], list(batch.rejected)
    for index, event in batch.events:
        at = f"events.{index}.at_ms"
        if event.at_ms > latest:
            rejected.append(Rejection(index, "from_the_future", "the event is more than 10 minutes ahead of us", at))
        elif event.at_ms < earliest:
            rejected.append(Rejection(index, "too_old", "the event is more than a year old", at))
        else:
            timely.append((index, event))
    return timely, rejected


def _distinct(events: Iterable[Event]) -> list[Event]:
    """The events without those whose kind and id came before."""
    first: dict[tuple[str, str], Event] = {}
    for event in events:
        first.setdefault((event.kind, event.id), event)
    return list(first.values())


def _no_consent(index: int) -> Rejection:
    return Rejection(index, "no_consent", "the visitor did not agree to personalization", "consent")


def _in_order(rejected: Sequence[Rejection]) -> list[Rejection]:
    return sorted(rejected, key=lambda rejection: rejection.index)


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)

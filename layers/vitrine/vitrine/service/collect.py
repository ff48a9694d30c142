"""Take note of what a visitor did: the raw events to the lake, their meaning into the profile.

The lake is the source of truth, so it comes first: when the profile cannot be written afterwards, nothing is lost but
speed. The caller's repetition then puts a second line of the event into the lake, and the refresh counts lines of the
same visitor, kind and id as one event, as the profile does. The profile is written under optimistic locking; whoever
loses the race reads again and merges, which the reducer makes harmless.

A visitor who is linked to a person (`keys.link`) may be somebody to send a message to: before the profile is written,
an alarm is set for the person. Nobody else costs more than one key in the read that is done anyway.

All of it shares one budget of time below the timeout of the function: a caller who is answered 503 can come again, one
whose function was killed learns nothing.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import orjson

from vitrine import keys
from vitrine.errors import DeadlineExceeded, DependencyFailed, ProfileConflict
from vitrine.outreach.person import PersonId
from vitrine.ports import Clock, Stream, Table
from vitrine.service.alarms import arm, link_of
from vitrine.types import Event, Purpose, RegionId, VisitorId
from vitrine.values import dataclass
from vitrine.visitors.consent import may_recognise
from vitrine.visitors.identity import KeySource, TokenKeys, keys_for, mint, verify
from vitrine.visitors.profile import Consent, Profile
from vitrine.visitors.stored import Stored, parse_profile

MAX_AHEAD: Final = timedelta(minutes=10)
MAX_AGE: Final = timedelta(days=365)
BUDGET_S: Final = 3.5
"""For one batch, all reads and writes together; the template's timeout of the function leaves 1.5 s around it."""

READ_TIMEOUT_S: Final = 1.0
STREAM_TIMEOUT_S: Final = 2.0
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


class Budget:
    """Time for one batch, spent by all its calls."""

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds

    def left_s(self, dependency: str) -> float:
        """Seconds that the next call may take.

        Raises:
            DeadlineExceeded: none are left; it names the dependency that would have been asked.
        """
        left = self._ends - self._monotonic()
        if left <= 0:
            raise DeadlineExceeded(dependency, "no time is left for it")
        return left


@dataclass(frozen=True, slots=True)
class CollectService:
    """Collects batches of events. Safe to use from several threads.

    `back_off` waits a moment of random length before the n-th new attempt at a profile that others write, too.
    `monotonic` is a clock in seconds that never goes back.
    """

    table: Table
    events: Stream
    token_keys: KeySource
    new_visitor: Callable[[], VisitorId]
    clock: Clock
    back_off: Callable[[int], None]
    monotonic: Callable[[], float] = time.monotonic

    def visitor_of(self, token: str | None) -> VisitorId | None:
        """The visitor whose token it is, None without a token.

        Raises:
            InvalidToken: it is not one of ours.
            DependencyFailed: there are no keys to tell by.
        """
        token_keys = self._keys(token)
        return None if token is None else verify(token, token_keys)

    def collect(self, batch: Batch, now: datetime) -> Outcome:
        """Keep what is good of a batch.

        Raises:
            DependencyFailed: the stream or the table did not do its work; the caller may send the batch again.
            ProfileConflict: as above, because too many others wrote the same profile.
        """
        budget = Budget(BUDGET_S, self.monotonic)
        timely, rejected = _sift(batch, now)
        if not may_recognise(batch.consent):
            unwanted = [_no_consent(index) for index, _ in timely]
            return Outcome(0, 0, _in_order(rejected + unwanted), None)
        distinct = _distinct(event for _, event in timely)
        token_keys = self._keys(None)
        if not distinct:
            token = None if batch.visitor is None else mint(batch.visitor, token_keys)
            return Outcome(0, 0, _in_order(rejected), token)
        visitor = batch.visitor or self.new_visitor()
        fresh = self._keep(visitor, distinct, Consent(_ms(now), batch.consent), now, budget)
        return Outcome(fresh, len(timely) - fresh, _in_order(rejected), mint(visitor, token_keys))

    def _keys(self, token: str | None) -> TokenKeys:
        token_keys = keys_for(token, self.token_keys)
        if token_keys is None:
            raise DependencyFailed("secret", "there are no token keys yet")
        return token_keys

    def _keep(
        self, visitor: VisitorId, events: Sequence[Event], consent: Consent, now: datetime, budget: Budget
    ) -> int:
        """Hand the events to the lake and fold them into the profile; how many were new."""
        try:
            stored, person = self._find(visitor, now, budget)
        except DependencyFailed:
            self._hand_over(visitor, None, events, budget)  # the lake at least has them
            raise
        fresh = [event for event in events if not stored.profile.knows(event)]
        self._hand_over(visitor, stored.profile.region, fresh, budget)
        for attempt in range(1, ATTEMPTS + 1):
            profile = _merged(stored.profile, fresh, consent)
            if stored.rev is not None and profile == stored.profile:
                return len(fresh)
            if person is not None and attempt == 1:
                arm(self.table, person, _ms(now), budget.left_s, self.back_off)
            row = stored.successor(profile, now)
            if self.table.replace(keys.profile(visitor), row, stored.rev, budget.left_s("table")):
                return len(fresh)
            self.back_off(attempt)
            stored = self._load(visitor, now, budget)
        raise ProfileConflict(f"the profile was written by others {ATTEMPTS} times in a row")

    def _find(self, visitor: VisitorId, now: datetime, budget: Budget) -> tuple[Stored, PersonId | None]:
        """The profile as it was a moment ago, and whose visitor it is, in one read."""
        profile, link = keys.profile(visitor), keys.link(visitor)
        rows = self.table.read([profile, link], min(READ_TIMEOUT_S, budget.left_s("table")))
        return parse_profile(rows[profile], now), link_of(rows[link])

    def _load(self, visitor: VisitorId, now: datetime, budget: Budget) -> Stored:
        """The profile as it is."""
        key = keys.profile(visitor)
        timeout_s = min(READ_TIMEOUT_S, budget.left_s("table"))
        return parse_profile(self.table.read([key], timeout_s, latest=True)[key], now)

    def _hand_over(self, visitor: VisitorId, region: RegionId | None, events: Sequence[Event], budget: Budget) -> None:
        if not events:
            return
        timeout_s = min(STREAM_TIMEOUT_S, budget.left_s("stream"))
        lost = self.events.put([raw_event(visitor, region, event) for event in events], timeout_s)
        if lost:
            raise DependencyFailed("stream", f"{lost} of {len(events)} events were not taken")


def raw_event(visitor: VisitorId, region: RegionId | None, event: Event) -> bytes:
    """An event as one JSON object of the lake's `events/raw/`.

    `region` is the visitor's home region as the profile has it: null for whom the store does not know, and while the
    profile cannot be read. Whoever counts by region gives such lines a place of their own.
    """
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

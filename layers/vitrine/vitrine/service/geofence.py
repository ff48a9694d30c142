"""Take note that somebody crossed a fence, and let outreach say something about it.

Three writes, in an order that loses nothing and tells nothing twice, whoever dies where:

1. the device's track, under its revision, with the mark that the fence calls for a message: here it is decided whether
   the crossing is believed and whether the caps of the fence and of the person leave room;
2. the fence's counter of the day, a conditional one;
3. the note in the person's outreach state, with the alarm, which is all that outreach needs to do its part.

A crossing that is sent again while 3 is missing is not refused as a replay but finished. The same note twice is one.
"""

import logging
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

from vitrine import keys
from vitrine.errors import DependencyFailed, ProfileConflict
from vitrine.outreach.geofence import NEEDED, Crossing, Doubt, Verdict, digest_of, doubt_alone, judge, wants
from vitrine.outreach.messages import Message
from vitrine.outreach.person import PersonId, person_of_visitor
from vitrine.outreach.state import Note, State, parse_state
from vitrine.outreach.track import StoredTracks, Told, Tracks, parse_tracks
from vitrine.outreach.triggers import ACTIONS
from vitrine.places.fences import Fence, Fences
from vitrine.ports import Clock, Table
from vitrine.service.alarms import link_of
from vitrine.types import DAY_MS, Absent, Purpose, Row, VisitorId
from vitrine.values import dataclass
from vitrine.visitors.identity import KeySource, keys_for, verify
from vitrine.visitors.stored import parse_profile

READ_TIMEOUT_S: Final = 1.0
WRITE_TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 12
"""Each lost race means that another writer of the same person got through."""

APP_FIRST_MS: Final = 60_000
"""An app that shows notices itself has the word for so long; the alarm is for one that dies before it is answered."""

COUNTER_DAYS: Final = 2

Reason: TypeAlias = Doubt | Literal["no_consent", "capped"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rules:
    """The fences of the release that is served, and its messages."""

    fences: Fences
    messages: Collection[Message]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the app shows at once. `id` is that of the sending; `url` is opened by a tap."""

    id: str
    title: str
    text: str
    url: str
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a crossing. `accepted`: it is believed; `reason` is why nothing comes of it, if that is known.

    `fence` is the one that it was judged at, None if none was found.
    """

    accepted: bool
    reason: Reason | None = None
    fence: str | None = None
    shown: Shown | None = None


class FindRules(Protocol):
    """The rules of the release that the pointer names."""

    def __call__(self, pointer: Row | Absent) -> Rules:
        """Raises InvalidRelease or DependencyFailed when they cannot be had."""
        ...


class Notify(Protocol):
    """Works the person off at once, with the app as the channel."""

    def __call__(self, person: PersonId) -> Shown | None:
        """What the app is to show, claimed under the person's revision; None when there is nothing to say now.

        Raises:
            DependencyFailed: it could not be found out; nobody was told anything that is not claimed.
            ProfileConflict: others wrote the person's row again and again.
        """
        ...


class Nudge(Protocol):
    """Asks for a person to be worked off within seconds."""

    def __call__(self, person: PersonId) -> None:
        """Raises DependencyFailed when nobody was asked; the person's alarm is heard within a minute all the same."""
        ...


@dataclass(frozen=True, slots=True)
class GeofenceService:
    """Judges crossings and notes them. Safe to use from several threads if its parts are.

    Whether the app shows the message at once or a push brings it, it is one: both claim the same sending, whose id
    follows from the crossing, by a conditional write on the person's row. A claim is made before the words leave here,
    so an answer that is lost on its way is a message lost, never one told twice.
    """

    table: Table
    rules: FindRules
    notify: Notify
    nudge: Nudge
    token_keys: KeySource
    clock: Clock
    back_off: Callable[[int], None]

    def visitor_of(self, token: str) -> VisitorId:
        """The visitor whose token it is.

        Raises:
            InvalidToken: it is not one of ours.
            DependencyFailed: there are no keys to tell by.
        """
        token_keys = keys_for(token, self.token_keys)
        if token_keys is None:
            raise DependencyFailed("secret", "there are no token keys yet")
        return verify(token, token_keys)

    def cross(
        self, crossing: Crossing, visitor: VisitorId, consent: Collection[Purpose], notifies: bool, now: datetime
    ) -> Outcome:
        """What becomes of a crossing that a visitor's app tells with the consent that it names.

        Raises:
            DependencyFailed: the table did not do its work; the app may send the crossing again.
            ProfileConflict: as above, because too many others wrote the same person.
        """
        if not set(consent) >= NEEDED:
            return Outcome(False, "no_consent")
        doubt = doubt_alone(crossing, _ms(now))
        if doubt is not None:
            return Outcome(False, doubt)
        return self._cross(crossing, visitor, notifies, now)

    def cross_unasked(self, crossing: Crossing, visitor: VisitorId, now: datetime) -> Outcome:
        """The same for a crossing that a location service tells: the consent is what the visitor's profile says.

        Raises as `cross`.
        """
        key = keys.profile(visitor)
        profile = parse_profile(self.table.read([key], READ_TIMEOUT_S, latest=True)[key], now).profile
        return self.cross(crossing, visitor, profile.consent.purposes, False, now)

    def _cross(self, crossing: Crossing, visitor: VisitorId, notifies: bool, now: datetime) -> Outcome:
        link = keys.link(visitor)
        rows = self.table.read([link, keys.RELEASE_POINTER], READ_TIMEOUT_S, latest=True)
        person = link_of(rows[link]) or person_of_visitor(visitor)
        rules = self.rules(rows[keys.RELEASE_POINTER])
        outcome, calling = self._believe(crossing, person, digest_of(visitor), rules, _ms(now))
        if calling is None:
            return outcome
        return self._call(crossing, calling, person, notifies, _ms(now))

    def _believe(
        self, crossing: Crossing, person: PersonId, device: bytes, rules: Rules, now_ms: int
    ) -> tuple[Outcome, Fence | None]:
        """What to make of the crossing, and the fence if it calls for a message; the track is written."""
        tracks_key, state_key = keys.fixes(person), keys.outreach(person)
        for attempt in range(1, ATTEMPTS + 1):
            rows = self.table.read([tracks_key, state_key], READ_TIMEOUT_S, latest=True)
            stored = parse_tracks(rows[tracks_key], now_ms)
            verdict = judge(crossing, rules.fences, stored.tracks.of(device), now_ms)
            fence, track = verdict.fence, verdict.track
            if fence is None or track is None:
                state = parse_state(rows[state_key]).state
                return _refused(verdict, _unfinished(crossing, verdict, stored.tracks, device, state))
            moved, calling = _moved(crossing, fence, stored, stored.tracks.with_track(track), rules)
            row = stored.successor(moved, now_ms)
            if self.table.replace(tracks_key, row, stored.rev, WRITE_TIMEOUT_S):
                is_wanted = wants(rules.messages, fence.id, crossing.action)
                return Outcome(True, "capped" if is_wanted and calling is None else None, fence.id), calling
            self.back_off(attempt)
        raise ProfileConflict(f"a person's tracks were written by others {ATTEMPTS} times in a row")

    def _call(self, crossing: Crossing, fence: Fence, person: PersonId, notifies: bool, now_ms: int) -> Outcome:
        """Let outreach know, and be told at once what it has to say if the app can show it."""
        day = now_ms // DAY_MS
        ttl = (day + COUNTER_DAYS) * (DAY_MS // 1000)
        if not self.table.count(keys.fence_day(fence.id, day), fence.per_day, ttl, WRITE_TIMEOUT_S):
            return Outcome(True, "capped", fence.id)
        note = Note("geofence", fence.id, crossing.at_ms, ACTIONS.index(crossing.action))
        self._note(note, person, now_ms + APP_FIRST_MS if notifies else now_ms, now_ms)
        try:
            if notifies:
                return Outcome(True, None, fence.id, self.notify(person))
            self.nudge(person)
        except (DependencyFailed, ProfileConflict) as error:
            logger.warning("a crossing is left to the alarm: %s", error)
        return Outcome(True, None, fence.id)

    def _note(self, note: Note, person: PersonId, due_ms: int, now_ms: int) -> None:
        key = keys.outreach(person)
        for attempt in range(1, ATTEMPTS + 1):
            stored = parse_state(self.table.read([key], READ_TIMEOUT_S, latest=True)[key])
            noted = stored.state.noted([note]).alarmed(due_ms)
            if self.table.replace(key, stored.successor(noted, person, now_ms), stored.rev, WRITE_TIMEOUT_S):
                return
            self.back_off(attempt)
        raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")


def _moved(
    crossing: Crossing, fence: Fence, stored: StoredTracks, tracks: Tracks, rules: Rules
) -> tuple[Tracks, Fence | None]:
    """The tracks to write, and the fence if it calls for a message."""
    is_wanted = wants(rules.messages, fence.id, crossing.action)
    if is_wanted and stored.tracks.may_tell(fence.id, fence.per_person, crossing.at_ms):
        return tracks.telling(fence.id, crossing.at_ms), fence
    return tracks, None


def _refused(verdict: Verdict, unfinished: Fence | None) -> tuple[Outcome, Fence | None]:
    if unfinished is not None:
        return Outcome(True, None, unfinished.id), unfinished
    return Outcome(False, verdict.doubt, None if verdict.fence is None else verdict.fence.id), None


def _unfinished(crossing: Crossing, verdict: Verdict, tracks: Tracks, device: bytes, state: State) -> Fence | None:
    """The fence if the crossing is the device's last one, called for a message, and was not noted: whoever worked on it
    died or gave up."""
    fence, last = verdict.fence, tracks.of(device)
    if verdict.doubt != "replayed" or fence is None or Told(fence.id, crossing.at_ms) not in tracks.told:
        return None
    is_last = (last.fence, last.action, last.at_ms) == (fence.id, crossing.action, crossing.at_ms)
    note = Note("geofence", fence.id, crossing.at_ms, ACTIONS.index(crossing.action))
    return fence if is_last and last.ids[:1] == (crossing.digest,) and note not in state.notes else None


def _ms(now: datetime) -> int:
    return int(now.timestamp() * 1000)

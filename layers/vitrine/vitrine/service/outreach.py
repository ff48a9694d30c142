"""Work off one person: find the next move, claim it, hand the message over, note what became of it, set the alarm.

The order is what keeps a person from getting two messages, or none without a trace, whoever dies where:

1. the words are composed and kept under the sending's id;
2. the sending is claimed: the person's row is replaced under its revision, with the alarm at the end of the lease.
   Of any number of workers one succeeds; the others find another row than they decided on and begin again;
3. the channel takes the words, under the same id;
4. the sending is closed, and the alarm is set to the next thing to do.

Who finds a claim whose lease is over does not know whether 3 happened. A channel that takes an id only once is asked
again if the message still may go; any other is not, and a dead letter says so: push and SMS at most once, mail as
well, for SES knows no ids.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal, TypeAlias

import orjson

from vitrine import keys
from vitrine.errors import DependencyFailed, ProfileConflict
from vitrine.outreach.arbitration import Candidate, Move, Situation, next_move, standing_ms
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import Channel as ChannelPort
from vitrine.outreach.handing import Handover, InDoubt, Refused, Result, Taken, Unsendable, Words, decode, encode
from vitrine.outreach.needs import Composed, DeadLetters, Outlook
from vitrine.outreach.person import Person, PersonId, parse_person, row_of
from vitrine.outreach.state import Sending, State, StoredState, parse_state
from vitrine.ports import Clock, Table
from vitrine.types import Absent, Key, Row
from vitrine.values import dataclass

LEASE_MS: Final = 5 * 60_000
"""For so long a first claim is its worker's alone; more than the timeout of the function that works."""

READ_TIMEOUT_S: Final = 3.0
HAND_OVER_TIMEOUT_S: Final = 10.0
ATTEMPTS: Final = 8
"""At a row that others write, too."""

MAX_HANDOVERS: Final = 6
"""After so many refusals for the moment a sending has failed: with the pauses between, some eight hours."""

WORDS_KEPT_S: Final = 90 * 86_400

Outcome: TypeAlias = Literal["sent", "shown", "waits", "busy", "refused", "in_doubt", "postponed"]


@dataclass(frozen=True, slots=True)
class Report:
    """What was done for a person. `words` only where they are the answer (the app shows them)."""

    person: PersonId
    outcome: Outcome
    sending: Sending | None = None
    words: Words | None = None
    due_ms: int | None = None
    considered: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """A person as read at one instant: the state with its revision, and the situation that moves are found from."""

    person: Person
    person_rev: int | None
    stored: StoredState
    situation: Situation


@dataclass(frozen=True, slots=True)
class OutreachService:
    """Works persons off. Safe to use from several threads.

    `channels` are those that the store can use; `app` is none of them, its words are the answer.
    """

    table: Table
    outlook: Outlook
    channels: Mapping[Channel, ChannelPort]
    dead_letters: DeadLetters
    clock: Clock

    def work(self, person: PersonId, at_once: frozenset[Channel] = frozenset()) -> Report:
        """Do for a person what is to be done now.

        Raises:
            DependencyFailed: something did not answer; the person is still due, so somebody comes again.
            DamagedRow: what is kept of the person cannot be read; see `park`.
            ProfileConflict: others wrote the person's row again and again; as above.
        """
        for _ in range(ATTEMPTS):
            known = self.look(person, at_once)
            open_ = known.stored.state.open
            done = self._advance(known) if open_ is None else self._recover(known, open_)
            if done is not None:
                return done
        raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")

    def look(self, person: PersonId, at_once: frozenset[Channel] = frozenset()) -> Known:
        """A person as things stand. Raises as `work`; changes nothing."""
        rows = self._rows(keys.person(person), keys.outreach(person))
        found, rev = parse_person(rows[keys.person(person)], person)
        stored = parse_state(rows[keys.outreach(person)])
        if at_once:
            found = found.asking(at_once)
        situation = self.outlook.situation(found, stored.state, self.clock(), at_once)
        return Known(found, rev, stored, situation)

    def park(self, person: PersonId, reason: str) -> None:
        """Set aside a person who cannot be worked off, with a dead letter, so that nobody tries every minute."""
        self._dead_letter(person, reason)
        key = keys.outreach(person)
        for _ in range(ATTEMPTS):
            row = self._rows(key)[key]
            if isinstance(row, Absent) or self._quieten(key, row):
                return
        raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")

    def _quieten(self, key: Key, row: Row) -> bool:
        """Take the alarm from a row, whatever else is in it; False when somebody else wrote it meanwhile."""
        bare = {name: value for name, value in row.items() if name not in ("shard", "due")}
        rev = row.get("rev")
        if isinstance(rev, int):
            return self.table.replace(key, {**bare, "rev": rev + 1}, rev, READ_TIMEOUT_S)
        return bool(self.table.write([(key, bare)]))  # damaged: nobody else can write it under a revision

    def _advance(self, known: Known) -> Report | None:
        """The next move, made; None when somebody else wrote first."""
        move = next_move(known.situation)
        now_ms = known.situation.now_ms
        if move.winner is None or move.sending is None:
            state = known.stored.state.resting(move.due_ms, now_ms)
            is_set = self._replace(known, state)
            return Report(known.person.id, "waits", None, None, state.due_ms, move.considered) if is_set else None
        if not self._within_rate(known):
            due_ms = (now_ms // 60_000 + 1) * 60_000
            is_set = self._replace(known, replace(known.stored.state, due_ms=due_ms))
            return Report(known.person.id, "postponed", None, None, due_ms, move.considered) if is_set else None
        return self._send(known, move, move.winner, move.sending)

    def _within_rate(self, known: Known) -> bool:
        """Whether the store may send one more message in this minute; counts it."""
        minute = known.situation.now_ms // 60_000
        limit = known.situation.outreach.policy.per_minute
        return self.table.count(keys.outreach_rate(minute), limit, ttl=(minute + 60) * 60, timeout_s=READ_TIMEOUT_S)

    def _send(self, known: Known, move: Move, winner: Candidate, sending: Sending) -> Report | None:
        composed = self.outlook.compose(winner, sending, known.situation)
        try:
            self._keep(known.person.id, sending, composed)
        except Unsendable as error:
            return self._fail(known, sending, str(error), move.considered)
        words = composed.words
        if sending.channel == "app":
            return self._show(known, move, sending, words)
        if not self._claim(known, sending):
            return None
        return self._hand_over(known, sending, words, move.considered)

    def _keep(self, person: PersonId, sending: Sending, composed: Composed) -> None:
        """The words, for who asks later, and whose sending this is, for what the provider tells of it."""
        ttl = sending.at_ms // 1000 + WORDS_KEPT_S
        kept: Row = {"content": encode(composed.words), "ttl": ttl, **composed.links}
        self.table.write(
            [(keys.message(person, sending.id), kept), (keys.sending(sending.id), {"person": person, "ttl": ttl})]
        )

    def _claim(self, known: Known, sending: Sending) -> bool:
        leased = replace(known.stored.state.with_sending(sending), due_ms=lease_end_ms(sending))
        return self._replace(known, leased)

    def _show(self, known: Known, move: Move, sending: Sending, words: Words) -> Report | None:
        """Claimed and closed at once: the words are in the answer, and nobody could hand them over again."""
        shown = replace(sending, status="sent")
        state = self._rested(known, known.stored.state.with_sending(shown))
        if not self._replace(known, state):
            return None
        return Report(known.person.id, "shown", shown, words, state.due_ms, move.considered)

    def _recover(self, known: Known, open_: Sending) -> Report | None:
        """Somebody claimed a sending and did not close it."""
        now_ms, lease_ms = known.situation.now_ms, lease_end_ms(open_)
        if now_ms < lease_ms:  # an alarm before that is another's: it stays, for the look after the claim is closed
            return Report(known.person.id, "busy", open_, None, lease_ms)
        again_ms = standing_ms(open_, known.situation) if self._may_ask_again(open_) else None
        words = None if again_ms is None else self._kept_words(known.person.id, open_.id)
        if again_ms is None or words is None:
            return self._doubt(known, open_, "nobody noted whether the message was handed over")
        if again_ms > now_ms:
            is_set = self._replace(known, known.stored.state.resting(again_ms, now_ms))
            return Report(known.person.id, "busy", open_, None, again_ms) if is_set else None
        again = replace(open_, at_ms=now_ms, attempts=open_.attempts + 1)
        return self._hand_over(known, again, words, ()) if self._claim(known, again) else None

    def _may_ask_again(self, sending: Sending) -> bool:
        channel = self.channels.get(sending.channel)
        return channel is not None and channel.is_idempotent and sending.attempts < MAX_HANDOVERS

    def _kept_words(self, person: PersonId, sending: str) -> Words | None:
        key = keys.message(person, sending)
        match self._rows(key)[key]:
            case {"content": bytes(data)}:
                return decode(data)
        return None

    def _hand_over(self, known: Known, sending: Sending, words: Words, considered: tuple[Candidate, ...]) -> Report:
        """The words to the channel, and what came of it into the row."""
        port = self.channels.get(sending.channel)
        address = known.person.addresses.get(sending.channel, "")
        result: Result = Refused("drop", f"the store has no channel {sending.channel}")
        if port is not None:
            result = port.hand_over(Handover(sending.id, sending.channel, address, words), HAND_OVER_TIMEOUT_S)
        if isinstance(result, Taken):
            return self._close(known, replace(sending, status="sent"), "sent", considered)
        if isinstance(result, Refused) and result.kind == "suppress":
            self._suppress(known.person.id, sending.channel, result.reason)
        is_final = isinstance(result, Refused) and result.kind != "retry"
        if isinstance(result, InDoubt) or known.stored.state.open is not None:  # it, or what went before, may be there
            if is_final or not self._may_ask_again(sending):
                return self._doubt(known, sending, result.reason)
            return Report(known.person.id, "busy", sending, None, lease_end_ms(sending), considered)
        settle = self._fail if is_final else self._later
        return settle(known, sending, result.reason, considered)

    def _later(self, known: Known, sending: Sending, reason: str, considered: tuple[Candidate, ...]) -> Report:
        if sending.attempts >= MAX_HANDOVERS:
            return self._fail(known, sending, reason, considered)
        return self._close(known, replace(sending, status="retry", reason=reason), "refused", considered)

    def _fail(self, known: Known, sending: Sending, reason: str, considered: tuple[Candidate, ...]) -> Report:
        self._dead_letter(known.person.id, reason, sending)
        return self._close(known, replace(sending, status="failed", reason=reason), "refused", considered)

    def _doubt(self, known: Known, sending: Sending, reason: str) -> Report:
        self._dead_letter(known.person.id, reason, sending)
        return self._close(known, replace(sending, status="in_doubt", reason=reason), "in_doubt", ())

    def _close(self, known: Known, sending: Sending, outcome: Outcome, considered: tuple[Candidate, ...]) -> Report:
        """Note what became of a sending, whoever else has written meanwhile, and set the next alarm.

        Any alarm but the lease's was set since the claim: nobody has looked at its reason yet.
        """
        key = keys.outreach(known.person.id)
        for _ in range(ATTEMPTS):
            stored = parse_state(self._rows(key)[key])
            alarm_ms = stored.state.due_ms
            state = self._rested(known, replace(stored.state, due_ms=None).with_sending(sending))
            if alarm_ms is not None and alarm_ms != lease_end_ms(sending):
                state = state.alarmed(alarm_ms)
            row = stored.successor(state, known.person.id, known.situation.now_ms)
            if self.table.replace(key, row, stored.rev, READ_TIMEOUT_S):
                return Report(known.person.id, outcome, sending, None, state.due_ms, considered)
        raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")

    def _rested(self, known: Known, state: State) -> State:
        """The state with the alarm for what is to be done next."""
        now_ms = known.situation.now_ms
        move = next_move(replace(known.situation, state=state))
        return state.resting(now_ms if move.winner is not None else move.due_ms, now_ms)

    def _suppress(self, person: PersonId, channel: Channel, reason: str) -> None:
        """The channel must not be used for this person any more, until a new address or agreement."""
        key = keys.person(person)
        for _ in range(ATTEMPTS):
            found, rev = parse_person(self._rows(key)[key], person)
            if self.table.replace(key, row_of(found.without(channel, reason), rev), rev, READ_TIMEOUT_S):
                return
        raise ProfileConflict(f"a person was written by others {ATTEMPTS} times in a row")

    def _replace(self, known: Known, state: State) -> bool:
        if state == known.stored.state and known.stored.rev is not None:
            return True
        row = known.stored.successor(state, known.person.id, known.situation.now_ms)
        return self.table.replace(keys.outreach(known.person.id), row, known.stored.rev, READ_TIMEOUT_S)

    def _dead_letter(self, person: PersonId, reason: str, sending: Sending | None = None) -> None:
        told = {"person": person, "reason": reason}
        if sending is not None:
            told |= {"sending": sending.id, "message": sending.message, "channel": sending.channel}
        self.dead_letters.put(orjson.dumps(told))

    def _rows(self, *wanted: Key) -> Mapping[Key, Row | Absent]:
        """These rows as they are now.

        Raises:
            DependencyFailed: one was not read.
        """
        rows = self.table.read(wanted, READ_TIMEOUT_S, latest=True)
        if Absent.NOT_READ in rows.values():
            raise DependencyFailed("table", "a person was not read")
        return rows


def lease_end_ms(sending: Sending) -> int:
    """Until when a claim is its worker's alone. Each is twice as long as the one before, so that a provider that does
    not answer is asked for some five hours."""
    return sending.at_ms + (LEASE_MS << max(sending.attempts - 1, 0))

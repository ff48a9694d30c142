"""What the mailbox shows: the people of the demo, what was sent to each word for word, and why."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from vitrine import keys
from vitrine.errors import DependencyFailed
from vitrine.local.mailbox_words import Shown, shown
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import decode
from vitrine.outreach.hindsight import move_of
from vitrine.outreach.person import Person, PersonId
from vitrine.outreach.state import Sending, State, parse_state
from vitrine.outreach.verdicts import CAUSES, Told, clock_in, tell_all, uncalled, unreachable_words
from vitrine.ports import Table
from vitrine.service.outreach import OutreachService
from vitrine.service.rehearsal import Rehearsal, rehearse
from vitrine.types import Absent, Row
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 5.0
BATCH: Final = 500
LIST_KEPT_S: Final = 2.0
"""For so long the list of people is not read again: it is many rows."""

N_LISTED: Final = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """A person in the list. `n` messages were kept, the last at `last_ms` (0: none); `due_ms` is their alarm."""

    id: PersonId
    n: int
    last_ms: int
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a person. `words` None: they are not kept any more. `cause` and `rivals` say why it went."""

    sending: Sending
    at: str
    words: Shown | None
    cause: str
    rivals: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Prospect:
    """What would be done for a person now. `lines` are the candidates, `idle` messages that nothing calls for."""

    told: Sequence[Told]
    idle: Sequence[tuple[str, str]]
    words: Shown | None
    channel: Channel | None
    next_at: str | None


@dataclass(frozen=True, slots=True)
class Box:
    """A person's mailbox, with instants in their zone. `sent` are the newest first, each with when it went."""

    person: Person
    zone: str
    now: str
    alarm: str | None
    alarm_ms: int | None
    sent: Sequence[tuple[Sending, str]]
    reach: Sequence[tuple[str, str]]


class Mailroom:
    """Reads mailboxes. `people` are those who are there from the start; who else has one is found by their id.

    Safe to use from several threads.
    """

    def __init__(self, service: OutreachService, table: Table, people: Sequence[PersonId]) -> None:
        self._service = service
        self._table = table
        self._people = people
        self._monotonic: Callable[[], float] = time.monotonic
        self._held: tuple[float, list[Entry]] = (float("-inf"), [])

    def entries(self, wanted: str = "") -> list[Entry]:
        """People whose id holds the text: first those with messages, the newest first, then whose alarm is next."""
        read_at, found = self._held
        if self._monotonic() - read_at > LIST_KEPT_S:
            found = sorted(self._entries(), key=lambda one: (-one.last_ms, one.due_ms or float("inf")))
            self._held = self._monotonic(), found
        return [one for one in found if wanted.lower() in one.id.lower()][:N_LISTED]

    def find(self, person: PersonId) -> Rehearsal | None:
        """All that is known of a person and what would be done now; None for somebody of whom nothing is known.

        Raises:
            DependencyFailed: something does not answer, or is damaged.
        """
        rehearsal = rehearse(self._service, person)
        known = rehearsal.known
        return rehearsal if known.person_rev is not None or known.stored.rev is not None else None

    def letter(self, rehearsal: Rehearsal, id_: str) -> Letter | None:
        """A message of the person; None when there is none of that id.

        Raises:
            DependencyFailed: the table does not answer.
        """
        situation, state = rehearsal.known.situation, rehearsal.known.stored.state
        sending = state.sending(id_)
        if sending is None:
            return None
        clock = clock_in(situation.zones[0])
        message = situation.outreach.messages.get(sending.message)
        about = f" ({sending.subject})" if sending.subject else ""
        cause = "" if message is None else f"{CAUSES[message.trigger.kind]}{about}, {clock(sending.anchor_ms)}"
        before, move = move_of(sending, situation)
        rivals = [one for one in tell_all(move.considered, before, clock) if one.candidate.message != message]
        return Letter(sending, clock(sending.at_ms), self._words(rehearsal.known.person.id, id_), cause, rivals)

    def stamp(self, person: PersonId) -> str:
        """Changes whenever something is sent to the person, or their alarm moves."""
        state = self._state(person)
        return f"{state.due_ms}.{'.'.join(f'{one.id[:8]}{one.status}' for one in state.sendings[:5])}"

    def _words(self, person: PersonId, id_: str) -> Shown | None:
        key = keys.message(person, id_)
        match self._table.read([key], READ_TIMEOUT_S, latest=True)[key]:
            case {"content": bytes(data)}:
                return shown(decode(data))
        return None

    def _state(self, person: PersonId) -> State:
        key = keys.outreach(person)
        return parse_state(self._table.read([key], READ_TIMEOUT_S, latest=True)[key]).state

    def _entries(self) -> Iterator[Entry]:
        for at in range(0, len(self._people), BATCH):
            batch = self._people[at : at + BATCH]
            rows = self._table.read([keys.outreach(person) for person in batch], READ_TIMEOUT_S)
            yield from (entry_of(person, rows[keys.outreach(person)]) for person in batch)


def entry_of(person: PersonId, row: Row | Absent) -> Entry:
    """A person by their row; one whose row is damaged or was not read is listed as one without messages."""
    try:
        state = parse_state(row).state
    except DependencyFailed:
        return Entry(person, 0, 0, None)
    return Entry(person, len(state.sendings), max((one.at_ms for one in state.sendings), default=0), state.due_ms)


def box_of(rehearsal: Rehearsal) -> Box:
    """A person's mailbox."""
    known = rehearsal.known
    situation, state = known.situation, known.stored.state
    clock = clock_in(situation.zones[0])
    told = known.person.zone or f"zone unknown: {len(situation.zones)} are possible"
    person = known.person
    channels: list[Channel] = sorted({*person.addresses, *person.allowed, *person.suppressed} - {"app"})
    return Box(
        person=person,
        zone=told,
        now=clock(situation.now_ms),
        alarm=None if state.due_ms is None else clock(state.due_ms),
        alarm_ms=state.due_ms,
        sent=[(one, clock(one.at_ms)) for one in state.sendings],
        reach=[(channel, unreachable_words(situation, channel)) for channel in channels],
    )


def prospect_of(rehearsal: Rehearsal) -> Prospect:
    """What would be done now."""
    situation, move = rehearsal.known.situation, rehearsal.move
    clock = clock_in(situation.zones[0])
    return Prospect(
        told=tell_all(move.considered, situation, clock),
        idle=[(message.name, reason) for message, reason in uncalled(move.considered, situation)],
        words=None if rehearsal.words is None else shown(rehearsal.words),
        channel=None if move.winner is None else move.winner.channel,
        next_at=None if move.due_ms is None else clock(move.due_ms),
    )

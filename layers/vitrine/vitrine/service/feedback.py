"""What providers tell of messages, and what it means: addresses that are used no more, and doubts that are settled.

Whatever a provider tells of a sending, it had it; so one that was left in doubt was sent after all.
"""

from dataclasses import replace
from typing import Final, Literal, TypeAlias

from vitrine import keys
from vitrine.errors import DependencyFailed, ProfileConflict
from vitrine.outreach.feedback import Feedback, suppressed
from vitrine.outreach.person import PersonId, parse_person, row_of
from vitrine.outreach.state import Status, parse_state
from vitrine.ports import Clock, PageTable
from vitrine.types import Absent, Key, Row
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 3.0
ATTEMPTS: Final = 8
IN_THE_DARK: Final[frozenset[Status]] = frozenset(("intended", "in_doubt"))

Heard: TypeAlias = Literal["unknown", "suppressed", "settled", "known"]
"""`unknown`: of no message that we know, or not any more. `suppressed`: the address is used no more. `settled`: a doubt
is. `known`: nothing had to be changed."""


@dataclass(frozen=True, slots=True)
class FeedbackService:
    """Takes note of what providers tell. The same word twice changes nothing. Safe to use from several threads."""

    table: PageTable
    clock: Clock

    def hear(self, feedback: Feedback) -> Heard:
        """What a feedback changed.

        Raises:
            DependencyFailed: the table did not do its work; the provider's word has to come again.
            ProfileConflict: others wrote the same row again and again; as above.
        """
        person = self._person(feedback)
        if person is None or feedback.sending_id is None:
            return "unknown"
        is_settled = self._settle(person, feedback.sending_id)
        if feedback.is_lasting and self._suppress(person, feedback):
            return "suppressed"
        return "settled" if is_settled else "known"

    def _person(self, feedback: Feedback) -> PersonId | None:
        if feedback.sending_id is None:
            return None
        row = self._row(keys.sending(feedback.sending_id))
        match row:
            case {"person": str(person)}:
                return person
        return None

    def _settle(self, person: PersonId, sending: str) -> bool:
        """Note that a sending was sent of which nobody was sure; whether there was one."""
        key = keys.outreach(person)
        for _ in range(ATTEMPTS):
            stored = parse_state(self._row(key))
            found = stored.state.sending(sending)
            if found is None or found.status not in IN_THE_DARK:
                return False
            sent = stored.state.with_sending(replace(found, status="sent", reason="the provider told of it"))
            now_ms = int(self.clock().timestamp() * 1000)
            if self.table.replace(key, stored.successor(sent, person, now_ms), stored.rev, READ_TIMEOUT_S):
                return True
        raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")

    def _suppress(self, person: PersonId, feedback: Feedback) -> bool:
        """Use the address no more; whether it is still one of the person's."""
        key = keys.person(person)
        for _ in range(ATTEMPTS):
            found, rev = parse_person(self._row(key), person)
            after = suppressed(found, feedback)
            if after == found:
                return bool(found.suppressed)
            if self.table.replace(key, row_of(after, rev), rev, READ_TIMEOUT_S):
                return True
        raise ProfileConflict(f"a person was written by others {ATTEMPTS} times in a row")

    def _row(self, key: Key) -> Row | Absent:
        row = self.table.read([key], READ_TIMEOUT_S, latest=True)[key]
        if row is Absent.NOT_READ:
            raise DependencyFailed("table", "a person was not read")
        return row

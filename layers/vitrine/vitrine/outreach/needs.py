"""What working a person off needs of the outside: all that moves are found from, words, and a box for dead letters."""

from datetime import datetime
from typing import Protocol

from vitrine.outreach.arbitration import Candidate, Situation
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import Words
from vitrine.outreach.person import Person
from vitrine.outreach.state import Sending, State
from vitrine.types import Row
from vitrine.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in words. `links` are attributes of its row beside them: where what it shows leads to."""

    words: Words
    links: Row = field(default_factory=dict)


class Outlook(Protocol):
    """What outreach asks of the store, the visitor's world and the release that is served."""

    def situation(self, person: Person, state: State, now: datetime, at_once: frozenset[Channel]) -> Situation:
        """Everything that moves are found from: messages, merged profile, goods, zones, conditions, switches.

        Raises:
            DamagedRow: what the table holds of the person cannot be read.
            DependencyFailed: it could not be read now.
        """
        ...

    def compose(self, winner: Candidate, sending: Sending, situation: Situation) -> Composed:
        """What the message says to the person, with live goods."""
        ...


class DeadLetters(Protocol):
    """Where what could not be done waits for a human."""

    def put(self, record: bytes) -> None:
        """Keep a record (one JSON object).

        Raises:
            DependencyFailed: it was not taken.
        """
        ...

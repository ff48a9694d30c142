"""A shop with outreach on tables, channels and a clock in memory: the real services, with nothing real around them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import orjson

from tests.functional.collect_rig import KEYS
from tests.outreach.stepping import Delivery, SteppedChannel, SteppedLetters, SteppedTable, Steps
from vitrine import keys
from vitrine.adapters.memory import MemoryStream
from vitrine.outreach.arbitration import Candidate, Move, Situation, next_move
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import PushText, Words
from vitrine.outreach.messages import Outreach
from vitrine.outreach.needs import Composed
from vitrine.outreach.person import Person, PersonId, merged_profile, parse_person
from vitrine.outreach.quiet_hours import zones_of
from vitrine.outreach.state import Note, Sending, State, parse_state
from vitrine.outreach.telling import Told
from vitrine.outreach.triggers import Good
from vitrine.ports import Table
from vitrine.service.collect import Batch, CollectService
from vitrine.service.outreach import OutreachService, Report
from vitrine.service.people import PeopleService
from vitrine.types import Event, EventKind, ItemId, VisitorId
from vitrine.visitors.stored import parse_profile

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
NOON_MS: Final = int(datetime(2026, 11, 2, 12, tzinfo=UTC).timestamp() * 1000)
CONSENT: Final = frozenset(("personalization", "messages"))
ATTEMPTS: Final = 50
MAIL: Final[Mapping[Channel, str]] = {"mail": "mail"}


@dataclass(frozen=True, slots=True)
class PlainOutlook:
    """outreach.needs.Outlook over a table: given messages and goods, every condition holds, words name the cause."""

    table: Table
    outreach: Outreach
    goods: Mapping[ItemId, Good]

    def situation(self, person: Person, state: State, now: datetime, at_once: frozenset[Channel]) -> Situation:
        """See outreach.needs.Outlook."""
        wanted = [keys.profile(visitor) for visitor in person.visitors]
        rows = self.table.read(wanted, 1.0, latest=True) if wanted else {}
        profile = merged_profile(parse_profile(rows[key], now).profile for key in wanted)
        zones = zones_of([person.zone] if person.zone else self.outreach.zones)
        now_ms = int(now.timestamp() * 1000)
        return Situation(
            self.outreach, person, profile, state, self.goods, zones, lambda _: True, now_ms, frozenset(), at_once
        )

    def compose(self, winner: Candidate, sending: Sending, situation: Situation) -> Composed:
        """See outreach.needs.Outlook."""
        return Composed(self._words(winner, sending, situation))

    def _words(self, winner: Candidate, sending: Sending, situation: Situation) -> Words:
        """See outreach.needs.Outlook."""
        return PushText(situation.person.id, f"{winner.message.name} {winner.step}", "https://shop.example/")


@dataclass
class World:
    """One shop. Instants are those of its own clock, in ms."""

    outreach: Outreach
    goods: Mapping[ItemId, Good]
    idempotent: frozenset[Channel] = frozenset(("webhook",))
    now_ms: int = NOON_MS
    steps: Steps = field(default_factory=Steps)
    inbox: list[Delivery] = field(default_factory=list)
    table: SteppedTable = field(init=False)
    letters: SteppedLetters = field(init=False)
    channels: dict[Channel, SteppedChannel] = field(init=False)
    service: OutreachService = field(init=False)
    collector: CollectService = field(init=False)
    people: PeopleService = field(init=False)

    def __post_init__(self) -> None:
        self.table, self.letters = SteppedTable(self.steps), SteppedLetters(self.steps)
        names: tuple[Channel, ...] = ("mail", "push", "sms", "webhook")
        self.channels = {name: self._channel(name in self.idempotent) for name in names}
        outlook = PlainOutlook(self.table, self.outreach, self.goods)
        self.service = OutreachService(self.table, outlook, self.channels, self.letters, self.clock)
        self.collector = CollectService(
            table=self.table,
            events=MemoryStream(),
            token_keys=lambda _: KEYS,
            new_visitor=lambda: "nobody",
            clock=self.clock,
            back_off=lambda _: None,
            monotonic=lambda: 0.0,
        )
        self.people = PeopleService(self.table, lambda pk: (), lambda _: KEYS, self.clock, lambda _: None, lambda: 0.0)

    def _channel(self, is_idempotent: bool) -> SteppedChannel:
        return SteppedChannel(self.steps, self.inbox, lambda: self.now_ms, is_idempotent)

    def clock(self) -> datetime:
        """The shop's present."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)

    def link(
        self, person: PersonId, visitors: Sequence[VisitorId], *channels: Channel, zone: str | None = "UTC"
    ) -> None:
        """Let the visitors be a person whom the channels (mail if none is named) reach, each under the person's id."""
        told = channels or ("mail",)
        self.people.put(person, Told(visitors, dict.fromkeys(told, person), frozenset(told), zone=zone))

    def tell(self, visitor: VisitorId, *events: Event) -> None:
        """Events of a visitor come in."""
        self.collector.collect(Batch(visitor, CONSENT, list(enumerate(events))), self.clock())

    def note(self, person: PersonId, note: Note) -> None:
        """Something is noticed around a person, as the planner does it."""
        key = keys.outreach(person)
        for _ in range(ATTEMPTS):
            stored = parse_state(self.table.read([key], 1.0, latest=True)[key])
            noted = stored.state.noted([note]).alarmed(self.now_ms)
            if self.table.replace(key, stored.successor(noted, person, self.now_ms), stored.rev):
                return
        raise AssertionError("the row was never free")

    def work(self, person: PersonId) -> Report:
        """A worker takes a person on."""
        return self.service.work(person)

    def due(self) -> list[PersonId]:
        """Who is due, the longest first."""
        return sorted(
            (one for one, due in self.table.due.items() if due <= self.now_ms), key=self.table.due.__getitem__
        )

    def sweep(self) -> list[Report]:
        """Work off who is due now."""
        return [self.work(person) for person in self.due()]

    def run_until(self, end_ms: int) -> list[Report]:
        """Let time pass, with a sweep in each minute in which somebody is due."""
        reports: list[Report] = []
        while (next_ms := self.table.earliest()) is not None and next_ms < end_ms:
            self.now_ms = max(self.now_ms, next_minute(next_ms))
            reports += self.sweep()
            self.now_ms += MINUTE_MS
        self.now_ms = max(self.now_ms, end_ms)
        return reports

    def state(self, person: PersonId) -> State:
        """What is remembered of a person; nobody hears of this look."""
        key = keys.outreach(person)
        return parse_state(self.table.memory.read([key], 1.0)[key]).state

    def move(self, person: PersonId) -> Move:
        """What would be done for a person now; nobody hears of this look."""
        with self.steps.hearing(None):
            found, _ = parse_person(self.table.read([keys.person(person)], 1.0)[keys.person(person)], person)
            return next_move(self.service.outlook.situation(found, self.state(person), self.clock(), frozenset()))

    def dead(self, person: PersonId) -> list[dict[str, str]]:
        """Dead letters about a person."""
        return [told for told in map(orjson.loads, self.letters.records) if told["person"] == person]

    def got(self, person: PersonId) -> list[str]:
        """What a person got, in order of time: message and step."""
        return [one.said for one in self.inbox if one.person == person]

    @contextmanager
    def at(self, point: str, action: Callable[[], None]) -> Iterator[None]:
        """Within the block, do something the first time that a point is passed."""
        waiting = [action]

        def heard(name: str) -> None:
            if name == point and waiting:
                with self.steps.hearing(None):
                    waiting.pop()()

        with self.steps.hearing(heard):
            yield

    def points(self, action: Callable[[], object]) -> list[str]:
        """The points that an action passes."""
        passed: list[str] = []
        with self.steps.hearing(passed.append):
            action()
        return passed


def event(id_: str, kind: EventKind, at_ms: int, item: ItemId | None = "ice") -> Event:
    """Something that a visitor did."""
    return Event(id_, kind, at_ms, item)


def next_minute(at_ms: int) -> int:
    """The first full minute from an instant on."""
    return -(-at_ms // MINUTE_MS) * MINUTE_MS

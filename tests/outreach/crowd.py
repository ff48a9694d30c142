"""A crowd: many workers at the same persons at once, for some days around a change of the clocks, on a clock of ours.

Persons fill carts, prices fall, and each day at eight, when it is still quiet, the weather calls. Whoever is due is
handed to several workers in the same minute; some of them die while they hand a message over. What reached the persons
is then held against the rules as they are said.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from random import Random
from threading import Lock
from typing import Final
from zoneinfo import ZoneInfo

import orjson

from tests.outreach.clocks import DAY_MS, HOUR_MS, MINUTE_MS, Walk
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.decisions.actions import Content, Fixed
from vitrine.outreach.arbitration import Candidate, Situation
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.outreach.handing import Handover, InDoubt, Refused, Result, SmsText, Taken, Words
from vitrine.outreach.messages import Cap, Message, Outreach, Policy, QuietHours, Step, Trigger
from vitrine.outreach.needs import Composed
from vitrine.outreach.person import Person, PersonId, row_of
from vitrine.outreach.state import REACHED, Note, Sending, State, parse_state
from vitrine.outreach.triggers import Good
from vitrine.service.alarms import arm
from vitrine.service.outreach import OutreachService
from vitrine.types import Event
from vitrine.visitors.profile import Profile

WORKERS: Final = 32
DAYS: Final = 5
DAY_S: Final = 86_400
QUIET: Final = QuietHours(21 * 60, 9 * 60)
POLICY: Final = Policy(
    quiet=QUIET,
    window_s=4 * 3600,
    gather_s=1800,
    caps=(Cap(2, DAY_S), Cap(1, 2 * DAY_S, "sms"), Cap(3, 3 * DAY_S, "push")),
    per_minute=10**6,
)
CONTENT: Final = Content(Fixed({}))
MESSAGES: Final = (
    Message(
        "cart",
        Trigger("abandoned_cart", after_s=3600),
        (Step(("mail",), CONTENT), Step(("sms",), CONTENT, after_s=DAY_S)),
        priority=10,
    ),
    Message("price", Trigger("price_drop"), (Step(("push",), CONTENT),), priority=5, cap=(2, 2 * DAY_S)),
    Message("weather", Trigger("weather", at_minute=480), (Step(("web_push",), CONTENT),), useful_s=DAY_S // 2),
)
GOODS: Final = {item: Good(100, 100, "food", in_stock=True) for item in "abcdefgh"}


class Died(BaseException):
    """A worker was killed."""


@dataclass
class Wall:
    """The clock of all workers."""

    now_ms: int

    def __call__(self) -> datetime:
        """The present."""
        return datetime.fromtimestamp(self.now_ms / 1000, UTC)


@dataclass(frozen=True)
class Delivery:
    """A message that reached a person."""

    person: PersonId
    id: str
    channel: Channel
    at_ms: int


@dataclass
class Mailbox:
    """A channel that keeps what it takes. Of ten handovers one kills the worker, before or after it was taken, one is
    refused for the moment, and one is never answered."""

    name: Channel
    wall: Wall
    rng: Random
    is_idempotent: bool = False
    troubles: bool = True
    taken: list[Delivery] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See handing.Channel."""
        with self.lock:
            lot = self.rng.randrange(20) if self.troubles else 20
            if lot in (0, 1):
                return Refused("retry", "busy")
            if lot == 2:
                raise Died
            known = {one.id for one in self.taken} if self.is_idempotent else set()
            if handover.id not in known:
                self.taken.append(Delivery(handover.address, handover.id, self.name, self.wall.now_ms))
            if lot == 3:
                raise Died
            return InDoubt("no answer") if lot in (4, 5) else Taken()


@dataclass
class CrowdOutlook:
    """outreach.needs.Outlook over a dictionary of profiles. To look takes a moment, in which others look, too."""

    outreach: Outreach
    zones: Mapping[PersonId, Sequence[tzinfo]]
    profiles: dict[PersonId, Profile] = field(default_factory=dict)

    def situation(self, person: Person, state: State, now: datetime, at_once: frozenset[Channel]) -> Situation:
        """See outreach.needs.Outlook."""
        time.sleep(0.0002)
        return Situation(
            outreach=self.outreach,
            person=person,
            profile=self.profiles.get(person.id, Profile()),
            state=state,
            goods=GOODS,
            zones=self.zones[person.id],
            suits=lambda message: True,
            now_ms=round(now.timestamp() * 1000),
            at_once=at_once,
        )

    def compose(self, winner: Candidate, sending: Sending, situation: Situation) -> Composed:
        """See outreach.needs.Outlook."""
        return Composed(self._words(winner, sending, situation))

    def _words(self, winner: Candidate, sending: Sending, situation: Situation) -> Words:
        """See outreach.needs.Outlook."""
        return SmsText(sending.message)


@dataclass
class Letters:
    """outreach.needs.DeadLetters in a list."""

    records: list[bytes] = field(default_factory=list)

    def put(self, record: bytes) -> None:
        """See outreach.needs.DeadLetters."""
        self.records.append(record)


@dataclass(frozen=True)
class Crowd:
    """Persons, their world and the workers."""

    wall: Wall
    table: MemoryTable
    outlook: CrowdOutlook
    boxes: dict[Channel, Mailbox]
    letters: Letters
    service: OutreachService

    def with_box(self, box: Mailbox) -> "Crowd":
        """The crowd with another channel of that name."""
        boxes = {**self.boxes, box.name: box}
        return replace(self, boxes=boxes, service=replace(self.service, channels=boxes))

    @property
    def deliveries(self) -> list[Delivery]:
        """All that arrived, in order of time."""
        return sorted((one for box in self.boxes.values() for one in box.taken), key=lambda one: one.at_ms)

    def put_in_cart(self, person: PersonId, item: str) -> None:
        """The person puts something into the cart now: as collecting does it, the alarm first."""
        arm(self.table, person, self.wall.now_ms, lambda _: 9.0, lambda _: None)
        event = Event(f"{item}{self.wall.now_ms}", "add_to_cart", self.wall.now_ms, item)
        self.outlook.profiles[person] = self.outlook.profiles.get(person, Profile()).apply([event])

    def drop_price(self, person: PersonId, item: str) -> None:
        """The planner notes that a price fell."""
        key, now_ms = keys.outreach(person), self.wall.now_ms
        stored = parse_state(self.table.read([key], 9)[key])
        noted = stored.state.noted([Note("price_drop", item, now_ms, 150)]).alarmed(now_ms)
        assert self.table.replace(key, stored.successor(noted, person, now_ms), stored.rev)

    def due(self) -> dict[PersonId, int]:
        """Who is due when."""
        found = ((key.pk.removeprefix("P#"), row.get("due")) for key, row in self.table.rows.items())
        return {person: due for person, due in found if isinstance(due, int)}

    def work(self, person: PersonId) -> None:
        """One worker at one person."""
        with suppress(Died):
            self.service.work(person)


def crowd(
    zones: Sequence[str],
    n_persons: int,
    start_ms: int,
    seed: int,
    table: MemoryTable | None = None,
    policy: Policy = POLICY,
    messages: Sequence[Message] = MESSAGES,
    idempotent: frozenset[Channel] = frozenset(),
    troubles: bool = True,
) -> Crowd:
    """Persons who did nothing yet, of these zones in turn; where every third is, nobody knows."""
    wall, own, letters = Wall(start_ms), table or MemoryTable(), Letters()
    of_all = tuple(map(ZoneInfo, zones))
    homes = {f"p{n}": of_all if n % 3 == 2 else (of_all[n % len(of_all)],) for n in range(n_persons)}
    outlook = CrowdOutlook(Outreach(policy, {one.name: one for one in messages}, tuple(zones)), homes)
    boxes: dict[Channel, Mailbox] = {
        name: Mailbox(name, wall, Random(f"{seed} {name}"), name in idempotent, troubles)
        for name in CHANNELS
        if name != "app"
    }
    for id_ in homes:
        whole = Person(id_, addresses=dict.fromkeys(CHANNELS, id_), allowed=frozenset(CHANNELS))
        own.write([(keys.person(id_), row_of(whole, None))])
    return Crowd(wall, own, outlook, boxes, letters, OutreachService(own, outlook, {**boxes}, letters, wall))


Script = list[tuple[int, Callable[[], None]]]


def script(people: Crowd, rng: Random) -> Script:
    """What the persons do and what happens to them, by time."""
    start_ms, told = people.wall.now_ms, []
    for person in people.outlook.zones:
        for _ in range(rng.randint(1, 4)):
            item, at_ms = rng.choice("abcdefgh"), start_ms + rng.randrange(DAYS * DAY_MS - 30 * HOUR_MS)
            told.append((at_ms, lambda person=person, item=item: people.put_in_cart(person, item)))
            later_ms = at_ms + rng.randrange(12 * HOUR_MS)
            told.append((later_ms, lambda person=person, item=item: people.drop_price(person, item)))
    return sorted(told, key=lambda one: one[0])


def play(people: Crowd, told: Script, rng: Random, n_copies: int = 4) -> None:
    """Let the days pass: each minute in which somebody is due, several workers for each of them at once."""
    end_ms, to_come = people.wall.now_ms + DAYS * DAY_MS, list(told)
    with ThreadPoolExecutor(WORKERS) as pool:
        while people.wall.now_ms < end_ms:
            while to_come and to_come[0][0] <= people.wall.now_ms:
                to_come.pop(0)[1]()
            jobs = [person for person, due in people.due().items() if due <= people.wall.now_ms] * n_copies
            rng.shuffle(jobs)
            list(pool.map(people.work, jobs))
            people.wall.now_ms = _next_minute(people, to_come, end_ms)


def _next_minute(people: Crowd, to_come: Script, end_ms: int) -> int:
    soonest = min([end_ms, *people.due().values(), *(at_ms for at_ms, _ in to_come[:1])])
    return max(people.wall.now_ms // MINUTE_MS + 1, -(-soonest // MINUTE_MS)) * MINUTE_MS


def broken(people: Crowd, start_ms: int, policy: Policy = POLICY) -> Iterator[str]:
    """Every rule that a delivery broke, in words."""
    by_person: dict[PersonId, list[Delivery]] = {}
    for one in people.deliveries:
        by_person.setdefault(one.person, []).append(one)
    for person, got in by_person.items():
        nights = Walk(people.outlook.zones[person], start_ms, (DAYS + 2) * 1440).nights(policy.quiet)
        yield from (f"in quiet hours: {one}" for one in got if nights.is_quiet(one.at_ms))
        yield from (f"twice: {one}" for n, one in enumerate(got) if one.id in {other.id for other in got[:n]})
        for cap in (*policy.caps, Cap(1, policy.window_s)):
            times = [one.at_ms for one in got if cap.channel in (None, one.channel)]
            pairs = zip(times, times[cap.n :], strict=False)
            yield from (f"over {cap}: {person} {times}" for first, last in pairs if last - first < cap.period_s * 1000)


def untold(people: Crowd) -> Iterator[str]:
    """Deliveries that no row knows of, and sendings that are lost without a dead letter."""
    of_rows = [parse_state(row).state.sendings for key, row in people.table.rows.items() if key.sk == "OUTREACH"]
    known = {one.id: one.status for sendings in of_rows for one in sendings}
    told = {orjson.loads(record)["sending"] for record in people.letters.records}
    yield from (f"no row knows of {one}" for one in people.deliveries if known.get(one.id) not in REACHED)
    lost = {id_ for id_, status in known.items() if status in ("in_doubt", "failed")}
    yield from (f"no dead letter, or one too many: {id_}" for id_ in lost ^ told)

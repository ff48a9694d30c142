"""Outreach of a small shop in memory, with words of every form, for the mailbox, the commands and the walk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from vitrine import keys
from vitrine.adapters.memory import MemoryStream, MemoryTable
from vitrine.adapters.memory_outreach import MemoryAgenda, MemoryChannel, MemoryQueue
from vitrine.outreach.arbitration import Candidate, Situation
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.outreach.handing import MailText, PushText, SmsText, WebhookBody, Words
from vitrine.outreach.messages import Message, Outreach, Policy, QuietHours, Step, Trigger
from vitrine.outreach.needs import Composed
from vitrine.outreach.person import Person, PersonId, merged_profile, parse_person, row_of
from vitrine.outreach.quiet_hours import zones_of
from vitrine.outreach.state import State, parse_state
from vitrine.outreach.triggers import Good
from vitrine.service.collect import Batch, CollectService
from vitrine.service.outlook import switched_off
from vitrine.service.outreach import OutreachService, Report, Sending
from vitrine.types import Event, EventKind, VisitorId
from vitrine.visitors.identity import parse_keys
from vitrine.visitors.stored import parse_profile
from vitrine.wiring.outreach_desk import OutreachDesk

NOON: Final = datetime(2026, 11, 2, 12, tzinfo=UTC)
MINUTE_MS: Final = 60_000
HOUR_S: Final = 3_600
KEYS: Final = parse_keys('{"kid": "k1", "key": "' + "0" * 64 + '"}')
CONSENT: Final = frozenset(("personalization", "messages"))
GOODS: Final = {"ice": Good(399, 399, "food/ice", True), "tea": Good(549, 699, "food/tea", True)}
CART: Final = Message(
    "cart-left", Trigger("abandoned_cart", HOUR_S), (Step(("mail", "push"), {}), Step(("sms",), {}, 48 * HOUR_S)), 30
)
BROWSE: Final = Message("browse-left", Trigger("abandoned_browse", HOUR_S, min_views=2), (Step(("mail",), {}),), 10)
NEAR: Final = Message("near-a-shop", Trigger("geofence"), (Step(("app", "push"), {}),), 20)
SHOP: Final = Outreach(
    Policy(QuietHours(21 * 60, 9 * 60), window_s=12 * HOUR_S, gather_s=600, link="https://shop.example"),
    {one.name: one for one in (CART, BROWSE, NEAR)},
    ("America/Chicago",),
)
HTML: Final = (
    '<!doctype html><html lang="en"><head><title>Cart</title></head><body style="font-family:sans-serif;margin:24px">'
    "<h1>{name}, your cart waits</h1><p>Ice cream <b>$3.99</b></p><script>document.title='hacked'</script>"
    '<p><a href="https://shop.example/cart" style="background:#1f5fbf;color:#fff;padding:10px 18px">To the cart</a></p>'
    "</body></html>"
)


@dataclass(frozen=True, slots=True)
class FormsOutlook:
    """outreach.needs.Outlook over a table in memory."""

    table: MemoryTable
    outreach: Outreach = SHOP

    def situation(self, person: Person, state: State, now: datetime, at_once: frozenset[Channel]) -> Situation:
        """See outreach.needs.Outlook."""
        wanted = [keys.profile(visitor) for visitor in person.visitors]
        rows = self.table.read([keys.OUTREACH_SWITCHES, *wanted], 1.0)
        return Situation(
            outreach=self.outreach,
            person=person,
            profile=merged_profile(parse_profile(rows[key], now).profile for key in wanted),
            state=state,
            goods=GOODS,
            zones=zones_of([person.zone] if person.zone else self.outreach.zones),
            suits=lambda _: True,
            now_ms=int(now.timestamp() * 1000),
            off=switched_off(rows[keys.OUTREACH_SWITCHES]),
            at_once=at_once,
        )

    def compose(self, winner: Candidate, sending: Sending, situation: Situation) -> Composed:
        """See outreach.needs.Outlook."""
        return Composed(self._words(winner, sending, situation))

    def _words(self, winner: Candidate, sending: Sending, situation: Situation) -> Words:
        """See outreach.needs.Outlook."""
        name, title = situation.person.name or "You", f"{winner.message.name} for {situation.person.id}"
        match sending.channel:
            case "mail":
                headers = {"List-Unsubscribe": "<https://shop.example/leave>"}
                return MailText(title, HTML.format(name=name), f"{name}, your cart waits\n\nIce cream $3.99\n", headers)
            case "sms":
                return SmsText(f"{name}, your ice cream waits: https://shop.example/cart")
            case "webhook":
                return WebhookBody(b'{"message":"cart-left","goods":["ice"]}')
        return PushText(title, "Ice cream is 10 % off today, in this very shop.", "https://shop.example/near")


@dataclass
class Shop:
    """The services over one table in memory; `now` may be changed."""

    now: datetime = NOON
    table: MemoryTable = field(default_factory=MemoryTable)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    channels: Mapping[Channel, MemoryChannel] = field(
        default_factory=lambda: {name: MemoryChannel() for name in CHANNELS if name != "app"}
    )

    def clock(self) -> datetime:
        """The present."""
        return self.now

    @property
    def now_ms(self) -> int:
        """The present in ms."""
        return int(self.now.timestamp() * 1000)

    @property
    def service(self) -> OutreachService:
        """Outreach itself."""
        return OutreachService(self.table, FormsOutlook(self.table), self.channels, self, self.clock)

    def put(self, record: bytes) -> None:
        """See outreach.needs.DeadLetters."""
        self.queue.send([record])

    @property
    def desk(self) -> OutreachDesk:
        """What the commands work with."""
        return OutreachDesk(self.service, self.table, MemoryAgenda(self.table), self.queue, self.clock)

    @property
    def collector(self) -> CollectService:
        """What takes events."""
        return CollectService(self.table, MemoryStream(), lambda _: KEYS, lambda: "new", self.clock, lambda _: None)

    def link(self, person: PersonId, visitors: Sequence[VisitorId], *channels: Channel, name: str = "Ana") -> None:
        """A person of Chicago whom these channels reach."""
        at = {channel: f"{person}@{channel}" for channel in channels}
        found = Person(person, tuple(visitors), at, frozenset(channels), zone="America/Chicago", name=name)
        links = [(keys.link(visitor), {"person": person, "rev": 1}) for visitor in visitors]
        self.table.write([(keys.person(person), row_of(found, None)), *links])

    def tell(self, visitor: VisitorId, *done: tuple[EventKind, str]) -> None:
        """What a visitor does now."""
        at_ms = self.now_ms
        events = [Event(f"{kind}-{item}-{at_ms}-{n}", kind, at_ms, item) for n, (kind, item) in enumerate(done)]
        self.collector.collect(Batch(visitor, CONSENT, list(enumerate(events))), self.now)

    def work(self, person: PersonId, *at_once: Channel) -> Report:
        """Somebody looks at the person."""
        return self.service.work(person, frozenset(at_once))

    def state(self, person: PersonId) -> State:
        """What is remembered."""
        key = keys.outreach(person)
        return parse_state(self.table.read([key], 1.0)[key]).state

    def person(self, person: PersonId) -> Person:
        """Who it is."""
        key = keys.person(person)
        return parse_person(self.table.read([key], 1.0)[key], person)[0]

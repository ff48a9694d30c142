"""A household's day, played: in the browser, in the app, past a shop, and what Vitrine did each time.

It begins three days ago, so that nothing lies in the future: not the next morning, when the letter comes, nor the day
after, when nothing more may come.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final, TypeAlias

from vitrine import keys
from vitrine.errors import LocalStackError
from vitrine.local.walk_stage import READ_TIMEOUT_S, Services, WalkClock
from vitrine.outreach.arbitration import next_move
from vitrine.outreach.geofence import Crossing
from vitrine.outreach.person import PersonId
from vitrine.outreach.state import Sending, State, parse_state
from vitrine.outreach.telling import Told
from vitrine.outreach.verdicts import clock_in, tell_all
from vitrine.places.fences import Fence
from vitrine.service.collect import Batch
from vitrine.service.outreach import Report
from vitrine.types import Event, EventKind, ItemId, Purpose, RegionId, VisitorId
from vitrine.values import dataclass

CONSENT: Final[frozenset[Purpose]] = frozenset(("personalization", "geo", "messages"))
DAYS: Final = 2
"""From the first morning to the day on which it ends, which is yesterday."""

BUYING: Final = time(12, 30)
MOST_LOOKS: Final = 50
ACCURACY_M: Final = 15.0


@dataclass(frozen=True, slots=True)
class Goods:
    """What the household looks at, by id and title; it takes the first."""

    items: Sequence[tuple[ItemId, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """Something to tell: when, by whom (`household` or `vitrine`), what."""

    at_ms: int
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Cast:
    """Who walks: a household of a region, its zone, the visitors that its browser and its app are."""

    household: PersonId
    region: RegionId
    zone: tzinfo
    web: VisitorId
    app: VisitorId


Act: TypeAlias = Callable[[], Iterator[str]]


def cast_of(household: PersonId, region: RegionId, zone: tzinfo) -> Cast:
    """The household with visitors of its own for the walk: its real history stays as it is."""
    return Cast(household, region, zone, f"walk-web-{household}", f"walk-app-{household}")


def first_day(now: datetime, zone: tzinfo) -> date:
    """The local day on which a walk begins that is over by now."""
    return now.astimezone(zone).date() - timedelta(days=DAYS + 1)


class Walk:
    """Plays the day on a stage. The stage's clock is the walk's."""

    def __init__(self, stage: Services, clock: WalkClock, cast: Cast, day: date, goods: Goods) -> None:
        self._stage = stage
        self._clock = clock
        self._cast = cast
        self._day = day
        self._goods = goods
        self._zone = clock_in(cast.zone)
        self._n = 0
        self._told = ""

    def play(self) -> Iterator[Line]:
        """All of it, line by line as it happens.

        Raises:
            LocalStackError: the household did something after the walk begins, or there is no shop in its region.
            DependencyFailed: the demo does not answer.
        """
        for day, at, who, act in self._script():
            yield from self._until(self._instant(day, at))
            for n, words in enumerate(act()):
                yield Line(self._clock.ms, who if n == 0 else "vitrine", words)
        yield from self._until(self._instant(DAYS, time(12, 30)))
        yield Line(self._clock.ms, "vitrine", f"has nothing more to say of the cart; {self._reason()}")

    def _script(self) -> Sequence[tuple[int, time, str, Act]]:
        household = "household"
        return (
            (0, time(9, 40), household, self._browse),
            (0, time(9, 50), household, self._take),
            (0, time(9, 55), household, self._log_in),
            (0, time(10, 20), household, self._open_app),
            (0, time(10, 40), household, self._pass_by),
            (0, time(20, 45), household, self._look_again),
            (0, time(22, 0), household, self._sleep),
            (1, BUYING, household, self._buy),
        )

    def _browse(self) -> Iterator[str]:
        busy_ms = self._newest_ms()
        if busy_ms >= self._clock.ms:
            told = f"household {self._cast.household[1:]} did something {self._zone(busy_ms)}, after the walk begins"
            raise LocalStackError(f"{told}; take another one: --household N")
        self._do(self._cast.web, *(("view", item) for item, _ in self._goods.items))
        yield f"looks at {', '.join(title for _, title in self._goods.items)} in the browser, without logging in"
        yield "nobody knows whose browser that is, so there is nothing to send"

    def _take(self) -> Iterator[str]:
        item, title = self._goods.items[0]
        self._do(self._cast.web, ("add_to_cart", item))
        yield f"puts {title} into the cart"
        yield "still nobody: a cart without a person"

    def _log_in(self) -> Iterator[str]:
        self._stage.people.put(self._cast.household, Told((self._cast.web,)))
        yield "logs in, and leaves without paying"
        yield "the cart from before the login counts; it looks at once"

    def _open_app(self) -> Iterator[str]:
        self._stage.people.put(self._cast.household, Told((self._cast.app,)))
        self._do(self._cast.app, ("view", self._goods.items[0][0]))
        yield f"opens the app, logs in, and looks at {self._goods.items[0][1]} once more"
        yield "one person on two devices; the cart is not abandoned while they shop"

    def _pass_by(self) -> Iterator[str]:
        fence = self._fence()
        name = fence.name.get("en", fence.id)
        self._n += 1
        crossing = Crossing(f"walk-{self._n}", "enter", self._clock.ms, fence.lat, fence.lon, ACCURACY_M)
        done = self._stage.geofence.cross(crossing, self._cast.app, CONSENT, True, self._clock.now)
        yield f"walks past {name}, with the app in the pocket"
        if done.shown is not None:
            yield f"shows in the app, at once: {done.shown.title} - {done.shown.text}"
        else:
            yield f"says nothing: {done.reason or self._reason()}"

    def _look_again(self) -> Iterator[str]:
        self._do(self._cast.app, ("view", self._goods.items[-1][0]))
        yield f"looks at {self._goods.items[-1][1]} in the app"
        yield f"the cart waits; {self._reason()}"

    def _sleep(self) -> Iterator[str]:
        yield "sleeps"
        yield f"keeps quiet; {self._reason()}"

    def _buy(self) -> Iterator[str]:
        item, title = self._goods.items[0]
        self._do(self._cast.app, ("purchase", item))
        yield f"buys {title} in the app"
        yield "the cart is empty: what was still to come of its message is called off"

    def _until(self, at: datetime) -> Iterator[Line]:
        """Let time pass, and look whenever an alarm rings, as the functions do each minute."""
        for _ in range(MOST_LOOKS):
            due_ms = self._state().due_ms
            if due_ms is None or due_ms >= int(at.timestamp() * 1000):
                break
            self._clock.now = max(self._clock.now, datetime.fromtimestamp(due_ms / 1000, UTC))
            report = self._stage.outreach.work(self._cast.household)
            reason = self._reason()
            if report.sending is not None or reason != self._told:
                yield Line(self._clock.ms, "vitrine", report_words(report, reason))
                self._told = reason
        self._clock.now = at

    def _reason(self) -> str:
        """The best candidate's verdict in words."""
        situation = self._stage.outreach.look(self._cast.household).situation
        told = tell_all(next_move(situation).considered, situation, self._zone)
        open_ = [one for one in told if one.candidate.free_ms is not None]
        return f"{open_[0].candidate.message.name} {open_[0].meaning}" if open_ else "nothing calls for a message"

    def _do(self, visitor: VisitorId, *done: tuple[EventKind, ItemId]) -> None:
        """What a device tells, a minute between two things, the last of them now."""
        events = []
        for n, (kind, item) in enumerate(done):
            self._n += 1
            at_ms = self._clock.ms - (len(done) - 1 - n) * 60_000
            events.append(Event(f"walk-{self._day}-{self._n}", kind, at_ms, item))
        self._stage.collect.collect(Batch(visitor, CONSENT, list(enumerate(events))), self._clock.now)

    def _fence(self) -> Fence:
        row = self._stage.table.read([keys.RELEASE_POINTER], READ_TIMEOUT_S)[keys.RELEASE_POINTER]
        fences = self._stage.geofence.rules(row).fences.by_id.values()
        here = [fence for fence in fences if fence.region in (None, self._cast.region)]
        if not here:
            raise LocalStackError(f"there is no fence in region {self._cast.region}; see store/stores.geojson")
        return here[0]

    def _newest_ms(self) -> int:
        history = self._stage.outreach.look(self._cast.household).situation.profile.history
        return max((records[0].at_ms for records in history.values() if records), default=0)

    def _state(self) -> State:
        key = keys.outreach(self._cast.household)
        return parse_state(self._stage.table.read([key], READ_TIMEOUT_S, latest=True)[key]).state

    def _instant(self, day: int, at: time) -> datetime:
        return datetime.combine(self._day + timedelta(days=day), at, self._cast.zone).astimezone(UTC)

    @property
    def bought_ms(self) -> int:
        """When they buy."""
        return int(self._instant(1, BUYING).timestamp() * 1000)

    @property
    def sendings(self) -> Sequence[Sending]:
        """What was sent, oldest first."""
        return tuple(reversed(self._state().sendings))


def report_words(report: Report, reason: str) -> str:
    """What a look came to."""
    sending = report.sending
    if sending is not None and report.outcome in ("sent", "shown"):
        return f"sends {sending.message} by {sending.channel}"
    if sending is not None:
        return f"could not send {sending.message} by {sending.channel}: {sending.reason or report.outcome}"
    return f"sends nothing: {reason}"


def faults_of(sendings: Sequence[Sending], kinds: Callable[[str], str | None], bought_ms: int) -> Iterator[str]:
    """What did not come as it should have. `kinds` tells the trigger of a message's name."""
    carts = [one for one in sendings if kinds(one.message) == "abandoned_cart"]
    if len(carts) != 1:
        yield f"{len(carts)} messages on the cart instead of one"
    if any(one.status != "sent" for one in sendings):
        yield "not every message was sent"
    if any(one.at_ms >= bought_ms for one in carts):
        yield "a message on a cart that was bought"
    if not any(one.channel == "app" for one in sendings):
        yield "nothing was shown when they passed the shop"

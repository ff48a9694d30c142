"""Whatever comes in, whoever dies and whoever works at the same time: what outreach promises of a person holds."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Final

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.outreach.messages import GOODS, POLICY, shop
from tests.outreach.rig import DAY_MS, HOUR_MS, MINUTE_MS, World, event
from tests.outreach.stepping import Killed, refused
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import InDoubt
from vitrine.outreach.quiet_hours import is_quiet, zones_of
from vitrine.outreach.state import LOOK_AFTER_MS, REACHED, Note

PEOPLE: Final[dict[str, tuple[tuple[Channel, ...], str | None]]] = {
    "anna": (("mail", "push"), "Europe/Berlin"),
    "bert": (("webhook",), None),
}
VISITORS: Final = ("web", "app", "tablet")
MOODS: Final = {
    "retry": refused("retry"),
    "drop": refused("drop"),
    "suppress": refused("suppress"),
    "in doubt": InDoubt("no answer"),
}
person_ids = st.sampled_from(list(PEOPLE))
visitor_ids = st.sampled_from(VISITORS)
items = st.sampled_from(list(GOODS))
event_kinds = st.sampled_from(
    ["view", "view", "add_to_cart", "add_to_cart", "favourite", "remove_from_cart", "purchase"]
)
ages_ms = st.sampled_from([-10 * MINUTE_MS, 0, 0, 0, HOUR_MS, 30 * HOUR_MS])
places = st.integers(0, 20)


class Outreach(RuleBasedStateMachine):
    """Two persons, three devices, any number of workers."""

    @initialize()
    def open(self) -> None:
        """Everybody can be reached, and one of them has devices."""
        self.world = World(shop(), GOODS)
        self.n_told = 0
        self.world.link("anna", ["web", "app"], *PEOPLE["anna"][0], zone=PEOPLE["anna"][1])
        self.world.link("bert", ["tablet"], *PEOPLE["bert"][0], zone=PEOPLE["bert"][1])

    @rule(visitor=visitor_ids, kind=event_kinds, item=items, age_ms=ages_ms)
    def tell(self, visitor: str, kind: str, item: str, age_ms: int) -> None:
        """An event comes in."""
        self._telling(visitor, kind, item, age_ms)()

    @rule(person=person_ids, kind=st.sampled_from(["price_drop", "back_in_stock"]), item=items)
    def note(self, person: str, kind: str, item: str) -> None:
        """A price falls, or something is back."""
        self._noting(person, kind, item)()

    @rule(person=person_ids, visitor=visitor_ids)
    def link(self, person: str, visitor: str) -> None:
        """A device has a new owner, who agrees anew to be written to."""
        channels, zone = PEOPLE[person]
        self.world.link(person, [visitor], *channels, zone=zone)

    @rule(person=person_ids)
    def work(self, person: str) -> None:
        """A worker takes somebody on who is perhaps not due."""
        self.world.work(person)

    @rule(minutes=st.sampled_from([1, 4, 10, 61, 300, 1440, 3000]))
    def wait(self, minutes: int) -> None:
        """Time passes, and each minute who is due is worked off."""
        self.world.run_until(self.world.now_ms + minutes * MINUTE_MS)

    @rule(minutes=st.sampled_from([1, 6, 70, 600]))
    def sleep(self, minutes: int) -> None:
        """Time passes, and nobody works."""
        self.world.now_ms += minutes * MINUTE_MS

    @rule(channel=st.sampled_from(["mail", "push", "webhook"]), mood=st.sampled_from(list(MOODS)))
    def annoy(self, channel: Channel, mood: str) -> None:
        """What a provider says next."""
        self.world.channels[channel].answers.append(MOODS[mood])

    @rule(person=person_ids, place=places)
    def die(self, person: str, place: int) -> None:
        """A worker is killed at a point."""
        with suppress(Killed):
            self._interrupted(lambda: self.world.work(person), place, self._kill)

    @rule(person=person_ids, place=places, again_ms=st.sampled_from([0, 1_000]))
    def race(self, person: str, place: int, again_ms: int) -> None:
        """A worker stands still at a point while another one works on the same person."""

        def rival() -> None:
            self.world.now_ms += again_ms
            self.world.work(person)

        self._interrupted(lambda: self.world.work(person), place, rival)

    @rule(person=person_ids, place=places, visitor=visitor_ids, kind=event_kinds, item=items)
    def tell_a_busy_one(self, person: str, place: int, visitor: str, kind: str, item: str) -> None:
        """A worker stands still at a point while an event comes in."""
        self._interrupted(lambda: self.world.work(person), place, self._telling(visitor, kind, item, 0))

    @rule(person=person_ids, place=places, item=items)
    def note_a_busy_one(self, person: str, place: int, item: str) -> None:
        """A worker stands still at a point while a price falls."""
        self._interrupted(lambda: self.world.work(person), place, self._noting(person, "price_drop", item))

    @rule(person=person_ids, place=places, visitor=visitor_ids, kind=event_kinds, item=items, notes=st.booleans())
    def look_while_told(self, person: str, place: int, visitor: str, kind: str, item: str, notes: bool) -> None:
        """A collector stands still at a point while somebody is noted about and worked off."""

        def others() -> None:
            if notes:
                self._noting(person, "price_drop", item)()
            self.world.work(person)

        self._interrupted(self._telling(visitor, kind, item, 0), place, others)

    def _telling(self, visitor: str, kind: str, item: str, age_ms: int) -> Callable[[], None]:
        self.n_told += 1
        told = event(f"e{self.n_told}", kind, self.world.now_ms - age_ms, item)  # type: ignore[arg-type]
        return lambda: self.world.tell(visitor, told)

    def _noting(self, person: str, kind: str, item: str) -> Callable[[], None]:
        return lambda: self.world.note(person, Note(kind, item, self.world.now_ms, 10_000))  # type: ignore[arg-type]

    def _interrupted(self, action: Callable[[], object], place: int, other: Callable[[], object]) -> None:
        """Do something, and at the place-th point that it passes something else."""
        passed = count()

        def heard(_: str) -> None:
            if next(passed) == place:
                with self.world.steps.hearing(None):
                    other()

        with self.world.steps.hearing(heard):
            action()

    @staticmethod
    def _kill() -> None:
        raise Killed

    @invariant()
    def one_message_per_window_and_no_more_than_the_caps(self) -> None:
        """Of whatever happened to arrive."""
        for person in PEOPLE:
            got = [one for one in self.world.inbox if one.person == person]
            for n, period_s, channel in (
                (1, POLICY.window_s, None),
                *((c.n, c.period_s, c.channel) for c in POLICY.caps),
            ):
                times = sorted(one.at_ms for one in got if channel in (None, one.channel))
                pairs = zip(times, times[n:], strict=False)
                assert all(last - first >= period_s * 1000 for first, last in pairs), (person, got)

    @invariant()
    def nothing_in_quiet_hours_and_nothing_twice(self) -> None:
        """In the person's zone; where that is not known, in any."""
        for person, (_, zone) in PEOPLE.items():
            got = [one for one in self.world.inbox if one.person == person]
            zones = zones_of([zone] if zone else shop().zones)
            assert not [one for one in got if is_quiet(one.at_ms, POLICY.quiet, zones)]
            assert len({one.id for one in got}) == len(got)

    @invariant()
    def what_arrived_is_known(self) -> None:
        """The row counts it, and at most one sending is open."""
        for person in PEOPLE:
            state = self.world.state(person)
            known = {one.id for one in state.sendings if one.status in REACHED}
            assert {one.id for one in self.world.inbox if one.person == person} <= known
            assert sum(one.status == "intended" for one in state.sendings) <= 1

    @invariant()
    def no_alarm_is_lost(self) -> None:
        """Whoever has something to come is looked at by then, or soon after the last thing they did."""
        for person in PEOPLE:
            state, move = self.world.state(person), self.world.move(person)
            next_ms = self.world.now_ms if move.winner is not None else move.due_ms
            if state.open is not None:
                assert state.due_ms is not None
            elif next_ms is not None:
                latest_ms = max(next_ms, state.touched_ms + LOOK_AFTER_MS)
                assert (state.due_ms or latest_ms + 1) <= latest_ms, (state, move)

    def teardown(self) -> None:
        """In the end everybody is done with, and what is not known to have arrived has a dead letter."""
        if hasattr(self, "world"):
            self.world.run_until(self.world.now_ms + 20 * DAY_MS)
            told = {orjson.loads(record)["sending"] for record in self.world.letters.records}
            for person in PEOPLE:
                state = self.world.state(person)
                assert state.due_ms is None
                assert state.open is None
                assert {one.id for one in state.sendings if one.status in ("in_doubt", "failed")} <= told


Outreach.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOutreach = Outreach.TestCase

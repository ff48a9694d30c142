"""Many workers at the same persons at once: no message in quiet hours, none over a cap, none twice, none without trace.

Each rule has its sabotage, with which the same crowd breaks it.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

import pytest

from tests.outreach.clocks import DAY_MS, HOUR_MS, MINUTE_MS, instant_ms
from tests.outreach.crowd import MESSAGES, POLICY, QUIET, Crowd, Died, Mailbox, broken, crowd, play, script, untold
from vitrine.adapters.memory import MemoryTable
from vitrine.outreach.channels import CHANNELS
from vitrine.outreach.handing import Handover, InDoubt, Result
from vitrine.outreach.messages import Policy, QuietHours
from vitrine.outreach.quiet_hours import next_loud_ms
from vitrine.service.outreach import LEASE_MS
from vitrine.types import Key, Row

SPRING: Final = (("Europe/Berlin", "Asia/Kathmandu"), "2026-03-29T01:00")
AUTUMN: Final = (("America/New_York", "America/Los_Angeles"), "2026-11-01T06:00")
HALF_AN_HOUR: Final = (("Australia/Lord_Howe",), "2026-04-04T15:00")
CHANGES: Final = (SPRING, AUTUMN, HALF_AN_HOUR)


def days_of(change: tuple[tuple[str, ...], str]) -> int:
    """Where the days around a change begin."""
    return instant_ms(change[1]) - 2 * DAY_MS


def played(people: Crowd, seed: int) -> Crowd:
    """The crowd after its days."""
    play(people, script(people, Random(seed)), Random(seed))
    return people


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0][0])
def test_a_crowd_breaks_no_rule(change: tuple[tuple[str, ...], str]) -> None:
    """32 workers, four of them at each person; some die, some are refused."""
    people = played(crowd(change[0], 10, days_of(change), 3), 3)
    assert not [*broken(people, days_of(change)), *untold(people)]
    assert {one.channel for one in people.deliveries} == {"mail", "sms", "push", "web_push"}
    assert len(people.deliveries) > 40


@dataclass
class Careless(MemoryTable):
    """The sabotage: whoever writes last is right."""

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table; this one is none."""
        self.write([(key, row)])
        return True


def test_without_the_revision_messages_go_twice() -> None:
    """Negative control: the one condition that everything hangs on."""
    people = played(crowd(SPRING[0], 10, days_of(SPRING), 3, table=Careless()), 3)
    assert any("twice" in fault for fault in broken(people, days_of(SPRING)))


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (replace(POLICY, quiet=QuietHours(0, 0)), "in quiet hours"),
        (replace(POLICY, caps=()), "over Cap(n=2"),
        (replace(POLICY, window_s=0), "over Cap(n=1, period_s=14400"),
    ],
)
def test_without_a_rule_it_is_broken(policy: Policy, fault: str) -> None:
    """Negative control: the crowd is not so tame that no rule is needed."""
    people = played(crowd(SPRING[0], 10, days_of(SPRING), 3, policy=policy), 3)
    assert any(one.startswith(fault) for one in broken(people, days_of(SPRING)))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0][0])
@pytest.mark.parametrize("hours", range(0, 72, 6))
def test_a_held_message_goes_once_when_the_night_ends(change: tuple[tuple[str, ...], str], hours: int) -> None:
    """A cart of whatever hour: one mail an hour later or at nine, and everybody's at their own nine."""
    from_ms = days_of(change) + hours * HOUR_MS + 20 * MINUTE_MS
    people = crowd(change[0], 3, from_ms, 1, messages=MESSAGES[:1], troubles=False)
    start_ms = people.wall.now_ms
    for person in people.outlook.zones:
        people.put_in_cart(person, "a")
    play(people, [], Random(1), n_copies=12)
    for person, zones in people.outlook.zones.items():
        times = [one.at_ms for one in people.deliveries if (one.person, one.channel) == (person, "mail")]
        assert times == [next_loud_ms(start_ms + HOUR_MS, QUIET, zones)]


@dataclass
class Deadly(Mailbox):
    """A channel that kills the first worker before it takes anything."""

    died: bool = False

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See handing.Channel."""
        if not self.died:
            self.died = True
            raise Died
        return super().hand_over(handover, timeout_s)


def one_cart(kind: type[Mailbox], at: str) -> Crowd:
    """A person in Berlin with a cart of an instant, and a mail that may be asked twice for the same message."""
    people = crowd(["Europe/Berlin"], 1, instant_ms(at), 1, troubles=False)
    people = people.with_box(kind("mail", people.wall, Random(1), is_idempotent=True, troubles=False))
    people.put_in_cart("p0", "a")
    return people


def test_what_was_left_at_night_waits_for_the_morning() -> None:
    """A worker dies two minutes before nine in the evening; five minutes later it is quiet."""
    people = one_cart(Deadly, "2026-03-27T19:58+01:00")
    play(people, [], Random(1))
    assert [one.at_ms for one in people.deliveries if one.channel == "mail"] == [instant_ms("2026-03-28T09:00+01:00")]


@dataclass
class Mute(Mailbox):
    """A channel that takes everything and never answers the first time."""

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See handing.Channel."""
        is_first = not self.taken
        done = super().hand_over(handover, timeout_s)
        return InDoubt("no answer") if is_first else done


def test_what_may_have_arrived_holds_the_window() -> None:
    """No answer from a channel that may be asked again: meanwhile nothing else goes to the person."""
    people = one_cart(Mute, "2026-03-27T11:00+01:00")
    start_ms = people.wall.now_ms
    play(people, [(start_ms + HOUR_MS + LEASE_MS // 5, lambda: people.drop_price("p0", "a"))], Random(1), n_copies=1)
    assert not list(broken(people, start_ms))


def test_channels_that_may_be_asked_again_break_no_rule() -> None:
    """The crowd with webhooks alone."""
    people = played(crowd(SPRING[0], 12, days_of(SPRING), 16, idempotent=frozenset(CHANNELS)), 16)
    assert not [*broken(people, days_of(SPRING)), *untold(people)]

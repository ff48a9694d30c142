"""Which message a person gets: the better one, when it may go, and why the others do not."""

from dataclasses import replace
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.outreach.clocks import DAY_MS, HOUR_MS, instant_ms
from vitrine.decisions.actions import Content, Fixed
from vitrine.outreach.arbitration import Move, Situation, next_move
from vitrine.outreach.caps import message_free_ms, next_free_ms
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.outreach.messages import DAY_S, Cap, Message, Outreach, Policy, QuietHours, Step, Trigger
from vitrine.outreach.person import Person
from vitrine.outreach.quiet_hours import is_quiet, zones_of
from vitrine.outreach.state import Note, Sending, State, Status
from vitrine.outreach.triggers import Good
from vitrine.types import Event
from vitrine.visitors.profile import Consent, Profile

NOON_MS: Final = instant_ms("2026-11-02T12:00+01:00")
GOODS: Final = {"milk": Good(100, 100, "dairy", in_stock=True), "brie": Good(300, 300, "dairy", in_stock=True)}
CONTENT: Final = Content(Fixed({}))
EVERYWHERE: Final = Person("anna", (), dict.fromkeys(CHANNELS, "x"), frozenset(CHANNELS))


def step(*channels: Channel, after_s: int = 0) -> Step:
    """A step by these channels, mail if none is named."""
    return Step(channels or ("mail",), CONTENT, after_s)


CART: Final = Message("cart", Trigger("abandoned_cart", after_s=3600), (step(), step("sms", after_s=DAY_S)), priority=9)
PRICE: Final = Message("price", Trigger("price_drop"), (step("push"),), priority=5)
BACK: Final = Message("back", Trigger("win_back", after_s=3600), (step("web_push"),), priority=1, useful_s=30 * DAY_S)


def situation(*messages: Message, at_ms: int = NOON_MS, hours: float = 2, **changes: Any) -> Situation:
    """Somebody in Berlin who put milk into the cart so many hours ago and left."""
    event = Event("e1", "add_to_cart", at_ms - round(hours * HOUR_MS), "milk")
    whole = Situation(
        outreach=Outreach(changes.pop("policy", Policy()), {one.name: one for one in messages}),
        person=EVERYWHERE,
        profile=Profile().apply([event]),
        state=State(),
        goods=GOODS,
        zones=zones_of(["Europe/Berlin"]),
        suits=lambda message: True,
        now_ms=at_ms,
    )
    return replace(whole, **changes)


def verdicts(move: Move) -> dict[str, str]:
    """Of each message the verdict on its best candidate."""
    return {one.message.name: one.verdict for one in reversed(move.considered)}


def sent(message: Message, at_ms: int, status: Status = "sent", n: int = 0, **changes: Any) -> Sending:
    """A sending of a message's n-th step for the cart of `situation`."""
    channel = message.steps[n].channels[0]
    one = Sending(f"{message.name}{n}{at_ms}", message.name, n, "", at_ms - HOUR_MS, channel, at_ms, status)
    return replace(one, **changes)


def test_the_higher_priority_goes_and_the_others_are_behind() -> None:
    """One message; what called for it makes its id."""
    noted = State().noted([Note("price_drop", "milk", NOON_MS, 200)])
    move = next_move(situation(BACK, CART, PRICE, state=noted))
    assert verdicts(move) == {"cart": "wins", "price": "behind", "back": "behind"}
    assert move.sending is not None
    assert (move.sending.message, move.sending.channel, move.sending.at_ms) == ("cart", "mail", NOON_MS)
    again = next_move(situation(CART, state=noted))
    assert again.sending is not None
    assert again.sending.id == move.sending.id


def test_of_equal_priority_the_one_about_more_money_goes() -> None:
    """Then the fresher one."""
    profile = Profile().apply([Event(item, "view", NOON_MS - HOUR_MS, item) for item in ("milk", "brie")])
    notes = [Note("price_drop", "milk", NOON_MS - 5, 900), Note("price_drop", "brie", NOON_MS - 9, 900)]
    whole = situation(PRICE, profile=profile, state=State().noted(notes))
    won = next_move(whole).winner
    assert won is not None
    assert won.call.subject == "brie"
    same = replace(whole, goods={"milk": GOODS["milk"], "brie": GOODS["milk"]})
    won = next_move(same).winner
    assert won is not None
    assert won.call.subject == "milk"


def test_a_better_message_that_may_go_soon_is_waited_for() -> None:
    """Within `gather`, and no longer."""
    browse = Message("browse", Trigger("win_back", after_s=0), (step("push"),))
    soon = next_move(situation(browse, CART, hours=0.25))
    assert (soon.winner, soon.due_ms) == (None, NOON_MS + round(0.75 * HOUR_MS))
    assert verdicts(soon) == {"browse": "gathering", "cart": "not_due"}
    late = next_move(situation(browse, CART, hours=0.25, policy=Policy(gather_s=1800)))
    assert verdicts(late) == {"browse": "wins", "cart": "not_due"}


def test_nobody_waits_so_long_that_nothing_is_left() -> None:
    """What would be useless by then goes now."""
    browse = Message("browse", Trigger("win_back"), (step("push"),), useful_s=1200)
    assert verdicts(next_move(situation(browse, CART, hours=0.25)))["browse"] == "wins"


def test_quiet_hours_hold_until_their_end() -> None:
    """At ten in the evening until nine."""
    evening = instant_ms("2026-11-02T22:00+01:00")
    move = next_move(situation(CART, at_ms=evening))
    assert (move.winner, move.due_ms) == (None, instant_ms("2026-11-03T09:00+01:00"))
    assert verdicts(move) == {"cart": "quiet"}


def test_who_may_be_anywhere_is_left_alone_at_night_everywhere() -> None:
    """It is noon in Berlin and three in the morning in Los Angeles."""
    zones = zones_of(["Europe/Berlin", "America/Los_Angeles"])
    move = next_move(situation(CART, zones=zones))
    assert move.due_ms == instant_ms("2026-11-02T09:00-08:00")


def test_what_is_useless_at_the_nights_end_is_let_go() -> None:
    """Nobody is woken, and nobody gets it too late."""
    evening = instant_ms("2026-11-02T22:00+01:00")
    move = next_move(situation(replace(CART, useful_s=3600), at_ms=evening))
    assert (move.winner, move.due_ms, verdicts(move)) == (None, None, {"cart": "outlived"})
    never = next_move(situation(CART, policy=Policy(quiet=QuietHours(0, 1440))))
    assert (never.winner, never.due_ms, verdicts(never)) == (None, None, {"cart": "outlived"})


@pytest.mark.parametrize(
    ("policy", "cap", "verdict", "due_h"),
    [
        (Policy(window_s=6 * 3600), None, "window", 5),
        (Policy(window_s=0, caps=(Cap(1, 7 * 3600),)), None, "cap", 6),
        (Policy(window_s=0, caps=(Cap(1, 7 * 3600, "sms"),)), None, "wins", None),
        (Policy(window_s=0), (1, 8 * 3600), "cap", 7),
        (Policy(window_s=12 * 3600), None, "window", 21),
    ],
)
def test_windows_and_caps_hold(policy: Policy, cap: tuple[int, int] | None, verdict: str, due_h: int | None) -> None:
    """An hour after another message; what would be free at night goes in the morning."""
    message = replace(CART, cap=cap)
    state = State().with_sending(sent(message, NOON_MS - HOUR_MS, subject="another"))
    move = next_move(situation(message, policy=policy, state=state))
    assert verdicts(move) == {"cart": verdict}
    assert move.due_ms == (None if due_h is None else NOON_MS + due_h * HOUR_MS)


def test_a_step_follows_unless_the_person_came_back() -> None:
    """A day after the first by SMS; and after the last there is none."""
    first = State().with_sending(sent(CART, NOON_MS - HOUR_MS))
    move = next_move(situation(CART, state=first, policy=Policy(window_s=0)))
    assert (verdicts(move), move.due_ms) == ({"cart": "not_due"}, NOON_MS - HOUR_MS + DAY_MS)
    tomorrow = next_move(replace(situation(CART, state=first), now_ms=NOON_MS + DAY_MS))
    assert tomorrow.winner is not None
    assert (tomorrow.winner.step, tomorrow.winner.channel) == (1, "sms")
    looked = Profile().apply([Event("e1", "add_to_cart", NOON_MS - 2 * HOUR_MS, "milk"), Event("e2", "view", NOON_MS)])
    assert verdicts(next_move(situation(CART, state=first, profile=looked))) == {"cart": "reacted"}
    both = first.with_sending(sent(CART, NOON_MS - 1, n=1))
    assert verdicts(next_move(situation(CART, state=both))) == {"cart": "answered"}


@pytest.mark.parametrize("status", ["intended", "sent", "in_doubt"])
def test_a_cause_is_answered_by_what_may_have_arrived(status: Status) -> None:
    """Also when nobody knows; a new deed is a new cause."""
    once = replace(CART, steps=CART.steps[:1])
    state = State().with_sending(sent(once, NOON_MS - HOUR_MS, status))
    assert verdicts(next_move(situation(once, state=state))) == {"cart": "answered"}
    fresh = next_move(situation(once, state=state, at_ms=NOON_MS + 2 * DAY_MS))
    assert verdicts(fresh) == {"cart": "wins"}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"policy": Policy(off=frozenset({"mail"}))}, "unreachable"),
        ({"person": Person("anna")}, "unreachable"),
        ({"person": EVERYWHERE.without("mail", "bounce")}, "unreachable"),
        ({"suits": lambda message: False}, "condition"),
        ({"profile": Profile(consent=Consent(5)).apply([Event("e", "add_to_cart", 5, "milk")])}, "no_consent"),
    ],
)
def test_a_message_that_does_not_go_says_why(changes: dict[str, Any], verdict: str) -> None:
    """One word each; and nobody looks again for it."""
    move = next_move(situation(CART, **changes))
    assert (move.winner, move.due_ms, verdicts(move)) == (None, None, {"cart": verdict})


@pytest.mark.parametrize(("off", "verdict"), [("all", "off"), ("cart", "off"), ("mail", "unreachable")])
def test_what_operators_switched_off_is_looked_after(off: str, verdict: str) -> None:
    """Every hour while it is of use, so that nobody has to be woken when it is switched on again."""
    stopped = situation(CART, off=frozenset({off}))
    assert (verdicts(next_move(stopped)), next_move(stopped).due_ms) == ({"cart": verdict}, NOON_MS + HOUR_MS)
    assert next_move(replace(stopped, off=frozenset())).winner is not None
    assert next_move(replace(stopped, off=frozenset({"sms"}))).winner is not None
    assert next_move(situation(CART, off=frozenset({off}), hours=49)).due_ms is None


def test_a_message_that_is_switched_off_in_its_file() -> None:
    """It is considered, and goes nowhere."""
    assert verdicts(next_move(situation(replace(CART, enabled=False)))) == {"cart": "off"}


def test_the_next_channel_is_taken_where_the_first_does_not_lead() -> None:
    """The app only while it asks, and then it is the first."""
    message = replace(CART, steps=(step("app", "mail", "push"),))
    person = EVERYWHERE.without("mail", "unsubscribed")
    assert next_move(situation(message, person=person)).winner.channel == "push"  # type: ignore[union-attr]
    asked = situation(message, person=person, at_once=frozenset({"app"}))
    assert next_move(asked).winner.channel == "app"  # type: ignore[union-attr]


MESSAGES: Final = (
    CART,
    PRICE,
    replace(BACK, cap=(1, 3 * DAY_S)),
    Message("weather", Trigger("weather", at_minute=480), (step("app", "web_push"),), priority=5),
)
POLICIES = st.builds(
    Policy,
    quiet=st.builds(QuietHours, st.integers(0, 1439), st.integers(0, 1439)),
    window_s=st.integers(0, 2 * DAY_S),
    gather_s=st.integers(0, 7200),
    caps=st.lists(
        st.builds(Cap, st.integers(1, 3), st.integers(60, 5 * DAY_S), st.none() | st.sampled_from(CHANNELS)), max_size=2
    ).map(tuple),
)
DEEDS = st.builds(
    Event,
    id=st.integers(0, 50).map(str),
    kind=st.sampled_from(["view", "add_to_cart", "purchase"]),
    at_ms=st.integers(NOON_MS - 3 * DAY_MS, NOON_MS),
    item=st.sampled_from([*GOODS]),
)
NOTED = st.builds(
    Note, st.just("price_drop"), st.sampled_from([*GOODS]), st.integers(NOON_MS - DAY_MS, NOON_MS), st.integers(0, 900)
)
BEFORE = st.builds(
    sent,
    st.sampled_from(MESSAGES),
    st.integers(NOON_MS - 5 * DAY_MS, NOON_MS),
    st.sampled_from(["sent", "in_doubt", "failed"]),
)


@settings(max_examples=150, deadline=None)
@given(
    POLICIES,
    st.lists(DEEDS, min_size=1, max_size=8),
    st.lists(NOTED, max_size=4),
    st.lists(BEFORE, max_size=3),
    st.lists(st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "America/Lima"]), min_size=1, max_size=2),
    st.randoms(use_true_random=False),
)
def test_every_move_of_a_week_keeps_the_rules(
    policy: Policy, deeds: list[Event], notes: list[Note], before: list[Sending], zones: list[str], random: Random
) -> None:
    """Whoever does what next_move says, when it says it: loud, within window and caps, the best that is ready, no id
    twice, the same from files in any order; and it comes to an end."""
    state = State().noted(notes)
    for one in before:
        state = state.with_sending(one)
    whole = situation(*MESSAGES, policy=policy, profile=Profile().apply(deeds), state=state, zones=zones_of(zones))
    shuffled = dict(random.sample(sorted(whole.outreach.messages.items()), len(MESSAGES)))
    for _ in range(60):
        move = next_move(whole)
        other = next_move(replace(whole, outreach=replace(whole.outreach, messages=shuffled)))
        assert (other.sending, other.due_ms, other.winner) == (move.sending, move.due_ms, move.winner)
        if move.sending is not None and move.winner is not None:
            check(move, whole)
            whole = replace(whole, state=whole.state.with_sending(replace(move.sending, status="sent")))
        elif move.due_ms is None or move.due_ms > NOON_MS + 7 * DAY_MS:
            return
        else:
            assert move.due_ms > whole.now_ms
            whole = replace(whole, now_ms=move.due_ms)
    raise AssertionError("there was no end to it")


def check(move: Move, whole: Situation) -> None:
    """What holds of every claim."""
    claim, winner, policy, kept = move.sending, move.winner, whole.outreach.policy, whole.state.sendings
    assert claim is not None
    assert winner is not None
    assert not is_quiet(claim.at_ms, policy.quiet, whole.zones)
    assert next_free_ms(kept, policy.caps, policy.window_s, claim.channel, claim.at_ms) == claim.at_ms
    assert message_free_ms(kept, winner.message, claim.at_ms) == claim.at_ms
    assert claim.id not in {one.id for one in kept}
    ready = [one for one in move.considered if one.free_ms is not None and one.free_ms <= whole.now_ms]
    assert winner.rank == max(one.rank for one in ready)
    assert [(one.message, one.call) for one in move.considered if one.verdict == "wins"] == [
        (winner.message, winner.call)
    ]

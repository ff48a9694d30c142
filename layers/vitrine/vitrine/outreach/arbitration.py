"""Which message a person gets, if any, and when to look again: a pure function of everything that is known.

All messages that something calls for compete. Of those that may go now (window, caps, quiet hours, reach, consent) the
one of the highest priority wins, then the one about the most money, then the freshest; it gives way to a better one
that may go soon. What cannot go before it is useless is let go.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Final, Literal, TypeAlias

from vitrine.outreach.caps import message_free_ms, next_free_ms
from vitrine.outreach.messages import Channel, Message, Outreach, Step
from vitrine.outreach.person import Person
from vitrine.outreach.quiet_hours import next_loud_ms
from vitrine.outreach.state import Sending, State, sending_id
from vitrine.outreach.triggers import Call, Good, Seen, calls
from vitrine.types import ItemId
from vitrine.values import dataclass
from vitrine.visitors.profile import Profile

NEEDS_GOODS: Final = frozenset(("abandoned_cart", "price_drop", "back_in_stock", "replenishment"))
"""Kinds whose message says nothing without an item that can be bought."""

Verdict: TypeAlias = Literal[
    "wins",
    "behind",
    "gathering",
    "not_due",
    "quiet",
    "window",
    "cap",
    "outlived",
    "answered",
    "reacted",
    "condition",
    "no_consent",
    "unreachable",
    "off",
]
"""Why a message goes or does not: `behind` another one, `gathering` while a better one is about to be due, `answered`
when all its steps were sent, `reacted` when the person came back after the last one, `condition` when it is not for
them."""

SWITCHED_OFF_MS: Final = 3_600_000
"""While operators have something switched off that a message waits for, it is looked after so often: nobody tells us
when it is switched on again."""

ROUNDS: Final = 20
"""Caps and quiet hours push each other on at most so often before a message counts as one that can never go."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A step of a message that something calls for. `free_ms` is when it may go, None if not before it is useless."""

    message: Message
    step: int
    call: Call
    due_ms: int
    channel: Channel | None
    value: int
    free_ms: int | None
    verdict: Verdict

    @property
    def rank(self) -> tuple[int, int, int, str]:
        """The larger wins; names only settle what is equal otherwise."""
        return (self.message.priority, self.value, self.call.anchor_ms, self.message.name)


@dataclass(frozen=True, slots=True)
class Move:
    """What to do: send `winner` by `sending`, which is to be claimed, or nothing before `due_ms` (None: before
    something happens). `considered` are all candidates, best first."""

    winner: Candidate | None
    sending: Sending | None
    due_ms: int | None
    considered: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a move is found from. `zones` are those whose quiet hours bind: the person's own, or all where they may be.

    `suits` says whether a message's condition holds for the person; `off` holds what operators switched off: names of
    messages, channels, or `all`. `at_once` are channels that only now lead to the person (the app that asks). `world`
    is what words are made of afterwards; no move depends on it.
    """

    outreach: Outreach
    person: Person
    profile: Profile
    state: State
    goods: Mapping[ItemId, Good]
    zones: Sequence[tzinfo]
    suits: Callable[[Message], bool]
    now_ms: int
    off: frozenset[str] = frozenset()
    at_once: frozenset[Channel] = frozenset()
    world: object = None


def next_move(situation: Situation) -> Move:
    """The one thing to do for a person now."""
    candidates = list(_candidates(situation))
    now_ms = situation.now_ms
    ready = [one for one in candidates if one.free_ms is not None and one.free_ms <= now_ms]
    later = [one for one in candidates if one.free_ms is not None and one.free_ms > now_ms]
    best = max(ready, key=lambda one: one.rank, default=None)
    better = None if best is None else _worth_waiting_for(best, later, situation)
    if best is None or better is not None:
        held_ms = [*(one.free_ms for one in later), *_looks_after_switches(candidates, situation)]
        due_ms = min((one for one in held_ms if one is not None), default=None)
        told = [_judged(one, "gathering") if one in ready else one for one in candidates]
        return Move(None, None, due_ms, _in_order(told))
    told = [_judged(one, "wins" if one is best else "behind") if one in ready else one for one in candidates]
    return Move(best, _claim(best, situation), None, _in_order(told))


def standing_ms(sending: Sending, situation: Situation) -> int | None:
    """When a sending that was claimed might go by its channel if it had not been; None if nothing calls for it now."""
    others = tuple(one for one in situation.state.sendings if one.id != sending.id)
    before = replace(situation, state=replace(situation.state, sendings=others))
    wanted = (sending.message, sending.step, sending.subject, sending.channel)
    found = (
        one for one in _candidates(before) if (one.message.name, one.step, one.call.subject, one.channel) == wanted
    )
    return next((one.free_ms for one in found), None)


def _worth_waiting_for(best: Candidate, later: Iterable[Candidate], situation: Situation) -> Candidate | None:
    """A message of higher priority that may go soon, as long as the best of now can still go then."""
    gather_ms = situation.outreach.policy.gather_s * 1000
    until_ms = min(situation.now_ms + gather_ms, _useful_until(best))
    soon = (one for one in later if one.message.priority > best.message.priority)
    return next((one for one in soon if one.free_ms is not None and one.free_ms <= until_ms), None)


def _looks_after_switches(candidates: Iterable[Candidate], situation: Situation) -> list[int]:
    """When to look whether what operators switched off is on again, for messages that can still be of use then."""
    next_ms = situation.now_ms + SWITCHED_OFF_MS
    stopped = (one for one in candidates if one.verdict in ("off", "unreachable") and one.message.enabled)
    looks = [max(one.due_ms, next_ms) for one in stopped if _useful_until(one) >= next_ms]
    return looks if situation.off else []


def _useful_until(candidate: Candidate) -> int:
    return candidate.due_ms + candidate.message.useful_s * 1000


def _claim(best: Candidate, situation: Situation) -> Sending:
    id_ = sending_id(situation.person.id, best.message.name, best.step, best.call.subject, best.call.anchor_ms)
    before = situation.state.sending(id_)
    return Sending(
        id=id_,
        message=best.message.name,
        step=best.step,
        subject=best.call.subject,
        anchor_ms=best.call.anchor_ms,
        channel=best.channel or "app",
        at_ms=situation.now_ms,
        status="intended",
        attempts=1 if before is None else before.attempts + 1,
    )


def _candidates(situation: Situation) -> Iterator[Candidate]:
    seen = Seen(situation.profile, situation.state.notes, situation.goods, situation.zones[0], situation.now_ms)
    for message in situation.outreach.messages.values():
        for call in calls(message.trigger, seen):
            if message.trigger.kind not in NEEDS_GOODS or call.items:
                yield _candidate(message, call, seen, situation)


def _candidate(message: Message, call: Call, seen: Seen, situation: Situation) -> Candidate:
    step, due_ms, verdict = _next_step(message, call, seen, situation.state)
    channel = None if verdict else _channel(message.steps[step], situation)
    verdict = verdict or _refusal(message, channel, due_ms, situation)
    free_ms: int | None = None
    if verdict is None and channel is not None:
        begin_ms = max(due_ms, situation.now_ms, _given_up_until(message, step, call, situation.state))
        free_ms, verdict = _free(message, channel, due_ms, begin_ms, situation)
    value = sum(seen.goods[item].price for item in call.items if item in seen.goods)
    return Candidate(message, step, call, due_ms, channel, value, free_ms, verdict or "not_due")


def _next_step(message: Message, call: Call, seen: Seen, state: State) -> tuple[int, int, Verdict | None]:
    """Which step comes next and when it is due; a verdict where none does."""
    sent = [one for one in state.sendings if _answers(one, message, call) and one.status != "retry"]
    if not sent:
        return 0, call.due_ms, None
    last = max(sent, key=lambda one: (one.step, one.at_ms))
    step = last.step + 1
    if step >= len(message.steps):
        return last.step, call.due_ms, "answered"
    due_ms = last.at_ms + message.steps[step].after_s * 1000
    has_reacted = (seen.last_ms or 0) > last.at_ms
    return step, due_ms, "reacted" if has_reacted else None


def _answers(sending: Sending, message: Message, call: Call) -> bool:
    """Whether a sending was about this call: what called for it was not later than the sending itself."""
    is_same = sending.message == message.name and sending.subject == call.subject
    return is_same and call.anchor_ms <= max(sending.anchor_ms, sending.at_ms)


def _channel(step: Step, situation: Situation) -> Channel | None:
    """The first of the step's channels that reaches the person. The app is there only while it asks."""
    usable = [one for one in step.channels if situation.person.reaches(one) and one != "app"]
    now = [one for one in step.channels if one in situation.at_once]
    off = situation.outreach.policy.off | situation.off
    return next((one for one in (*now, *usable) if one not in off), None)


def _refusal(message: Message, channel: Channel | None, due_ms: int, situation: Situation) -> Verdict | None:
    """Why a message does not go to this person, whatever the time; None when it may."""
    consent = situation.profile.consent
    if not message.enabled or situation.off & {"all", message.name}:
        return "off"
    if consent.at_ms and "messages" not in consent.purposes:
        return "no_consent"
    if channel is None:
        return "unreachable"
    if situation.now_ms > due_ms + message.useful_s * 1000:
        return "outlived"
    return None if situation.suits(message) else "condition"


def _given_up_until(message: Message, step: int, call: Call, state: State) -> int:
    """Until when a step rests that a provider did not take, 0 if it was never refused."""
    cause = (message.name, step, call.subject, call.anchor_ms)
    resting = (one for one in state.sendings if one.status == "retry")
    given_up = (one for one in resting if (one.message, one.step, one.subject, one.anchor_ms) == cause)
    return max((one.again_ms for one in given_up), default=0)


def _free(
    message: Message, channel: Channel, due_ms: int, at_ms: int, situation: Situation
) -> tuple[int | None, Verdict | None]:
    """When the message may go, no sooner than at_ms, and what holds it until then; (None, "outlived") if it is useless
    by then."""
    policy, sendings = situation.outreach.policy, situation.state.sendings
    verdict: Verdict | None = "not_due" if at_ms > situation.now_ms else None
    for _ in range(ROUNDS):
        window_ms = next_free_ms(sendings, (), policy.window_s, channel, at_ms)
        capped_ms = next_free_ms(sendings, policy.caps, policy.window_s, channel, at_ms)
        free_ms = max(capped_ms, message_free_ms(sendings, message, at_ms))
        loud_ms = next_loud_ms(free_ms, policy.quiet, situation.zones)
        if loud_ms is None or loud_ms > due_ms + message.useful_s * 1000:
            return None, "outlived"
        if loud_ms == at_ms:
            return at_ms, verdict
        held: Verdict = "window" if window_ms == free_ms > at_ms else "cap" if free_ms > at_ms else "quiet"
        at_ms, verdict = loud_ms, verdict or held
    return None, "outlived"


def _judged(one: Candidate, verdict: Verdict) -> Candidate:
    fields = (one.message, one.step, one.call, one.due_ms, one.channel, one.value, one.free_ms)
    return Candidate(*fields, verdict)


def _in_order(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    return tuple(sorted(candidates, key=lambda one: one.rank, reverse=True))

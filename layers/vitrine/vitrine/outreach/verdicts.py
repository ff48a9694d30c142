"""What a verdict means and what would have to change, in words of a marketer.

Candidates carry a verdict of one word; whoever asks why somebody got a message, or none, is told in sentences.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final, TypeAlias

from vitrine.outreach.arbitration import Candidate, Situation, Verdict
from vitrine.outreach.channels import Channel, TriggerKind
from vitrine.outreach.messages import Message
from vitrine.outreach.person import Person
from vitrine.outreach.triggers import Call
from vitrine.values import dataclass

Clock: TypeAlias = Callable[[int], str]
"""An instant (ms) as people write it."""

CAUSES: Final[Mapping[TriggerKind, str]] = {
    "abandoned_cart": "goods were left in the cart",
    "abandoned_browse": "goods were looked at and none was bought",
    "category_interest": "a category was looked at again and again",
    "price_drop": "a price fell",
    "back_in_stock": "something is in stock again",
    "post_purchase": "something was bought",
    "replenishment": "something bought runs out",
    "win_back": "the person has not been here for long",
    "anniversary": "their day comes round",
    "weather": "once a day the weather is looked at",
    "geofence": "they passed one of the shops",
}

NO_CAUSE: Final[Mapping[TriggerKind, str]] = {
    "abandoned_cart": "the cart is empty, or nothing in it can be bought now",
    "abandoned_browse": "too little was looked at since the last purchase, or there is a cart",
    "category_interest": "no category was looked at often enough, or it was bought from since",
    "price_drop": "no price of what they care for fell far enough",
    "back_in_stock": "nothing that they care for came back",
    "post_purchase": "nothing was bought that is remembered",
    "replenishment": "nothing that they buy again and again runs out soon",
    "win_back": "they were never here",
    "anniversary": "the store knows no such day of theirs",
    "weather": "they were never here",
    "geofence": "they passed none of its shops lately",
}
"""Why a message of this kind does not even compete."""


@dataclass(frozen=True, slots=True)
class Told:
    """A candidate in words. `wanted` is what would have to change for it to go, empty where it goes."""

    candidate: Candidate
    cause: str
    meaning: str
    wanted: str


def tell_all(considered: tuple[Candidate, ...], situation: Situation, clock: Clock) -> list[Told]:
    """All candidates in words, in their order."""
    best = next((one for one in considered if one.verdict == "wins"), None)
    return [_told(one, best, considered, situation, clock) for one in considered]


def uncalled(considered: tuple[Candidate, ...], situation: Situation) -> Iterator[tuple[Message, str]]:
    """Messages that nothing calls for, each with the reason."""
    named = {one.message.name for one in considered}
    for message in situation.outreach.messages.values():
        if message.name not in named:
            yield message, NO_CAUSE[message.trigger.kind]


def cause_of(message: Message, call: Call, clock: Clock) -> str:
    """What called for a message, and when."""
    kind = message.trigger.kind
    about = f" ({call.subject})" if call.subject else ""
    return f"{CAUSES[kind]}{about}, {clock(call.anchor_ms)}" if call.anchor_ms else f"{CAUSES[kind]}{about}"


def clock_in(zone: tzinfo) -> Clock:
    """Instants as the wall clock of a zone shows them."""

    def shown(at_ms: int) -> str:
        return f"{datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone):%a %d %b %Y %H:%M}"

    return shown


def span(seconds: int) -> str:
    """A length of time in its largest whole units, such as 1 h 30 min."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, secs = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (secs, "s")) if n]
    return " ".join(parts[:2]) or "0 s"


def _told(
    one: Candidate, best: Candidate | None, considered: tuple[Candidate, ...], situation: Situation, clock: Clock
) -> Told:
    meaning, wanted = WORDS[one.verdict](Scene(one, best, considered, situation, clock))
    return Told(one, cause_of(one.message, one.call, clock), meaning, wanted)


@dataclass(frozen=True, slots=True)
class Scene:
    """A candidate among the others."""

    one: Candidate
    best: Candidate | None
    considered: tuple[Candidate, ...]
    situation: Situation
    clock: Clock

    @property
    def due(self) -> str:
        """When its step is due."""
        return self.clock(self.one.due_ms)

    @property
    def free(self) -> str:
        """When it may go."""
        return "never" if self.one.free_ms is None else self.clock(self.one.free_ms)


Words: TypeAlias = tuple[str, str]


def _wins(scene: Scene) -> Words:
    return f"goes now, by {scene.one.channel}", ""


def _behind(scene: Scene) -> Words:
    if scene.best is None:
        return "could go, but another message goes first", "a higher priority"
    winner, one = scene.best.message, scene.one.message
    if winner.priority > one.priority:
        return (
            f"could go, but {winner.name} has the higher priority ({winner.priority} to {one.priority})",
            f"a priority above {winner.priority} in its file",
        )
    return (
        f"could go, but {winner.name} of the same priority is about more money, or fresher",
        f"a priority above {one.priority} in its file",
    )


def _gathering(scene: Scene) -> Words:
    others = (one for one in scene.considered if one.verdict != "gathering")
    better = max(others, key=lambda one: one.rank, default=None)
    name = "a message of higher priority" if better is None else better.message.name
    return (
        f"could go, but waits for {name}, which may go within {span(scene.situation.outreach.policy.gather_s)}",
        "nothing: it goes then unless the other one does (outreach.yaml, gather)",
    )


def _not_due(scene: Scene) -> Words:
    one = scene.one
    held = one.free_ms is not None and one.free_ms > one.due_ms
    meaning = f"is due {scene.due}" + (f", and held until {scene.free}" if held else "")
    return meaning, "nothing: it goes then, unless they come back or buy first"


def _quiet(scene: Scene) -> Words:
    zones = ", ".join(str(zone) for zone in scene.situation.zones[:2])
    more = f" and {len(scene.situation.zones) - 2} zones more" if len(scene.situation.zones) > 2 else ""
    return f"is held over the quiet hours ({zones}{more}) until {scene.free}", "nothing: it goes when they are over"


def _window(scene: Scene) -> Words:
    every = span(scene.situation.outreach.policy.window_s)
    return f"is held until {scene.free}: a person gets one message in {every}", "a shorter window in outreach.yaml"


def _cap(scene: Scene) -> Words:
    return f"is held until {scene.free}: they had as many messages as the caps allow", "a higher cap"


def _outlived(scene: Scene) -> Words:
    useful = span(scene.one.message.useful_s)
    return f"was due {scene.due} and is worth nothing {useful} later", "a new cause, or a longer `useful` in its file"


def _answered(scene: Scene) -> Words:
    return "all its steps were sent for this cause", "a new cause"


def _reacted(scene: Scene) -> Words:
    return "they came back after the step before, so there is no next one", "nothing: this is as it should be"


def _condition(scene: Scene) -> Words:
    return "its condition (when) does not hold for them now", "see `when` in its file"


def _no_consent(scene: Scene) -> Words:
    return "they did not agree to messages", "consent to messages, given in the shop"


def _unreachable(scene: Scene) -> Words:
    step = scene.one.message.steps[scene.one.step]
    why = "; ".join(unreachable_words(scene.situation, channel) for channel in step.channels)
    return f"step {scene.one.step + 1} cannot reach them: {why}", "an address and their agreement, or another channel"


def _off(scene: Scene) -> Words:
    name = scene.one.message.name
    by_hand = scene.situation.off & {"all", name}
    if by_hand:
        said = ", ".join(sorted(by_hand))
        return f"is switched off by hand ({said})", f"vitrine outreach start {'all' if 'all' in by_hand else name}"
    return "is switched off in its file", "`enabled: true` in its file"


def unreachable_words(situation: Situation, channel: Channel) -> str:
    """Why a channel does not lead to the person now."""
    person: Person = situation.person
    if channel in situation.off | situation.outreach.policy.off:
        return f"{channel} is switched off"
    if channel == "app":
        return "app shows only while they use it"
    if channel in person.suppressed:
        return f"{channel} must not be used any more ({person.suppressed[channel]})"
    if channel not in person.addresses:
        return f"{channel} has no address"
    return f"{channel} would reach them" if channel in person.allowed else f"{channel} was not allowed"


WORDS: Final[Mapping[Verdict, Callable[[Scene], Words]]] = {
    "wins": _wins,
    "behind": _behind,
    "gathering": _gathering,
    "not_due": _not_due,
    "quiet": _quiet,
    "window": _window,
    "cap": _cap,
    "outlived": _outlived,
    "answered": _answered,
    "reacted": _reacted,
    "condition": _condition,
    "no_consent": _no_consent,
    "unreachable": _unreachable,
    "off": _off,
}

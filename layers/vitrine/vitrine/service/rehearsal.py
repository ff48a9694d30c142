"""What outreach would do for a person, without doing it: nothing is claimed, counted, kept or handed over."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from vitrine.errors import InvalidField
from vitrine.outreach.arbitration import Candidate, Move, next_move
from vitrine.outreach.channels import Channel
from vitrine.outreach.handing import Words
from vitrine.outreach.messages import Message
from vitrine.outreach.person import PersonId
from vitrine.outreach.state import Sending, sending_id
from vitrine.outreach.triggers import Call, Seen, calls
from vitrine.service.outreach import Known, OutreachService
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What is known of a person and the move that follows. `words` are the winner's; `open` is a sending that somebody
    has claimed and not closed: then nothing else is done before its lease is over."""

    known: Known
    move: Move
    words: Words | None
    open: Sending | None


def rehearse(service: OutreachService, person: PersonId, at: datetime | None = None) -> Rehearsal:
    """The next move of a person, now or as it would be at another instant if nothing happens until then.

    Raises:
        DependencyFailed: something did not answer.
        DamagedRow: what is kept of the person cannot be read.
    """
    known = (service if at is None else replace(service, clock=lambda: at)).look(person)
    move, open_ = next_move(known.situation), known.stored.state.open
    words = None
    if open_ is None and move.winner is not None and move.sending is not None:
        words = service.outlook.compose(move.winner, move.sending, known.situation).words
    return Rehearsal(known, move, words, open_)


def compose(service: OutreachService, person: PersonId, name: str, step: int, channel: Channel | None) -> Words:
    """What a step (from 0) of a message says to a person, whether or not it would go; by a channel or the step's first.

    Raises:
        InvalidField: there is no such message, step or channel; the message lists those there are.
        DependencyFailed, DamagedRow: as `rehearse`.
    """
    known = service.look(person)
    message = known.situation.outreach.messages.get(name)
    if message is None:
        raise _unknown("message", name, known.situation.outreach.messages)
    if not 0 <= step < len(message.steps):
        raise _unknown("step", str(step + 1), [str(n + 1) for n in range(len(message.steps))])
    chosen = message.steps[step].channels[0] if channel is None else channel
    if chosen not in message.steps[step].channels:
        raise _unknown("channel", chosen, message.steps[step].channels)
    winner = _supposed(message, step, chosen, known)
    return service.outlook.compose(winner, _sending(winner, chosen, known), known.situation).words


def _unknown(what: str, given: str, known: Iterable[str]) -> InvalidField:
    return InvalidField(f"there is no {what} {given!r}; there are: {', '.join(known) or 'none'}", what)


def _supposed(message: Message, step: int, channel: Channel, known: Known) -> Candidate:
    """The message as if it won: about what calls for it, or else about what the person was last interested in."""
    situation = known.situation
    seen = Seen(situation.profile, situation.state.notes, situation.goods, situation.zones[0], situation.now_ms)
    items = seen.in_stock(situation.goods)
    call = next(iter(calls(message.trigger, seen)), Call("", situation.now_ms, situation.now_ms, items))
    now_ms = situation.now_ms
    return Candidate(message, step, call, now_ms, channel, 0, now_ms, "wins")


def _sending(winner: Candidate, channel: Channel, known: Known) -> Sending:
    person, call, now_ms = known.person.id, winner.call, known.situation.now_ms
    id_ = sending_id(person, winner.message.name, winner.step, call.subject, call.anchor_ms)
    return Sending(
        id_, winner.message.name, winner.step, call.subject, call.anchor_ms, channel, now_ms, status="intended"
    )

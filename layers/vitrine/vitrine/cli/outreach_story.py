"""Lines of `vitrine outreach why` and `dry-run`: a person's messages, past and to come, with the reasons."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from vitrine.outreach.handing import MailText, PushText, SmsText, WebhookBody, Words
from vitrine.outreach.hindsight import move_of
from vitrine.outreach.state import Note, Sending, Status
from vitrine.outreach.triggers import ACTIONS
from vitrine.outreach.verdicts import CAUSES, Clock, Told, clock_in, tell_all, uncalled, unreachable_words
from vitrine.service.rehearsal import Rehearsal

STATUSES: Final[Mapping[Status, str]] = {
    "intended": "is being sent, or was when its worker died",
    "sent": "was sent",
    "in_doubt": "may have arrived: nobody knows (vitrine outreach redrive)",
    "retry": "was not taken, and is tried again",
    "failed": "was refused for good",
}


def clock_of(rehearsal: Rehearsal) -> Clock:
    """Instants in the person's zone, or the first of those where they may be."""
    return clock_in(rehearsal.known.situation.zones[0])


def why_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """Everything about a person's messages."""
    clock = clock_of(rehearsal)
    state = rehearsal.known.stored.state
    yield from person_lines(rehearsal)
    yield ""
    yield "Sent, newest first:" if state.sendings else "Nothing was sent yet."
    for sending in state.sendings:
        yield from sending_lines(sending, rehearsal, clock)
    if state.notes:
        yield ""
        yield "Noticed:"
        yield from (f"  {note_words(note, clock)}" for note in state.notes)
    yield ""
    yield from next_lines(rehearsal)


def person_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """Who it is, how they are reached, what time it is there."""
    known, clock = rehearsal.known, clock_of(rehearsal)
    person, situation = known.person, known.situation
    zone = person.zone or f"zone unknown, {len(situation.zones)} possible"
    yield f"Person {person.id}{f' ({person.name})' if person.name else ''}, {zone}, now {clock(situation.now_ms)}"
    if known.person_rev is None:
        yield "  nobody has told who that is: vitrine people put, or PUT /v1/people"
    yield f"  visitors: {', '.join(person.visitors) or 'none'}"
    for channel in sorted({*person.addresses, *person.allowed, *person.suppressed}):
        address = person.addresses.get(channel, "")
        yield f"  {f'{channel} {address}'.strip()}: {unreachable_words(situation, channel)}"


def sending_lines(sending: Sending, rehearsal: Rehearsal, clock: Clock) -> Iterator[str]:
    """One sending: when, what, what became of it, what called for it and what it won against."""
    reason = f": {sending.reason}" if sending.reason else ""
    step = f" step {sending.step + 1}" if sending.step else ""
    yield f"  {clock(sending.at_ms)}  {sending.message}{step} by {sending.channel}  {STATUSES[sending.status]}{reason}"
    message = rehearsal.known.situation.outreach.messages.get(sending.message)
    if message is not None:
        about = f" ({sending.subject})" if sending.subject else ""
        yield f"      because {CAUSES[message.trigger.kind]}{about}, {clock(sending.anchor_ms)}"
    for told in rivals(sending, rehearsal, clock):
        yield f"      {told.candidate.message.name}: {told.meaning}"
    yield f"      id {sending.id}"


def rivals(sending: Sending, rehearsal: Rehearsal, clock: Clock) -> list[Told]:
    """The other messages when this one was claimed, as they are worked out again from what is kept."""
    before, move = move_of(sending, rehearsal.known.situation)
    told = tell_all(move.considered, before, clock)
    return [one for one in told if one.candidate.message.name != sending.message]


def note_words(note: Note, clock: Clock) -> str:
    """What was noticed, and when."""
    match note.kind:
        case "price_drop":
            what = f"the price of {note.subject} fell from {note.value / 100:.2f}"
        case "back_in_stock":
            what = f"{note.subject} is in stock again"
        case "replenishment":
            what = f"{note.subject} will be needed {clock(note.value)}"
        case "geofence" if 0 <= note.value < len(ACTIONS):
            what = f"{ACTIONS[note.value]} at {note.subject}"
        case _:
            what = f"{note.kind} {note.subject}"
    return f"{clock(note.at_ms)}  {what}"


def next_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """What would be done now, when somebody looks again, and every candidate."""
    clock, state = clock_of(rehearsal), rehearsal.known.stored.state
    if rehearsal.open is not None:
        yield f"{rehearsal.open.message} was claimed and not closed: nothing is done before its lease is over."
    winner = rehearsal.move.winner
    if winner is not None:
        yield f"Now: {winner.message.name} goes by {winner.channel}."
    else:
        due_ms = rehearsal.move.due_ms
        yield "Now: nothing goes" + ("; nothing will before something happens." if due_ms is None else ".")
        if due_ms is not None:
            yield f"The next message may go {clock(due_ms)}."
    yield f"Next look: {'none before something happens' if state.due_ms is None else clock(state.due_ms)}"
    yield from candidate_lines(rehearsal, clock)


def candidate_lines(rehearsal: Rehearsal, clock: Clock) -> Iterator[str]:
    """Every message that something calls for, best first, and those that nothing calls for."""
    situation, considered = rehearsal.known.situation, rehearsal.move.considered
    for told in tell_all(considered, situation, clock):
        one = told.candidate
        yield f"  {one.message.name} (priority {one.message.priority}): {told.meaning}"
        yield f"      because {told.cause}"
        if told.wanted:
            yield f"      to change that: {told.wanted}"
    for message, reason in uncalled(considered, situation):
        yield f"  {message.name}: nothing calls for it: {reason}"


def rehearsal_lines(rehearsal: Rehearsal) -> Iterator[str]:
    """What would be sent, word for word, or why nothing would."""
    yield from person_lines(rehearsal)
    yield from next_lines(rehearsal)
    if rehearsal.words is not None:
        yield ""
        yield from (f"  | {line}" for line in words_lines(rehearsal.words))


def words_lines(words: Words) -> Iterator[str]:
    """The words of a message as text."""
    match words:
        case MailText(subject=subject, text=text):
            yield f"Subject: {subject}"
            yield ""
            yield from text.splitlines()
        case PushText(title=title, text=text, url=url):
            yield from (title, text, url)
        case SmsText(text=text):
            yield from text.splitlines()
        case WebhookBody(body=body):
            yield body.decode(errors="replace")


def rehearsal_facts(rehearsal: Rehearsal) -> dict[str, Any]:
    """The same for machines. Instants are ms."""
    known, move = rehearsal.known, rehearsal.move
    told = tell_all(move.considered, known.situation, clock_of(rehearsal))
    return {
        "person": known.person.id,
        "sends": None if move.winner is None else move.winner.message.name,
        "channel": None if move.winner is None else move.winner.channel,
        "words": None if rehearsal.words is None else "\n".join(words_lines(rehearsal.words)),
        "open": None if rehearsal.open is None else rehearsal.open.id,
        "due_ms": move.due_ms,
        "next_look_ms": known.stored.state.due_ms,
        "considered": [_fact(one) for one in told],
        "uncalled": {message.name: reason for message, reason in uncalled(move.considered, known.situation)},
        "sendings": [sending_fact(one) for one in known.stored.state.sendings],
    }


def _fact(told: Told) -> dict[str, Any]:
    one = told.candidate
    return {
        "message": one.message.name,
        "step": one.step,
        "verdict": one.verdict,
        "meaning": told.meaning,
        "wanted": told.wanted,
        "cause": told.cause,
        "due_ms": one.due_ms,
        "free_ms": one.free_ms,
    }


def sending_fact(sending: Sending) -> dict[str, Any]:
    """A sending for machines."""
    return {name: getattr(sending, name) for name in type(sending).__match_args__}

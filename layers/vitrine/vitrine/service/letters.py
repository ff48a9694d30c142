"""Dead letters: what could not be done and waits for a human, and how it is put back to work.

A letter is a record of outreach (`service.outreach`), or a message of its queue that was refused again and again. A
sending of which nobody knows whether it arrived is only sent again if that is asked for in so many words.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Literal, TypeAlias

import orjson

from vitrine import keys
from vitrine.errors import DamagedRow, ProfileConflict
from vitrine.outreach.person import PERSON_ID, PersonId
from vitrine.outreach.state import Sending, State, parse_state
from vitrine.ports import Letter, Queue, Table
from vitrine.values import dataclass

READ_TIMEOUT_S: Final = 3.0
ATTEMPTS: Final = 8
BATCH: Final = 10
MOST: Final = 10_000

Fate: TypeAlias = Literal["back", "kept", "dropped", "settled"]
"""`back` to work; `kept` in the queue until somebody says more; `dropped` as was asked; `settled`: there was nothing
left to do, so the letter is gone."""

AGAIN_BY_HAND: Final = "sent again by hand"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What a letter says. `person` is None for one that is none of ours: then `reason` is how it begins."""

    person: PersonId | None
    sending: str | None = None
    message: str = ""
    channel: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fated:
    """What became of a letter, and why in words."""

    letter: DeadLetter
    fate: Fate
    words: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What a human wants: of one person or (None) all; to drop letters; to send again what may have arrived; to only
    look."""

    person: PersonId | None = None
    drop: bool = False
    again: bool = False
    look_only: bool = False


def parse_letter(body: bytes) -> DeadLetter:
    """What a letter says, whatever it is."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    match said:
        case {"person": str(person), **more} if PERSON_ID.fullmatch(person):
            texts = {name: str(more.get(name) or "") for name in ("message", "channel", "reason")}
            sending = more.get("sending")
            return DeadLetter(person, sending if isinstance(sending, str) else None, **texts)
    return DeadLetter(None, reason=body[:80].decode(errors="replace"))


def redrive(table: Table, queue: Queue, wish: Wish, now_ms: int) -> Iterator[Fated]:
    """Do with every letter what is wished, and tell what became of it. Letters that are kept can be received again
    once the queue's visibility timeout is over.

    Raises:
        DependencyFailed: table or queue do not answer; what was told by then is done.
    """
    for received in _letters(queue):
        letter = parse_letter(received.body)
        if wish.person is not None and letter.person != wish.person:
            continue
        fated = _fate(table, letter, wish, now_ms)
        if fated.fate != "kept" and queue.delete([received]):
            fated = Fated(letter, "kept", f"{fated.words}; but the queue did not let go of the letter: come again")
        yield fated


def _letters(queue: Queue) -> Iterator[Letter]:
    """What the queue holds, at most MOST."""
    n = 0
    while n < MOST and (received := queue.receive(BATCH)):
        n += len(received)
        yield from received


def _fate(table: Table, letter: DeadLetter, wish: Wish, now_ms: int) -> Fated:
    if wish.look_only:
        return Fated(letter, "kept", "nothing was done: you only looked")
    if wish.drop:
        return Fated(letter, "dropped", "nobody will hear of it again")
    if letter.person is None:
        return Fated(letter, "kept", "it names no person, so nothing can be done with it; --drop takes it out")
    try:
        return Fated(letter, *put_back(table, letter.person, letter.sending, wish.again, now_ms))
    except DamagedRow as error:
        return Fated(letter, "kept", f"what is kept of the person is damaged ({error.reason}); tell them of it anew")


def put_back(table: Table, person: PersonId, sending: str | None, again: bool, now_ms: int) -> tuple[Fate, str]:
    """See to it that somebody looks at the person now, and that a sending which failed may be made again.

    Raises:
        DependencyFailed: the table does not answer, or what it holds is damaged (DamagedRow).
        ProfileConflict: others wrote the person's row again and again.
    """
    key = keys.outreach(person)
    for _ in range(ATTEMPTS):
        stored = parse_state(table.read([key], READ_TIMEOUT_S, latest=True)[key])
        if stored.rev is None:
            return "settled", "nothing is kept of the person any more"
        state, fate, words = _revived(stored.state, sending, again)
        if fate != "back":
            return fate, words
        if table.replace(key, stored.successor(state.alarmed(now_ms), person, now_ms), stored.rev, READ_TIMEOUT_S):
            return fate, words
    raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")


def _revived(state: State, id_: str | None, again: bool) -> tuple[State, Fate, str]:
    """The state in which the sending may be made once more."""
    found = None if id_ is None else state.sending(id_)
    if found is None:
        return state, "back", "somebody looks at them within a minute"
    if found.status == "in_doubt" and not again:
        return state, "kept", "it may have arrived: with --again it is sent again, and they may get it twice"
    if found.status not in ("failed", "in_doubt"):
        return state, "settled", f"it is {found.status} by now"
    words = "it is sent again, if it is still worth it; they may get it twice"
    return (
        state.with_sending(_free(found)),
        "back",
        words if found.status == "in_doubt" else "it is sent again, if it is still worth it",
    )


def _free(sending: Sending) -> Sending:
    return replace(sending, status="retry", reason=AGAIN_BY_HAND, attempts=0)

"""A situation as it was at an earlier instant, as far as it is kept: to tell afterwards why a message went.

What the person did, what was noticed and what was sent later is taken away. Goods, conditions and the messages
themselves are those of today: they are not kept with a sending.
"""

from dataclasses import replace

from vitrine.outreach.arbitration import Move, Situation, next_move
from vitrine.outreach.state import Sending
from vitrine.visitors.history import LANES


def as_of(situation: Situation, at_ms: int) -> Situation:
    """The situation without what happened after an instant; a sending of that very instant had not been made."""
    history = {
        lane: kept
        for lane in LANES
        if (kept := tuple(record for record in situation.profile.history.get(lane, ()) if record.at_ms <= at_ms))
    }
    state = situation.state
    sendings = tuple(one for one in state.sendings if one.at_ms < at_ms)
    notes = tuple(note for note in state.notes if note.at_ms <= at_ms)
    return replace(
        situation,
        profile=replace(situation.profile, history=history),
        state=replace(state, sendings=sendings, notes=notes, due_ms=None),
        now_ms=at_ms,
    )


def move_of(sending: Sending, situation: Situation) -> tuple[Situation, Move]:
    """The situation in which a sending was claimed, and the move that is found from it today."""
    before = as_of(situation, sending.at_ms)
    if sending.channel == "app":  # it was shown to somebody who used the app
        before = replace(before, at_once=frozenset(("app",)))
    return before, next_move(before)

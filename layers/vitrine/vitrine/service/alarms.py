"""Alarms: see to it that somebody looks at a person once what is being written of them can be read.

An alarm is set before the profile is written: a look too many is harmless, one too few loses a message. What is due at
that moment may be looked at before the profile is there; so it counts as no alarm, and the row is touched
(`outreach.state.State.touched`), which makes whoever is at it leave a later look behind.
"""

from collections.abc import Callable
from typing import Final

from vitrine import keys
from vitrine.errors import DamagedRow, DependencyFailed, ProfileConflict
from vitrine.outreach.person import PersonId
from vitrine.outreach.state import LOOK_AFTER_MS, State, parse_state
from vitrine.ports import PageTable
from vitrine.types import Absent, Row

READ_TIMEOUT_S: Final = 1.0
ATTEMPTS: Final = 12
"""Each lost race means that another writer of the same person got through."""


def link_of(row: Row | Absent) -> PersonId | None:
    """The person in a visitor's link row (`keys.link`); None for a visitor whom nobody has linked.

    Raises:
        DependencyFailed: the row was not read.
        DamagedRow: it is damaged.
    """
    if row is Absent.MISSING:
        return None
    if row is Absent.NOT_READ:
        raise DependencyFailed("table", "whose visitor it is was not read")
    match row:
        case {"person": str(person)}:
            return person
    raise DamagedRow("table", "a visitor's link to a person is damaged")


def arm(
    table: PageTable,
    person: PersonId,
    now_ms: int,
    left_s: Callable[[str], float],
    back_off: Callable[[int], None],
    within_ms: int = LOOK_AFTER_MS,
) -> None:
    """See to it that the person is looked at within a time from now; nothing is written if somebody will be anyway.

    `left_s` says how many seconds the next call may take, and raises when none are left.

    Raises:
        DependencyFailed: the table did not answer in time, or the person's row is damaged.
        ProfileConflict: others wrote the row again and again.
    """
    key = keys.outreach(person)
    for attempt in range(1, ATTEMPTS + 1):
        timeout_s = min(READ_TIMEOUT_S, left_s("table"))
        stored = parse_state(table.read([key], timeout_s, latest=True)[key])
        if _is_set(stored.state, now_ms, within_ms):
            return
        armed = stored.state.touched(now_ms).alarmed(now_ms + within_ms)
        if table.replace(key, stored.successor(armed, person, now_ms), stored.rev, left_s("table")):
            return
        back_off(attempt)
    raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")


def _is_set(state: State, now_ms: int, within_ms: int) -> bool:
    return state.is_alert(now_ms) and state.due_ms is not None and state.due_ms <= now_ms + within_ms

"""Notes into people's rows: whatever was noticed around a person, and an alarm, in one write.

Nobody is woken for what they were told already, and visitors whom nobody has linked to a person cost one key of a
batched read and no more.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby, islice, repeat
from typing import Final, TypeAlias

from vitrine import keys
from vitrine.errors import DamagedRow, DependencyFailed, ProfileConflict
from vitrine.outreach.person import PersonId
from vitrine.outreach.state import Note, State, parse_state
from vitrine.ports import Table
from vitrine.service.alarms import link_of
from vitrine.types import Absent, Key, Row, Rows, VisitorId

BATCH: Final = 100
"""Keys of one batched read."""

WRITERS: Final = 8
ATTEMPTS: Final = 8
READ_TIMEOUT_S: Final = 30.0

NotesOf: TypeAlias = Mapping[PersonId, Sequence[Note]]


def write_notes(found: Iterable[tuple[VisitorId, Note]], table: Table, now: datetime) -> int:
    """Write notes of visitors, ordered by visitor, into the rows of their people; how many people have news by them.

    Raises:
        DependencyFailed: the table does not answer; write them again, which changes nothing that was written.
        ProfileConflict: as above, because others wrote a row again and again.
    """
    n = 0
    by_visitor = ((visitor, [note for _, note in some]) for visitor, some in groupby(found, key=lambda one: one[0]))
    with ThreadPoolExecutor(WRITERS) as writers:
        while some := dict(islice(by_visitor, BATCH)):
            noted = _of_people(some, table)
            rows = read_all(table, [keys.outreach(person) for person in noted])
            n += sum(writers.map(_write, noted.items(), rows.values(), repeat(table), repeat(now)))
    return n


def owners_of(visitors: Sequence[VisitorId], table: Table) -> dict[VisitorId, PersonId]:
    """Whose visitors these are; those whom nobody has linked, or by a damaged row, are left out. At most 100 visitors.

    Raises:
        DependencyFailed: the table does not answer.
    """
    links = {keys.link(visitor): visitor for visitor in visitors}
    owners = ((links[key], _owner(row)) for key, row in read_all(table, list(links)).items())
    return {visitor: person for visitor, person in owners if person is not None}


def read_all(table: Table, wanted: Sequence[Key]) -> Rows:
    """All these rows, in their order.

    Raises:
        DependencyFailed: one was not read.
    """
    rows = table.read(wanted, READ_TIMEOUT_S, latest=True) if wanted else {}
    if Absent.NOT_READ in rows.values():
        raise DependencyFailed("table", "rows of people were not read")
    return {key: rows[key] for key in wanted}


def _owner(row: Row | Absent) -> PersonId | None:
    """The person of a link; None for a damaged one, which must not keep all others from hearing anything."""
    try:
        return link_of(row)
    except DamagedRow:
        return None


def _of_people(found: Mapping[VisitorId, Sequence[Note]], table: Table) -> NotesOf:
    noted: dict[PersonId, list[Note]] = defaultdict(list)
    for visitor, person in owners_of(list(found), table).items():
        noted[person] += found[visitor]
    return noted


def _write(told: tuple[PersonId, Sequence[Note]], row: Row | Absent, table: Table, now: datetime) -> bool:
    """Whether there was news for a person. A damaged row is left to the worker, who sets the person aside."""
    person, notes = told
    key, now_ms = keys.outreach(person), int(now.timestamp() * 1000)
    for _ in range(ATTEMPTS):
        try:
            stored = parse_state(row)
        except DamagedRow:
            return False
        state = stored.state.noted(_news(notes, stored.state))
        if state.notes == stored.state.notes:
            return False
        if table.replace(key, stored.successor(state.alarmed(now_ms), person, now_ms), stored.rev):
            return True
        row = read_all(table, [key])[key]
    raise ProfileConflict(f"the row of a person was written by others {ATTEMPTS} times in a row")


def _news(notes: Iterable[Note], state: State) -> Iterator[Note]:
    """Notes that say something new. A need of the same instant is the same need, whichever list it is from."""
    known = {(note.subject, note.value) for note in state.notes if note.kind == "replenishment"}
    return (note for note in notes if note.kind != "replenishment" or (note.subject, note.value) not in known)

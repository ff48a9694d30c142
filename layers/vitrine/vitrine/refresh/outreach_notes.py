"""What the lake knows and no profile does, as notes for outreach: cheaper, back in stock, needed again.

The changes of the catalogue's feeds and the list of what is due are joined with what visitors did lately, all at once.
Every run looks back over two days: a note that is there already is none, so a run that failed, or came twice, loses
nothing and wakes nobody. What people imported from elsewhere did is in their profiles, which decide when it comes to
sending; here only collected events count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

import duckdb

from vitrine.errors import InvalidSource
from vitrine.outreach.person import MAX_VISITORS
from vitrine.outreach.state import Note
from vitrine.ports import Clock, Objects, Progress
from vitrine.refresh.compaction import RAW
from vitrine.refresh.compaction_desk import DAILY
from vitrine.refresh.compaction_notes import NOTES, compacted, read_notes
from vitrine.refresh.crm import IDENTITIES
from vitrine.refresh.due import DUE
from vitrine.refresh.engine import ITEMS, VISITORS, Engine
from vitrine.refresh.feed_lake import CHANGES, stamp
from vitrine.refresh.sql_engine import Limits
from vitrine.types import DAY_MS, VisitorId
from vitrine.values import dataclass

LOOK_BACK: Final = timedelta(days=2)
AHEAD: Final = timedelta(hours=36)
"""What is needed later is for a later run; half a day more than lists take from one night to the next."""

INTEREST: Final = timedelta(days=60)
"""For so long it counts that somebody looked at an item, or put it into the cart."""

STAGE: Final = "copy recent events"
KIN_DONE: Final = "outreach/kin.txt"
"""The day (UTC) on which visitors of one person were put together last."""

DUE_COLUMNS: Final = {"visitor": "varchar", "item": "varchar", "due_ms": "bigint"}
CHANGE_COLUMNS: Final = {
    "kind": "varchar",
    "item": "varchar",
    "region": "varchar",
    "before": "integer",
    "at_ms": "bigint",
}

Found: TypeAlias = tuple[VisitorId, Note]
Kin: TypeAlias = frozenset[VisitorId]


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run came to: notes found, people who were told something new, visitors who were put with a person."""

    notes: int
    people: int
    joined: int

    @property
    def summary(self) -> str:
        """In one line."""
        return f"{self.notes:,} notes found, {self.people:,} people have news, {self.joined:,} visitors joined people"


@dataclass(frozen=True, slots=True)
class NotesDesk:
    """What notes are made with. `write` takes notes, ordered by visitor, and says how many people have news by them;
    `join` takes visitors of one person each, and says how many of them it put with a person."""

    lake: Objects
    clock: Clock
    limits: Limits
    write: Callable[[Iterable[Found]], int]
    join: Callable[[Iterable[Kin]], int]

    def plan(self, progress: Progress) -> Planned:
        """Find what is new and write it down.

        Raises:
            InvalidSource: a file of the lake is damaged.
            DependencyFailed: bucket or table do not answer; run it again.
            ProfileConflict: a person was written by others again and again; run it again.
        """
        now = self.clock()
        with TemporaryDirectory(prefix="vitrine-notes-") as scratch, Engine(self.limits, Path(scratch)) as engine:
            joined = self._join(engine, Path(scratch), now)
            found = find_notes(engine, self.lake, Path(scratch), now, progress)
            n = engine.count("outreach_notes") if found else 0
            people = self.write(_notes(engine)) if n else 0
        progress("write notes", n, n)
        return Planned(n, people, joined)

    def _join(self, engine: Engine, scratch: Path, now: datetime) -> int:
        """Put visitors of one person together, once a day: the extracts that say so come no oftener."""
        today = f"{now:%Y-%m-%d}".encode()
        if self.lake.get(KIN_DONE) == today or not self.lake.download(IDENTITIES, scratch):
            return 0
        engine.view_parquet("identities", scratch / IDENTITIES)
        joined = self.join(find_kin(engine))
        self.lake.put(KIN_DONE, today)
        return joined


def find_notes(engine: Engine, lake: Objects, scratch: Path, now: datetime, progress: Progress) -> bool:
    """Table `outreach_notes` of what is to be noted; False, and no table, where nothing has changed and nothing is due.

    Raises:
        InvalidSource: a file is damaged or lacks a column.
        DependencyFailed: the bucket does not answer.
    """
    since = now - LOOK_BACK
    changes = [name for name in lake.names(CHANGES) if name.removeprefix(CHANGES) >= stamp(since)]
    for name in changes:
        lake.download(name, scratch)
    has_due = lake.download(DUE, scratch) > 0
    if (not changes and not has_due) or not fetch_recent(lake, scratch, now - INTEREST, progress):
        return False
    engine.load_lake(scratch, _ms(now))
    try:
        _view(engine, "feed_changes", CHANGE_COLUMNS, [scratch / name for name in changes])
        _view(engine, "due", DUE_COLUMNS, [scratch / DUE] if has_due else [])
        spans = {"since_ms": _ms(since), "from_ms": _ms(now - INTEREST), "until_ms": _ms(now + AHEAD)}
        for name in ("outreach_changes", "outreach_interests", "outreach_notes"):
            engine.materialise(name, **spans, day_ms=_ms(now) // DAY_MS * DAY_MS)
    except duckdb.Error as error:
        raise InvalidSource(f"changes of the catalogue, or the list of what is due, are damaged: {error}") from error
    return True


def fetch_recent(lake: Objects, folder: Path, since: datetime, progress: Progress) -> bool:
    """Copy the catalogue and the events since a day into a folder; False where there is no catalogue yet."""
    if not lake.download(ITEMS, folder):
        return False
    done = compacted(read_notes(lake).values())
    waiting = [name for name in lake.names(RAW) if name not in done and not name.endswith("/")]
    first = f"{DAILY}day={since:%Y-%m-%d}"
    names = [VISITORS, NOTES, *(name for name in lake.names(DAILY) if name >= first), *waiting]
    for n, name in enumerate(names, 1):
        lake.download(name, folder)
        progress(STAGE, n, len(names))
    return True


def find_kin(engine: Engine) -> list[Kin]:
    """Visitors of one person each, of the view `identities`: whoever shares an identifier, directly or by others.

    Raises:
        InvalidSource: it lacks a column.
    """
    try:
        engine.materialise("outreach_kin", most=MAX_VISITORS)
    except duckdb.Error as error:
        raise InvalidSource(f"{IDENTITIES} lacks a column: {error}") from error
    return together(engine.execute("select visitor, kin from outreach_kin order by visitor, kin"))


def together(pairs: Iterable[Sequence[VisitorId]]) -> list[Kin]:
    """Sets of all that pairs connect, in the order of their least members."""
    roots: dict[VisitorId, VisitorId] = {}

    def root(one: VisitorId) -> VisitorId:
        while (above := roots.setdefault(one, one)) != one:
            roots[one] = one = roots[above]
        return one

    for one, other in pairs:
        first, last = sorted((root(one), root(other)))
        roots[last] = first
    sets: dict[VisitorId, set[VisitorId]] = {}
    for one in list(roots):
        sets.setdefault(root(one), set()).add(one)
    return [frozenset(sets[first]) for first in sorted(sets)]


def _notes(engine: Engine) -> Iterator[Found]:
    rows = "select visitor, kind, subject, at_ms, value from outreach_notes order by visitor, kind, subject"
    for visitor, kind, subject, at_ms, value in engine.execute(rows):
        yield visitor, Note(kind, subject, at_ms, value)


def _view(engine: Engine, name: str, columns: Mapping[str, str], paths: list[Path]) -> None:
    """A view of these columns of some files, without rows when there are none."""
    if not paths:
        nothing = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns.items())
        engine.view(name, f"select {nothing} limit 0")
        return
    engine.view_parquet(f"{name}_files", *paths)
    engine.view(name, f"select {', '.join(columns)} from {name}_files")  # noqa: S608 the names are ours


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)

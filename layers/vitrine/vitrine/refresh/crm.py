"""Take an extract of a CRM, a till or a loyalty programme: into the lake, then into the profiles of those it is about.

Rows find their visitors by digests of e-mail addresses, telephone and card numbers (`visitors/identities.parquet`:
kind, digest, visitor, seen_ms). A row that also names the visitor teaches these; an extract that has nothing else is
the list of who has logged in. What people bought elsewhere becomes `events/import/<name>.parquet`, what is known of
them `visitors/visitors.parquet`, from which profiles are merged by the reducer that collected events go through. All
of it can be taken again: ids are made of the extract's own, and what is there already is written over.

Nothing that a person can be reached by is kept: an extract in the lake's inbox is deleted once it has been taken.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson

from vitrine.catalog.feed_bytes import unpacked
from vitrine.catalog.feed_items import Damaged, FeedFault, Ignored
from vitrine.catalog.feed_lines import json_items, table_items
from vitrine.errors import InvalidSource
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.crm_rows import ExtractForm, ExtractPlan, ExtractRow, parse_row
from vitrine.refresh.crm_stage import learn_identities, load_known, merge, stage_extract
from vitrine.refresh.engine import VISITORS, Engine, Limits
from vitrine.refresh.feed_stage import Heard
from vitrine.refresh.feeds import pieces
from vitrine.refresh.lake import IMPORTED
from vitrine.refresh.profiles import LAST_PURCHASES, Known, load_profiles
from vitrine.refresh.report import Section, TableFigure
from vitrine.types import Event, VisitorId
from vitrine.values import dataclass

IDENTITIES: Final = "visitors/identities.parquet"
IMPORT: Final = "events/import/"
BATCH: Final = 5_000
HINT: Final = "the extract is to be written as crm.yaml declares it, with the names of its columns in the first row"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of an extract. Rows are of it; visitors are those whose profile it changed."""

    name: str
    rows: int
    unmatched: int
    learned: int
    visitors: int
    purchases: int
    faults: Mapping[str, int]
    first_faults: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        bad = sum(self.faults.values())
        return (
            f"extract {self.name}: {self.rows:,} rows, {bad:,} bad, {self.unmatched:,} of nobody we know; "
            f"{self.learned:,} identifiers learned, {self.visitors:,} profiles, {self.purchases:,} purchases"
        )

    def section(self) -> Section:
        """A heading of a report."""
        faults = TableFigure("First faults", ("fault",), [(text,) for text in self.first_faults])
        return Section(f"Extract {self.name}", self.summary, (faults,), "warning" if self.faults else "good")


@dataclass(frozen=True, slots=True)
class CrmDesk:
    """What extracts are taken with."""

    table: Table
    lake: Objects
    clock: Clock
    limits: Limits

    def take(self, plan: ExtractPlan, progress: Progress) -> Taken | None:
        """Take the extract that lies in the lake and delete it there, None when there is none; raises as take_file."""
        if plan.lake not in self.lake.names(plan.lake):
            return None
        with TemporaryDirectory(prefix="vitrine-extract-") as scratch:
            self.lake.download(plan.lake, Path(scratch))
            taken = self.take_file(plan, Path(scratch) / plan.lake, progress)
        self.lake.delete([plan.lake])
        return taken

    def take_file(self, plan: ExtractPlan, file: Path, progress: Progress) -> Taken:
        """Take the extract in a file.

        Raises:
            InvalidSource: it cannot be read to its end or has too many bad rows, or the lake is damaged; then nothing
                was written.
            ProfileConflict: somebody else changed a profile again and again; take it again.
            DependencyFailed: the bucket or the table does not answer; take it again.
        """
        now = self.clock()
        with TemporaryDirectory(prefix="vitrine-extract-") as scratch, Engine(self.limits, Path(scratch)) as engine:
            folder, orders = Path(scratch), f"{IMPORT}{plan.name}.parquet"
            heard = stage_extract(engine, read_extract(pieces(file), plan.form), folder, progress)
            _require_sound(heard, plan)
            for name in (IDENTITIES, VISITORS, orders):
                self.lake.download(name, folder)
            load_known(engine, folder / IDENTITIES, folder / VISITORS, folder / orders)
            learned = learn_identities(engine, int(now.timestamp() * 1000))
            merge(engine, plan.name, plan.region, folder)
            taken = _counted(engine, heard, plan.name, learned)
            self._write(engine, folder, orders, taken)
            everybody = _known(engine)
            while some := list(islice(everybody, BATCH)):
                load_profiles(some, self.table, now, progress)
        return taken

    def _write(self, engine: Engine, folder: Path, orders: str, taken: Taken) -> None:
        """Each file is put whole; the profiles come after, from what the lake has then."""
        if taken.purchases:
            columns = ", ".join(IMPORTED)
            engine.execute(f"create or replace table purchases_after as select {columns} from crm_purchases")  # noqa: S608
            self._put(engine, "purchases_after", "at_ms, id", folder, orders)
        self._put(engine, "identities", "kind, digest, visitor", folder, IDENTITIES)
        self._put(engine, "visitors_after", "visitor", folder, VISITORS)

    def _put(self, engine: Engine, table: str, order: str, folder: Path, name: str) -> None:
        file = folder / "written" / name
        engine.write_parquet(table, order, file)
        self.lake.upload(file, name)


def read_extract(chunks: Iterable[bytes], how: ExtractForm) -> Iterator[ExtractRow | FeedFault]:
    """Rows and faults of an extract, in its order; a fault of kind `damaged` is the last.

    Its hint would show the columns, which in a file without a header are somebody's data.
    """
    read = json_items if how.form.format == "jsonl" else table_items
    try:
        for raw in read(unpacked(chunks, how.form.max_bytes), how.form, Ignored()):
            yield raw if isinstance(raw, FeedFault) else parse_row(raw, how)
    except Damaged as error:
        yield replace(error.fault, hint=HINT)


def _require_sound(heard: Heard, plan: ExtractPlan) -> None:
    bad = heard.faults.total()
    if heard.damage:
        raise InvalidSource(f"extract {plan.name}: {heard.damage}")
    if not heard.rows or bad > plan.faults * heard.rows:
        told = "".join(f"\n  {fault}" for fault in heard.shown)
        raise InvalidSource(f"extract {plan.name}: {bad:,} of {heard.rows:,} rows are bad; nothing was taken{told}")


def _counted(engine: Engine, heard: Heard, name: str, learned: int) -> Taken:
    [[matched]] = engine.execute("select count(distinct n) from crm_matches")
    [[purchases]] = engine.execute("select count(*) from crm_purchases where is_new")
    return Taken(
        name=name,
        rows=heard.rows,
        unmatched=engine.count("crm_rows") - matched,
        learned=learned,
        visitors=engine.count("crm_people"),
        purchases=purchases,
        faults=dict(heard.faults),
        first_faults=tuple(map(str, heard.shown)),
    )


def _known(engine: Engine) -> Iterator[Known]:
    """Everybody whom the extract is about, with all that the lake knows of them now and their last purchases in it."""
    purchases = _last_purchases(engine)
    for visitor, region, crm in engine.execute("select visitor, region, crm from visitors_told order by visitor"):
        yield Known(visitor, region, orjson.loads(crm), purchases.get(visitor, ()))


def _last_purchases(engine: Engine) -> Mapping[VisitorId, list[Event]]:
    rows = engine.execute(
        "select visitor, id, at_ms, item, quantity, price, session from ("
        "select *, row_number() over (partition by visitor order by at_ms desc, id desc) as place "
        "from crm_purchases where is_new) where place <= $most order by visitor",
        {"most": LAST_PURCHASES},
    )
    return {visitor: [_event(row) for row in some] for visitor, some in groupby(rows, key=lambda row: row[0])}


def _event(row: tuple[Any, ...]) -> Event:
    _, id_, at_ms, item, quantity, price, session = row
    return Event(id_, "purchase", at_ms, item, quantity, price, session=session)

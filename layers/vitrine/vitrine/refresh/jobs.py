"""The scheduled jobs: rebuild the lists and publish a release; train a challenger for the ranker.

The functions and the command line call these, over S3 and DynamoDB or over whatever else fulfils the ports.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from vitrine.catalog.packed_cards import CARDS
from vitrine.decisions.release import Pointer
from vitrine.errors import TooLittleData
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.bestsellers import bestsellers_json
from vitrine.refresh.card_stamps import WRITTEN, confirm, likely_items, pack_cards_of
from vitrine.refresh.cards import card_rows, publish_cards
from vitrine.refresh.carried import Carried, carried_store
from vitrine.refresh.champion import ModelFiles, read_champion
from vitrine.refresh.due import DUE, write_due
from vitrine.refresh.feed_account import feed_section
from vitrine.refresh.gate import pass_gate
from vitrine.refresh.guard import Policy
from vitrine.refresh.history import EngineHistory, lists_as_of_ms
from vitrine.refresh.list_facts import list_facts
from vitrine.refresh.lists import build_lists
from vitrine.refresh.model_life import gate_sections, life_section, read_life
from vitrine.refresh.opened_lake import LakeSource, OpenedLake, open_lake
from vitrine.refresh.profiles import known_visitors, load_profiles
from vitrine.refresh.publish import LoadStore, Parts, publish
from vitrine.refresh.published import read_pointer
from vitrine.refresh.release import retire
from vitrine.refresh.release_content import ReleaseContent
from vitrine.refresh.release_facts import FACTS, ReleaseFacts, facts_of, read_facts, refuse_less
from vitrine.refresh.report import Section
from vitrine.refresh.report_page import LATEST, page_name, render
from vitrine.refresh.rollout import admit, current_model
from vitrine.refresh.session_parts import LoadNextRanker, SessionParts, build_session_parts, train_session_ranker
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.refresh.training import LoadRanker, train_ranker
from vitrine.refresh.visitor_scores import score_visitors
from vitrine.refresh.weeks import Plan
from vitrine.types import ReleaseId
from vitrine.values import dataclass, field

POLICY: Final = Policy()


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the jobs work with. `store` are the bundle's compiled files; `timer` counts seconds of work."""

    table: Table
    lake: Objects
    releases: Objects
    clock: Clock
    timer: Callable[[], float]
    load_ranker: LoadRanker
    load_next_ranker: LoadNextRanker
    load_store: LoadStore
    bundled: ModelFiles
    store: bytes
    plan: Plan
    source: LakeSource


@dataclass(frozen=True, slots=True)
class Published:
    """A release that is current now.

    `model_note` says why its ranker is not the one of the bucket, `store_note` why its store is not the published one,
    if so. `report` is the page for people, which lies in the releases bucket under `report_name`.
    """

    pointer: Pointer
    rows: int
    cards: int
    model: str
    model_note: str
    store_note: str
    retired: list[ReleaseId]
    report: str = field(default="", repr=False)

    @property
    def report_name(self) -> str:
        """Where the page lies."""
        return page_name(self.pointer.release)

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        note = f" ({self.model_note})" if self.model_note else ""
        store = f"; {self.store_note}" if self.store_note else ""
        retired = f"; retired {', '.join(self.retired)}" if self.retired else ""
        return (
            f"release {self.pointer.release} is current: {self.rows:,} rows, {self.cards:,} cards changed, "
            f"ranker {self.model}{note}{store}{retired}; report {self.report_name}"
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a challenger. `objections` say why it was not accepted, `outcome` what happens to it otherwise.
    `next_item` tells what became of the ranker of next items.

    `model` is None when there was not enough data to train one; `objections` says so.
    """

    model: str | None
    objections: list[str]
    outcome: str = ""
    is_champion: bool = False
    next_item: str = ""

    @property
    def summary(self) -> str:
        """Whether it goes on trial, or why not, in one line."""
        return "; ".join(filter(None, (self._verdict, self.next_item)))

    @property
    def _verdict(self) -> str:
        if self.model is None:
            return f"no ranker was trained: {'; '.join(self.objections)}"
        if self.objections:
            return f"ranker {self.model} was not accepted: {'; '.join(self.objections)}"
        return self.outcome


@dataclass(frozen=True, slots=True)
class Built:
    """Everything that was made of a lake, before any of it is published."""

    content: ReleaseContent
    sessions: SessionParts
    bestsellers: bytes
    facts: ReleaseFacts
    sections: Sequence[Section]


def refresh_recommendations(
    workshop: Workshop,
    progress: Progress,
    lake: Path | None = None,
    store: bytes | None = None,
    *,
    accepts_less: bool = False,
) -> Published:
    """Build all lists, write the cards that changed, and publish the lists with the champion and the published store.

    From a lake folder, or from the bucket without one. Cards come before the pointer: a page that shows an item needs
    its card; and after all checks, for they are live at once. `store` are compiled store files to publish with the
    lists, in place of the published ones. Lists that fall far behind those before are refused unless `accepts_less`.

    Raises:
        InvalidStore: `store` is no compiled store.
        InvalidSource: the lake lacks something, or is damaged.
        InvalidRelease: see `publish.publish`, or there is far less than before; the release that was current still is.
        DependencyFailed: table or bucket do not answer.
    """
    before = read_pointer(workshop.table)
    known = None if before is None else read_facts(workshop.releases, before.release)
    carried = _carried(workshop, before, store)
    now = workshop.clock()
    with _opened(workshop, progress, lake) as opened:
        built = _build(workshop, carried, opened.engine, now, known, progress)
        if not accepts_less:
            refuse_less(known, built.facts)
        sections = opened.sections()
        cards = _write_cards(workshop, carried, opened.engine, progress, anew=False)
        _put_due(workshop, opened.engine)
        shown = pack_cards_of(likely_items(built.content.lists), workshop.table, workshop.releases, workshop.clock)
    champion = read_champion(workshop.releases, workshop.bundled, workshop.load_ranker)
    life = life_section(read_life(workshop.table, workshop.releases, POLICY))
    more = {**built.sessions.files, FACTS: built.facts.to_bytes(), CARDS: shown.part}
    parts = Parts(champion.files.model, champion.files.manifest, carried.files, built.bestsellers, more, shown.stamp)
    pointer = publish(
        built.content, parts, before, workshop.table, workshop.releases, now, progress, keeps_store=store is None
    )
    confirm(workshop.releases.get(WRITTEN) or b"", workshop.table, workshop.clock)
    retired = retire(pointer, workshop.table, workshop.releases, progress)
    report = _put_report(workshop, pointer, [*sections, *built.sections, life])
    rows, model = built.content.row_count, current_model(workshop.releases, pointer) or champion.ranker.id
    return Published(pointer, rows, cards, model, champion.note, carried.note, retired, report)


def _build(
    workshop: Workshop,
    carried: Carried,
    engine: SqlEngine,
    now: datetime,
    known: ReleaseFacts | None,
    progress: Progress,
) -> Built:
    as_of_ms = lists_as_of_ms(engine, int(now.timestamp() * 1000))
    scores = score_visitors(engine, carried.store, as_of_ms, now, progress)
    lists = build_lists(engine, carried.regions, as_of_ms, progress, has_personas=True)
    sessions = build_session_parts(engine, carried.store, workshop.releases, workshop.load_next_ranker, progress)
    content = ReleaseContent(lists, scores.all_packed(), sessions.rows)
    told = list_facts(engine, lists, None if known is None else known.bestsellers)
    return Built(
        content=content,
        sessions=sessions,
        bestsellers=bestsellers_json(engine, lists, carried.store.regions, carried.store.currency),
        facts=facts_of(content, carried.store.regions),
        sections=[*told, sessions.section(), *scores.sections, *_feed(workshop)],
    )


def _put_due(workshop: Workshop, engine: SqlEngine) -> None:
    with TemporaryDirectory(prefix="vitrine-due-") as folder:
        path = Path(folder) / DUE
        write_due(engine, path)
        workshop.lake.upload(path, DUE)


def _feed(workshop: Workshop) -> list[Section]:
    return [section] if (section := feed_section(workshop.lake)) is not None else []


def _put_report(workshop: Workshop, pointer: Pointer, sections: Sequence[Section]) -> str:
    """Keep the page for people, under its release and as the latest one."""
    title = f"Refresh of {workshop.clock():%Y-%m-%d %H:%M} UTC"
    page = render(title, f"Release {pointer.release}", sections)
    for name in (page_name(pointer.release), LATEST):
        workshop.releases.put(name, page.encode())
    return page


def refresh_cards(workshop: Workshop, progress: Progress, lake: Path | None = None, store: bytes | None = None) -> int:
    """Write the cards of all items of the catalogue, changed or not; how many. `store` as for the lists."""
    carried = _carried(workshop, read_pointer(workshop.table), store)
    with _opened(workshop, progress, lake) as opened:
        return _write_cards(workshop, carried, opened.engine, progress, anew=True)


def _carried(workshop: Workshop, pointer: Pointer | None, store: bytes | None) -> Carried:
    if store is not None:
        return Carried(store, workshop.load_store(store))
    return carried_store(pointer, workshop.releases, workshop.store, workshop.load_store)


def _write_cards(workshop: Workshop, carried: Carried, engine: SqlEngine, progress: Progress, *, anew: bool) -> int:
    now_ms = int(workshop.clock().timestamp() * 1000)
    cards = card_rows(engine, carried.regions, carried.store.currency, now_ms)
    return publish_cards(cards, workshop.table, workshop.releases, workshop.clock, progress, anew=anew)


def load_visitors(workshop: Workshop, progress: Progress, lake: Path | None = None) -> int:
    """Bring what the extracts say of visitors into their profiles; how many.

    Raises:
        InvalidSource: the lake lacks something, or is damaged.
        ProfileConflict: somebody else changed a profile again and again; run it again.
        DependencyFailed: the table does not answer.
    """
    with _opened(workshop, progress, lake) as opened:
        return load_profiles(list(known_visitors(opened.engine)), workshop.table, workshop.clock(), progress)


def refresh_model(
    workshop: Workshop, progress: Progress, lake: Path | None = None, store: bytes | None = None
) -> Trained:
    """Train a challenger and put it on trial, unless something speaks against it. `store` as for the lists.

    Before there is any release there is nobody to try it on: then it is the champion at once.

    Raises:
        InvalidSource: the lake lacks something or is damaged. Too short a past is no error, but an outcome.
        InvalidModel: the challenger does not load.
        DependencyFailed: the bucket does not answer.
    """
    carried = _carried(workshop, read_pointer(workshop.table), store)
    champion = read_champion(workshop.releases, workshop.bundled, workshop.load_ranker)
    rival = champion.ranker if champion.is_crowned else None
    ahead = ""
    try:
        with _opened(workshop, progress, lake) as opened:
            ahead = train_session_ranker(opened.engine, carried.store, workshop.releases, progress)
            history = EngineHistory(opened.engine, carried.regions)
            trained = train_ranker(history, workshop.plan, workshop.load_ranker, progress, champion=rival)
    except TooLittleData as error:
        return Trained(None, [str(error)], next_item=ahead)
    files = ModelFiles(trained.model, trained.manifest.to_bytes())
    checks = pass_gate(trained, workshop.load_ranker(files.model, files.manifest), workshop.timer)
    against = [check.objection for check in checks if check.objection]
    if against:
        found = Trained(trained.manifest.id, against, next_item=ahead)
    else:
        admitted = admit(workshop.table, workshop.releases, files, workshop.clock(), POLICY)
        found = Trained(trained.manifest.id, [], admitted.summary, admitted.outcome == "champion", ahead)
    page = render(f"Ranker {trained.manifest.id}", found.summary, gate_sections(trained, checks, found.summary))
    workshop.releases.put(page_name(trained.manifest.id), page.encode())
    return found


def _opened(workshop: Workshop, progress: Progress, lake: Path | None) -> AbstractContextManager[OpenedLake]:
    return open_lake(workshop.source, workshop.lake, workshop.clock(), progress, lake)

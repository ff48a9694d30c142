"""The scheduled jobs: rebuild the lists and publish a release; train a challenger for the ranker.

The functions and the command line call these, over S3 and DynamoDB or over whatever else fulfils the ports.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from vitrine.decisions.release import Pointer
from vitrine.errors import TooLittleData
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.bestsellers import bestsellers_json
from vitrine.refresh.cards import card_rows, publish_cards
from vitrine.refresh.carried import Carried, carried_store
from vitrine.refresh.champion import ModelFiles, crown, objections, read_champion
from vitrine.refresh.engine import ITEMS, PURCHASES, RAW_EVENTS, VISITORS, Engine, Limits
from vitrine.refresh.history import EngineHistory, last_purchase_ms
from vitrine.refresh.lists import build_lists
from vitrine.refresh.profiles import known_visitors, load_profiles
from vitrine.refresh.publish import LoadStore, Parts, publish
from vitrine.refresh.published import read_pointer
from vitrine.refresh.release import retire
from vitrine.refresh.training import LoadRanker, train_ranker
from vitrine.refresh.weeks import Plan
from vitrine.types import ReleaseId

LAKE_PREFIXES: Final = (ITEMS, PURCHASES, VISITORS, RAW_EVENTS)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the jobs work with. `store` are the bundle's compiled files; `timer` counts seconds of work."""

    table: Table
    lake: Objects
    releases: Objects
    clock: Clock
    timer: Callable[[], float]
    load_ranker: LoadRanker
    load_store: LoadStore
    bundled: ModelFiles
    store: bytes
    plan: Plan
    limits: Limits


@dataclass(frozen=True, slots=True)
class Published:
    """A release that is current now.

    `model_note` says why its ranker is not the one of the bucket, `store_note` why its store is not the published one,
    if so.
    """

    pointer: Pointer
    rows: int
    cards: int
    model: str
    model_note: str
    store_note: str
    retired: list[ReleaseId]

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        note = f" ({self.model_note})" if self.model_note else ""
        store = f"; {self.store_note}" if self.store_note else ""
        retired = f"; retired {', '.join(self.retired)}" if self.retired else ""
        return (
            f"release {self.pointer.release} is current: {self.rows:,} rows, {self.cards:,} cards changed, "
            f"ranker {self.model}{note}{store}{retired}"
        )


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a challenger: `objections` is empty when it is the champion now.

    `model` is None when there was not enough data to train one; `objections` says so.
    """

    model: str | None
    objections: list[str]

    @property
    def summary(self) -> str:
        """Whether it is the champion now, or why not, in one line."""
        if self.model is None:
            return f"no ranker was trained: {'; '.join(self.objections)}"
        if self.objections:
            return f"ranker {self.model} was not accepted: {'; '.join(self.objections)}"
        return f"ranker {self.model} is the champion; the next release carries it"


def refresh_recommendations(
    workshop: Workshop, progress: Progress, lake: Path | None = None, store: bytes | None = None
) -> Published:
    """Build all lists, write the cards that changed, and publish the lists with the champion and the published store.

    From a lake folder, or from the bucket without one. Cards come first: a page that shows an item needs its card.
    `store` are compiled store files to publish with the lists, in place of the published ones.

    Raises:
        InvalidStore: `store` is no compiled store.
        InvalidSource: the lake lacks something, or is damaged.
        InvalidRelease: see `publish.publish`; the release that was current still is.
        DependencyFailed: table or bucket do not answer.
    """
    before = read_pointer(workshop.table)
    carried = _carried(workshop, before, store)
    champion = read_champion(workshop.releases, workshop.bundled, workshop.load_ranker)
    with _engine(workshop, progress, lake) as engine:
        now = workshop.clock()
        as_of_ms = min(int(now.timestamp() * 1000), last_purchase_ms(engine) + 1)
        lists = build_lists(engine, carried.regions, as_of_ms, progress)
        best = bestsellers_json(engine, lists, carried.store.regions, carried.store.currency)
        parts = Parts(champion.files.model, champion.files.manifest, carried.files, best)
        cards = _write_cards(workshop, carried, engine, progress, anew=False)
        pointer = publish(
            lists, parts, before, workshop.table, workshop.releases, now, progress, keeps_store=store is None
        )
        retired = retire(pointer, workshop.table, workshop.releases, progress)
    return Published(pointer, lists.row_count, cards, champion.ranker.id, champion.note, carried.note, retired)


def refresh_cards(workshop: Workshop, progress: Progress, lake: Path | None = None, store: bytes | None = None) -> int:
    """Write the cards of all items of the catalogue, changed or not; how many. `store` as for the lists."""
    carried = _carried(workshop, read_pointer(workshop.table), store)
    with _engine(workshop, progress, lake) as engine:
        return _write_cards(workshop, carried, engine, progress, anew=True)


def _carried(workshop: Workshop, pointer: Pointer | None, store: bytes | None) -> Carried:
    if store is not None:
        return Carried(store, workshop.load_store(store))
    return carried_store(pointer, workshop.releases, workshop.store, workshop.load_store)


def _write_cards(workshop: Workshop, carried: Carried, engine: Engine, progress: Progress, *, anew: bool) -> int:
    now_ms = int(workshop.clock().timestamp() * 1000)
    cards = card_rows(engine, carried.regions, carried.store.currency, now_ms)
    return publish_cards(cards, workshop.table, workshop.releases, progress, anew=anew)


def load_visitors(workshop: Workshop, progress: Progress, lake: Path | None = None) -> int:
    """Bring what the extracts say of visitors into their profiles; how many.

    Raises:
        InvalidSource: the lake lacks something, or is damaged.
        ProfileConflict: somebody else changed a profile again and again; run it again.
        DependencyFailed: the table does not answer.
    """
    with _engine(workshop, progress, lake) as engine:
        return load_profiles(list(known_visitors(engine)), workshop.table, workshop.clock(), progress)


def refresh_model(
    workshop: Workshop, progress: Progress, lake: Path | None = None, store: bytes | None = None
) -> Trained:
    """Train a challenger and make it the champion that the next release carries, unless something speaks against it.

    `store` as for the lists.

    Raises:
        InvalidSource: the lake lacks something or is damaged. Too short a past is no error, but an outcome.
        InvalidModel: the challenger does not load.
        DependencyFailed: the bucket does not answer.
    """
    regions = _carried(workshop, read_pointer(workshop.table), store).regions
    champion = read_champion(workshop.releases, workshop.bundled, workshop.load_ranker)
    rival = champion.ranker if champion.is_crowned else None
    try:
        with _engine(workshop, progress, lake) as engine:
            history = EngineHistory(engine, regions)
            trained = train_ranker(history, workshop.plan, workshop.load_ranker, progress, champion=rival)
    except TooLittleData as error:
        return Trained(None, [str(error)])
    files = ModelFiles(trained.model, trained.manifest.to_bytes())
    against = objections(trained, workshop.load_ranker(files.model, files.manifest), workshop.timer)
    if not against:
        crown(workshop.releases, files)
    return Trained(trained.manifest.id, against)


@contextmanager
def _engine(workshop: Workshop, progress: Progress, lake: Path | None) -> Iterator[Engine]:
    """An engine that has loaded the lake, from a folder or from a copy of the bucket.

    The copy holds every object of events that the lake still keeps: one per Firehose buffer and day of retention.
    """
    with TemporaryDirectory(prefix="vitrine-lake-") as scratch:
        folder = lake
        if folder is None:
            folder = Path(scratch)
            for done, prefix in enumerate(LAKE_PREFIXES, 1):
                workshop.lake.download(prefix, folder)
                progress("copy the lake", done, len(LAKE_PREFIXES))
        with Engine(workshop.limits, Path(scratch)) as engine:
            engine.load_lake(folder)
            yield engine

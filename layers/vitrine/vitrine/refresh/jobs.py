"""The scheduled jobs: rebuild the lists and publish a release; train a challenger for the ranker.

The functions and the command line call these, over S3 and DynamoDB or over whatever else fulfils the ports.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from vitrine.decisions.release import Pointer
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.bestsellers import bestsellers_json
from vitrine.refresh.champion import ModelFiles, crown, objections, read_champion
from vitrine.refresh.engine import ITEMS, PURCHASES, RAW_EVENTS, VISITORS, Engine
from vitrine.refresh.history import EngineHistory, last_purchase_ms
from vitrine.refresh.lists import build_lists, card_rows
from vitrine.refresh.profiles import known_visitors, load_profiles
from vitrine.refresh.publish import Parts, publish, publish_cards
from vitrine.refresh.release import retire
from vitrine.refresh.training import LoadRanker, TrainedRanker, Weeks, train_ranker
from vitrine.types import RegionId, ReleaseId

LAKE_PREFIXES: Final = (ITEMS, PURCHASES, VISITORS, RAW_EVENTS)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What the jobs work with. `store` is the compiled store, `regions` are in the order of their stock bits."""

    table: Table
    lake: Objects
    releases: Objects
    clock: Clock
    load_ranker: LoadRanker
    bundled: ModelFiles
    store: bytes
    currency: str
    regions: tuple[RegionId, ...]
    weeks: Weeks


@dataclass(frozen=True, slots=True)
class Published:
    """A release that is current now. `model_note` says why its ranker is not the one of the bucket, if so."""

    pointer: Pointer
    rows: int
    model: str
    model_note: str
    retired: list[ReleaseId]

    @property
    def summary(self) -> str:
        """What happened, in one line."""
        note = f" ({self.model_note})" if self.model_note else ""
        retired = f"; retired {', '.join(self.retired)}" if self.retired else ""
        return f"release {self.pointer.release} is current: {self.rows:,} rows, ranker {self.model}{note}{retired}"


@dataclass(frozen=True, slots=True)
class Trained:
    """What became of a challenger: `objections` is empty when it is the champion now."""

    model: str
    objections: list[str]
    ranker: TrainedRanker

    @property
    def verdict(self) -> str:
        """Whether it is the champion now, or why not, in one line."""
        if self.objections:
            return f"ranker {self.model} was not accepted: {'; '.join(self.objections)}"
        return f"ranker {self.model} is the champion; the next release carries it"


def refresh_recommendations(workshop: Workshop, progress: Progress, lake: Path | None = None) -> Published:
    """Build all lists and publish them with the champion; from a lake folder, or from the bucket without one.

    Raises:
        InvalidSource: the lake lacks something, or is damaged.
        InvalidRelease: see `publish.publish`; the release that was current still is.
        DependencyFailed: table or bucket do not answer.
    """
    champion = read_champion(workshop.releases, workshop.bundled, workshop.load_ranker)
    with _engine(workshop, progress, lake) as engine:
        now = workshop.clock()
        as_of_ms = min(int(now.timestamp() * 1000), last_purchase_ms(engine) + 1)
        lists = build_lists(engine, workshop.regions, as_of_ms, progress)
        parts = Parts(
            champion.files.model,
            champion.files.manifest,
            workshop.store,
            bestsellers_json(engine, lists, workshop.regions, workshop.currency),
        )
        pointer = publish(lists, parts, workshop.table, workshop.releases, now, progress)
        retired = retire(pointer, workshop.table, workshop.releases, progress)
        return Published(pointer, lists.row_count, champion.ranker.id, champion.note, retired)


def refresh_cards(workshop: Workshop, progress: Progress, lake: Path | None = None) -> int:
    """Write the cards of all items of the catalogue; how many."""
    with _engine(workshop, progress, lake) as engine:
        ((n_cards,),) = engine.execute("select count(*) from items")
        cards = card_rows(engine, workshop.regions, workshop.currency, int(workshop.clock().timestamp() * 1000))
        return publish_cards(cards, n_cards, workshop.table, progress)


def load_visitors(workshop: Workshop, progress: Progress, lake: Path | None = None) -> int:
    """Bring what the extracts say of visitors into their profiles; how many.

    Raises:
        InvalidSource: the lake lacks something, or is damaged.
        ProfileConflict: somebody else changed a profile again and again; run it again.
        DependencyFailed: the table does not answer.
    """
    with _engine(workshop, progress, lake) as engine:
        return load_profiles(list(known_visitors(engine)), workshop.table, workshop.clock(), progress)


def refresh_model(workshop: Workshop, progress: Progress, lake: Path | None = None) -> Trained:
    """Train a challenger and make it the champion that the next release carries, unless something speaks against it.

    Raises:
        InvalidSource: the lake lacks something, is damaged, or holds too little to learn from.
        InvalidModel: the challenger does not load.
        DependencyFailed: the bucket does not answer.
    """
    champion = read_champion(workshop.releases, workshop.bundled, workshop.load_ranker)
    with _engine(workshop, progress, lake) as engine:
        history = EngineHistory(engine, workshop.regions)
        trained = train_ranker(history, workshop.weeks, workshop.load_ranker, progress, champion=champion.ranker)
    files = ModelFiles(trained.model, trained.manifest.to_bytes())
    against = objections(files, trained.choose, trained.manifest.training["seed"])
    if not against:
        crown(workshop.releases, files)
    return Trained(trained.manifest.id, against, trained)


@contextmanager
def _engine(workshop: Workshop, progress: Progress, lake: Path | None) -> Iterator[Engine]:
    """An engine that has loaded the lake, from a folder or from a copy of the bucket."""
    with TemporaryDirectory(prefix="vitrine-lake-") as scratch:
        folder = lake
        if folder is None:
            folder = Path(scratch)
            for done, prefix in enumerate(LAKE_PREFIXES, 1):
                workshop.lake.download(prefix, folder)
                progress("copy the lake", done, len(LAKE_PREFIXES))
        with Engine(temp=Path(scratch)) as engine:
            engine.load_lake(folder)
            yield engine

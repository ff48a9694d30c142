"""What the refresh functions and the command line work with."""

from pathlib import Path

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.adapters.s3 import S3Objects
from vitrine.api.store_files import StoreFile
from vitrine.api.store_folder import compile_store, read_store_file
from vitrine.decisions.release import MODEL
from vitrine.errors import InvalidModel
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.champion import MANIFEST, ModelFiles
from vitrine.refresh.engine import Engine
from vitrine.refresh.history import EngineHistory
from vitrine.refresh.jobs import Workshop
from vitrine.refresh.training import TrainedRanker, Weeks, train_ranker
from vitrine.settings import Settings


def build_workshop(settings: Settings) -> Workshop:
    """Table and buckets of the settings, store and default ranker of the bundle.

    Raises:
        InvalidStore: a store file is missing or wrong.
        InvalidModel: the bundle has no ranker.
    """
    return equip(
        settings.bundle,
        DynamoTable(settings.table),
        S3Objects(settings.lake_bucket),
        S3Objects(settings.releases_bucket),
        utc_now,
    )


def open_releases(settings: Settings) -> tuple[Table, Objects]:
    """The table and the bucket of releases."""
    return DynamoTable(settings.table), S3Objects(settings.releases_bucket)


def equip(bundle: Path, table: Table, lake: Objects, releases: Objects, clock: Clock) -> Workshop:
    """A workshop over the given table and buckets; see `build_workshop`."""
    store = read_store_file(bundle / "store")
    return Workshop(
        table=table,
        lake=lake,
        releases=releases,
        clock=clock,
        load_ranker=OnnxRanker,
        bundled=read_ranker(bundle / "models" / "ranker"),
        store=compile_store(bundle / "store"),
        currency=store.currency,
        regions=_regions(store),
        weeks=_weeks(store),
    )


def read_ranker(folder: Path) -> ModelFiles:
    """Model and manifest in a folder.

    Raises:
        InvalidModel: one of them is missing.
    """
    try:
        return ModelFiles((folder / MODEL).read_bytes(), (folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise InvalidModel(f"{error.filename} is missing; run: vitrine train --lake DIR --out {folder}") from error


def train_from_folder(lake: Path, store_folder: Path, progress: Progress) -> TrainedRanker:
    """A ranker trained on a lake folder and compared with its baselines. Needs no AWS.

    Raises:
        InvalidStore: a store file is missing or wrong.
        InvalidSource: the lake lacks something, is damaged, or holds too little to learn from.
    """
    store = read_store_file(store_folder)
    with Engine() as engine:
        engine.load_lake(lake)
        return train_ranker(EngineHistory(engine, _regions(store)), _weeks(store), OnnxRanker, progress)


def _regions(store: StoreFile) -> tuple[str, ...]:
    return tuple(region.id for region in store.regions)


def _weeks(store: StoreFile) -> Weeks:
    spans = store.training
    return Weeks(spans.train_to_week, spans.choose_to_week, spans.test_to_week)

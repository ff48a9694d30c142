"""What the refresh functions and the command line work with."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.adapters.s3 import S3Objects
from vitrine.adapters.verified_ranker import load_ranker
from vitrine.api.store_compiled import load_store
from vitrine.api.store_files import StoreFile
from vitrine.api.store_folder import compile_store, read_store_file
from vitrine.decisions.release import MANIFEST, MODEL
from vitrine.decisions.session_features import SESSION_FEATURES
from vitrine.errors import InvalidModel
from vitrine.ports import Clock, Objects, Progress, Ranker, Table
from vitrine.refresh.champion import ModelFiles
from vitrine.refresh.engine import Engine
from vitrine.refresh.history import EngineHistory
from vitrine.refresh.jobs import Workshop
from vitrine.refresh.lists import Regions
from vitrine.refresh.opened_lake import LakeSource
from vitrine.refresh.sql_engine import EngineKind, Limits
from vitrine.refresh.training import TrainedRanker, train_ranker
from vitrine.refresh.weeks import Plan
from vitrine.settings import Settings

ENGINE_SHARE: Final = 0.5  # of the memory; the rest is for Python's own arrays and for what the engine does not count
MB_PER_CORE: Final = 1_769  # of a Lambda function, says its developer guide


def build_workshop(settings: Settings, engine: EngineKind = "duckdb", address: str = "", tables: str = "") -> Workshop:
    """Table and buckets of the settings, store and default ranker of the bundle; what computes in SQL.

    Raises:
        InvalidStore: a store file is missing or wrong.
        InvalidModel: the bundle has no ranker.
    """
    return equip(
        settings.bundle,
        DynamoTable(settings.table, write_units_per_s=settings.write_units_per_s),
        S3Objects(settings.lake_bucket),
        S3Objects(settings.releases_bucket),
        utc_now,
        lake_source(settings, engine, address, tables),
    )


def lake_source(settings: Settings, engine: EngineKind = "duckdb", address: str = "", tables: str = "") -> LakeSource:
    """How the lake of the settings is read: what the engine may use, where from, and how long events are kept."""
    limits = engine_limits(settings.memory_mb, _machine())
    return LakeSource(engine, limits, address, tables, settings.event_retention_days)


def log_stages(log: Callable[[str], object]) -> Progress:
    """Progress as a line of a log when a stage ends."""

    def report(stage: str, done: int, total: int) -> None:
        if done == total:
            log(f"stage done: {stage}, {total} steps")

    return report


def open_releases(settings: Settings) -> tuple[Table, Objects]:
    """The table and the bucket of releases."""
    table = DynamoTable(settings.table, write_units_per_s=settings.write_units_per_s)
    return table, S3Objects(settings.releases_bucket)


def equip(
    bundle: Path, table: Table, lake: Objects, releases: Objects, clock: Clock, source: LakeSource | None = None
) -> Workshop:
    """A workshop over the given table and buckets; see `build_workshop`."""
    return Workshop(
        table=table,
        lake=lake,
        releases=releases,
        clock=clock,
        timer=time.thread_time,  # what scoring costs, however busy the machine is
        load_ranker=load_ranker,
        load_next_ranker=load_next_ranker,
        load_store=load_store,
        bundled=read_ranker(bundle / "models" / "ranker"),
        store=compile_store(bundle / "store"),
        plan=_plan(read_store_file(bundle / "store")),
        source=source or LakeSource(),
    )


def load_next_ranker(model: bytes, manifest: bytes) -> Ranker:
    """A ranker of next items. Raises InvalidModel."""
    return OnnxRanker(model, manifest, SESSION_FEATURES)


def engine_limits(function_mb: int | None, machine: Limits) -> Limits:
    """What DuckDB may use in a function of that memory, never more than the machine has; its defaults elsewhere."""
    if function_mb is None:
        return Limits()
    return Limits(
        threads=max(1, min(round(function_mb / MB_PER_CORE), machine.threads)),
        memory_mb=int(min(function_mb, machine.memory_mb) * ENGINE_SHARE),
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
        return train_ranker(EngineHistory(engine, _regions(store)), _plan(store), load_ranker, progress)


def _machine() -> Limits:
    """Cores and memory of the machine: on a laptop a function's declared memory is more than there is."""
    return Limits(os.cpu_count() or 1, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20)


def _regions(store: StoreFile) -> Regions:
    return Regions(tuple(region.id for region in store.regions), store.default_region)


def _plan(store: StoreFile) -> Plan:
    spans = store.training
    return Plan(spans.choose_weeks, spans.test_weeks, spans.test_to_week)

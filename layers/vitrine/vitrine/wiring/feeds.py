"""What the catalogue's function and command work with."""

import os
from pathlib import Path

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.feed_source import FeedSource
from vitrine.adapters.s3 import S3Objects
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store
from vitrine.api.store_intake import read_feed_plan
from vitrine.errors import InvalidStore
from vitrine.ports import Objects
from vitrine.refresh.carried import carried_store
from vitrine.refresh.engine import Limits
from vitrine.refresh.feeds import FeedDesk
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.published import read_pointer
from vitrine.settings import Settings
from vitrine.wiring.refresh import engine_limits


def build_feed_desk(settings: Settings, store: Path | None = None, lake: Path | None = None) -> FeedDesk | None:
    """Table, buckets and the feed that the store declares (in its folder, else in the bundle); None when it has none.

    With a folder as the lake, the catalogue is the one there; cards go into the table all the same.

    Raises:
        InvalidStore: a store file is wrong, or the feed is for other regions than those that are published.
        DependencyFailed: table or bucket do not answer.
    """
    folder = store or settings.bundle / "store"
    plan = read_feed_plan(folder)
    if plan is None:
        return None
    table, releases = DynamoTable(settings.table), S3Objects(settings.releases_bucket)
    objects: Objects = S3Objects(settings.lake_bucket) if lake is None else FolderObjects(lake)
    bundled = compile_store(folder, years=range(0))  # without holidays: nothing of it is published
    carried = carried_store(read_pointer(table), releases, bundled, load_store)
    if set(plan.shop.regions) != set(carried.store.regions) or plan.shop.currency != carried.store.currency:
        raise InvalidStore(f"{folder} has other regions or another currency than the published store; publish it first")
    memory_mb = settings.memory_mb
    return FeedDesk(
        table=table,
        lake=objects,
        releases=releases,
        clock=utc_now,
        regions=carried.regions,
        currency=carried.store.currency,
        plan=plan,
        fetch=FeedSource(objects, plan.form.max_bytes),
        limits=engine_limits(memory_mb, Limits(os.cpu_count() or 1, memory_mb or Limits().memory_mb)),
    )

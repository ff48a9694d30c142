"""What watches over trials: the function on schedule, and `vitrine model`."""

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.lake_lines import LakeLines
from vitrine.adapters.s3 import S3Objects
from vitrine.ports import Clock, Objects, Table
from vitrine.refresh.guard import Policy
from vitrine.refresh.watch import Watch
from vitrine.settings import Settings
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class ModelDesk:
    """The table and the bucket of releases, and the watch over the trial that may be on there."""

    table: Table
    releases: Objects
    watch: Watch
    clock: Clock


def build_model_desk(settings: Settings) -> ModelDesk:
    """Table and buckets of the settings."""
    return equip_desk(
        DynamoTable(settings.table), S3Objects(settings.releases_bucket), S3Objects(settings.lake_bucket), utc_now
    )


def equip_desk(table: Table, releases: Objects, lake: Objects, clock: Clock, policy: Policy | None = None) -> ModelDesk:
    """A desk over the given table and buckets."""
    watch = Watch(table, releases, LakeLines(lake), clock, policy or Policy())
    return ModelDesk(table, releases, watch, clock)

"""What the command for extracts works with."""

from pathlib import Path

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.ports import Objects
from vitrine.refresh.crm import CrmDesk
from vitrine.refresh.engine import Limits
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.settings import Settings


def build_crm_desk(settings: Settings, lake: Path | None = None) -> CrmDesk:
    """Table and lake of the settings; with a folder, that is the lake. Profiles are in the table all the same."""
    objects: Objects = S3Objects(settings.lake_bucket) if lake is None else FolderObjects(lake)
    return CrmDesk(DynamoTable(settings.table), objects, utc_now, Limits())

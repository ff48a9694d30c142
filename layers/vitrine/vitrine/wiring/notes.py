"""What the planner of notes works with, in its function and on the command line."""

import os
from pathlib import Path

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.s3 import S3Objects
from vitrine.ports import Objects
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.outreach_notes import NotesDesk
from vitrine.refresh.sql_engine import Limits
from vitrine.service.kin import join_kin
from vitrine.service.notes import write_notes
from vitrine.settings import Settings
from vitrine.wiring.people import open_people
from vitrine.wiring.refresh import engine_limits


def build_notes_desk(settings: Settings, lake: Path | None = None) -> NotesDesk:
    """Table and lake of the settings; with a folder, that is the lake. People are in the table all the same."""
    table = DynamoTable(settings.table, write_units_per_s=settings.write_units_per_s)
    objects: Objects = S3Objects(settings.lake_bucket) if lake is None else FolderObjects(lake)
    people = open_people(settings, table)
    memory_mb = settings.memory_mb
    return NotesDesk(
        lake=objects,
        clock=utc_now,
        limits=engine_limits(memory_mb, Limits(os.cpu_count() or 1, memory_mb or Limits().memory_mb)),
        write=lambda found: write_notes(found, table, utc_now()),
        join=lambda kin: join_kin(kin, table, people),
    )

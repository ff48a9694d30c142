"""Profiles of the visitors whom the store already knows: CRM attributes, home region and their last purchases.

They go through the reducer that collected events go through, and into rows under the same optimistic lock, so loading
an extract again, or while visitors shop, loses nothing and counts nothing twice.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import groupby, repeat
from typing import Final

import orjson

from vitrine import keys
from vitrine.errors import ProfileConflict
from vitrine.ports import Progress, Table
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import Absent, Event, RegionId, Row, VisitorId
from vitrine.values import dataclass
from vitrine.visitors.profile import Attributes
from vitrine.visitors.stored import parse_profile

LAST_PURCHASES: Final = 100
BATCH: Final = 100
WRITERS: Final = 8
ATTEMPTS: Final = 5
READ_TIMEOUT_S: Final = 30.0
STAGE: Final = "load visitors"


@dataclass(frozen=True, slots=True)
class Known:
    """What the extracts say of one visitor."""

    visitor: VisitorId
    region: RegionId | None
    attributes: Attributes
    purchases: Sequence[Event]


def known_visitors(engine: SqlEngine) -> Iterator[Known]:
    """Every visitor of the lake with their last purchases, in the order of their ids."""
    columns = engine.columns("last_purchases", purchases=LAST_PURCHASES)
    rows = zip(*(columns[name].tolist() for name in columns), strict=True)
    for (visitor, region, crm), group in groupby(rows, key=lambda row: row[:3]):
        purchases = [
            Event(id_, "purchase", at_ms, item, quantity, price, session=session)
            for *_, id_, at_ms, item, quantity, price, session in group
            if id_
        ]
        yield Known(visitor, region, orjson.loads(crm), purchases)


def load_profiles(known: Sequence[Known], table: Table, now: datetime, progress: Progress) -> int:
    """Merge what is known into the visitors' profiles; how many.

    Raises:
        ProfileConflict: a profile was changed by somebody else at each of several attempts.
        DependencyFailed: the table does not answer.
    """
    with ThreadPoolExecutor(WRITERS) as writers:
        for at in range(0, len(known), BATCH):
            batch = known[at : at + BATCH]
            rows = table.read([keys.profile(one.visitor) for one in batch], READ_TIMEOUT_S, latest=True)
            stored = [rows[keys.profile(one.visitor)] for one in batch]
            list(writers.map(_load, batch, stored, repeat(table), repeat(now)))
            progress(STAGE, at + len(batch), len(known))
    return len(known)


def _load(known: Known, row: Row | Absent, table: Table, now: datetime) -> None:
    key = keys.profile(known.visitor)
    for _ in range(ATTEMPTS):
        stored = parse_profile(row, now)
        profile = stored.profile.with_attributes(known.region, known.attributes).apply(known.purchases)
        if table.replace(key, stored.successor(profile, now), stored.rev):
            return
        row = table.read([key], READ_TIMEOUT_S, latest=True)[key]
    raise ProfileConflict(f"a visitor's profile was changed by somebody else {ATTEMPTS} times")

"""Cards of the catalogue's items, written to the table whenever they differ from what was written last.

Cards belong to no release: price and stock change between refreshes. What was written is kept as a digest per item in
the releases bucket, so a night in which ten prices changed writes ten rows. The digests are put down after the rows:
whoever is killed on the way writes some cards again and forgets none. A table that was lost or restored is noticed by
a sample of the rows it should hold, and gets all cards anew. By the digests, too, is noticed who wrote cards and told
the stamp of them nothing (see card_stamps).
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from hashlib import blake2b
from typing import Final

import orjson

from vitrine import keys
from vitrine.catalog.items import Item, card_row
from vitrine.ports import Clock, Objects, Progress, Table
from vitrine.refresh.card_stamps import WRITTEN, confirm, writing
from vitrine.refresh.lists import Regions
from vitrine.refresh.release_rows import READ_TIMEOUT_S, ROWS_PER_BATCH, batches
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import Absent, ItemId, Row

SAMPLES: Final = 100  # one batched read
STAGE: Final = "write the cards"
ITEM_VALUES: Final = (
    "select item, title, category, brand, price, regular_price, margin, url, image, regions, first_seen_ms "
    "from items order by item"
)
"""The fields of `Item`, in its order."""

ITEM_FIELDS: Final = tuple(field.name for field in fields(Item))

Digests = Mapping[ItemId, str]


def card_rows(engine: SqlEngine, regions: Regions, currency: str, updated_ms: int) -> Iterator[tuple[ItemId, Row]]:
    """Every item of the catalogue with the row of its card.

    Raises:
        InvalidRelease: an item is in stock in a region that the store does not have.
    """
    bits = {region: bit for bit, region in enumerate(regions.ids)}
    for row in engine.execute(ITEM_VALUES):
        known = dict(zip(ITEM_FIELDS, row, strict=True))
        item = Item(**known | {"regions": tuple(known["regions"])})
        yield item.item, card_row(item, bits, currency, updated_ms)


def publish_cards(
    cards: Iterator[tuple[ItemId, Row]],
    table: Table,
    objects: Objects,
    clock: Clock,
    progress: Progress,
    *,
    anew: bool = False,
) -> int:
    """Write the cards that changed and delete those of items that are gone; how many rows that were.

    `anew` writes all, whatever was written before.
    """
    note = objects.get(WRITTEN) or b""
    confirm(note, table, clock)
    before: Digests = {} if anew else _parse(note)
    if not _holds(table, before):
        before = {}
    now: dict[ItemId, str] = {}
    changed: dict[ItemId, Row] = {}
    for item, row in cards:
        now[item] = _digest(row)
        if before.get(item) != now[item]:
            changed[item] = row
    gone = [item for item in before if item not in now]
    if not changed and not gone:
        return 0
    note = orjson.dumps(now)
    with writing([*changed, *gone], note, table, clock):
        written = _write(changed, table, progress) + table.delete([keys.card(item) for item in gone])
        objects.put(WRITTEN, note)
    return written


def _write(changed: Mapping[ItemId, Row], table: Table, progress: Progress) -> int:
    written = 0
    for batch in batches(((keys.card(item), row) for item, row in changed.items()), ROWS_PER_BATCH):
        written += table.write(batch)
        progress(STAGE, written, len(changed))
    return written


def _holds(table: Table, written: Digests) -> bool:
    """Whether the table has cards that it was given: a sample of them, all or none."""
    sample = [keys.card(item) for item in list(written)[:: max(1, len(written) // SAMPLES)][:SAMPLES]]
    rows = table.read(sample, READ_TIMEOUT_S, latest=True) if sample else {}
    return not any(isinstance(row, Absent) for row in rows.values())


def _digest(row: Row) -> str:
    """What the card says, in 16 letters; when it was said is no part of it."""
    said = orjson.dumps({name: value for name, value in row.items() if name != "updated_ms"})
    return blake2b(said, digest_size=8).hexdigest()


def _parse(note: bytes) -> Digests:
    """What was written last; nothing is known of a store's first night or of a damaged note."""
    try:
        plain = orjson.loads(note or b"{}")
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}

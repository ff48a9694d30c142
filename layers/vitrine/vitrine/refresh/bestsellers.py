"""bestsellers.json: what a region's visitors see when no list can be read. It holds all that a card shows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from vitrine.refresh.lists import ReleaseLists
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import ItemId, RegionId

N_BESTSELLERS: Final = 60
FIELDS: Final = ("item", "title", "url", "image", "price", "regular_price", "category")


def bestsellers_json(engine: SqlEngine, lists: ReleaseLists, regions: Sequence[RegionId], currency: str) -> bytes:
    """The items in stock that sell best per region, best first, as readable by `adapters.release_objects`."""
    best = {region: lists.bestsellers(region, N_BESTSELLERS) for region in regions}
    known = _entries(engine, sorted({item for items in best.values() for item in items}), currency)
    return orjson.dumps({region: [known[item] for item in items if item in known] for region, items in best.items()})


def _entries(engine: SqlEngine, items: Sequence[ItemId], currency: str) -> Mapping[ItemId, Mapping[str, Any]]:
    if not items:
        return {}
    engine.put("best_items", {"item": items})
    fields = ", ".join(f"items.{field}" for field in FIELDS)
    rows = engine.execute(
        f"select {fields} from items join best_items on best_items.item = items.item"  # noqa: S608 the names are ours
    )
    return {row[0]: {**dict(zip(FIELDS, row, strict=True)), "currency": currency} for row in rows}

"""The past as the lake knows it, for training: lists as of any instant, and what was bought after it."""

from collections.abc import Sequence
from itertools import groupby

from vitrine.errors import TooLittleData
from vitrine.refresh.engine import WEEK_MS, week_start_ms
from vitrine.refresh.examples import Basket, Snapshot
from vitrine.refresh.lists import Regions, build_lists
from vitrine.refresh.sql_engine import SqlEngine


class EngineHistory:
    """History over an engine that has loaded a lake."""

    def __init__(self, engine: SqlEngine, regions: Regions) -> None:
        """The past of an engine's lake in a store of these regions.

        Raises:
            TooLittleData: the lake holds no purchase.
        """
        self._engine = engine
        self._regions = regions
        self._first_ms = first_purchase_ms(engine)

    def snapshot(self, as_of_ms: int) -> Snapshot:
        """See training.History."""
        return build_lists(self._engine, self._regions, as_of_ms, _silent)

    def first_baskets(self, from_ms: int, to_ms: int) -> Sequence[Basket]:
        """See training.History."""
        found = self._engine.columns("first_baskets", from_ms=from_ms, to_ms=to_ms)
        columns = (found[name].tolist() for name in ("visitor", "region", "at_ms", "item", "aisle"))
        baskets = []
        for (visitor, region, at_ms), group in groupby(zip(*columns, strict=True), key=lambda row: row[:3]):
            lines = list(group)
            items, aisles = (tuple(line[column] for line in lines) for column in (3, 4))
            baskets.append(Basket(visitor, region, at_ms, items, aisles))
        return baskets

    def week_start_ms(self, week: int) -> int:
        """See training.History."""
        return week_start_ms(self._first_ms, week)

    def last_week(self) -> int:
        """See training.History. The week of the last purchase may go on, so the one before it counts."""
        return (last_purchase_ms(self._engine) - week_start_ms(self._first_ms, 1)) // WEEK_MS


def _silent(stage: str, done: int, total: int) -> None:
    """The stages of one snapshot are steps too small to show while many are made."""


def first_purchase_ms(engine: SqlEngine) -> int:
    """Instant of the first purchase: the data's first week holds it.

    Raises:
        TooLittleData: there is none.
    """
    ((first_ms,),) = engine.execute("select min(at_ms) from events where kind = 'purchase'")
    if first_ms is None:
        raise TooLittleData(f"not enough data yet: the lake holds no purchase; {engine.account.summary}")
    return int(first_ms)


def last_purchase_ms(engine: SqlEngine) -> int:
    """Instant of the last purchase.

    Raises:
        TooLittleData: there is none.
    """
    ((last_ms,),) = engine.execute("select max(at_ms) from events where kind = 'purchase'")
    if last_ms is None:
        raise TooLittleData(f"not enough data yet: the lake holds no purchase; {engine.account.summary}")
    return int(last_ms)


def lists_as_of_ms(engine: SqlEngine, now_ms: int) -> int:
    """The instant that a refresh looks back from: right after the last purchase, but not in the future.

    Raises:
        TooLittleData: nothing of the catalogue was bought before it. The message accounts for the lake.
    """
    as_of_ms = min(now_ms, last_purchase_ms(engine) + 1)
    ((sold,),) = engine.execute(
        "select count(*) from events join items on items.item = events.item "
        "where kind = 'purchase' and quantity > 0 and at_ms < $as_of_ms",
        {"as_of_ms": as_of_ms},
    )
    if not sold:
        raise TooLittleData(f"not enough data yet: nothing of the catalogue was bought; {engine.account.summary}")
    return as_of_ms

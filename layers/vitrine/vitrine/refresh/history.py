"""The past as the lake knows it, for training: lists as of any instant, and what was bought after it."""

from collections.abc import Sequence
from itertools import groupby

from vitrine.errors import InvalidSource
from vitrine.refresh.engine import Engine, week_start_ms
from vitrine.refresh.examples import Basket, Snapshot
from vitrine.refresh.lists import build_lists
from vitrine.types import RegionId


class EngineHistory:
    """History over an engine that has loaded a lake."""

    def __init__(self, engine: Engine, regions: Sequence[RegionId]) -> None:
        """`regions` are the store's, in the order of their stock bits.

        Raises:
            InvalidSource: the lake holds no purchase.
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
        rows = zip(*(found[name].tolist() for name in ("visitor", "region", "at_ms", "item")), strict=True)
        return [
            Basket(visitor, bought[0][1], bought[0][2], tuple(item for *_, item in bought))
            for visitor, group in groupby(rows, key=lambda row: row[0])
            if (bought := list(group))
        ]

    def week_start_ms(self, week: int) -> int:
        """See training.History."""
        return week_start_ms(self._first_ms, week)


def _silent(stage: str, done: int, total: int) -> None:
    """The stages of one snapshot are steps too small to show while many are made."""


def first_purchase_ms(engine: Engine) -> int:
    """Instant of the first purchase: the data's first week holds it.

    Raises:
        InvalidSource: there is none.
    """
    ((first_ms,),) = engine.execute("select min(at_ms) from events where kind = 'purchase'")
    if first_ms is None:
        raise InvalidSource("the lake holds no purchase")
    return int(first_ms)


def last_purchase_ms(engine: Engine) -> int:
    """Instant of the last purchase.

    Raises:
        InvalidSource: there is none.
    """
    ((last_ms,),) = engine.execute("select max(at_ms) from events where kind = 'purchase'")
    if last_ms is None:
        raise InvalidSource("the lake holds no purchase")
    return int(last_ms)

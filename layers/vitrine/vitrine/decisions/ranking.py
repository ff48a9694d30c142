"""Which candidates may be shown at all, and in which order."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import compress
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import item_key
from vitrine.decisions.candidates import Candidates, Floats, Mask, fuse
from vitrine.decisions.context import Context
from vitrine.decisions.features import features
from vitrine.decisions.visit import Visit
from vitrine.errors import InvalidModel
from vitrine.ports import Ranker
from vitrine.types import DAY_MS, ItemId
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates of one page view with a score each. `model` is None when the fusion score stood in for it."""

    candidates: Candidates
    scores: Floats
    model: str | None


def rank(candidates: Candidates, ranker: Ranker | None, elapsed_days: float) -> Ranking:
    """Score the candidates by the ranker; by rank fusion where there is none or it fails its checks."""
    if ranker is not None and len(candidates):
        try:
            return Ranking(candidates, ranker.score(features(candidates, elapsed_days)), ranker.id)
        except InvalidModel:
            pass
    return Ranking(candidates, fuse(candidates), None)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which candidates a placement may show: `mask` bool [n], and how many fell to each reason."""

    mask: Mask
    dropped: Mapping[str, int]

    def without(self, reasons: Iterable[tuple[str, Mask]]) -> "Allowed":
        """The same less what these reasons hit; an item falls to the first that hits it."""
        mask, dropped = self.mask, dict(self.dropped)
        for reason, hit in reasons:
            count = int(np.count_nonzero(hit & mask))
            if count:
                dropped[reason] = count
                mask = mask & ~hit
        return Allowed(mask, dropped)


def allowed(
    candidates: Candidates,
    context: Context,
    visit: Visit,
    hide_bought_days: int,
    dismissed: Collection[ItemId] = (),
) -> Allowed:
    """Keep what is in stock in the region, not on the page or in the cart already, not bought in the last days and not
    hidden by the visitor."""
    mask: Mask = candidates.item["regions"] & np.uint32(1 << context.region_bit) != 0
    counts = {"out_of_stock": len(mask) - int(np.count_nonzero(mask))}
    reasons = {
        "at_hand": at_hand(visit),
        "bought_lately": bought_lately(visit, context.now, hide_bought_days),
        "dismissed": dismissed,
    }
    reason_of = {item: reason for reason in reversed(reasons) for item in reasons[reason]}  # the first reason stays
    counts.update(dict.fromkeys(reasons, 0))
    ids = candidates.ids if reason_of else ()
    for at in compress(range(len(ids)), map(reason_of.__contains__, ids)):
        if mask[at]:
            mask[at] = False
            counts[reason_of[ids[at]]] += 1
    return Allowed(mask, {reason: count for reason, count in counts.items() if count})


def at_hand(visit: Visit) -> list[ItemId]:
    """Items that the visitor has before them anyway: the cart's and the page's."""
    return [*visit.cart, *([visit.page_item] if visit.page_item is not None else [])]


def bought_lately(visit: Visit, now: datetime, days: int) -> list[ItemId]:
    """Items bought in the last days."""
    since = int(now.timestamp() * 1000) - days * DAY_MS
    return [item for item, at_ms in visit.bought_ms.items() if at_ms > since]


def other_category(candidates: Candidates, page_item: ItemId | None) -> Mask:
    """Candidates that are of another kind than the page's item: bool [n], all true when the item is unknown."""
    leaf = _of_page_item(candidates, page_item, "leaf")
    if leaf is None:
        return np.ones(len(candidates), np.bool_)
    different: Mask = candidates.item["leaf"] != leaf
    return different


def priced(candidates: Candidates, page_item: ItemId | None, relation: Literal["dearer", "cheaper"]) -> Mask:
    """Candidates that cost more or less than the page's item: bool [n], none when its price is unknown."""
    price = _of_page_item(candidates, page_item, "price")
    if price is None:
        return np.zeros(len(candidates), np.bool_)
    prices: NDArray[Any] = candidates.item["price"]
    fits: Mask = prices > price if relation == "dearer" else prices < price
    return fits


def _of_page_item(candidates: Candidates, page_item: ItemId | None, column: str) -> Any:  # noqa: ANN401 - a number
    """A column's value for the page's item; None when there is no such item or nothing tells of it.

    Its own row is asked first: among candidates the item may be missing, because no list recommends it on its own page.
    """
    for seed in candidates.seeds:
        if seed.item == page_item:
            return seed.table.columns[column][0]
    if page_item is None:
        return None
    at = np.flatnonzero(candidates.item["key"] == np.uint64(item_key(page_item)))
    return candidates.item[column][at[0]] if len(at) else None

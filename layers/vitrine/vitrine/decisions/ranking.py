"""Which candidates may be shown at all, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.packed import item_key
from vitrine.decisions.candidates import Candidates, Floats, fuse
from vitrine.decisions.context import Context
from vitrine.decisions.features import features
from vitrine.decisions.visit import Visit
from vitrine.errors import InvalidModel
from vitrine.ports import Ranker
from vitrine.types import DAY_MS, ItemId

Mask = NDArray[np.bool_]


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


def allowed(candidates: Candidates, context: Context, visit: Visit, hide_bought_days: int) -> Allowed:
    """Keep what is in stock in the region, not on the page or in the cart already, and not bought in the last days."""
    keys = candidates.item["key"]
    at_hand = [*visit.cart, *([visit.page_item] if visit.page_item is not None else [])]
    reasons: dict[str, Mask] = {
        "out_of_stock": (candidates.item["regions"] >> np.uint32(context.region_bit) & 1) == 0,
        "at_hand": np.isin(keys, _keys(at_hand)),
        "bought_lately": np.isin(keys, _keys(_bought_lately(visit, context.now, hide_bought_days))),
    }
    mask: Mask = np.ones(len(candidates), np.bool_)
    dropped = {}
    for reason, hit in reasons.items():
        dropped[reason] = int(np.count_nonzero(hit & mask))
        mask &= ~hit
    return Allowed(mask, {reason: count for reason, count in dropped.items() if count})


def other_category(candidates: Candidates, page_item: ItemId | None) -> Mask:
    """Candidates that are of another kind than the page's item: bool [n], all true when the item is unknown."""
    keys: NDArray[Any] = candidates.item["key"]
    own = np.flatnonzero(np.isin(keys, _keys([page_item] if page_item is not None else [])))
    if not len(own):
        return np.ones(len(candidates), np.bool_)
    different: Mask = candidates.item["leaf"] != candidates.item["leaf"][own[0]]
    return different


def _bought_lately(visit: Visit, now: datetime, days: int) -> list[ItemId]:
    since = int(now.timestamp() * 1000) - days * DAY_MS
    return [item for item, at_ms in visit.bought_ms.items() if at_ms > since]


def _keys(items: list[ItemId]) -> NDArray[np.uint64]:
    return np.array([item_key(item) for item in items], np.uint64)

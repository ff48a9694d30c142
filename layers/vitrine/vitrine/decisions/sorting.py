"""Put a given listing in order for the visitor, without adding or losing anything."""

from collections.abc import Sequence

import numpy as np

from vitrine.decisions.actions import BY_MODEL, Sort
from vitrine.decisions.answers import Reason, Slot
from vitrine.decisions.candidates import Floats
from vitrine.decisions.merchandising import standardise
from vitrine.decisions.ranking import Ranking
from vitrine.types import ItemId

LISTING = "listing"


def sort_listing(sort: Sort, listing: Sequence[ItemId], ranking: Ranking) -> list[Slot]:
    """Every listed item once, in the visitor's order; items of equal worth stay in the order given.

    Worth is the item's score less its place in the listing times `position_weight`, both in standard deviations over
    the listing. An item of which the ranker says nothing counts as average, one that is not on the list that orders
    comes after all that are; its reason is the listing itself.
    """
    items = list(dict.fromkeys(listing))
    scores = _scores(sort.order, items, ranking)
    everywhere = np.ones(len(items), np.bool_)
    known = ~np.isnan(scores)
    places = standardise(np.arange(len(items)), everywhere)
    standing = standardise(scores, everywhere)
    unknown = 0.0 if sort.order == BY_MODEL or not known.any() else float(standing[known].min()) - 1.0
    worth = np.where(known, standing, unknown) - np.float32(sort.position_weight) * places
    order = np.argsort(-worth, kind="stable").tolist()
    return [
        Slot(items[at], slot, None, Reason(sort.order if known[at] else LISTING), float(worth[at]))
        for slot, at in enumerate(order)
    ]


def _scores(order: str, items: Sequence[ItemId], ranking: Ranking) -> Floats:
    """Raw scores of the items, NaN for those that are no candidates."""
    column = ranking.scores if order == BY_MODEL else ranking.candidates.lists.get(order)
    scores = np.full(len(items), np.nan, np.float32)
    if column is None or not len(column):
        return scores
    index = dict(zip(ranking.candidates.ids, range(len(column)), strict=True))
    at = np.array([index.get(item, -1) for item in items], np.intp)
    listed = at >= 0
    scores[listed] = column[at[listed]]
    return scores

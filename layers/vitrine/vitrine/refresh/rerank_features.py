"""Features of every item of a list, from what was learned of items before and from the visitor's own earlier lists.

A list is described by nothing that happened after it was shown: the visitor's earlier lists count once their last click
lies before, and what is learned of items comes from other visitors' lists (`rerank_training` sees to that).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from vitrine.refresh.network import Floats, Indices
from vitrine.refresh.rerank_events import Rankings
from vitrine.refresh.rerank_fields import Goods
from vitrine.refresh.rerank_items import Learned, surprise
from vitrine.refresh.rerank_labels import Doubles, Labels, weigh
from vitrine.values import dataclass

LATEST: Final = 50
"""Earlier lists of a visitor that are looked at; a robot's thousands would cost time and mean nothing."""
CALM: Final = 24.0  # rows of a visitor's past until what they say about labels counts for half
ITEM_QUALITY: Final = "item_quality"
PLACE: Final = ("place", "place_inverse")
"""The last features: where the item stood. Known of the past, not yet known of what is to be ranked."""


@dataclass(frozen=True, slots=True)
class Described:
    """What describes lists, apart from what was learned."""

    goods: Goods
    labels: Labels
    rankings: Rankings
    earlier: Sequence[Indices]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features in the order of the columns."""
        return (
            *("item_shown", "item_rate", "item_lift", "item_expected", ITEM_QUALITY, "taste", "taste_doubt"),
            *("quality_rank", "quality_gap", "taste_rank", "taste_gap", "visitor_lists", "visitor_rate"),
            *(f"liked_{name}" for name in self.labels.fields),
            *(f"leaning_{name}" for name in self.labels.fields),
            *(f"number_{name}" for name in self.goods.numbers),
            *(f"score_{name}" for name in self.rankings.scores),
            *PLACE,
        )


def prepare(goods: Goods, rankings: Rankings) -> Described:
    """Labels of the items, and for each list its visitor's earlier ones."""
    return Described(goods, weigh(goods), rankings, earlier_lists(rankings))


def earlier_lists(rankings: Rankings) -> list[Indices]:
    """For each list the latest of its visitor's lists whose clicks were all made before it was shown."""
    past: dict[int, list[int]] = {}
    earlier = []
    for number, visitor in enumerate(rankings.visitor.tolist()):
        own = past.setdefault(visitor, [])
        known = [other for other in own[-LATEST:] if rankings.known_ms[other] < rankings.at_ms[number]]
        earlier.append(np.array(known, np.int64))
        own.append(number)
    return earlier


def feature_rows(described: Described, learned: Learned, chosen: Indices) -> Floats:
    """The features of all rows of the chosen lists, float32 [n, d]; NaN where a value is missing."""
    surprises = surprise(described.rankings, learned.places)
    return np.concatenate([_list_rows(described, learned, surprises, int(number)) for number in chosen])


def hide_places(rows: Floats) -> Floats:
    """The same rows for ranking anew, when nobody knows yet where an item will stand: places are missing."""
    hidden = rows.copy()
    hidden[:, -len(PLACE) :] = np.nan
    return hidden


def _list_rows(described: Described, learned: Learned, surprises: Doubles, number: int) -> Floats:
    rankings = described.rankings
    span = slice(rankings.starts[number], rankings.starts[number + 1])
    items = rankings.items[span]
    past = rankings.rows(described.earlier[number])
    seen, clicked = rankings.items[past], rankings.clicked[past].astype(np.float64)
    left = surprises[past] - learned.quality[seen]
    traits = learned.traits[items]
    tastes, covariance = learned.tastes.read(learned.traits[seen], left)
    taste, quality = traits @ tastes, learned.quality[items]
    place = np.arange(len(items))
    columns = [
        np.log1p(learned.shown[items]),
        learned.rate[items],
        learned.lift[items],
        learned.expected[items],
        quality,
        taste,
        np.sqrt(np.einsum("ij,jk,ik->i", traits, covariance, traits)),
        *(_rank(quality), quality - quality.mean(), _rank(taste), taste - taste.mean()),
        np.full(len(items), np.log1p(len(described.earlier[number]))),
        np.full(len(items), clicked.mean() if len(past) else np.nan),
        *described.labels.compare(items, seen, clicked / (clicked.sum() + 1.0)).T,
        *described.labels.compare(items, seen, left / np.sqrt(len(past) + CALM)).T,
        *(column[items] for column in described.goods.numbers.values()),
        *(column[span] for column in rankings.scores.values()),
        *(place, 1.0 / (1.0 + place)),
    ]
    return np.column_stack(columns).astype(np.float32)


def _rank(values: Doubles) -> Doubles:
    """0 for the largest of the list, 1 for the smallest."""
    ranks: Doubles = np.argsort(np.argsort(-values, kind="stable"), kind="stable") / max(len(values) - 1, 1)
    return ranks

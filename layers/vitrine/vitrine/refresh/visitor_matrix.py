"""Features of visitors for models of chances and amounts: a snapshot's counts on the scales of a linear model.

Counts, days and money enter by their logarithms, because doubling is what matters. BG/NBD's own answer is a feature,
so that the model can only add to what the plain one knows. Nothing of who people are is a feature, such as age, income
or family: predictions may change what somebody is offered.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.snapshots import Snapshot

Doubles = NDArray[np.float64]

LOOKS: Final = ("days since a look", "views in 28 days", "put in carts in 28 days")
"""Features of page views; a lake without them, or that knows them only lately, leaves them out."""


def visitor_features(snapshot: Snapshot, days: float, *, with_looks: bool) -> dict[str, Doubles]:
    """Columns [n] by name for what happens in so many days; NaN where a rhythm is not known yet."""
    columns = snapshot.columns
    gap, recency = columns["gap_mean"], columns["recency"]
    spread = np.sqrt(np.maximum(columns["gap_square"] - gap * gap, 0.0))
    chance = np.clip(snapshot.rhythm.chance_to_buy(snapshot.histories, days), 1e-6, 1.0 - 1e-6)
    overdue = np.log((recency + 0.5) / (gap + 0.5))
    found = {
        "BG/NBD: log odds of a purchase": np.log(chance / (1.0 - chance)),
        "BG/NBD and gamma-gamma: expected spend": _log(snapshot.expected_spend(days)),
        "days since the last basket": _log(recency),
        "square of the last": _log(recency) ** 2,
        "days since the first basket": _log(columns["tenure"]),
        "baskets": _log(columns["baskets"]),
        "one basket only": (columns["baskets"] == 1.0).astype(np.float64),
        "spend": _log(columns["spend"]),
        "median basket": _log(columns["basket_median"]),
        "usual basket": _log(snapshot.usual_value),
        "mean gap": _log(gap),
        "deviation of the gaps over their mean": np.log((spread + 0.5) / (gap + 0.5)),
        "days since the last basket over the mean gap": overdue,
        "square of that": overdue**2,
        "baskets in 7 days": _log(columns["week_1"]),
        "baskets in the 7 days before": _log(columns["week_2"]),
        "baskets in 28 days": _log(columns["month"]),
        "baskets in the 84 days before": _log(columns["before"]),
        "trend of baskets": np.log((columns["month"] + 0.5) / (columns["before"] / 3.0 + 0.5)),
        "spend in 28 days": _log(columns["spend_month"]),
        "spend in the 84 days before": _log(columns["spend_before"]),
        "share of discounted lines": columns["discount_share"],
        "share of baskets at weekends": columns["weekend_share"],
        "categories": _log(columns["categories"]),
    }
    if with_looks:
        looked = (_log(columns["look_recency"]), _log(columns["views_month"]), _log(columns["carts_month"]))
        found |= dict(zip(LOOKS, looked, strict=True))
    return found


def _log(values: Doubles) -> Doubles:
    logs: Doubles = np.log1p(np.maximum(values, 0.0))
    return logs

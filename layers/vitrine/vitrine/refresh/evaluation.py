"""How well rankings put what was bought next on top: NDCG and recall at 10, compared on the same page views.

Items that were bought but are not among the candidates count against every method alike. How sure a difference is,
bootstrap.py says.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.decisions.candidates import fuse
from vitrine.refresh.bootstrap import mean_interval
from vitrine.refresh.examples import PageView, Situation
from vitrine.refresh.network import Floats
from vitrine.values import dataclass

CUTOFF: Final = 10
METRICS: Final = ("ndcg10", "recall10")
DISCOUNTS: Final = 1.0 / np.log2(np.arange(2, CUTOFF + 2))
"""Weight of a hit per rank (Järvelin and Kekäläinen, "Cumulated gain-based evaluation", TOIS 2002)."""

Scorer = Callable[[PageView], Floats]
"""Scores float32 [n] of a page view's candidates; NaN ranks last."""


def by_list(name: str) -> Scorer:
    """Order by one list's own score; candidates outside the list come last."""
    return lambda view: view.candidates.lists.get(name, np.full(len(view.candidates), np.nan, np.float32))


def by_shelf(view: PageView) -> Floats:
    """Order by what sells best on the shelf that the page shows: the aisle's on its page, else the region's."""
    return by_list("popular" if view.look.category is None else "category_popular")(view)


BASELINES: Final[Mapping[str, Scorer]] = {
    "popularity": by_shelf,
    "fusion": lambda view: fuse(view.candidates),
    "personal": by_list("personal"),
}
"""Rankings without a model: the page's shelf, rank fusion of all lists, the visitor's own list."""


@dataclass(frozen=True, slots=True)
class Results:
    """Metrics of v page views under m methods: `values` float64 [v, m, 2], metrics in the order of METRICS."""

    methods: tuple[str, ...]
    visitors: Sequence[str]
    situations: Sequence[Situation]
    values: NDArray[np.float64]

    def of(self, situation: Situation) -> "Results":
        """The page views of one situation."""
        at = [index for index, name in enumerate(self.situations) if name == situation]
        visitors = [self.visitors[index] for index in at]
        return Results(self.methods, visitors, [situation] * len(at), self.values[at])

    def mean(self, method: str, metric: str) -> float:
        """Mean over the page views; 0 when there are none."""
        column = self.values[:, self.methods.index(method), METRICS.index(metric)]
        return float(column.mean()) if len(column) else 0.0


def evaluate(views: Iterable[PageView], scorers: Mapping[str, Scorer]) -> Results:
    """Both metrics of every method on every page view."""
    visitors, situations, values = [], [], []
    for view in views:
        visitors.append(view.visitor)
        situations.append(view.situation)
        values.append([judge(scorer(view), view.bought, view.n_relevant) for scorer in scorers.values()])
    return Results(tuple(scorers), visitors, situations, np.array(values).reshape(-1, len(scorers), len(METRICS)))


def judge(scores: Floats, bought: NDArray[np.bool_], n_relevant: int) -> tuple[float, float]:
    """NDCG and recall at 10 of one ranking, with `n_relevant` >= 1 items to be found. Equal scores keep their order."""
    order = np.argsort(-np.nan_to_num(scores, nan=-np.inf), kind="stable")[:CUTOFF]
    hits = bought[order]
    ideal = DISCOUNTS[: min(CUTOFF, n_relevant)].sum()
    return float(DISCOUNTS[: len(hits)][hits].sum() / ideal), float(np.count_nonzero(hits) / n_relevant)


def gain(results: Results, method: str, baseline: str, metric: str, seed: int) -> tuple[float, float, float]:
    """Mean difference of two methods per page view, with the bounds of its 95 % bootstrap interval over visitors."""
    columns = results.values[:, :, METRICS.index(metric)]
    difference = columns[:, results.methods.index(method)] - columns[:, results.methods.index(baseline)]
    return mean_interval(difference, results.visitors, seed)


def summarise(results: Results, method: str, seed: int) -> dict[str, object]:
    """Counts, means of all methods and gains of one method over each other one, ready for JSON."""
    others = [name for name in results.methods if name != method]
    return {
        "page_views": len(results.visitors),
        "visitors": len(set(results.visitors)),
        **{metric: {name: round(results.mean(name, metric), 5) for name in results.methods} for metric in METRICS},
        "gain": {
            name: {
                metric: [round(bound, 5) for bound in gain(results, method, name, metric, seed)] for metric in METRICS
            }
            for name in others
        },
    }

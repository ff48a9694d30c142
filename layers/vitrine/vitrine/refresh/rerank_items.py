"""What lists and clicks say about items: how often each was liked, cleared of where it stood and of who was asked.

Position bias. The chance to be looked at falls with the place in the list. Its factor per place is estimated with the
items' own rates beside it, in turns, so that an order which put good items first does not pass for bias (the
position-based model of Richardson et al., WWW 2007, fitted by alternating means). Clicks are divided by the factor, an
inverse propensity weight (Joachims et al., WSDM 2017), wherever an item's rate is counted.

Quality. A visitor who likes everything says nothing about an item; so what counts is clicked less expected, the list's
rate of clicks times the factor of the place. An item's quality is its mean surprise, shrunk towards what a ridge
regression on its traits makes of it: an item that was hardly shown is judged by what it is.
"""

from typing import Final

import numpy as np

from vitrine.refresh.network import Indices
from vitrine.refresh.rerank_events import Rankings
from vitrine.refresh.rerank_fields import Goods
from vitrine.refresh.rerank_labels import Doubles, condense, weigh
from vitrine.refresh.rerank_taste import Tastes, learn_tastes
from vitrine.values import dataclass

TRAITS: Final = 24
LABEL_SHARE: Final = 0.5  # of the deviation that a number has
RIDGE: Final = 50.0
TRUST: Final = 30.0
"""Times an item must be shown until its own clicks weigh as much as its traits."""
RATE_TRUST: Final = 20.0
LIFT_TRUST: Final = 10.0
PLACE_TRUST: Final = 20.0  # expected clicks at a place until its factor leaves 1 halfway
PLACE_TURNS: Final = 5


@dataclass(frozen=True, slots=True)
class Learned:
    """What one set of rankings taught. Per item [n]: times shown, rate, lift, expected (by traits alone), quality.

    `places` [p] is the factor of each place; `traits` [n, d] are the items' traits with their quality as the last one.
    """

    places: Doubles
    shown: Doubles
    rate: Doubles
    lift: Doubles
    expected: Doubles
    quality: Doubles
    traits: Doubles
    tastes: Tastes


def item_traits(goods: Goods) -> Doubles:
    """Items as numbers of like scale, [n, d]: their labels condensed, then their own numbers (missing is average)."""
    condensed = condense(weigh(goods), len(goods), TRAITS)
    condensed *= LABEL_SHARE / max(float(condensed.std()) if condensed.size else 0.0, 1e-9)
    numbers = [_standardise(column.astype(np.float64)) for column in goods.numbers.values()]
    return np.column_stack([condensed, *numbers]) if numbers else condensed


def _standardise(column: Doubles) -> Doubles:
    known = column[~np.isnan(column)]
    filled = np.where(np.isnan(column), known.mean(), column)
    scaled: Doubles = (filled - known.mean()) / max(float(known.std()), 1e-9)
    return scaled


def learn(rankings: Rankings, chosen: Indices, traits: Doubles) -> Learned:
    """What the chosen rankings teach about places, items and tastes. Each of them must have a click."""
    rows = rankings.rows(chosen)
    items, clicked = rankings.items[rows], rankings.clicked[rows].astype(np.float64)
    places = place_factors(rankings, rows, len(traits))
    factors = places[rankings.positions()[rows]]
    surprises = surprise(rankings, places)[rows]
    n = len(traits)
    shown: Doubles = np.bincount(items, np.ones(len(items)), n).astype(np.float64)
    cleared = np.bincount(items, clicked / factors, n)
    lifts: Doubles = np.bincount(items, surprises, n).astype(np.float64)
    expected = _regress(np.column_stack([traits, np.square(traits), np.ones(n)]), shown, lifts)
    quality = expected + (lifts - shown * expected) / (shown + TRUST)
    seen = np.column_stack([traits, _standardise(quality)])
    return Learned(
        places=places,
        shown=shown,
        rate=(cleared + RATE_TRUST * clicked.mean()) / (shown + RATE_TRUST),
        lift=lifts / (shown + LIFT_TRUST),
        expected=expected,
        quality=quality,
        traits=seen,
        tastes=learn_tastes(seen[items], surprises - quality[items], _visitors(rankings)[rows]),
    )


def place_factors(rankings: Rankings, rows: Indices, n_items: int) -> Doubles:
    """How much more than an average place each place of a list is clicked, the items being equal: [longest list]."""
    items, clicked = rankings.items[rows], rankings.clicked[rows].astype(np.float64)
    at = rankings.positions()[rows]
    n_places = int(np.diff(rankings.starts).max())
    counts = np.bincount(at, minlength=n_places)
    factors = np.ones(n_places)
    for _ in range(PLACE_TURNS):
        looks = np.bincount(items, factors[at], n_items) + RATE_TRUST
        rates = (np.bincount(items, clicked, n_items) + RATE_TRUST * clicked.mean()) / looks
        likely = np.bincount(at, rates[items], n_places)
        factors = (np.bincount(at, clicked, n_places) + PLACE_TRUST) / (likely + PLACE_TRUST)
        factors /= (factors * counts).sum() / counts.sum()
    return factors


def surprise(rankings: Rankings, places: Doubles) -> Doubles:
    """Clicked less expected for every row: the list's own rate of clicks times the factor of the place, at most 1."""
    sizes = np.diff(rankings.starts)
    rates = np.repeat(rankings.clicks() / sizes, sizes)
    surprises: Doubles = rankings.clicked - np.minimum(rates * places[rankings.positions()], 1.0)
    return surprises


def _visitors(rankings: Rankings) -> Indices:
    return np.repeat(rankings.visitor, np.diff(rankings.starts))


def _regress(design: Doubles, shown: Doubles, lifts: Doubles) -> Doubles:
    """Mean lift of every item by ridge regression on its traits, items weighted by how often they were shown."""
    square = (design * shown[:, None]).T @ design + np.eye(design.shape[1]) * RIDGE
    predicted: Doubles = design @ np.linalg.solve(square, design.T @ lifts)
    return predicted

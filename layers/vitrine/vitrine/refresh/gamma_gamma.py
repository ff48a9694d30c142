"""Gamma-gamma: what a customer's next order will be worth, from the mean and the number of those so far.

Fader and Hardie, "The Gamma-Gamma Model of Monetary Value" (note 025, 2013): orders of one customer are gamma
distributed (p, nu), and nu is gamma distributed over customers (q, gamma). The mean of few orders is drawn to that of
all customers.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.gamma_functions import log_gamma
from vitrine.refresh.simplex import minimise
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

MAX_FITTED: Final = 5_000
BOUNDS: Final = (-7.0, 7.0)
MIN_Q: Final = 1.05
"""A population mean exists only above 1."""


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted model; gamma has the unit of the values."""

    p: float
    q: float
    gamma: float

    def expected_value(self, orders: Doubles, mean: Doubles) -> Doubles:
        """Expected value [n] of an order of customers with so many orders, >= 0, of that mean value: equation 5."""
        values: Doubles = self.p * (self.gamma + orders * mean) / (self.p * orders + self.q - 1.0)
        return values


def fit_gamma_gamma(orders: Doubles, mean: Doubles, seed: int, near: GammaGamma | None = None) -> GammaGamma | None:
    """The model of greatest likelihood; None without a customer whose mean is above 0. `orders` >= 1, [n] both.

    `near` is a model of much the same customers, from which the search begins.
    """
    paid = np.flatnonzero((mean > 0.0) & (orders > 0.0))
    if not len(paid):
        return None
    if len(paid) > MAX_FITTED:
        paid = np.sort(np.random.default_rng(seed).permutation(paid)[:MAX_FITTED])
    unit = float(mean[paid].mean())
    start = np.ones(3) if near is None else np.log([near.p, near.q - MIN_Q, near.gamma / unit])
    spread = 0.4 if near is None else 0.1
    found = minimise(lambda logs: -_log_likelihood(logs, orders[paid], mean[paid] / unit), start, spread)
    p, q, gamma = _parameters(np.clip(found, *BOUNDS))
    return GammaGamma(p, q, gamma * unit)


def _parameters(logs: Doubles) -> tuple[float, float, float]:
    p, q, gamma = np.exp(logs)
    return float(p), MIN_Q + float(q), float(gamma)


def _log_likelihood(logs: Doubles, orders: Doubles, mean: Doubles) -> float:
    """Mean log likelihood per customer: equation 1a of the note."""
    inside = np.clip(logs, *BOUNDS)
    p, q, gamma = _parameters(inside)
    counts, which = np.unique(orders, return_inverse=True)
    of_count = (log_gamma(p * counts + q) - log_gamma(p * counts) - log_gamma(q) + p * counts * np.log(counts))[which]
    shape = p * orders
    value = of_count + q * np.log(gamma) + (shape - 1.0) * np.log(mean) - (shape + q) * np.log(gamma + orders * mean)
    return float(value.mean()) - float(np.square(logs - inside).sum())

"""BG/NBD: how often a customer will buy, and whether they still do, from recency, frequency and age alone.

Fader, Hardie and Lee, "'Counting Your Customers' the Easy Way: An Alternative to the Pareto/NBD Model", Marketing
Science 24(2), 2005: purchases are Poisson with a rate that is gamma distributed over customers (r, alpha); after each
purchase a customer drops out with a chance that is beta distributed (a, b). Equation numbers below are theirs. It is
the plain opponent of the models here, and what carries a prediction over a year that was tested over a season.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.gamma_functions import hypergeometric, log_beta, log_gamma
from vitrine.refresh.simplex import minimise
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

MAX_FITTED: Final = 5_000
"""Customers that the likelihood looks at; more of them hardly move four parameters."""

BOUNDS: Final = (-9.0, 9.0)
"""Of the logarithms of the parameters. Where nobody drops out, a goes to 0 and b to infinity: any value does."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Customers as the model sees them: [n] each, times in any one unit.

    `repeats` counts purchases after the first one, `last` is the time from the first to the last purchase (0 without
    repeats), `age` the time from the first purchase to the instant that one looks back from.
    """

    repeats: Doubles
    last: Doubles
    age: Doubles

    def __len__(self) -> int:
        return len(self.repeats)

    def some(self, at: NDArray[np.int64]) -> "Histories":
        """The customers at these places."""
        return Histories(self.repeats[at], self.last[at], self.age[at])


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted model; alpha has the unit of the histories' times, the other parameters have none."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, known: Histories) -> Doubles:
        """Chance [n] that a customer has not dropped out (Fader and Hardie's note on P(alive) for this model)."""
        odds = self.a / (self.b + known.repeats - 1.0 + (known.repeats == 0.0))
        gone = np.exp((self.r + known.repeats) * np.log((self.alpha + known.age) / (self.alpha + known.last)))
        chances: Doubles = np.where(known.repeats > 0.0, 1.0 / (1.0 + odds * gone), 1.0)
        return chances

    def chance_to_buy(self, known: Histories, within: float) -> Doubles:
        """Chance [n] of a purchase in the time `within`: to be alive, and a Poisson process with a gamma rate."""
        quiet = (self.r + known.repeats) * np.log((self.alpha + known.age) / (self.alpha + known.age + within))
        chances: Doubles = self.alive(known) * -np.expm1(quiet)
        return chances

    def expected_orders(self, known: Histories, within: float) -> Doubles:
        """Expected number [n] of purchases in the time `within`: equation 10.

        Its hypergeometric function is transformed (Abramowitz and Stegun 15.3.3), so that large counts converge, too.
        """
        a = self.a if abs(self.a - 1.0) > 1e-6 else 1.0 + 1e-6
        z = within / (self.alpha + known.age + within)
        series = hypergeometric(a + self.b - 1.0 - self.r, a - 1.0, a + self.b + known.repeats - 1.0, z)
        if_alive = (a + self.b + known.repeats - 1.0) / (a - 1.0) * (1.0 - np.power(1.0 - z, a - 1.0) * series)
        expected: Doubles = np.maximum(if_alive, 0.0) * self.alive(known)
        return expected


def fit_bg_nbd(known: Histories, seed: int, near: BgNbd | None = None) -> BgNbd:
    """The model of greatest likelihood for these customers, at least one, or for a sample of them.

    `near` is a model of much the same customers, from which the search begins.
    """
    if len(known) > MAX_FITTED:
        known = known.some(np.sort(np.random.default_rng(seed).permutation(len(known))[:MAX_FITTED]))
    unit = max(float(known.age.mean()), 1e-9)  # of time, so that the search meets numbers near 1
    scaled = Histories(known.repeats, known.last / unit, known.age / unit)
    start = np.zeros(4) if near is None else np.log([near.r, near.alpha / unit, near.a, near.b])
    spread = 0.4 if near is None else 0.1
    found = minimise(lambda logs: -_log_likelihood(logs, scaled), np.clip(start, *BOUNDS), spread)
    r, alpha, a, b = np.exp(np.clip(found, *BOUNDS))
    return BgNbd(float(r), float(alpha * unit), float(a), float(b))


def log_likelihood(model: BgNbd, known: Histories) -> float:
    """Mean log likelihood per customer: equation 6."""
    return _log_likelihood(np.log([model.r, model.alpha, model.a, model.b]), known)


def _log_likelihood(logs: Doubles, known: Histories) -> float:
    """Equation 6 in the logarithms of r, alpha, a and b; what lies outside the bounds costs, so the search turns."""
    inside = np.clip(logs, *BOUNDS)
    r, alpha, a, b = (float(value) for value in np.exp(inside))
    counts, which = np.unique(known.repeats, return_inverse=True)  # few different counts, many customers
    rate = (log_gamma(r + counts) - log_gamma(r) + r * np.log(alpha))[which]
    stays = (log_beta(a, b + counts) - log_beta(a, b))[which]
    drops = (np.log(a) - np.log(b + np.maximum(counts, 1.0) - 1.0))[which]
    still = -(r + known.repeats) * np.log(alpha + known.age)
    gone = np.where(known.repeats > 0.0, drops - (r + known.repeats) * np.log(alpha + known.last), -np.inf)
    cost = float(np.square(logs - inside).sum())
    return float((rate + stays + np.logaddexp(still, gone)).mean()) - cost

"""Tests that may be looked at again and again: how often a good challenger is wronged does not grow with the looks."""

from math import exp, lgamma, log, log1p, sqrt
from typing import Final

from vitrine.values import dataclass

NEGLIGIBLE: Final = 1e-18
"""Terms of a tail that are smaller than this change nothing any more."""


def surely_above(k: int, n: int, tolerated: float, look: int, alpha: float) -> bool:
    """Whether k of n cases are more than chance makes of a tolerated share, at the look-th look (from 1) of a series.

    The exact binomial tail against alpha / (look * (look + 1)): these levels add up to alpha over endless looks, which
    bounds the chance of ever being wrong by the sum of the parts (Bonferroni's inequality).
    """
    return k > n * tolerated and binomial_tail(k, n, tolerated) < alpha / (look * (look + 1))


def binomial_tail(k: int, n: int, p: float) -> float:
    """Chance of k or more successes in n draws, for k above n * p, where the terms fall from the first on."""
    if k <= 0:
        return 1.0
    term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p))
    total = 0.0
    for i in range(k, n + 1):
        total += term
        term *= (n - i) / (i + 1) * p / (1.0 - p)
        if term < NEGLIGIBLE * total:
            break
    return min(1.0, total)


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference and bounds that hold at all looks at once."""

    mean: float
    low: float
    high: float


def always_valid(difference: float, variance: float, scale: float, alpha: float) -> Interval:
    """The confidence sequence of a difference whose estimate has this variance by now.

    The mixture sequential probability ratio test with a normal mixture of standard deviation `scale`, solved for the
    difference: Robbins, "Statistical Methods Related to the Law of the Iterated Logarithm", Ann. Math. Stat. 41, 1970;
    Johari, Koomen, Pekelis and Walsh, "Peeking at A/B Tests", KDD 2017, eq. 8, who advise a scale of about the
    differences that are worth finding. It holds as far as the estimate is nearly normal.
    """
    mixed = variance + scale * scale
    reach = sqrt(variance * mixed / (scale * scale) * (2.0 * log(1.0 / alpha) + log(mixed / variance)))
    return Interval(difference, difference - reach, difference + reach)

"""What one visitor likes more than others do, learned from a handful of lists by what tastes go together in general.

Each visitor has a vector of tastes over the items' traits, drawn from one normal distribution for all visitors; a click
above expectation is the product of tastes and traits plus noise. The distribution is learned from all visitors by
expectation maximisation (Dempster, Laird and Rubin, JRSS B 1977; the model is Lindley and Smith's, JRSS B 1972, as
Laird and Ware fit it, Biometrics 1982). A new visitor then needs few clicks, for liking one thing tells about others.
"""

from typing import Final

import numpy as np

from vitrine.refresh.network import Indices
from vitrine.refresh.rerank_labels import Doubles
from vitrine.values import dataclass

STEPS: Final = 8
START_SPREAD: Final = 0.02
START_NOISE: Final = 0.12
VISITORS_AT_ONCE: Final = 1_000  # bounds the memory: a matrix per visitor


@dataclass(frozen=True, slots=True)
class Tastes:
    """The distribution of tastes: `spread` [d, d] is its covariance, `precision` the inverse; its mean is 0."""

    spread: Doubles
    precision: Doubles
    noise: float

    def read(self, traits: Doubles, surprises: Doubles) -> tuple[Doubles, Doubles]:
        """A visitor's expected tastes [d] and their covariance [d, d], from items seen [n, d] and surprises [n]."""
        covariance = _invert(self.precision + traits.T @ traits / self.noise)
        return covariance @ (traits.T @ surprises) / self.noise, covariance


def learn_tastes(traits: Doubles, surprises: Doubles, visitors: Indices) -> Tastes:
    """Tastes from rows of what was shown: traits [n, d], clicked less expected [n], and who it was shown to [n]."""
    order = np.argsort(visitors, kind="stable")
    ends = np.flatnonzero(np.diff(visitors[order])) + 1
    d, n = traits.shape[1], len(visitors)
    groups = np.split(order, ends)
    squares = np.stack([traits[rows].T @ traits[rows] for rows in groups])  # [visitors, d, d]
    products = np.stack([traits[rows].T @ surprises[rows] for rows in groups])  # [visitors, d]
    total = float(surprises @ surprises)
    spread, noise = np.eye(d) * START_SPREAD, START_NOISE
    for _ in range(STEPS):
        spread, noise = _step(spread, noise, squares, products, total, n)
    return Tastes(spread, _invert(spread), noise)


def _step(
    spread: Doubles, noise: float, squares: Doubles, products: Doubles, total: float, n: int
) -> tuple[Doubles, float]:
    """One step of expectation maximisation: the covariance of tastes and the variance of the noise."""
    precision = _invert(spread)
    summed = np.zeros_like(spread)
    error = total
    for at in range(0, len(squares), VISITORS_AT_ONCE):
        square, product = squares[at : at + VISITORS_AT_ONCE], products[at : at + VISITORS_AT_ONCE]
        covariances = _invert(precision + square / noise)
        means = np.einsum("vij,vj->vi", covariances, product) / noise
        seconds = np.einsum("vi,vj->vij", means, means) + covariances
        summed += seconds.sum(axis=0)
        error += float((square * seconds).sum()) - 2.0 * float((means * product).sum())
    return summed / len(squares), max(error / n, 1e-6)


def _invert(matrices: Doubles) -> Doubles:
    """The inverse of a matrix, or of each of a stack of them."""
    inverse: Doubles = np.linalg.inv(matrices).astype(np.float64)
    return inverse

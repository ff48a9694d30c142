"""Generalised linear models fitted exactly: logistic regression for chances, log-linear regression for amounts.

Newton's method (iteratively reweighted least squares; McCullagh and Nelder, "Generalized Linear Models", 1989, section
2.5) with a quadratic penalty: a few dozen features need no stochastic optimiser, and the same rows give the same model
on every machine. Amounts are fitted by the Poisson quasi-likelihood, which asks for no more than a right mean
(Gourieroux, Monfort and Trognon, Econometrica 1984): means are what is summed up, and zeros need no special case.
"""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from vitrine.values import dataclass

Doubles = NDArray[np.float64]
Family = Literal["chance", "amount"]

STEPS: Final = 60
HALVINGS: Final = 30
TOLERANCE: Final = 1e-10
MAX_LINK: Final = 30.0  # beyond it the exponential says nothing but "certain" or "immense"


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights [d] and bias of the linear predictor, and the family that turns it into a mean."""

    weights: Doubles
    bias: float
    family: Family

    def link(self, rows: Doubles) -> Doubles:
        """The linear predictor [n]: log odds of a chance, logarithm of an amount."""
        linked: Doubles = np.clip(rows @ self.weights + self.bias, -MAX_LINK, MAX_LINK)
        return linked

    def mean(self, rows: Doubles) -> Doubles:
        """Chances 0..1 or amounts above 0: [n]."""
        return mean_of(self.link(rows), self.family)


def mean_of(link: Doubles, family: Family) -> Doubles:
    """The mean that a linear predictor stands for."""
    means: Doubles = 1.0 / (1.0 + np.exp(-link)) if family == "chance" else np.exp(link)
    return means


def losses(means: Doubles, target: Doubles, family: Family) -> Doubles:
    """How far each mean is from what came, [n] and >= 0: log loss of a chance, Poisson deviance of an amount."""
    if family == "chance":
        chances = np.clip(means, 1e-12, 1.0 - 1e-12)
        of_chance: Doubles = -target * np.log(chances) - (1.0 - target) * np.log1p(-chances)
        return of_chance
    amounts = np.maximum(means, 1e-12)
    ratio = np.where(target > 0.0, target, 1.0) / amounts
    of_amount: Doubles = 2.0 * (np.where(target > 0.0, target * np.log(ratio), 0.0) - target + amounts)
    return of_amount


def fit_linear(rows: Doubles, target: Doubles, family: Family, penalty: float) -> Linear:
    """The model that fits rows [n, d] to the target [n], n >= 1.

    `penalty` is that of the squared weights (the bias is free) against the mean negative log likelihood per row.
    """
    design = np.column_stack([rows, np.ones(len(rows))])  # [n, d + 1]
    penalties = np.full(design.shape[1], penalty)
    penalties[-1] = 1e-9  # so that a target of all zeros does not send the bias to infinity
    beta = np.zeros(design.shape[1])
    beta[-1] = _start(target, family)
    value = _objective(design, target, beta, penalties, family)
    for _ in range(STEPS):
        step = _newton_step(design, target, beta, penalties, family)
        beta, better = _halved(design, target, beta, step, penalties, family, value)
        if value - better < TOLERANCE * max(1.0, abs(value)):
            break
        value = better
    return Linear(beta[:-1], float(beta[-1]), family)


def _start(target: Doubles, family: Family) -> float:
    mean = float(target.mean())
    if family == "amount":
        return float(np.log(max(mean, 1e-9)))
    mean = min(max(mean, 1e-4), 1.0 - 1e-4)
    return float(np.log(mean / (1.0 - mean)))


def _objective(design: Doubles, target: Doubles, beta: Doubles, penalties: Doubles, family: Family) -> float:
    link = np.clip(design @ beta, -MAX_LINK, MAX_LINK)
    cost = np.logaddexp(0.0, link) if family == "chance" else np.exp(link)
    return float((cost - target * link).mean() + 0.5 * (penalties * beta * beta).sum())


def _newton_step(design: Doubles, target: Doubles, beta: Doubles, penalties: Doubles, family: Family) -> Doubles:
    means = mean_of(np.clip(design @ beta, -MAX_LINK, MAX_LINK), family)
    spread = means * (1.0 - means) if family == "chance" else means
    slope = design.T @ (means - target) / len(target) + penalties * beta
    curvature = (design * spread[:, None]).T @ design / len(target) + np.diag(penalties + 1e-12)
    step: Doubles = np.linalg.solve(curvature, slope).astype(np.float64)
    return step


def _halved(
    design: Doubles, target: Doubles, beta: Doubles, step: Doubles, penalties: Doubles, family: Family, value: float
) -> tuple[Doubles, float]:
    """The first of the step and its halves that does not make things worse, and the value there."""
    for halving in range(HALVINGS):
        tried = beta - step * 0.5**halving
        found = _objective(design, target, tried, penalties, family)
        if found <= value:
            return tried, found
    return beta, value

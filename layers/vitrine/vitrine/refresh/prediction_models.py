"""Methods that answer a question about visitors: plain ones, and a linear model over everything that is known of them.

A method is fitted to the training examples, answers in the linear predictor of its family (log odds, logarithm), and is
calibrated by two numbers on later examples (Platt, "Probabilistic outputs for support vector machines", 1999; for
amounts the same on the logarithm). All methods get this favour, so that a comparison is one of what they know, not of a
season that lifts everybody.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import TooLittleData
from vitrine.refresh.glm import Family, Linear, fit_linear, losses, mean_of
from vitrine.refresh.prediction_examples import Examples
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

MODEL: Final = "model"
RECENCY: Final = "recency rule"
OWN_PAST: Final = "own past"
BG_NBD: Final = "BG/NBD"
GAMMA_GAMMA: Final = "gamma-gamma"
BOTH: Final = "BG/NBD and gamma-gamma"

PENALTIES: Final = (1e-4, 1e-3, 1e-2, 1e-1)
MAX_CHOOSING: Final = 20_000
RECENCY_BINS: Final = 10
MIN_ROWS: Final = 200
MIN_EITHER: Final = 20
"""Examples of either outcome of a chance, in each part."""
CLIP: Final = 6.0
"""Standardised features reach no further: one visitor of a kind nobody else is must not be sent to infinity."""

Method: TypeAlias = Callable[[Examples], Doubles]
"""The linear predictor [n] of examples."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A method with the two numbers that set it right, answering in means."""

    method: Method
    calibration: Linear
    family: Family

    def mean(self, examples: Examples) -> Doubles:
        """Chances, or amounts in minor units: [n]."""
        return mean_of(self.calibration.link(self.method(examples)[:, None]), self.family)


@dataclass(frozen=True, slots=True)
class LinearModel:
    """The linear model over standardised features; a missing one counts as the mean. `unit` is that of the target."""

    linear: Linear
    mean: Doubles
    deviation: Doubles
    unit: float

    def __call__(self, examples: Examples) -> Doubles:
        """See Method."""
        link: Doubles = self.linear.link(_standardised(examples.rows, self.mean, self.deviation)) + np.log(self.unit)
        return link


def fit_methods(
    train: Examples, choose: Examples, family: Family, plain: Mapping[str, Callable[[Examples], Method]], penalty: float
) -> dict[str, Calibrated]:
    """The model and the plain methods by name, fitted to the first examples and calibrated on the second."""
    fitted: dict[str, Method] = {MODEL: fit_model(train, family, penalty)}
    fitted |= {name: fit(train) for name, fit in plain.items()}
    return {name: calibrate(method, choose, family) for name, method in fitted.items()}


def fit_model(train: Examples, family: Family, penalty: float) -> LinearModel:
    """The linear model of these examples."""
    known = ~np.isnan(train.rows)
    n = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, train.rows, 0.0).sum(axis=0) / n
    deviation = np.sqrt(np.square(np.where(known, train.rows - mean, 0.0)).sum(axis=0) / n)
    deviation[deviation < 1e-9] = 1.0
    unit = 1.0 if family == "chance" else max(float(train.target.mean()), 1e-9)
    linear = fit_linear(_standardised(train.rows, mean, deviation), train.target / unit, family, penalty)
    return LinearModel(linear, mean, deviation, unit)


def _standardised(rows: Doubles, mean: Doubles, deviation: Doubles) -> Doubles:
    scaled: Doubles = np.clip((np.where(np.isnan(rows), mean, rows) - mean) / deviation, -CLIP, CLIP)
    return scaled


def choose_penalty(train: Examples, choose: Examples, family: Family) -> float:
    """The penalty with which a model of the first examples, or of as many as tell it, answers the second ones best."""
    some = train.where(np.arange(len(train)) % (1 + len(train) // MAX_CHOOSING) == 0)
    found = {}
    for penalty in PENALTIES:
        calibrated = calibrate(fit_model(some, family, penalty), choose, family)
        found[penalty] = float(mean_losses(calibrated, choose).mean())
    return min(found, key=lambda penalty: found[penalty])


def calibrate(method: Method, examples: Examples, family: Family) -> Calibrated:
    """The method with the two numbers that fit these examples best; a slope that turns it round is not taken."""
    link = method(examples)[:, None]
    unit = 1.0 if family == "chance" else max(float(examples.target.mean()), 1e-9)
    fitted = fit_linear(link, examples.target / unit, family, penalty=1e-9)
    if fitted.weights[0] <= 0.0:
        fitted = fit_linear(np.zeros_like(link), examples.target / unit, family, penalty=1e-9)
    return Calibrated(method, Linear(fitted.weights, fitted.bias + float(np.log(unit)), family), family)


def mean_losses(answer: Calibrated, examples: Examples) -> Doubles:
    """Loss [n] of each answer; of amounts in units of the examples' mean."""
    unit = 1.0 if answer.family == "chance" else max(float(examples.target.mean()), 1e-9)
    return losses(answer.mean(examples) / unit, examples.target / unit, answer.family)


def recency_rule(train: Examples) -> Method:
    """The log odds by how long ago the last basket was: the share of buyers in each tenth of the visitors."""
    cuts = np.unique(np.quantile(train.plain["recency"], np.linspace(0.0, 1.0, RECENCY_BINS + 1)[1:-1]))
    of = np.searchsorted(cuts, train.plain["recency"])
    n = np.bincount(of, minlength=len(cuts) + 1)
    share = (np.bincount(of, weights=train.target, minlength=len(cuts) + 1) + 0.5) / (n + 1.0)
    odds = np.log(share / (1.0 - share))
    return lambda examples: odds[np.searchsorted(cuts, examples.plain["recency"])]


def by_column(name: str) -> Callable[[Examples], Method]:
    """A method that learns nothing: the logarithm of a plain column of amounts."""
    return lambda train: lambda examples: np.log(np.maximum(examples.plain[name], 1.0))


def by_bg_nbd(sign: float) -> Callable[[Examples], Method]:
    """The log odds of BG/NBD, which learns from the histories alone: of a purchase (1.0), of staying away (-1.0)."""

    def method(examples: Examples) -> Doubles:
        chance = np.clip(examples.plain["chance"], 1e-6, 1.0 - 1e-6)
        odds: Doubles = sign * np.log(chance / (1.0 - chance))
        return odds

    return lambda train: method


CHANCES: Final[Mapping[str, Callable[[Examples], Method]]] = {RECENCY: recency_rule, BG_NBD: by_bg_nbd(1.0)}
ABSENCES: Final[Mapping[str, Callable[[Examples], Method]]] = {RECENCY: recency_rule, BG_NBD: by_bg_nbd(-1.0)}
VALUES: Final[Mapping[str, Callable[[Examples], Method]]] = {
    OWN_PAST: by_column("own_value"),
    GAMMA_GAMMA: by_column("usual_value"),
}
SPENDS: Final[Mapping[str, Callable[[Examples], Method]]] = {
    OWN_PAST: by_column("own_pace"),
    BOTH: by_column("expected_spend"),
}


def check_enough(parts: Mapping[str, Examples], family: Family) -> None:
    """Nothing where there is enough to learn from and to test on.

    Raises:
        TooLittleData: a part has too few examples, or too few of either outcome.
    """
    for name, examples in parts.items():
        if len(examples) < MIN_ROWS:
            raise TooLittleData(f"{len(examples)} examples to {name}, {MIN_ROWS} are needed")
        least = min(float(examples.target.sum()), float((1.0 - examples.target).sum()))
        if family == "chance" and least < MIN_EITHER:
            raise TooLittleData(f"{least:.0f} examples of one outcome to {name}, {MIN_EITHER} are needed")
        if family == "amount" and not examples.target.any():
            raise TooLittleData(f"nothing was paid in the examples to {name}")

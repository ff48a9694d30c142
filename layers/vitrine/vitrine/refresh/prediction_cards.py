"""The card of a prediction: what it says, which method answers, how good it was on instants it knew nothing of."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.refresh.bootstrap import mean_interval
from vitrine.refresh.calibration import Bins, auc, binned, brier, calibration_error, log_error
from vitrine.refresh.prediction_examples import Examples, Question, Windows
from vitrine.refresh.prediction_models import MODEL, Calibrated, mean_losses
from vitrine.refresh.report import Cell, Figure, LineFigure, Section, TableFigure
from vitrine.values import dataclass

Doubles = NDArray[np.float64]

SEED: Final = 20170101
DRAWS: Final = 500  # every night, of all visitors
ACTIVE: Final = "auc_active"


@dataclass(frozen=True, slots=True)
class Card:
    """A prediction that could be tested. `method` answers; it is the model only if that was surely better.

    `measures` are by method and measure. `gain` is the model's in mean loss over the `rival`, the best of the plain
    methods on the examples that chose, with its 95 % interval. `bins` are those of the method that answers.
    """

    question: Question
    windows: Windows
    method: str
    rival: str
    penalty: float
    measures: Mapping[str, Mapping[str, float]]
    gain: tuple[float, float, float]
    bins: Bins
    n_train: int
    n_test: int

    @property
    def facts(self) -> dict[str, object]:
        """The card as plain data."""
        return {
            "method": self.method,
            "days": self.question.days,
            "train": self.n_train,
            "test": self.n_test,
            "rival": self.rival,
            "penalty": self.penalty,
            "gain": [round(bound, 5) for bound in self.gain],
            "measures": {
                method: {name: round(value, 4) for name, value in found.items()}
                for method, found in self.measures.items()
            },
        }


def make_card(
    question: Question,
    windows: Windows,
    methods: Mapping[str, Calibrated],
    penalty: float,
    parts: tuple[Examples, Examples, Examples],
) -> Card:
    """The card of methods that were fitted to the first part and calibrated on the second; the third tests them."""
    train, choose, test = parts
    plain = [name for name in methods if name != MODEL]
    rival = min(plain, key=lambda name: float(mean_losses(methods[name], choose).mean()))
    gains = mean_losses(methods[rival], test) - mean_losses(methods[MODEL], test)
    gain = mean_interval(gains, test.visitors, SEED, DRAWS)
    method = MODEL if gain[1] > 0.0 else rival
    measures = {name: measure(answer, test) for name, answer in methods.items()}
    bins = binned(methods[method].mean(test), test.target)
    return Card(question, windows, method, rival, penalty, measures, gain, bins, len(train), len(test))


def measure(answer: Calibrated, test: Examples) -> dict[str, float]:
    """What is measured of a method: of chances AUC, Brier score, ECE; of amounts errors and the ratio of the sums."""
    mean, came = answer.mean(test), test.target
    loss = float(mean_losses(answer, test).mean())
    if answer.family == "chance":
        active = test.plain["recency"] < np.median(test.plain["recency"])
        return {
            "auc": auc(mean, came),
            ACTIVE: auc(mean[active], came[active]),
            "brier": brier(mean, came),
            "ece": calibration_error(mean, came),
            "loss": loss,
        }
    return {
        "mae": float(np.abs(mean - came).mean()),
        "log_rmse": log_error(mean, came),
        "sum_ratio": float(mean.sum() / max(came.sum(), 1e-9)),
        "rank": auc(mean, (came > np.median(came)).astype(np.float64)),
        "loss": loss,
    }


HEADS: Final[Mapping[str, str]] = {
    "auc": "AUC",
    ACTIVE: "AUC of the half that bought last",
    "brier": "Brier score",
    "ece": "ECE",
    "mae": "mean error",
    "log_rmse": "RMSE of log(1 + x)",
    "sum_ratio": "predicted / came, sums",
    "rank": "AUC of the upper half",
    "loss": "mean loss",
}


def card_section(card: Card) -> Section:
    """The card as a section of the report: the methods in a table, and whether what was said came."""
    return Section(
        title=f"Prediction: {card.question.title}",
        verdict=_verdict(card),
        figures=[_table(card), _plot(card)],
        tone="good" if card.method == MODEL else "warning",
    )


def _verdict(card: Card) -> str:
    mean, low, high = card.gain
    gained = f"gain in mean loss over the {card.rival} {mean:.4f}, 95 % interval {low:.4f} to {high:.4f}"
    found = card.measures[card.method]
    if card.question.family == "chance":
        told = f"AUC {found['auc']:.3f}, ECE {found['ece']:.3f}"
    else:
        told = f"sums met by {found['sum_ratio']:.2f}"
    if card.method == MODEL:
        return f"The model answers ({told}; {gained})."
    return f"The plain {card.method} answers ({told}): the model was not surely better ({gained})."


def _table(card: Card) -> TableFigure:
    names = list(card.measures[MODEL])
    rows: list[list[Cell]] = [[method, *(found[name] for name in names)] for method, found in card.measures.items()]
    days = f"{_days(card.windows.train)} train, {_days(card.windows.choose)} calibrate, {_days(card.windows.test)} test"
    caption = f"{card.n_test:,} tests over {card.question.days} days each; instants in days before now: {days}"
    return TableFigure(caption, ["method", *(HEADS[name] for name in names)], rows)


def _days(days: Sequence[int]) -> str:
    return ", ".join(map(str, days))


def _plot(card: Card) -> Figure:
    chance = card.question.family == "chance"
    scale = 1.0 if chance else 100.0  # amounts are drawn in whole units of the currency
    points = (card.bins.predicted / scale).tolist(), (card.bins.came / scale).tolist()
    caption = f"What was predicted and what came, a point for each tenth of the predictions ({card.method})"
    return LineFigure(caption, "predicted", "came", {card.method: points}, diagonal=True)

"""Predictions of each visitor: chances of a purchase, of staying away, the next order's value, a year's spend.

Everything is trained anew in each refresh, from the lake alone. A prediction is answered by the model only where that
was surely better than the plain methods on later instants; else by the best plain one. Where the past is too short, or
too little happened in it, a prediction is absent: conditions on it do not match, and no number is made up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vitrine.errors import TooLittleData
from vitrine.ports import Progress
from vitrine.refresh.prediction_cards import Card, card_section, make_card
from vitrine.refresh.prediction_examples import HISTORY_DAYS, Examples, Question, examples_of, gather, windows_of
from vitrine.refresh.prediction_models import (
    ABSENCES,
    CHANCES,
    SPENDS,
    VALUES,
    Calibrated,
    Method,
    check_enough,
    choose_penalty,
    fit_methods,
)
from vitrine.refresh.report import Section, TableFigure
from vitrine.refresh.snapshots import Outcome, Past, Snapshot
from vitrine.types import DAY_MS, VisitorId
from vitrine.values import dataclass, field

Doubles = NDArray[np.float64]
Plain = Mapping[str, Callable[[Examples], Method]]

STAGE: Final = "predictions"
CHURN_DAYS: Final = 90
"""Who buys nothing in so many days counts as lost. A quarter: long enough for a holiday, short enough to act."""
VALUE_DAYS: Final = (365, 180, 90, 30)
"""A year's spend is tested over the longest of these that the past allows."""
YEAR_DAYS: Final = 365
CERTAIN: Final = 0.999
"""No chance is told as 0 or 1."""


def _bought(outcome: Outcome) -> Doubles:
    return outcome.bought


def _stayed_away(outcome: Outcome) -> Doubles:
    return 1.0 - outcome.bought


def _order_value(outcome: Outcome) -> Doubles:
    value: Doubles = outcome.spend / np.maximum(outcome.orders, 1.0)
    return value


def _spend(outcome: Outcome) -> Doubles:
    return outcome.spend


def _has_bought(outcome: Outcome) -> NDArray[np.bool_]:
    return outcome.orders > 0.0


QUESTIONS: Final[Sequence[tuple[Question, Plain]]] = (
    (Question("p_buy_7d", "a purchase within 7 days", "chance", 7, _bought), CHANCES),
    (Question("p_buy_30d", "a purchase within 30 days", "chance", 30, _bought), CHANCES),
    (Question("p_churn", f"no purchase within {CHURN_DAYS} days", "chance", CHURN_DAYS, _stayed_away), ABSENCES),
    (Question("order_value", "mean value of the next orders", "amount", 90, _order_value, _has_bought), VALUES),
    (Question("ltv_12m", "spend in 12 months", "amount", YEAR_DAYS, _spend), SPENDS),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one question: a card and a value for every visitor, or why there is none."""

    question: Question
    card: Card | None
    values: Doubles | None = field(repr=False)
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions of all visitors with a purchase, as of an instant."""

    as_of_ms: int
    visitors: Sequence[VisitorId] = field(repr=False)
    answers: Sequence[Answer]
    _place: Mapping[VisitorId, int] = field(repr=False)

    def of(self, visitor: VisitorId) -> dict[str, float | str]:
        """What is predicted of a visitor, by attribute; chances to three places, money in whole minor units.

        Empty for a visitor who never bought: nothing is known that could be counted on.
        """
        place = self._place.get(visitor)
        if place is None:
            return {}
        told = ((answer.question, answer.values) for answer in self.answers)
        return {question.name: _rounded(question, float(v[place])) for question, v in told if v is not None}

    def sections(self) -> list[Section]:
        """A card for each prediction, and what is absent."""
        cards = [card_section(answer.card) for answer in self.answers if answer.card is not None]
        missing = [[answer.question.title, answer.absent] for answer in self.answers if answer.card is None]
        if missing:
            table = TableFigure("Predictions that this refresh does not make", ["prediction", "why"], missing)
            cards.append(Section("Predictions left out", "Some predictions need more of a past.", [table], "warning"))
        return cards

    @property
    def facts(self) -> dict[str, object]:
        """The cards as plain data, by the predictions' names."""
        return {
            answer.question.name: {"absent": answer.absent} if answer.card is None else answer.card.facts
            for answer in self.answers
        }


def predict(past: Past, progress: Progress) -> Predictions:
    """Train, test and answer everything; nothing from the instant of the past on counts.

    Raises:
        TooLittleData: nothing was bought before the instant.
    """
    visitors = past.everybody().visitors
    answers = []
    for done, (question, plain) in enumerate(QUESTIONS):
        progress(STAGE, done, len(QUESTIONS))
        answers.append(answer_question(past, _testable(past, question), plain))
    progress(STAGE, len(QUESTIONS), len(QUESTIONS))
    return Predictions(past.as_of_ms, visitors, answers, {visitor: n for n, visitor in enumerate(visitors)})


def answer_question(past: Past, question: Question, plain: Plain) -> Answer:
    """Train and test one prediction, then train it again on all of the past and answer for everybody."""
    try:
        windows = windows_of(past.days, question.days)
        with_looks = _knows_looks(past, max(windows.train))
        train, choose, test = (
            gather(past, question, instants, with_looks=with_looks)
            for instants in (windows.train, windows.choose, windows.test)
        )
        check_enough({"train on": train, "calibrate on": choose, "test on": test}, question.family)
    except TooLittleData as error:
        return Answer(question, None, None, str(error))
    penalty = choose_penalty(train, choose, question.family)
    methods = fit_methods(train, choose, question.family, plain, penalty)
    card = make_card(question, windows, methods, penalty, (train, choose, test))
    latest = gather(past, question, windows.rolled_on().train, with_looks=with_looks)
    served = fit_methods(latest, test, question.family, plain, penalty)[card.method]
    return Answer(question, card, _serve(past.everybody(), question, served, with_looks=with_looks))


def _serve(snapshot: Snapshot, question: Question, answer: Calibrated, *, with_looks: bool) -> Doubles:
    """The prediction [n] for everybody. A spend that was tested over a shorter time is carried to a year."""
    means = answer.mean(examples_of(snapshot, question, with_looks=with_looks))
    if question.name == "ltv_12m" and question.days < YEAR_DAYS:
        shorter = snapshot.rhythm.expected_orders(snapshot.histories, question.days)
        longer = snapshot.rhythm.expected_orders(snapshot.histories, YEAR_DAYS)
        means = means * np.where(shorter > 0.0, longer / np.maximum(shorter, 1e-12), YEAR_DAYS / question.days)
    return means


def _testable(past: Past, question: Question) -> Question:
    """The question over a time that the past allows to test; only the year's spend is asked over a shorter one."""
    if question.name != "ltv_12m":
        return question
    for days in VALUE_DAYS:
        try:
            windows_of(past.days, days)
        except TooLittleData:
            continue
        title = question.title if days == YEAR_DAYS else f"{question.title}, tested over {days} days"
        return replace(question, days=days, title=title)
    return question


def _knows_looks(past: Past, oldest: int) -> bool:
    """Whether page views were known all along: a feature that begins in mid-past tells the date, not the visitor."""
    if past.first_look_ms is None:
        return False
    return past.first_look_ms <= past.as_of_ms - (oldest + HISTORY_DAYS) * DAY_MS


def _rounded(question: Question, value: float) -> float:
    if question.family == "amount":
        return float(round(value))
    return round(min(max(value, 1.0 - CERTAIN), CERTAIN), 3)

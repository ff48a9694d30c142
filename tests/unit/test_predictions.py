"""Predictions of a shop: present where they can be tested, absent where not, by whichever method is surely best."""

import numpy as np
import pytest

from tests.unit.shoppers import instant, open_shop, silent, simulate
from vitrine.decisions.facts import ATTRIBUTES
from vitrine.errors import TooLittleData
from vitrine.refresh.prediction_cards import card_section
from vitrine.refresh.prediction_examples import Examples
from vitrine.refresh.prediction_models import (
    CHANCES,
    MODEL,
    RECENCY,
    calibrate,
    check_enough,
    fit_methods,
    mean_losses,
    recency_rule,
)
from vitrine.refresh.predictions import QUESTIONS, predict
from vitrine.refresh.report import LineFigure
from vitrine.refresh.snapshots import Past

DAYS = 150


@pytest.fixture(scope="module")
def predictions():
    """Of a shop of 260 visitors that is open for 150 days: 90 days cannot be tested, 7 and 30 can."""
    with open_shop(simulate(260, DAYS)) as engine:
        return predict(Past(engine, instant(DAYS)), silent)


def examples(n=600, seed=1):
    """Examples whose outcome follows from one feature, and a little from recency."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((n, 2))
    came = (rng.random(n) < 1 / (1 + np.exp(-2.0 * rows[:, 0]))).astype(float)
    recency = np.maximum(0.0, 30.0 - 5.0 * rows[:, 0] + 20.0 * rng.random(n))
    chance = np.full(n, 0.5)
    return Examples(("told", "noise"), rows, [f"v{k}" for k in range(n)], {"recency": recency, "chance": chance}, came)


def test_short_horizons_are_predicted_and_long_ones_are_absent(predictions):
    """What the past is too short to test is not told, and the reason is."""
    told = predictions.of(predictions.visitors[0])
    assert {"p_buy_7d", "p_buy_30d"} <= set(told)
    assert "p_churn" not in told
    assert "needs" in str(predictions.facts["p_churn"])
    assert any(section.title == "Predictions left out" for section in predictions.sections())


def test_chances_are_chances_and_money_is_whole(predictions):
    """Never 0 or 1; rounded, so that a row stays small."""
    for visitor in predictions.visitors:
        told = predictions.of(visitor)
        assert 0.0 < told["p_buy_7d"] < 1.0
        assert told["p_buy_7d"] <= told["p_buy_30d"] + 0.35
        assert told["ltv_12m"] == round(told["ltv_12m"]) >= 0


def test_a_strangers_future_is_not_predicted(predictions):
    """Who never bought has no numbers at all."""
    assert predictions.of("stranger") == {}


def test_who_shops_often_is_likelier_to_come(predictions):
    """Chances tell apart who did buy: the card's AUC of the later instants is far from chance."""
    card = next(answer.card for answer in predictions.answers if answer.question.name == "p_buy_7d")
    assert card is not None
    assert card.measures[card.method]["auc"] > 0.7
    assert card.measures[card.method]["ece"] < 0.1


def test_every_card_compares_with_plain_methods(predictions):
    """A table of all methods, and a plot of what was said against what came."""
    for answer in predictions.answers:
        if answer.card is None:
            continue
        assert len(answer.card.measures) == 3
        section = card_section(answer.card)
        assert any(isinstance(figure, LineFigure) and figure.diagonal for figure in section.figures)
        assert (answer.card.method == MODEL) == (answer.card.gain[1] > 0.0)


def test_the_same_lake_gives_the_same_predictions(predictions):
    """Trained anew, bit for bit."""
    with open_shop(simulate(260, DAYS)) as engine:
        again = predict(Past(engine, instant(DAYS)), silent)
    assert [again.of(visitor) for visitor in again.visitors] == [predictions.of(v) for v in predictions.visitors]


def test_conditions_can_ask_for_every_prediction():
    """Each is declared as an attribute under the name that a refresh writes."""
    assert {f"predicted.{question.name}" for question, _ in QUESTIONS} <= set(ATTRIBUTES)


def test_a_handful_of_visitors_is_too_little():
    """Nothing is predicted of a shop with ten visitors, and nothing fails."""
    with open_shop(simulate(10, DAYS)) as engine:
        found = predict(Past(engine, instant(DAYS)), silent)
    assert all(found.of(visitor) == {} for visitor in found.visitors)


def test_all_at_one_second_is_too_little():
    """Everybody at once leaves no past to learn from."""
    lines = [line for line in simulate(50, 60) if line.day < 1.0] or simulate(50, 60)[:5]
    with open_shop(lines) as engine:
        found = predict(Past(engine, instant(1.5)), silent)
    assert not any(answer.values is not None for answer in found.answers)


def test_a_model_beats_the_rule_where_features_tell_more():
    """Fitted and calibrated on earlier examples, better on others."""
    methods = fit_methods(examples(), examples(seed=2), "chance", CHANCES, 1e-3)
    test = examples(seed=3)
    model, rule = (float(mean_losses(methods[name], test).mean()) for name in (MODEL, RECENCY))
    assert model < rule


def test_a_method_that_is_the_wrong_way_round_says_nothing():
    """Calibration does not turn it: everybody has the mean chance."""
    test = examples()
    answer = calibrate(lambda each: -3.0 * each.rows[:, 0], test, "chance")
    assert np.ptp(answer.mean(test)) < 1e-9
    assert answer.mean(test)[0] == pytest.approx(test.target.mean(), abs=1e-6)


def test_the_recency_rule_has_a_share_per_tenth():
    """Who bought lately is likelier to, where that is so."""
    rule = recency_rule(examples())
    near, far = (
        rule(Examples((), np.empty((1, 0)), ["v"], {"recency": np.array([days])}, np.array([np.nan])))[0]
        for days in (15.0, 55.0)
    )
    assert near > far


def test_one_outcome_alone_is_too_little():
    """Who always buys cannot be told from who never does."""
    always = examples()
    always.target[:] = 1.0
    with pytest.raises(TooLittleData, match="one outcome"):
        check_enough({"train on": always}, "chance")
    with pytest.raises(TooLittleData, match="examples to train on"):
        check_enough({"train on": examples(10)}, "chance")

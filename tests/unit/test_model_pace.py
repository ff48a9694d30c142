"""A model is asked when there is time for it."""

import numpy as np
import pytest

from tests.unit.test_countdown import Time
from vitrine.errors import InvalidModel
from vitrine.service.countdown import Countdown
from vitrine.service.pace import BELIEVED_S, Pace, PacedRanker

ROWS = np.zeros((3, 2), np.float32)


class Model:
    """A ranker that takes as long as it is told to."""

    def __init__(self, time: Time, takes_s: float, name: str = "m") -> None:
        self.time, self.takes_s, self.id, self.calls = time, takes_s, name, 0

    def score(self, features):
        """Zeros, after a while."""
        self.calls += 1
        self.time.now_s += self.takes_s
        return np.zeros(len(features), np.float32)


def asked(model: Model, pace: Pace, time: Time, elapsed_s: float = 0.0) -> bool:
    """Whether a request that has gone on for so long gets scores of it."""
    countdown = Countdown(150, time)
    time.now_s += elapsed_s
    try:
        pace.begin(countdown)
        PacedRanker(model, pace).score(ROWS)
    except InvalidModel:
        return False
    return True


def test_a_model_that_takes_longer_than_is_left_is_left_out():
    """40 ms fit after 20 of the 65 ms that are for it, not after 30; what is not known yet is tried."""
    time = Time()
    pace, model = Pace(time), Model(time, 0.04)
    assert asked(model, pace, time, 0.06)
    assert asked(model, pace, time, 0.02)
    assert not asked(model, pace, time, 0.03)
    assert model.calls == 2


def test_a_quick_model_is_asked_as_long_as_there_is_any_time():
    """Leaving out what takes no time saves none; where nothing is left, nothing is done."""
    time = Time()
    pace, model = Pace(time), Model(time, 0.0005)
    assert asked(model, pace, time, 0.08)
    assert asked(model, pace, time, 0.08)
    assert not asked(model, pace, time, 0.1)


def test_one_page_is_ordered_by_one_means():
    """A second composing of the page asks as the first one did, whatever time is left by then."""
    time = Time()
    pace, model = Pace(time), Model(time, 0.04)
    asked(model, pace, time)
    ranker = PacedRanker(model, pace)
    pace.begin(Countdown(150, time))
    ranker.score(ROWS)
    time.now_s += 0.03
    ranker.score(ROWS)
    countdown = Countdown(150, time)
    pace.begin(countdown)
    time.now_s += 0.03
    for _ in range(2):
        with pytest.raises(InvalidModel):
            ranker.score(ROWS)
        model.takes_s = 0.0


def test_a_hiccup_is_forgotten_and_a_slow_model_is_tried_now_and_then():
    """One pause of a second among quick calls, or of a model that is not asked any more."""
    time = Time()
    pace, model = Pace(time), Model(time, 1.0)
    asked(model, pace, time)
    model.takes_s = 0.001
    assert not asked(model, pace, time)
    pace.begin(Countdown(10_000, time))
    for _ in range(40):
        pace.score(model, ROWS)
    assert asked(model, pace, time)
    model.takes_s = 1.0
    asked(model, pace, time)
    assert not asked(model, pace, time)
    time.now_s += BELIEVED_S[0]
    assert asked(model, pace, time)


def test_after_one_pause_of_the_process_the_model_is_back_within_seconds():
    """The first measurement after it says what the model takes, however long the pause was."""
    time = Time()
    pace, model = Pace(time), Model(time, 0.6)
    asked(model, pace, time)
    model.takes_s = 0.002
    assert not asked(model, pace, time)
    time.now_s += BELIEVED_S[0]
    assert all(asked(model, pace, time) for _ in range(3))
    assert pace.expected_s("m") == pytest.approx(0.002)


def test_a_slow_model_keeps_fewer_and_fewer_pages_waiting():
    """In ten minutes of a page view each 100 ms: after 2, 4, 8 s and so on, then once a minute."""
    time = Time()
    pace, model = Pace(time), Model(time, 0.3)
    for _ in range(6_000):
        asked(model, pace, time)
        time.now_s += 0.1
    assert 10 <= model.calls <= 16
    time.now_s += BELIEVED_S[1]
    model.takes_s = 0.001
    assert asked(model, pace, time)
    model.takes_s = 0.3
    asked(model, pace, time)
    assert not asked(model, pace, time)
    time.now_s += BELIEVED_S[0]
    assert asked(model, pace, time)


def test_another_model_begins_anew():
    """What the last release's took says nothing of this one's."""
    time = Time()
    pace = Pace(time)
    asked(Model(time, 1.0, "old"), pace, time)
    assert pace.expected_s("new") == 0.0
    assert asked(Model(time, 0.001, "new"), pace, time)
    assert pace.expected_s("new") == pytest.approx(0.001)


def test_a_model_that_fails_is_measured_too():
    """It may take its time before it does."""
    time = Time()
    pace, model = Pace(time), Model(time, 0.2)

    def fail(features):
        time.now_s += 0.2
        raise InvalidModel("not finite")

    model.score = fail
    assert not asked(model, pace, time)
    assert pace.expected_s("m") == pytest.approx(0.2)

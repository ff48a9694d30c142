"""One deadline for all stages of a request."""

import pytest

from vitrine.service import countdown as ladder
from vitrine.service.countdown import WORK_SHARE, Countdown


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


def test_two_thirds_of_the_deadline_are_for_work():
    """100 of 150 ms, of which each stage has its share, counted from the start."""
    time = Time()
    countdown = Countdown(150, time)
    assert countdown.left_s(1.0) == pytest.approx(0.1)
    time.now_s += 0.07
    assert countdown.left_s(1.0) == pytest.approx(0.03)
    assert countdown.left_s(0.6) == pytest.approx(-0.01)
    assert not countdown.is_over
    time.now_s += 0.081
    assert countdown.is_over


def test_who_gives_up_first_has_the_smallest_share():
    """The declared order: weather, rows, the model, cards, claims; all of it within the work. Then the record, which
    is well within the deadline."""
    shares = ["WEATHER", "ROWS", "MODEL", "CARDS", "CLAIMS", "RECORD"]
    values = [getattr(ladder, f"{name}_UNTIL") for name in shares]
    assert values == sorted(set(values))
    assert values[-2] < 1.0
    assert values[-1] * WORK_SHARE < 0.9


def test_laps_add_up_to_what_passed():
    """A stage that comes twice is told once, with both."""
    time = Time()
    countdown = Countdown(150, time)
    for stage, took_s in (("read", 0.004), ("rank", 0.001), ("read", 0.002)):
        time.now_s += took_s
        countdown.lap(stage)
    assert countdown.laps == {"read": pytest.approx(6.0), "rank": pytest.approx(1.0)}

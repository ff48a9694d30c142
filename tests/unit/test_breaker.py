"""The breaker on a clock that the test turns."""

from collections.abc import Callable

import pytest

from vitrine.adapters.breaker import FAILURES, PROBE_AFTER_S, Breaker
from vitrine.errors import LeftAlone

REQUESTS_PER_S = 200


class Watch:
    """Seconds, by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asked(breaker: Breaker, is_up: Callable[[], bool]) -> bool | None:
    """One call: whether it succeeded, None when it was refused."""
    try:
        breaker.check()
    except LeftAlone:
        return None
    if is_up():
        breaker.succeed()
        return True
    breaker.fail()
    return False


def outage(seconds: float) -> tuple[int, int, float]:
    """Requests and calls of an outage, and after how many seconds of health a call succeeds."""
    watch = Watch()
    breaker = Breaker("table", watch)
    calls = requests = 0
    ends = watch.now + seconds
    while watch.now < ends:
        requests += 1
        calls += asked(breaker, lambda: False) is not None
        watch.now += 1 / REQUESTS_PER_S
    while asked(breaker, lambda: True) is None:
        watch.now += 1 / REQUESTS_PER_S
    assert all(asked(breaker, lambda: True) for _ in range(100))
    return requests, calls, watch.now - ends


def test_an_outage_sees_less_than_a_hundredth_of_the_calls() -> None:
    """10,000 requests at 200 a second, and back within two seconds."""
    requests, calls, recovery_s = outage(50.0)
    assert requests == pytest.approx(10_000, abs=1)
    assert calls <= 100 * 0.75
    assert recovery_s <= PROBE_AFTER_S[1] + 0.01


def test_a_few_failures_are_no_outage() -> None:
    """A success in between begins the count anew."""
    breaker = Breaker("table", Watch())
    outcomes = iter(([False] * (FAILURES - 1) + [True]) * 10)
    assert [asked(breaker, lambda: next(outcomes)) for _ in range(10 * FAILURES)].count(None) == 0


def test_one_probe_at_a_time() -> None:
    """While it is on its way everybody else is refused; a probe that never tells is followed by another."""
    watch = Watch()
    breaker = Breaker("table", watch)
    for _ in range(FAILURES):
        breaker.fail()
    with pytest.raises(LeftAlone, match="its last 5 calls failed"):
        breaker.check()
    watch.now += PROBE_AFTER_S[1]
    breaker.check()
    with pytest.raises(LeftAlone):
        breaker.check()
    watch.now += PROBE_AFTER_S[1]
    breaker.check()


def test_environments_do_not_probe_in_step() -> None:
    """Pauses of two breakers that opened together differ."""
    drawn: list[tuple[float, float]] = []

    def uniform(least: float, most: float) -> float:
        drawn.append((least, most))
        return least

    breaker = Breaker("table", Watch(), uniform)
    for _ in range(FAILURES):
        breaker.fail()
    assert drawn == [PROBE_AFTER_S]


def test_a_reset_forgets() -> None:
    """A restored snapshot knows nothing of how its dependencies are."""
    breaker = Breaker("table", Watch())
    for _ in range(FAILURES):
        breaker.fail()
    breaker.reset()
    breaker.check()

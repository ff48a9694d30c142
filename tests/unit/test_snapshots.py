"""Visitors as of an instant: what is counted, and that nothing after it is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.shoppers import Line, instant, open_shop, simulate
from vitrine.errors import TooLittleData
from vitrine.refresh.prediction_examples import windows_of
from vitrine.refresh.snapshots import EVERYBODY, Past, sample_cut
from vitrine.refresh.visitor_matrix import LOOKS, visitor_features

BOUGHT = [
    Line("ann", 0.0, "i0", 100, 120, session="s1"),
    Line("ann", 0.0, "i1", 300, 300, session="s1"),
    Line("ann", 10.0, "i2", 200, 200),
    Line("ann", 30.0, "i0", 600, 600),
    Line("bob", 20.0, "i0", 50, 50),
    Line("bob", 25.0, "i1", kind="view"),
    Line("late", 45.0, "i0"),
]


@pytest.fixture(scope="module")
def known():
    """Columns by visitor as of day 40."""
    with open_shop(BOUGHT) as engine:
        snapshot = Past(engine, instant(40.0)).everybody()
    rows = {
        visitor: {n: float(c[at]) for n, c in snapshot.columns.items()} for at, visitor in enumerate(snapshot.visitors)
    }
    return rows, snapshot


def test_habits_are_counted_in_baskets(known):
    """Lines of one session are one basket; recency, gaps, money and breadth follow from baskets."""
    rows, _ = known
    ann = rows["ann"]
    assert (ann["recency"], ann["tenure"], ann["baskets"], ann["spend"]) == (10.0, 40.0, 3.0, 1_200.0)
    assert (ann["gap_mean"], ann["gap_square"]) == (15.0, (100.0 + 400.0) / 2)
    assert (ann["basket_median"], ann["categories"], ann["discount_share"]) == (400.0, 3.0, 0.25)
    assert (ann["week_1"], ann["week_2"], ann["month"], ann["before"]) == (0.0, 1.0, 1.0, 2.0)


def test_what_is_unknown_is_missing(known):
    """One basket has no rhythm; who was never seen to look has no look to count from."""
    rows, snapshot = known
    assert np.isnan(rows["bob"]["gap_mean"])
    assert np.isnan(rows["ann"]["look_recency"])
    assert (rows["bob"]["look_recency"], rows["bob"]["views_month"]) == (15.0, 1.0)
    features = visitor_features(snapshot, 7, with_looks=False)
    assert not set(LOOKS) & set(features)
    assert set(LOOKS) < set(visitor_features(snapshot, 7, with_looks=True))


def test_nobody_is_known_before_their_first_basket(known):
    """A visitor who comes later does not exist yet."""
    rows, _ = known
    assert set(rows) == {"ann", "bob"}


def test_a_price_that_is_not_told_is_the_catalogues():
    """Collected events may lack prices."""
    with open_shop([Line("ann", 0.0, "i7")]) as engine:
        engine.execute("update events set price = null, regular_price = null")
        assert Past(engine, instant(1.0)).everybody().columns["spend"].tolist() == [107.0]


def test_the_future_does_not_leak():
    """As of an instant everything is equal, whatever came after it."""
    lines = simulate(40, 120)
    past = [line for line in lines if line.day < 60]
    with open_shop(lines) as engine, open_shop(past) as before:
        seen, then = Past(engine, instant(120.0)).sample(60), Past(before, instant(60.0)).everybody()
    assert seen.visitors == then.visitors
    for name, column in then.columns.items():
        np.testing.assert_allclose(seen.columns[name], column, err_msg=name)
    assert seen.rhythm == then.rhythm


def test_outcomes_are_those_of_the_snapshots_visitors():
    """In the same order, of the days asked for and no more."""
    with open_shop(BOUGHT) as engine:
        past = Past(engine, instant(40.0))
        assert past.sample(35).visitors == ["ann"]
        later, longer = past.outcome(35, 6), past.outcome(35, 35)
    assert (later.orders.tolist(), later.spend.tolist(), later.bought.tolist()) == ([1.0], [200.0], [1.0])
    assert (longer.orders.tolist(), longer.spend.tolist()) == ([2.0], [800.0])


def test_an_empty_shop_has_too_little_data():
    """No purchase before the instant is told as such."""
    with open_shop(BOUGHT) as engine, pytest.raises(TooLittleData):
        Past(engine, instant(-1.0))


def test_a_large_store_is_sampled():
    """Digests below the cut are about the share wanted; a small store is whole."""
    assert sample_cut(10, wanted=10) == EVERYBODY
    cut = sample_cut(40, wanted=10)
    assert cut < EVERYBODY
    with open_shop(simulate(40, 60)) as engine:
        past = Past(engine, instant(60.0))
        found = engine.columns("visitor_features", as_of_ms=past.as_of_ms, cut=cut)["visitor"]
        again = engine.columns("visitor_outcomes", as_of_ms=past.as_of_ms, until_ms=past.as_of_ms, cut=cut)["visitor"]
    assert 2 <= len(found) <= 22
    assert found.tolist() == again.tolist()


@given(st.floats(1.0, 2_000.0), st.integers(1, 365))
def test_parts_follow_one_another(days_known, days):
    """Training ends before calibration begins, calibration before the tests, and every part has a past."""
    try:
        windows = windows_of(days_known, days)
    except TooLittleData:
        assert days_known < 3 * max(days, 28 // days * days) + days + 28
        return
    assert max(windows.train) + 28 <= days_known
    assert min(windows.train) - days >= max(windows.choose)
    assert min(windows.choose) - days >= max(windows.test)
    assert min(windows.test) == days
    served = windows.rolled_on()
    assert min(served.train) - days >= max(served.choose)

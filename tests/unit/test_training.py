"""Which weeks train, choose and test."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import TooLittleData
from vitrine.refresh.weeks import Plan, Span, Weeks


def test_the_spans_of_a_year():
    """Training ends with week 44, choosing takes 45-48, testing 49-52 in two windows."""
    weeks = Weeks(44, 48, 52)
    assert weeks.train() == [Span(36, 38), Span(39, 41), Span(42, 44)]
    assert weeks.choose() == [Span(44, 48)]
    assert weeks.test() == [Span(48, 50), Span(50, 52)]


@given(st.integers(1, 60), st.integers(1, 8), st.integers(1, 8))
def test_spans_never_overlap_and_follow_in_time(train_to, n_choose, n_test):
    """Whatever the weeks, what trains was over before what chooses began, and so on to the test."""
    weeks = Weeks(train_to, train_to + n_choose, train_to + n_choose + n_test)
    spans = [*weeks.train(), *weeks.choose(), *weeks.test()]
    assert all(0 < span.snapshot < span.until <= weeks.test_to for span in spans)
    assert all(earlier.until <= later.snapshot for earlier, later in pairwise(spans))


@pytest.mark.parametrize(("train_to", "expected"), [(2, []), (3, [Span(1, 3)])])
def test_a_short_past_gives_fewer_snapshots(train_to, expected):
    """There is no snapshot before the first week has ended."""
    assert Weeks(train_to, train_to + 1, train_to + 3).train() == expected


def test_the_weeks_of_the_example():
    """Named weeks are those of the data's year, wherever the data ends."""
    assert Plan(4, 4, 52).weeks(last_week=53) == Weeks(44, 48, 52)


@given(st.integers(11, 500), st.integers(1, 4), st.integers(2, 4))
def test_weeks_count_back_from_the_end(last_week, choose_weeks, test_weeks):
    """A run one week later trains, chooses and tests one week later."""
    plan = Plan(choose_weeks, test_weeks)
    now, later = plan.weeks(last_week), plan.weeks(last_week + 1)
    assert now == Weeks(last_week - test_weeks - choose_weeks, last_week - test_weeks, last_week)
    assert later == Weeks(now.train_to + 1, now.choose_to + 1, now.test_to + 1)
    assert now.train()
    assert now.test()


def test_two_hundred_days_are_enough():
    """28 weeks leave twenty to train on."""
    assert Plan().weeks(last_week=28) == Weeks(20, 24, 28)


@pytest.mark.parametrize("last_week", [-1, 0, 10])
def test_too_few_weeks_are_said_to_be_too_few(last_week):
    """The message says how many there are and how many it takes."""
    with pytest.raises(TooLittleData, match=f"{max(last_week, 0)} whole weeks, 11 are needed"):
        Plan().weeks(last_week)

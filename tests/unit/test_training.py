"""Which weeks train, choose and test."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.refresh.training import Span, Weeks


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

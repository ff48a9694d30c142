"""Rules that hold, business value, and scores that can be compared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.pages import NOW_MS, unknown
from tests.unit.tables import shelf
from vitrine.catalog.packed import code
from vitrine.decisions.candidates import Lists, merge
from vitrine.decisions.merchandising import (
    BLEND,
    Emphasis,
    Rule,
    active_rules,
    business_value,
    emphasis_now,
    standardise,
)
from vitrine.decisions.selection import Selector
from vitrine.rules.conditions import Condition


def everywhere(n: int) -> np.ndarray:
    """All of n."""
    return np.ones(n, np.bool_)


@pytest.mark.parametrize(
    ("starts_ms", "ends_ms", "holds"),
    [
        (None, None, True),
        (NOW_MS, None, True),
        (NOW_MS + 1, None, False),
        (None, NOW_MS, False),
        (None, NOW_MS + 1, True),
    ],
)
def test_a_rule_holds_from_its_start_until_its_end(starts_ms: int | None, ends_ms: int | None, holds: bool) -> None:
    """The start is included, the end is not."""
    rule = Rule("r", "boost", starts_ms=starts_ms, ends_ms=ends_ms)
    assert active_rules([rule], unknown, NOW_MS) == [rule] * holds


def test_conditions_are_asked_last_and_once() -> None:
    """A rule that is not due or not of this page costs no look at the attributes; the order of the files stays."""
    asked = []

    def condition(name: str, answer: bool) -> Condition:
        return Condition(lambda lookup: bool(asked.append(name)) or answer)

    rules = [
        Rule("met", "boost", condition=condition("met", True)),
        Rule("unmet", "bury", condition=condition("unmet", False)),
        Rule("over", "bury", condition=condition("over", True), ends_ms=NOW_MS),
        Rule("elsewhere", "bury", condition=condition("elsewhere", True), placements=frozenset({"other"})),
        Rule("plain", "exclude", placements=frozenset({"here", "other"})),
    ]
    assert [rule.name for rule in active_rules(rules, unknown, NOW_MS, ["here"])] == ["met", "plain"]
    assert asked == ["met", "unmet"]


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=30))
def test_standardised_values_have_no_mean_and_unit_deviation(values: list[float]) -> None:
    """Or are all zero, where they do not differ; the order stays."""
    scores = standardise(np.array(values, np.float32), everywhere(len(values)))
    assert scores.dtype == np.float32
    if len(set(values)) == 1:
        assert not scores.any()
    else:
        assert np.mean(scores, dtype=np.float64) == pytest.approx(0.0, abs=1e-4)
        assert np.std(scores, dtype=np.float64) == pytest.approx(1.0, abs=1e-4)
        assert (np.diff(scores[np.argsort(values, kind="stable")]) >= 0).all()


def test_the_scale_is_that_of_those_who_count() -> None:
    """Others are put on the same scale; what is missing stays missing."""
    values = np.array([1.0, 3.0, 5.0, np.nan, np.inf], np.float32)
    among = np.array([True, True, False, True, True])
    np.testing.assert_array_equal(standardise(values, among), np.array([-1.0, 1.0, 3.0, np.nan, np.nan], np.float32))
    np.testing.assert_array_equal(standardise(values, ~everywhere(5))[:3], [0.0, 0.0, 0.0])
    assert standardise(np.empty(0), everywhere(0)).shape == (0,)


@pytest.mark.parametrize(
    ("term", "column", "better", "worse"),
    [
        ("margin", "margin", 0.5, 0.1),
        ("discount", "discount", 0.4, 0.0),
        ("newness", "age_days", 3, 300),
        ("popularity", "popularity", 5.0, 1.0),
        ("cheapness", "price", 100, 900),
        ("availability", "regions", 0b1111, 0b0001),
    ],
)
def test_each_term_prefers_what_it_is_named_for(term: str, column: str, better: float, worse: float) -> None:
    """Two items are one deviation above and below the mean, so the weight is the unit."""
    candidates = merge(Lists(shelf=shelf(["better", "worse"], **{column: [better, worse]})))
    value = dict(zip(candidates.ids, business_value(candidates, everywhere(2), {term: 0.5}).tolist(), strict=True))
    assert value == pytest.approx({"better": 0.5, "worse": -0.5})


ICE, SOUP = code("frozen/ice"), code("grocery/soup")
SUMMER = Selector(categories=np.array([ICE], np.uint32))


def test_the_season_prefers_its_own_goods() -> None:
    """The goods of the present one, by the file; in a season without goods, or one that is not known, none."""
    candidates = merge(Lists(shelf=shelf(["ice", "soup"], category=[ICE, SOUP])))
    seasons = {"summer": SUMMER}
    for season, ice in (("summer", 0.5), ("winter", 0.0), (None, 0.0)):
        emphasis = emphasis_now(seasons, (), {"time.season": season}.get)
        value = business_value(candidates, everywhere(2), {"season": 0.5}, emphasis)
        assert dict(zip(candidates.ids, value.tolist(), strict=True)) == pytest.approx({"ice": ice, "soup": -ice})


def test_nobody_looks_at_the_calendar_for_a_store_without_seasons() -> None:
    """What is not declared costs nothing."""
    asked: list[str] = []
    assert emphasis_now({}, (0.5,), asked.append) == Emphasis(None, (0.5,))
    assert asked == []


def test_stock_of_the_highest_priority_counts() -> None:
    """Of several regions the one whose stock should move most; one without a priority has none."""
    regions = {"south": 0b10, "both": 0b11, "north": 0b01, "beyond": 0b100}
    candidates = merge(Lists(shelf=shelf(list(regions), regions=list(regions.values()))))
    value = business_value(candidates, everywhere(4), {"warehouse": 1.0}, Emphasis(None, (0.5, 1.0)))
    found = dict(zip(candidates.ids, value.tolist(), strict=True))
    assert found["south"] == found["both"] > found["north"] > found["beyond"]
    assert not business_value(candidates, everywhere(4), {"warehouse": 1.0}).any()


def test_all_terms_have_a_test_above() -> None:
    """A new term has to be looked at."""
    tested = {"margin", "discount", "newness", "popularity", "cheapness", "availability", "season", "warehouse"}
    assert set(BLEND) == tested


def test_an_unknown_term_counts_as_average() -> None:
    """An item without a declared margin is neither preferred nor punished."""
    candidates = merge(Lists(shelf=shelf(["high", "low", "unknown"], margin=[0.6, 0.2, np.nan])))
    value = business_value(candidates, everywhere(3), {"margin": 1.0})
    assert dict(zip(candidates.ids, value.tolist(), strict=True))["unknown"] == 0.0

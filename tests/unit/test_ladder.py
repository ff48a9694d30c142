"""Which page views exercise the last rung, and how a decision tells what befell it."""

from dataclasses import replace
from math import sqrt

import pytest

from vitrine import keys
from vitrine.decisions.answers import Answer, Decision
from vitrine.decisions.ladder import EXERCISE, EXERCISE_SHARE, IDENTITY, is_exercise, lacks_weather, told_outside
from vitrine.settings import Settings
from vitrine.types import Absent

DECISION = Decision(
    id="d-1",
    release="r1",
    model=None,
    region="north",
    region_source="default",
    placements=(
        Answer("a", "products", fallback="bestsellers", reasons=("not_read",)),
        Answer("b", "none", reasons=("not_read",)),
        Answer("c", "content", content={}),
        Answer("d", "none", reasons=("no_listing",)),
    ),
    skipped=("profile", "lists"),
    seeds=(),
    elapsed_days=0.0,
)


def test_one_page_view_in_a_thousand_is_an_exercise():
    """Within four standard errors, of ids as they are made: the same letters first, chance after that."""
    n = 200_000
    hits = sum(is_exercise(f"01kbxyz{number:019x}") for number in range(n))
    assert abs(hits / n - EXERCISE_SHARE) < 4 * sqrt(EXERCISE_SHARE / n)


def test_the_setting_says_the_same_share():
    """By default; another one is for who tries it out."""
    assert Settings(table="t").exercise_per_million / 1_000_000 == EXERCISE_SHARE


def test_the_id_alone_decides_and_a_larger_share_has_the_smaller_in_it():
    """So a record tells the same for ever; none is an exercise where the share is 0."""
    ids = [f"d-{number}" for number in range(5_000)]
    few, many = ({each for each in ids if is_exercise(each, share)} for share in (0.01, 0.1))
    assert few
    assert few < many
    assert not any(is_exercise(each, 0.0) for each in ids)
    assert all(is_exercise(each, 1.0) for each in ids)


@pytest.mark.parametrize("odd", ["", "\ud800", "я" * 1000])
def test_any_id_has_an_answer(odd):
    """Also one that is no text that could be encoded."""
    assert is_exercise(odd) in (True, False)


def test_an_exercise_is_told_in_place_of_what_was_not_read():
    """By the decision, and as the reason of every placement that went without; all else stays as it was."""
    told = told_outside(DECISION, [EXERCISE])
    assert told.skipped == (EXERCISE, "profile", "lists")
    assert [answer.reasons for answer in told.placements] == [(EXERCISE,), (EXERCISE,), (), ("no_listing",)]
    assert replace(told, skipped=DECISION.skipped, placements=DECISION.placements) == DECISION


def test_a_fault_is_not_told_as_an_exercise():
    """Without keys the reasons stay; without anything the decision is the very same."""
    told = told_outside(DECISION, [IDENTITY])
    assert (told.skipped, told.placements) == ((IDENTITY, "profile", "lists"), DECISION.placements)
    assert told_outside(DECISION, []) is DECISION


def test_weather_that_is_not_there_is_not_weather_that_was_not_read():
    """A cell without weather is known to have none."""
    row = keys.weather("39.0_-84.5")
    assert lacks_weather({row: Absent.NOT_READ})
    assert not lacks_weather({row: Absent.MISSING, keys.RELEASE_POINTER: Absent.NOT_READ})
    assert not lacks_weather({})

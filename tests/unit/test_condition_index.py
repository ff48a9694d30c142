"""The index over conditions: leaves out what cannot match, never what does."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.test_conditions import compiled
from vitrine.rules.conditions import Condition
from vitrine.rules.index import ConditionIndex, bits


def left(plain: list[object], facts: Mapping[str, Any]) -> list[int]:
    """The conditions that may match; None is everybody."""
    conditions = [None if each is None else compiled(each) for each in plain]
    return list(bits(ConditionIndex(conditions).possible(facts.get)))


@pytest.mark.parametrize(
    ("region", "expected"),
    [("a", [0, 1, 3]), ("b", [1, 2, 3]), ("c", [3]), (None, [3]), (["a"], [0, 1, 2, 3]), ({}, [3])],
)
def test_values(region: object, expected: list[int]) -> None:
    """A value leaves the conditions that name it and those that do not ask; a list could match any by an element."""
    plain: list[object] = [{"region": "a"}, {"region": {"$in": ["a", "b"]}}, {"region": "b", "visitor.new": True}, None]
    assert left(plain, {"region": region}) == expected


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [(-10, [0, 3]), (0, [0, 3]), (5, [3]), (20.5, [1, 3]), (25, [1, 2, 3]), (40, [2, 3]), (None, [3]), ("25", [3])],
)
def test_bounds(temperature: object, expected: list[int]) -> None:
    """A number leaves the conditions whose bounds are around it."""
    plain: list[object] = [
        {"weather.temperature_c": {"$lt": 0}},
        {"weather.temperature_c": {"$gt": 20, "$lte": 30}},
        {"weather.temperature_c": {"$gte": 25}},
        {"region": {"$ne": "a"}},
    ]
    assert left(plain, {"weather.temperature_c": temperature}) == expected


@pytest.mark.parametrize(
    ("tags", "expected"), [(("a",), [0, 3]), (["b", "c"], [0, 1, 2, 3]), ([], [3]), (None, [3]), ([{}, "c"], [1, 2, 3])]
)
def test_elements(tags: object, expected: list[int]) -> None:
    """A list leaves the conditions that look for one of its elements."""
    plain: list[object] = [{"tags": {"$in": ["a", "b"]}}, {"tags": {"$all": ["c"]}}, {"tags": {"$in": ["c"]}}, {}]
    assert left(plain, {"tags": tags}) == expected


def test_attributes_that_decide_nothing_more_are_not_looked_up() -> None:
    """What is left is asked for no further attributes once none of it needs them."""
    asked: list[str] = []

    def lookup(path: str) -> Any:
        asked.append(path)
        return {"region": "c"}.get(path)

    plain = [{"region": "a", "page.type": "home"}, {"region": "b", "page.type": "home"}, {"region": "b"}]
    assert ConditionIndex([compiled(each) for each in plain]).possible(lookup) == 0
    assert asked == ["region"]


def test_attributes_that_tell_little_apart_are_left_out() -> None:
    """What a single condition of hundreds needs costs more to look up for all than it saves."""
    conditions: list[Condition | None] = [None] * 500
    conditions[7] = compiled({"region": "a"})
    assert ConditionIndex(conditions).possible({}.get) == 2**500 - 1


def test_nothing_to_index() -> None:
    """No conditions leave nothing."""
    assert ConditionIndex([]).possible({}.get) == 0

"""Conditions compiled and evaluated, and what is refused of them."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from vitrine.rules.conditions import Attribute, Condition, InvalidCondition, both, compile_condition, lookup_in

CODES = {"frozen": 7, "dairy": 0}


def code(path: str) -> int:
    """A category's code; unknown ones are refused."""
    try:
        return CODES[path]
    except KeyError:
        raise ValueError("there is no such category") from None


ATTRIBUTES: Mapping[str, Attribute] = {
    "page.type": Attribute("string", "", values=("home", "category", "product")),
    "region": Attribute("string", ""),
    "app.version": Attribute("string", ""),
    "category": Attribute("string", "", encode=code),
    "weather.temperature_c": Attribute("number", ""),
    "visitor.new": Attribute("boolean", ""),
    "tags": Attribute("strings", ""),
    "seen": Attribute("strings", "", encode=code),
}


def regex(pattern: str) -> Callable[[str], bool]:
    """Python's engine, good enough for the patterns of these tests."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise ValueError(str(error)) from error
    return lambda text: compiled.search(text) is not None


def no_audience(name: str) -> None:
    """There are no audiences."""


def compiled(plain: object, audience: Callable[[str], Condition | None] = no_audience) -> Condition:
    """A condition on the declared attributes."""
    return compile_condition(plain, ATTRIBUTES, regex, audience)


def matches(plain: object, facts: Mapping[str, Any]) -> bool:
    """Whether a condition on declared attributes matches."""
    return compiled(plain).matches(facts.get)


def growthbook(plain: object, attributes: object) -> bool:
    """Whether a condition matches undeclared attributes, as GrowthBook has it."""
    return compile_condition(plain, None, regex, no_audience).matches(lookup_in(attributes))


@pytest.mark.parametrize(
    ("plain", "attributes", "expected"),
    [
        ({}, {"hello": "world"}, True),
        ({"$and": []}, {}, True),
        ({"$or": []}, {}, True),
        ({"$nor": []}, {}, False),
        ({"$not": {"name": "hello"}}, {"name": "world"}, True),
        (
            {"$and": [{"father.age": {"$gt": 65}}, {"$or": [{"name": "a"}, {"name": "b"}]}]},
            {"father": {"age": 70}},
            False,
        ),
        ({"$nor": [{"name": "john"}, {"age": {"$lt": 30}}]}, {"name": "jim", "age": 40}, True),
        ({"pets.dog.name": {"$exists": False}}, {"pets": {"cat": 1}}, True),
        ({"pets.0.name": "fido"}, {"pets": [{"name": "fido"}]}, True),
        ({"userId": None}, {}, True),
        ({"userId": None}, {"userId": ""}, False),
        ({"age": {"$gt": -10, "$lt": 10, "$gte": -9, "$lte": 9, "$ne": 10}}, {}, True),
        ({"n": {"$gt": 5, "$lt": 10}}, {"n": "8"}, True),
        ({"n": {"$gt": "5", "$lt": "10"}}, {"n": 8}, True),
        ({"n": 5}, {"n": " 5 "}, True),
        ({"n": "5"}, {"n": 5.0}, True),
        ({"n": 0}, {}, True),
        ({"flag": True}, {"flag": 3}, True),
        ({"flag": False}, {}, False),
        ({"word": {"$gt": "alphabet", "$lt": "zebra"}}, {"word": "AZL"}, False),
        ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}, True),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a"]}, False),
        ({"tags": {"hello": "world"}}, {"tags": {"hello": "world", "yes": 1}}, False),
        ({"tags": {"$in": ["a", "b"]}}, {"tags": ["d", "a"]}, True),
        ({"tags": {"$in": []}}, {"tags": "a"}, False),
        ({"num": {"$nin": [1, 2]}}, {"num": True}, True),
        ({"c": {"$ini": ["de", 1]}}, {"c": "DE"}, True),
        ({"tags": {"$alli": ["Beta", "qa"]}}, {"tags": ["QA", "beta"]}, True),
        ({"tags": {"$all": ["one", {"$regex": "^t"}]}}, {"tags": ["one", "two"]}, True),
        ({"nums": {"$elemMatch": {"$gt": 10}}}, {"nums": [0, 15]}, True),
        ({"nums": {"$elemMatch": {"$eq": 0}}}, {"nums": [0]}, False),
        ({"hobbies": {"$elemMatch": {"name": {"$regex": "^ping"}}}}, {"hobbies": [{"name": "pingpong"}]}, True),
        ({"tags": {"$size": {"$gt": 2}}}, {"tags": [0, 1, 2]}, True),
        ({"tags": {"$size": 3}}, {"tags": "abc"}, False),
        ({"a": {"$type": "null"}}, {}, True),
        ({"a": {"$type": "array"}}, {"a": []}, True),
        ({"ua": {"$not": {"$regex": "(Mobile|Tablet)"}}}, {"ua": "Chrome Desktop"}, True),
        ({"ua": {"$regexi": "mobile"}}, {"ua": "Android Mobile"}, True),
        ({"v": {"$vgt": "1.0.0-alpha", "$vlt": "1.0.0-beta"}}, {"v": "1.0.0-alpha.10"}, True),
        ({"v": {"$veq": "1.2.3"}}, {"v": "v1.2.3+build.7"}, True),
        ({"v": {"$vgte": "9.99.8"}}, {"v": "10.12.13"}, True),
        ({"v": {"$vlt": "0.0.1"}}, {}, True),
        ({"v": {"$vne": 1}}, {"v": 1}, False),
        ({"$groups": {"$elemMatch": {"$eq": "a"}}}, {"$groups": ["a"]}, True),
    ],
)
def test_undeclared_attributes_compare_as_in_growthbook(plain: object, attributes: object, expected: bool) -> None:
    """Facts of GrowthBook's specification and of its JavaScript SDK."""
    assert growthbook(plain, attributes) is expected


@pytest.mark.parametrize(
    ("plain", "facts", "expected"),
    [
        ({"page.type": "home"}, {"page.type": "home"}, True),
        ({"page.type": {"$ne": "home"}}, {}, True),
        ({"page.type": {"$in": ["home", "product"]}}, {"page.type": "category"}, False),
        ({"region": None}, {}, True),
        ({"region": {"$nin": [None, "north"]}}, {}, False),
        ({"region": {"$ini": ["North"]}}, {"region": "nORTH"}, True),
        ({"region": {"$gt": "m"}}, {"region": "north"}, True),
        ({"region": {"$regex": "^no"}}, {"region": "north"}, True),
        ({"visitor.new": False}, {"visitor.new": False}, True),
        ({"visitor.new": True}, {"visitor.new": 1}, False),
        ({"weather.temperature_c": {"$gte": 25, "$lt": 30.5}}, {"weather.temperature_c": 30}, True),
        ({"weather.temperature_c": 0}, {"weather.temperature_c": 0.0}, True),
        ({"tags": {"$all": ["a"], "$size": 2}}, {"tags": ("a", "b")}, True),
        ({"tags": {"$elemMatch": {"$regex": "^b"}}}, {"tags": ["a", "b"]}, True),
        ({"tags": {"$in": ["a"]}}, {"tags": frozenset("ab")}, True),
        ({"tags": ["a", "b"]}, {"tags": ("a", "b")}, True),
        ({"app.version": {"$vgte": "2.1.0"}}, {"app.version": "2.10.0"}, True),
        ({"$and": [{"region": "a"}, {"$not": {"tags": {"$in": ["x"]}}}]}, {"region": "a", "tags": []}, True),
    ],
)
def test_declared_attributes(plain: object, facts: Mapping[str, Any], expected: bool) -> None:
    """Declared attributes are compared by kind, without conversions."""
    assert matches(plain, facts) is expected


@pytest.mark.parametrize(
    "plain",
    [
        {"weather.temperature_c": {"$lt": 5}},
        {"weather.temperature_c": {"$gt": -5}},
        {"weather.temperature_c": 0},
        {"visitor.new": False},
        {"region": "null"},
        {"region": {"$regex": "."}},
        {"app.version": {"$vlt": "2.0.0"}},
        {"tags": {"$size": 0}},
    ],
)
def test_unknown_is_not_zero(plain: object) -> None:
    """What is not known of a declared attribute is neither cold nor 0 nor false nor an old version."""
    assert not matches(plain, {})


def test_operands_are_encoded_once() -> None:
    """A category is written as a path and compared as a code, wherever it stands."""
    assert matches({"category": "frozen"}, {"category": 7})
    assert matches({"category": {"$in": ["frozen", "dairy"]}}, {"category": 0})
    assert matches({"category": {"$nin": ["frozen", None]}}, {"category": 0})
    assert matches({"seen": {"$in": ["dairy"]}}, {"seen": (0, 3)})
    assert matches({"seen": {"$all": ["frozen", "dairy"]}}, {"seen": [7, 0]})
    assert matches({"seen": {"$elemMatch": {"$eq": "dairy"}}}, {"seen": [0]})
    assert matches({"seen": ["frozen", "dairy"]}, {"seen": (7, 0)})
    assert not matches({"category": "frozen"}, {"category": "frozen"})
    assert compiled({"category": {"$in": ["frozen", "dairy"]}}).requires == {"category": {7, 0}}


@pytest.mark.parametrize(
    ("plain", "at", "message", "hint"),
    [
        ([], (), "a condition is an object", "attribute: value"),
        ({"regoin": "north"}, ("regoin",), "unknown attribute regoin", "did you mean region?"),
        ({"weather": {"$gt": 1}}, ("weather",), "unknown attribute weather", "weather.temperature_c"),
        ({"$adn": []}, ("$adn",), "unknown operator $adn", "did you mean $and?"),
        ({"$gt": 5}, ("$gt",), "$gt stands where an attribute should", "attribute: {$gt: ...}"),
        ({"$or": {"region": "a"}}, ("$or",), "$or takes a list", "dash"),
        ({"$or": []}, ("$or",), "the list is empty", ""),
        ({"$or": [{}, {"region": {"$regx": "a"}}]}, ("$or", 1, "region", "$regx"), "unknown operator $regx", "$regex"),
        ({"region": {"$in": "north"}}, ("region", "$in"), "'north' is not a list", "dash"),
        ({"region": {"$in": []}}, ("region", "$in"), "the list is empty", ""),
        ({"region": {"$in": ["a", 5]}}, ("region", "$in", 1), "5 is not a text", "quotes"),
        ({"region": 5}, ("region",), "5 is not a text", "put it in quotes"),
        ({"region": True}, ("region",), "true is not a text", "put it in quotes"),
        ({"region": ["a"]}, ("region",), "not a list", "$in"),
        ({"region": {"x": 1}}, ("region",), "no attribute is an object", "dots"),
        ({"region": {"$eq": ["a"]}}, ("region", "$eq"), "a list is not a text", ""),
        ({"region": {"$eq": "a", "b": 1}}, ("region", "b"), "unknown operator b", ""),
        ({"region": {"$gt": None}}, ("region", "$gt"), "null has no order", "$exists"),
        ({"region": {"$size": 1}}, ("region", "$size"), "$size cannot match this attribute: it holds string", "$in"),
        ({"region": {"$regex": "("}}, ("region", "$regex"), "bad regular expression", ""),
        ({"region": {"$regex": 5}}, ("region", "$regex"), "5 is not a text", "quotes"),
        ({"region": {"$exists": 1}}, ("region", "$exists"), "$exists takes true or false", ""),
        ({"region": {"$type": "strnig"}}, ("region", "$type"), "unknown type strnig", "string"),
        ({"region": {"$type": "number"}}, ("region", "$type"), "never of type number", "string or null"),
        ({"page.type": "hmoe"}, ("page.type",), "'hmoe' is none of its values", "did you mean home?"),
        ({"page.type": {"$nin": ["x"]}}, ("page.type", "$nin", 0), "'x' is none of its values", "home, category"),
        ({"visitor.new": {"$gt": 1}}, ("visitor.new", "$gt"), "it holds boolean", ""),
        ({"visitor.new": "yes"}, ("visitor.new",), "'yes' is not true or false", "quotes"),
        ({"weather.temperature_c": "5"}, ("weather.temperature_c",), "'5' is not a number", "quotes"),
        ({"weather.temperature_c": {"$regex": "5"}}, ("weather.temperature_c", "$regex"), "it holds number", ""),
        ({"weather.temperature_c": {"$lt": float("nan")}}, ("weather.temperature_c", "$lt"), "NaN is not a number", ""),
        ({"weather.temperature_c": {"$lt": 10**400}}, ("weather.temperature_c", "$lt"), "Infinity is not", ""),
        ({"tags": "a"}, ("tags",), "never equals one text", "$elemMatch"),
        ({"tags": {"$eq": "a"}}, ("tags", "$eq"), "it holds strings", "$elemMatch"),
        ({"tags": {"$size": -1}}, ("tags", "$size"), "0, 1, 2", ""),
        ({"tags": {"$size": 1.5}}, ("tags", "$size"), "0, 1, 2", ""),
        ({"tags": {"$all": [["a"]]}}, ("tags", "$all", 0), "not a list", ""),
        ({"tags": {"$elemMatch": "a"}}, ("tags", "$elemMatch"), "takes an object", ""),
        ({"app.version": {"$vgt": 2.1}}, ("app.version", "$vgt"), "2.1 is not a text", "quotes"),
        ({"category": "frzoen"}, ("category",), "'frzoen' is unknown: there is no such category", ""),
        ({"category": {"$regex": "f"}}, ("category", "$regex"), "its values are encoded", "$in"),
        ({"category": {"$gt": "f"}}, ("category", "$gt"), "its values are encoded", ""),
        ({"$audience": "vips"}, ("$audience",), "unknown audience vips", ""),
        ({"$audience": [5]}, ("$audience",), "takes a name", ""),
        ({5: "a"}, (5,), "a key is not a text", "quotes"),
    ],
)
def test_a_wrong_condition_is_refused(plain: object, at: tuple[str | int, ...], message: str, hint: str) -> None:
    """The error says what is wrong, where, and how to mend it."""
    with pytest.raises(InvalidCondition) as caught:
        compiled(plain)
    assert caught.value.at == at
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("plain", [{"a": {"$regx": "b"}}, {"a": {"$in": 1}}, {"a": {"$regex": "[)"}}, {"$or": {}}])
def test_what_growthbook_answers_false_to_is_refused(plain: object) -> None:
    """What makes no sense is an error, not a condition that never matches, declared or not."""
    with pytest.raises(InvalidCondition):
        growthbook(plain, {})


@pytest.mark.parametrize("step", [lambda inner: {"$not": inner}, lambda inner: {"region": {"$not": inner}}])
def test_a_bottomless_condition_is_refused(step: Callable[[object], object]) -> None:
    """Nesting without end neither exhausts the stack while compiling nor later."""
    plain: dict[str, Any] = {}
    plain["$not"] = plain
    with pytest.raises(InvalidCondition, match="deep"):
        compiled(step(plain))
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InvalidCondition, match="deep"):
        growthbook({"a": endless}, {})


def test_audiences_are_conditions_under_a_name() -> None:
    """All named audiences have to match; what they look at and require counts as the condition's own."""
    audiences = {"north": compiled({"region": "north"}), "new": compiled({"visitor.new": True})}
    condition = compiled({"$audience": ["north", "new"], "page.type": "home"}, audiences.get)
    facts = {"region": "north", "visitor.new": True, "page.type": "home"}
    assert condition.matches(facts.get)
    assert not condition.matches({**facts, "visitor.new": False}.get)
    assert condition.paths == {"region", "visitor.new", "page.type"}
    assert condition.requires == {"region": {"north"}, "visitor.new": {True}, "page.type": {"home"}}


def test_an_audience_is_not_asked_of_an_element() -> None:
    """Elements of a list are no visitors."""
    plain = {"people": {"$elemMatch": {"name": "a", "$audience": "everybody"}}}
    with pytest.raises(InvalidCondition, match="unknown audience") as caught:
        compile_condition(plain, None, regex, lambda _: compiled({}))
    assert caught.value.at == ("people", "$elemMatch", "$audience")


@pytest.mark.parametrize(
    ("plain", "requires"),
    [
        ({"region": {"$in": ["a", "b"]}}, {"region": {"a", "b"}}),
        ({"region": {"$in": ["a", "b"], "$ne": "a"}}, {"region": {"a", "b"}}),
        ({"$and": [{"region": {"$in": ["a", "b"]}}, {"region": "b"}]}, {"region": {"b"}}),
        ({"$or": [{"region": "a", "page.type": "home"}, {"region": "b"}]}, {"region": {"a", "b"}}),
        ({"region": None}, {}),
        ({"region": {"$in": ["a", None]}}, {}),
        ({"$not": {"region": "a"}}, {}),
        ({"$nor": [{"region": "a"}]}, {}),
        ({"tags": {"$in": ["a"]}}, {}),
        ({"region": {"$ini": ["a"]}}, {}),
    ],
)
def test_what_a_condition_requires(plain: object, requires: Mapping[str, set[str]]) -> None:
    """Only values without which it cannot match, of attributes that hold one value and may not be missing."""
    assert compiled(plain).requires == requires


def test_bounds_and_elements_a_condition_needs() -> None:
    """Numbers lie between what comparisons allow, wide enough for both of an $or; lists hold one of some elements."""
    warm = compiled({"weather.temperature_c": {"$gt": 10, "$lte": 30}})
    assert warm.bounds == {"weather.temperature_c": (10, 30)}
    either = compiled({"$or": [{"weather.temperature_c": {"$lt": 0}}, {"weather.temperature_c": {"$lt": 5, "$gt": 3}}]})
    assert either.bounds == {"weather.temperature_c": (-math.inf, 5)}
    assert compiled({"weather.temperature_c": {"$not": {"$lt": 0}}}).bounds == {}
    assert compiled({"tags": {"$in": ["a", "b"], "$all": ["c"]}}).elements == {"tags": {"c"}}
    assert compiled({"seen": {"$elemMatch": {"$in": ["frozen", "dairy"]}}}).elements == {"seen": {7, 0}}
    assert compiled({"tags": {"$nin": ["a"]}}).elements == {}


def test_both() -> None:
    """An audience and a `when` match together, and require what either requires."""
    condition = both(compiled({"region": {"$in": ["a", "b"]}}), compiled({"region": "b", "page.type": "home"}))
    assert condition.requires == {"region": {"b"}, "page.type": {"home"}}
    assert condition.matches({"region": "b", "page.type": "home"}.get)
    assert not condition.matches({"region": "a", "page.type": "home"}.get)


def test_cheap_tests_are_asked_first() -> None:
    """A regular expression is not asked where a comparison already says no."""
    asked: list[str] = []

    def recording(pattern: str) -> Callable[[str], bool]:
        return lambda text: bool(asked.append(text)) or True

    plain = {"region": {"$regex": "a"}, "visitor.new": True}
    condition = compile_condition(plain, ATTRIBUTES, recording, no_audience)
    assert not condition.matches({"region": "a", "visitor.new": False}.get)
    assert asked == []
    assert condition.matches({"region": "a", "visitor.new": True}.get)
    assert asked == ["a"]


def test_half_a_surrogate_pair_is_found_nowhere() -> None:
    """An engine that works on UTF-8 cannot be given such a text; the condition still answers."""

    def utf_8_engine(pattern: str) -> Callable[[str], bool]:
        return lambda text: pattern.encode() in text.encode()

    condition = compile_condition({"region": {"$regex": "a"}}, ATTRIBUTES, utf_8_engine, no_audience)
    assert not condition.matches({"region": "a\ud83d"}.get)

"""What is compared with one attribute: each operator of GrowthBook, compiled to a check of a value.

Two manners. A declared attribute is compared without conversions, and a missing value has no order and equals only
null: unknown weather is not 0 degrees. An undeclared one is compared as GrowthBook's JavaScript does, where null is 0
and "8" is a number.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from vitrine.rules import operands
from vitrine.rules.attributes import ARRAYS, Attribute, Kind, closest, lookup_in
from vitrine.rules.checks import Check, Holds, deeply, every, folded, loosely, negated, some_element, strictly
from vitrine.rules.javascript import is_true, text_of
from vitrine.rules.operands import Place
from vitrine.rules.simple_operators import SIMPLE, Compile, equal, equal_to_code

_SIZE: Final = Attribute("number", "how many elements a list has")
_ELEMENT_COST: Final = 4  # of a check that runs over a list, in checks of one value


def compile_value(plain: object, place: Place) -> Check:
    """The check of one value that an operand describes: a literal to be equal to, or an object of operators.

    Raises:
        InvalidCondition: an operator is unknown, or an operand does not fit the attribute.
    """
    if not isinstance(plain, Mapping) or not any(str(key).startswith("$") for key in plain):
        return _literal(plain, place)
    return every([_operator(key, operand, place.inside(key)) for key, operand in plain.items()])


def _operator(name: str, operand: object, place: Place) -> Check:
    """The check of one operator; `place` is that of its operand."""
    compile_operator = OPERATORS.get(name)
    if compile_operator is None:
        known = OPERATORS if place.attribute is None else operators_of(place.attribute)
        raise place.refused(f"unknown operator {name}", closest(str(name), OPERATORS) or f"use {', '.join(known)}")
    attribute = place.attribute
    if attribute is not None and name not in operators_of(attribute):
        held = "its values are encoded" if attribute.encode else f"it holds {attribute.kind}"
        raise place.refused(f"{name} cannot match this attribute: {held}", f"use {', '.join(operators_of(attribute))}")
    return compile_operator(operand, place)


def _literal(plain: object, place: Place) -> Check:
    if isinstance(plain, list | tuple | Mapping):
        return _deep_literal(plain, place)
    if place.attribute is not None:
        if place.attribute.kind == "strings" and plain is not None:
            raise place.refused("a list of texts never equals one text", "use $in, $all or $elemMatch")
        return equal(plain, place)
    return Check(loosely(operands.scalar(plain, place)))


def _deep_literal(plain: object, place: Place) -> Check:
    attribute = place.attribute
    if attribute is None:
        return Check(deeply(operands.literal(plain, place)), _ELEMENT_COST)
    if isinstance(plain, Mapping):
        raise place.refused("no attribute is an object", "operators begin with $, parts of a path are joined by dots")
    if attribute.kind != "strings":
        raise place.refused("the attribute is not a list", "use $in to allow several values")
    leaf = equal_to_code if attribute.encode else strictly
    return Check(deeply(operands.scalars(plain, place), leaf), _ELEMENT_COST)


def _size(plain: object, place: Place) -> Check:
    counts = isinstance(plain, int) and not isinstance(plain, bool) and plain >= 0
    if place.attribute is not None and not counts and not isinstance(plain, Mapping):
        raise place.refused("a list has 0, 1, 2 ... elements", "write a whole number, or {$gte: 2} and the like")
    check = compile_value(plain, place.of(_SIZE))
    return Check(lambda value: isinstance(value, ARRAYS) and check.holds(len(value)), check.cost + 1)


def _all(plain: object, place: Place) -> Check:
    of_element = place.elements()
    checks = [
        compile_value(operand, of_element.inside(index)) for index, operand in enumerate(operands.listed(plain, place))
    ]
    known = [check.values for check in checks if check.values is not None]
    return replace(_each([check.holds for check in checks]), elements=min(known, key=len, default=None))


def _all_folded(plain: object, place: Place) -> Check:
    wanted = [folded(operand) for operand in operands.scalars(plain, place)]
    return _each([_folded_equal(operand) if isinstance(operand, str) else loosely(operand) for operand in wanted])


def _folded_equal(operand: str) -> Holds:
    return lambda value: folded(text_of(value)) == operand


def _each(tests: list[Holds]) -> Check:
    """The check that the value is a list in which every test passes for some element."""
    holds = [some_element(test) for test in tests]
    cost = _ELEMENT_COST * (1 + len(tests))
    return Check(lambda value: isinstance(value, ARRAYS) and all(test(value) for test in holds), cost)


def _element_match(plain: object, place: Place) -> Check:
    if not isinstance(plain, Mapping):
        raise place.refused("$elemMatch takes an object of operators", "write {$eq: VALUE} or another operator")
    if place.attribute is not None:
        check = compile_value(plain, place.elements())
        return Check(some_element(check.holds), _ELEMENT_COST * check.cost, elements=check.values)
    holds = _undeclared_element(plain, place)
    # GrowthBook passes over elements that are 0, "", false or null.
    return Check(some_element(lambda element: is_true(element) and holds(element)), _ELEMENT_COST)


def _undeclared_element(plain: Mapping[str, object], place: Place) -> Holds:
    """The check of an element: by operators, or by a condition on what is in it."""
    if plain and all(str(key).startswith("$") for key in plain):
        return compile_value(plain, place).holds
    matches = place.nested(plain, place.at)
    return lambda element: matches(lookup_in(element))


def _not(plain: object, place: Place) -> Check:
    return negated(compile_value(plain, place))


OPERATORS: Final[Mapping[str, Compile]] = {
    **SIMPLE,
    "$size": _size,
    "$all": _all,
    "$alli": _all_folded,
    "$elemMatch": _element_match,
    "$not": _not,
}

_ALWAYS: Final = ("$exists", "$not", "$in", "$nin")
_OF_ENCODED: Final[Mapping[Kind, tuple[str, ...]]] = {
    "string": (*_ALWAYS, "$eq", "$ne"),
    "strings": (*_ALWAYS, "$size", "$all", "$elemMatch"),
}
_OF_PLAIN: Final[Mapping[Kind, tuple[str, ...]]] = {
    "string": tuple(name for name in OPERATORS if name not in ("$size", "$all", "$alli", "$elemMatch")),
    "number": (*_ALWAYS, "$type", "$eq", "$ne", "$gt", "$gte", "$lt", "$lte"),
    "boolean": (*_ALWAYS, "$type", "$eq", "$ne"),
    "strings": (*_ALWAYS, "$type", "$ini", "$nini", "$size", "$all", "$alli", "$elemMatch"),
}


def operators_of(attribute: Attribute) -> tuple[str, ...]:
    """The operators that can match an attribute."""
    if attribute.encode is None:
        return _OF_PLAIN[attribute.kind]
    return _OF_ENCODED.get(attribute.kind, _ALWAYS)

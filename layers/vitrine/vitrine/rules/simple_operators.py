"""Operators whose operand is a plain value, each compiled to a check of an attribute's value."""

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from vitrine.rules import operands
from vitrine.rules.attributes import Kind, closest
from vitrine.rules.checks import (
    Check,
    Compare,
    Holds,
    among,
    among_codes,
    folded,
    negated,
    ordered,
    ordered_loosely,
    some,
    strictly,
)
from vitrine.rules.javascript import text_of, type_of
from vitrine.rules.needs import Bounds
from vitrine.rules.operands import Place
from vitrine.rules.versions import version_order

Compile = Callable[[object, Place], Check]

JSON_TYPES: Final[Mapping[Kind, str]] = {
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "strings": "array",
}
_TYPES: Final = frozenset({"null", "boolean", "string", "number", "array", "object", "undefined", "unknown"})
_VERSION_COST: Final = 10
_REGEX_COST: Final = 12


def equal_to_code(operand: object) -> Holds:
    """The check that a value is one encoded operand."""
    return among_codes((operand,))


def equal(plain: object, place: Place) -> Check:
    """The check that a value equals one operand in type and value."""
    operand = operands.scalar(plain, place)
    encoded = place.attribute is not None and place.attribute.encode is not None and operand is not None
    return Check(equal_to_code(operand) if encoded else strictly(operand), values=_only((operand,), place))


def _different(plain: object, place: Place) -> Check:
    return negated(equal(plain, place))


def _membership(plain: object, place: Place) -> tuple[list[Any], Holds]:
    wanted = operands.scalars(plain, place)
    encoded = place.attribute is not None and place.attribute.encode is not None
    return wanted, some(among_codes(wanted) if encoded else among(wanted))


def _in(plain: object, place: Place) -> Check:
    wanted, holds = _membership(plain, place)
    only = _only(wanted, place)
    if place.attribute is not None and place.attribute.kind == "strings":
        return Check(holds, 2, elements=only)
    return Check(holds, 2, only)


def _not_in(plain: object, place: Place) -> Check:
    return negated(Check(_membership(plain, place)[1], 2))


def _only(wanted: list[Any] | tuple[Any, ...], place: Place) -> frozenset[Any] | None:
    """The values that can pass, None where a missing or a converted value could pass as well."""
    if place.attribute is None or any(operand is None for operand in wanted):
        return None
    return frozenset(wanted)


def _folded_membership(plain: object, place: Place) -> Holds:
    holds = among([folded(operand) for operand in operands.scalars(plain, place)])
    return some(lambda value: holds(folded(value)))


def _in_folded(plain: object, place: Place) -> Check:
    return Check(_folded_membership(plain, place), 3)


def _not_in_folded(plain: object, place: Place) -> Check:
    return negated(Check(_folded_membership(plain, place), 3))


def _order(compare: Compare) -> Compile:
    def compile_order(plain: object, place: Place) -> Check:
        operand = operands.scalar(plain, place)
        if place.attribute is None:
            return Check(ordered_loosely(compare, operand), 2)
        if operand is None:
            raise place.refused("null has no order", "use $exists")
        if isinstance(operand, str):
            return Check(ordered(compare, operand), 2)
        return Check(ordered(compare, operand), bounds=_bounds(compare, cast(float, operand)))

    return compile_order


def _bounds(compare: Compare, operand: float) -> Bounds:
    """The closed range around all numbers in that order to the operand."""
    return (operand, math.inf) if compare(1, 0) else (-math.inf, operand)


def _version(compare: Compare) -> Compile:
    def compile_version(plain: object, place: Place) -> Check:
        if place.attribute is None:
            wanted = version_order(operands.scalar(plain, place))
            return Check(lambda value: compare(version_order(value), wanted), _VERSION_COST)
        wanted = version_order(operands.text(plain, place))
        return Check(lambda value: isinstance(value, str) and compare(version_order(value), wanted), _VERSION_COST)

    return compile_version


def _other_version(plain: object, place: Place) -> Check:
    return negated(_version(operator.eq)(plain, place))


def _exists(plain: object, place: Place) -> Check:
    if not isinstance(plain, bool):
        raise place.refused("$exists takes true or false", "write true or false, without quotes")
    return Check((lambda value: value is not None) if plain else (lambda value: value is None))


def _type(plain: object, place: Place) -> Check:
    name = operands.text(plain, place)
    if name not in _TYPES:
        raise place.refused(f"unknown type {name}", closest(name, _TYPES) or f"one of {', '.join(sorted(_TYPES))}")
    if place.attribute is not None and name not in ("null", own := JSON_TYPES[place.attribute.kind]):
        raise place.refused(f"the attribute is never of type {name}", f"it is {own} or null")
    return Check(lambda value: type_of(value) == name, 2)


def _regex(flags: str) -> Compile:
    def compile_regex(plain: object, place: Place) -> Check:
        try:
            search = place.regex(flags + operands.text(plain, place))
        except ValueError as error:
            said, _, hint = str(error).partition("; ")
            raise place.refused(f"bad regular expression: {said}", hint or "correct the pattern") from error
        return Check(_found(search, text_of if place.attribute is None else _own_text), _REGEX_COST)

    return compile_regex


def _own_text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _found(search: Callable[[str], bool], text: Callable[[Any], str | None]) -> Holds:
    def holds(value: object) -> bool:
        subject = text(value)
        try:
            return subject is not None and bool(search(subject))
        except UnicodeError:  # half a surrogate pair, which an engine that works on UTF-8 cannot be given
            return False

    return holds


SIMPLE: Final[Mapping[str, Compile]] = {
    "$eq": equal,
    "$ne": _different,
    "$in": _in,
    "$nin": _not_in,
    "$ini": _in_folded,
    "$nini": _not_in_folded,
    "$gt": _order(operator.gt),
    "$gte": _order(operator.ge),
    "$lt": _order(operator.lt),
    "$lte": _order(operator.le),
    "$exists": _exists,
    "$type": _type,
    "$regex": _regex(""),
    "$regexi": _regex("(?i)"),
    "$veq": _version(operator.eq),
    "$vne": _other_version,
    "$vgt": _version(operator.gt),
    "$vgte": _version(operator.ge),
    "$vlt": _version(operator.lt),
    "$vlte": _version(operator.le),
}

"""Operands of a condition: that they fit the attribute they are compared with, and as the attribute holds them."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vitrine.rules.attributes import At, Attribute, CompileRegex, InvalidCondition, Kind, Lookup, closest
from vitrine.rules.javascript import text_of
from vitrine.values import dataclass

MAX_DEPTH: Final = 32
_NOUNS: Final[Mapping[Kind, str]] = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "strings": "a list of texts",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a condition and what is known there.

    `attribute` is None where nothing is declared: values are then compared with GrowthBook's conversions. `nested`
    compiles a condition on the elements of a list.
    """

    at: At
    attribute: Attribute | None
    regex: CompileRegex
    nested: Callable[[object, At], Callable[[Lookup], bool]]

    def inside(self, key: str | int) -> "Place":
        """The place one step deeper, of the same attribute."""
        if len(self.at) >= MAX_DEPTH:
            raise self.refused(f"the condition is nested more than {MAX_DEPTH} deep", "make audiences of its parts")
        return replace(self, at=(*self.at, key))

    def of(self, attribute: Attribute) -> "Place":
        """The same place for something of the attribute: its elements, its size. Undeclared stays undeclared."""
        return self if self.attribute is None else replace(self, attribute=attribute)

    def elements(self) -> "Place":
        """The same place for the elements of a list of texts."""
        return self if self.attribute is None else self.of(replace(self.attribute, kind="string"))

    def refused(self, message: str, hint: str = "") -> InvalidCondition:
        """The error that says so of this place."""
        return InvalidCondition(message, self.at, hint)


def scalar(plain: object, place: Place) -> object:
    """An operand that is one value, as the attribute holds it.

    Raises:
        InvalidCondition: it is no JSON scalar, not of the attribute's kind or none of its values.
    """
    if not isinstance(plain, str | int | float | None):
        raise place.refused(f"{_shown(plain)} is not a text, a number, true, false or null", "compare with one value")
    if isinstance(plain, int | float) and not abs(plain) <= sys.float_info.max:
        raise place.refused(f"{_shown(plain)} is not a number to compare with", "write a finite number")
    attribute = place.attribute
    if attribute is None or plain is None:
        return plain
    if _kind(plain) != ("string" if attribute.kind == "strings" else attribute.kind):
        raise place.refused(f"{_shown(plain)} is not {_NOUNS[attribute.kind]}", _kind_hint(plain, attribute))
    return _encoded(plain, attribute, place) if isinstance(plain, str) else plain


def scalars(plain: object, place: Place) -> list[Any]:
    """An operand that is a list of values; it may only be empty where nothing is declared."""
    return [scalar(operand, place.inside(index)) for index, operand in enumerate(listed(plain, place))]


def listed(plain: object, place: Place) -> Sequence[object]:
    """An operand that is a list of anything.

    Raises:
        InvalidCondition: it is no list, or an empty one on a declared attribute.
    """
    if not isinstance(plain, list | tuple):
        raise place.refused(f"{_shown(plain)} is not a list", "write [a, b] or one entry per line with a dash")
    if not plain and place.attribute is not None:
        raise place.refused("the list is empty", "write a value in it, or remove the operator")
    return plain


def text(plain: object, place: Place) -> str:
    """An operand that is a text."""
    if not isinstance(plain, str):
        raise place.refused(f"{_shown(plain)} is not a text", "put it in quotes")
    return plain


def literal(plain: object, place: Place) -> object:
    """An operand to be equal to as a whole: lists and objects of values, each as the attribute holds it."""
    if isinstance(plain, list | tuple):
        return [literal(member, place.inside(index)) for index, member in enumerate(plain)]
    if isinstance(plain, dict):
        return {text(key, place): literal(member, place.inside(key)) for key, member in plain.items()}
    return scalar(plain, place)


def _kind(plain: str | int | float) -> Kind:
    if isinstance(plain, bool):
        return "boolean"
    return "string" if isinstance(plain, str) else "number"


def _kind_hint(plain: object, attribute: Attribute) -> str:
    """What YAML does to people: bare numbers and yes or no where a text is meant, quotes where a number is."""
    if attribute.kind in ("string", "strings"):
        return "put it in quotes"
    return "leave the quotes out" if isinstance(plain, str) else ""


def _encoded(plain: str, attribute: Attribute, place: Place) -> object:
    if attribute.values and plain not in attribute.values:
        hint = closest(plain, attribute.values) or f"it can be {', '.join(attribute.values[:20])}"
        raise place.refused(f"{_shown(plain)} is none of its values", hint)
    if attribute.encode is None:
        return plain
    try:
        return attribute.encode(plain)
    except (ValueError, LookupError) as error:
        raise place.refused(f"{_shown(plain)} is unknown: {error}", "write another value") from error


def _shown(plain: object) -> str:
    """An operand in a message, cut short."""
    shown = repr(plain) if isinstance(plain, str) else text_of(plain) or f"a {type(plain).__name__}"
    return shown if len(shown) <= 60 else f"{shown[:57]}..."

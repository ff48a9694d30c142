"""Conditions over attributes, compiled once to closures. MongoDB's notation with GrowthBook's semantics.

Source: GrowthBook's "Build your own SDK" specification and the evaluation in its JavaScript SDK. Beside its operators
an object may name audiences ($audience), which are conditions under a name. Where GrowthBook answers False to what
makes no sense (an unknown operator, $in without a list, a bad regular expression), compiling is refused here.
"""

from collections.abc import Callable, Mapping, Sequence

from vitrine.rules.attributes import (
    At,
    Attribute,
    CompileRegex,
    InvalidCondition,
    Kind,
    Lookup,
    closest,
    lookup_in,
)
from vitrine.rules.combining import Condition, any_of, both, every_of, opposite_of
from vitrine.rules.operands import MAX_DEPTH, Place
from vitrine.rules.operators import OPERATORS, compile_value
from vitrine.values import dataclass

__all__ = [
    "Attribute",
    "CompileRegex",
    "Condition",
    "InvalidCondition",
    "Kind",
    "Lookup",
    "both",
    "compile_condition",
    "lookup_in",
]


@dataclass(frozen=True, slots=True)
class _Scope:
    """What all of a condition is compiled with."""

    attributes: Mapping[str, Attribute] | None
    regex: CompileRegex
    audience: Callable[[str], Condition | None]


def compile_condition(
    plain: object,
    attributes: Mapping[str, Attribute] | None,
    regex: CompileRegex,
    audience: Callable[[str], Condition | None],
) -> Condition:
    """The condition that YAML or JSON describes.

    With `attributes` only these may be looked at, operands must fit them, values are compared without conversions and
    a missing value equals only null. Without, any path may, and values are converted as GrowthBook does. `audience`
    gives the condition of that name, None if there is none; it may raise an InvalidCondition with a hint instead.

    Raises:
        InvalidCondition: it names an unknown operator, attribute or audience, or an operand does not fit.
    """
    return _object(plain, _Scope(attributes, regex, audience), ())


def _object(plain: object, scope: _Scope, at: At) -> Condition:
    """The condition of an object: all of its keys together."""
    if not isinstance(plain, Mapping):
        raise InvalidCondition("a condition is an object", at, "write attribute: value")
    if len(at) >= MAX_DEPTH:
        raise InvalidCondition(f"the condition is nested more than {MAX_DEPTH} deep", at, "make audiences of its parts")
    return every_of([_member(key, operand, scope, (*at, key)) for key, operand in plain.items()])


def _member(key: object, operand: object, scope: _Scope, at: At) -> Condition:
    """The condition of one key of an object: of other conditions, of audiences or of an attribute."""
    if not isinstance(key, str):
        raise InvalidCondition("a key is not a text", at, "put it in quotes")
    if key in ("$and", "$or", "$nor"):
        return _combined(key, _objects(operand, scope, at))
    if key == "$not":
        return opposite_of(_object(operand, scope, at))
    if key == "$audience":
        return every_of(_audiences(operand, scope, at))
    return _on_attribute(key, operand, scope, at)


def _objects(operand: object, scope: _Scope, at: At) -> list[Condition]:
    if not isinstance(operand, list | tuple):
        raise InvalidCondition(f"{at[-1]} takes a list of conditions", at, "start each with a dash")
    if not operand and scope.attributes is not None:
        raise InvalidCondition("the list is empty", at, "write a condition in it, or remove it")
    return [_object(plain, scope, (*at, index)) for index, plain in enumerate(operand)]


def _audiences(operand: object, scope: _Scope, at: At) -> list[Condition]:
    names = operand if isinstance(operand, list | tuple) and operand else [operand]
    return [_audience(name, scope, at) for name in names]


def _audience(name: object, scope: _Scope, at: At) -> Condition:
    if not isinstance(name, str):
        raise InvalidCondition("$audience takes a name or a list of names", at, "write $audience: NAME")
    try:
        condition = scope.audience(name)
    except InvalidCondition as error:
        raise InvalidCondition(error.message, at, error.hint) from error
    if condition is None:
        raise InvalidCondition(f"unknown audience {name}", at)
    return condition


def _on_attribute(path: str, operand: object, scope: _Scope, at: At) -> Condition:
    attribute = _declared(path, scope.attributes, at)

    def nested(plain: object, inner: At) -> Callable[[Lookup], bool]:
        return _object(plain, _Scope(None, scope.regex, _no_audience), inner).matches

    check = compile_value(operand, Place(at, attribute, scope.regex, nested))
    holds = check.holds
    return Condition(
        lambda lookup: holds(lookup(path)),
        {} if check.values is None else {path: check.values},
        frozenset({path}),
        check.cost,
        {} if check.bounds is None else {path: check.bounds},
        {} if check.elements is None else {path: check.elements},
    )


def _no_audience(name: str) -> None:
    """Audiences are of the visitor, not of the elements of a list."""


def _declared(path: str, attributes: Mapping[str, Attribute] | None, at: At) -> Attribute | None:
    """The attribute of a path, None where nothing is declared. GrowthBook takes $groups and the like for paths."""
    if attributes is not None and path in attributes:
        return attributes[path]
    if path in OPERATORS:
        raise InvalidCondition(f"{path} stands where an attribute should", at, f"write attribute: {{{path}: ...}}")
    if attributes is None:
        return None
    if path.startswith("$"):
        known = ("$and", "$or", "$nor", "$not", "$audience")
        raise InvalidCondition(f"unknown operator {path}", at, closest(path, known) or f"use {', '.join(known)}")
    below = [known for known in attributes if known.startswith(f"{path}.")]
    hint = f"write {below[0]} as one key" if below else closest(path, attributes) or "vitrine attributes lists them all"
    raise InvalidCondition(f"unknown attribute {path}", at, hint)


def _combined(key: str, conditions: Sequence[Condition]) -> Condition:
    """$and, $or or $nor of conditions; an empty $or matches, as in GrowthBook."""
    if key == "$and":
        return every_of(conditions)
    return any_of(conditions) if key == "$or" else opposite_of(any_of(conditions))

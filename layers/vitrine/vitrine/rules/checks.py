"""Checks of one value: equality, membership, order. Whatever the value is, a check answers True or False."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from typing import Any, TypeAlias, TypeVar

from vitrine.rules.attributes import ARRAYS
from vitrine.rules.javascript import NUMBERS, code_units, is_true, number_of, text_of
from vitrine.rules.needs import Bounds, Need, Values, rarer, within_both
from vitrine.values import dataclass

T = TypeVar("T")
Test: TypeAlias = Callable[[T], bool]
Holds = Callable[[Any], bool]
Compare = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Check:
    """A check, its price relative to others, and what must hold of a value that passes it, where that is known.

    `values` are the only ones that can pass, `bounds` those within which a number must lie, `elements` those of which
    a list must hold one.
    """

    holds: Holds
    cost: int = 1
    values: Values | None = None
    bounds: Bounds | None = None
    elements: Values | None = None


def every(checks: Sequence[Check]) -> Check:
    """The check that all pass, the cheapest asked first."""
    if len(checks) == 1:
        return checks[0]
    return Check(
        passes_all([(check.cost, check.holds) for check in checks]),
        sum(check.cost for check in checks),
        _combined(frozenset.__and__, [check.values for check in checks]),
        _combined(within_both, [check.bounds for check in checks]),
        _combined(rarer, [check.elements for check in checks]),
    )


def passes_all(tests: Sequence[tuple[int, Test[T]]]) -> Test[T]:
    """The test that all pass, by their costs the cheapest first."""
    in_order = tuple(test for _, test in sorted(tests, key=lambda test: test[0]))

    def passes(value: T) -> bool:
        for test in in_order:  # noqa: SIM110  (a generator costs more than most tests)
            if not test(value):
                return False
        return True

    return passes


def _combined(combine: Callable[[Need, Need], Need], needs: Sequence[Need | None]) -> Need | None:
    known = [need for need in needs if need is not None]
    return reduce(combine, known) if known else None


def negated(check: Check) -> Check:
    """The check that the other one does not pass."""
    holds = check.holds
    return Check(lambda value: not holds(value), check.cost)


def strictly(operand: object) -> Holds:
    """Equal in type and value, as JavaScript's ===."""
    if operand is None or isinstance(operand, bool):
        return lambda value: value is operand
    if isinstance(operand, str):
        return lambda value: isinstance(value, str) and value == operand
    return lambda value: is_number(value) and value == operand


def loosely(operand: object) -> Holds:
    """Equal after the conversion that GrowthBook applies for the type of a literal operand."""
    if operand is None:
        return lambda value: value is None
    if isinstance(operand, bool):
        return lambda value: value is not None and is_true(value) is operand
    if isinstance(operand, str):
        return lambda value: text_of(value) == operand
    return lambda value: number_of(value) == operand


def deeply(operand: object, leaf: Callable[[Any], Holds] = strictly) -> Holds:
    """Equal lists and objects, all the way down, with types; the order of an object's keys does not matter.

    Goes no deeper into a value than the operand does, so that no value can exhaust the stack.
    """
    if isinstance(operand, list):
        items = [deeply(item, leaf) for item in operand]
        return lambda value: (
            isinstance(value, list | tuple)
            and len(value) == len(items)
            and all(item(found) for item, found in zip(items, value, strict=True))
        )
    if isinstance(operand, dict):
        members = {key: deeply(member, leaf) for key, member in operand.items()}
        return lambda value: (
            isinstance(value, dict)
            and value.keys() == members.keys()
            and all(member(value[key]) for key, member in members.items())
        )
    return leaf(operand)


def is_number(value: object) -> bool:
    """Whether a value is a number; booleans are none."""
    return isinstance(value, NUMBERS) and not isinstance(value, bool)


def among(operands: Iterable[Any]) -> Holds:
    """One of the operands, equal in type and value."""
    wanted = list(operands)
    texts = frozenset(operand for operand in wanted if isinstance(operand, str))
    if len(texts) == len(wanted):
        return lambda value: isinstance(value, str) and value in texts
    numbers = frozenset(operand for operand in wanted if is_number(operand))
    singletons = tuple(operand for operand in wanted if operand is None or isinstance(operand, bool))

    def holds(value: object) -> bool:
        if isinstance(value, str):
            return value in texts
        if value is None or isinstance(value, bool):
            return any(value is operand for operand in singletons)
        return isinstance(value, NUMBERS) and value in numbers

    return holds


def among_codes(codes: Iterable[Any]) -> Holds:
    """One of the encoded operands: these are only compared, never converted."""
    wanted = frozenset(codes)

    def holds(value: object) -> bool:
        try:
            return value in wanted
        except TypeError:  # not hashable, so none of them
            return False

    return holds


def some(holds: Holds) -> Holds:
    """The check of a value, or of any element where the value is a list."""
    return lambda value: any(map(holds, value)) if isinstance(value, ARRAYS) else holds(value)


def some_element(holds: Holds) -> Holds:
    """The check that the value is a list and one of its elements passes."""
    return lambda value: isinstance(value, ARRAYS) and any(map(holds, value))


def folded(value: object) -> object:
    """A text in lower case, anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def ordered(compare: Compare, operand: object) -> Holds:
    """In that order to the operand. Only numbers are compared with a number, and only texts with a text."""
    if not isinstance(operand, str):
        return lambda value: isinstance(value, NUMBERS) and not isinstance(value, bool) and compare(value, operand)
    units = code_units(operand)
    return lambda value: isinstance(value, str) and compare(code_units(value), units)


def ordered_loosely(compare: Compare, operand: object) -> Holds:
    """In that order as JavaScript has it: texts by code units, all else as numbers, null as 0."""
    units = code_units(operand) if isinstance(operand, str) else None
    number = number_of(operand)

    def holds(value: object) -> bool:
        if units is not None and isinstance(value, str):
            return compare(code_units(value), units)
        return compare(number_of(value), number)

    return holds

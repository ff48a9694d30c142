"""What must hold for a condition to match at all, per attribute, so that an index can leave conditions out unasked.

Everything here is necessary, never sufficient: a need may be wider than the condition, but never narrower.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

Values: TypeAlias = frozenset[Any]
"""The value is one of these, or, of an attribute that holds lists, an element is."""

Bounds: TypeAlias = tuple[float, float]
"""The value is a number between these, both included."""

Need = TypeVar("Need")


def of_all(needs: Sequence[Mapping[str, Need]], combined: Callable[[Need, Need], Need]) -> dict[str, Need]:
    """The needs of a condition that all parts match: everything that any part needs."""
    found: dict[str, Need] = {}
    for mapping in needs:
        for path, need in mapping.items():
            found[path] = combined(found[path], need) if path in found else need
    return found


def of_any(needs: Sequence[Mapping[str, Need]], combined: Callable[[Need, Need], Need]) -> dict[str, Need]:
    """The needs of a condition that one part matches: only what every part needs, as wide as the widest."""
    found = dict(needs[0])
    for mapping in needs[1:]:
        found = {path: combined(need, mapping[path]) for path, need in found.items() if path in mapping}
    return found


def within_both(first: Bounds, second: Bounds) -> Bounds:
    """The numbers within both bounds; none if the lower one comes out above the upper."""
    return max(first[0], second[0]), min(first[1], second[1])


def around_both(first: Bounds, second: Bounds) -> Bounds:
    """The narrowest bounds around both."""
    return min(first[0], second[0]), max(first[1], second[1])


def rarer(first: Values, second: Values) -> Values:
    """One of two needs of a list's elements. Both may hold by different elements, so they do not intersect."""
    return first if len(first) <= len(second) else second

"""Compiled conditions, and what they make together: all of them, any of them, not that one."""

from collections.abc import Callable, Mapping, Sequence

from vitrine.rules.attributes import Lookup
from vitrine.rules.checks import passes_all
from vitrine.rules.needs import Bounds, Values, around_both, of_all, of_any, rarer, within_both
from vitrine.values import dataclass, field


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. `matches` is total: any lookup gives True or False.

    `requires` says for some attribute paths which values can match at all (used to leave conditions out unasked),
    `bounds` between which numbers a value must lie, `elements` which values a list must hold one of. `paths` are all
    attributes it can look at, through audiences too. `cost` is its price relative to others.
    """

    matches: Callable[[Lookup], bool]
    requires: Mapping[str, Values] = field(default_factory=dict)
    paths: frozenset[str] = frozenset()
    cost: int = 1
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    elements: Mapping[str, Values] = field(default_factory=dict)


def both(first: Condition, second: Condition) -> Condition:
    """The condition that both match."""
    return every_of([first, second])


def every_of(conditions: Sequence[Condition]) -> Condition:
    """The condition that all match, the cheapest asked first."""
    if len(conditions) == 1:
        return conditions[0]
    return Condition(
        passes_all([(condition.cost, condition.matches) for condition in conditions]),
        of_all([condition.requires for condition in conditions], frozenset.__and__),
        _paths(conditions),
        _cost(conditions),
        of_all([condition.bounds for condition in conditions], within_both),
        of_all([condition.elements for condition in conditions], rarer),
    )


def any_of(conditions: Sequence[Condition]) -> Condition:
    """The condition that one of them matches; none given matches everybody."""
    if not conditions:
        return every_of(())
    tests = tuple(condition.matches for condition in sorted(conditions, key=lambda condition: condition.cost))

    def matches(lookup: Lookup) -> bool:
        for test in tests:  # noqa: SIM110  (a generator costs more than most tests)
            if test(lookup):
                return True
        return False

    return Condition(
        matches,
        of_any([condition.requires for condition in conditions], frozenset.__or__),
        _paths(conditions),
        _cost(conditions),
        of_any([condition.bounds for condition in conditions], around_both),
        of_any([condition.elements for condition in conditions], frozenset.__or__),
    )


def opposite_of(condition: Condition) -> Condition:
    """The condition that the other one does not match."""
    matches = condition.matches
    return Condition(lambda lookup: not matches(lookup), {}, condition.paths, condition.cost)


def _paths(conditions: Sequence[Condition]) -> frozenset[str]:
    return frozenset[str]().union(*(condition.paths for condition in conditions))


def _cost(conditions: Sequence[Condition]) -> int:
    return sum(condition.cost for condition in conditions)

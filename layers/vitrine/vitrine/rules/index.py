"""Which of many conditions can match at all, for the price of a few dictionary lookups.

Hundreds of campaigns differ mostly in a few attributes: page, region, persona, temperature. Each condition says what it
needs of an attribute; turned round, a value says which conditions it leaves, as bits of one integer.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from operator import or_
from typing import Any, Final

from vitrine.rules.attributes import ARRAYS, Lookup
from vitrine.rules.conditions import Condition
from vitrine.rules.javascript import NUMBERS
from vitrine.rules.needs import Bounds, Values
from vitrine.values import dataclass

Left = Callable[[Any], int]
"""The conditions, as bits, that a value of an attribute leaves."""

_MIN_SHARE: Final = 1 / 64  # of the conditions; an attribute that fewer ask for costs more to look up than it saves


@dataclass(frozen=True, slots=True)
class _Axis:
    """What one attribute tells apart: the conditions that need something of it, and which of all a value leaves."""

    path: str
    needing: int
    left: Left


class ConditionIndex:
    """Conditions by number, None matching everybody."""

    def __init__(self, conditions: Sequence[Condition | None]) -> None:
        self._all = (1 << len(conditions)) - 1
        some = [condition or Condition(lambda lookup: True) for condition in conditions]
        axes = [
            *self._axes([condition.requires for condition in some], _left_by_value),
            *self._axes([condition.bounds for condition in some], _left_by_number),
            *self._axes([condition.elements for condition in some], _left_by_elements),
        ]
        least = max(2.0, len(conditions) * _MIN_SHARE)
        telling = [axis for axis in axes if axis.needing.bit_count() >= least]
        self._telling = sorted(telling, key=lambda axis: axis.needing.bit_count(), reverse=True)

    def possible(self, lookup: Lookup) -> int:
        """The conditions that may match, condition i as bit i. None that matches is missing.

        Attributes are looked up only while there are conditions left that need something of them.
        """
        left = self._all
        for axis in self._telling:
            if left & axis.needing:
                left &= axis.left(lookup(axis.path))
        return left

    def _axes(
        self, needs: Sequence[Mapping[str, Any]], left_by: Callable[[Mapping[int, Any], int], Left]
    ) -> Iterator[_Axis]:
        """An axis per attribute that any condition needs something of."""
        by_path: defaultdict[str, dict[int, Any]] = defaultdict(dict)
        for number, mapping in enumerate(needs):
            for path, need in mapping.items():
                by_path[path][number] = need
        for path, wanted in by_path.items():
            needing = sum(1 << number for number in wanted)
            yield _Axis(path, needing, left_by(wanted, self._all & ~needing))


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _by_value(wanted: Mapping[int, Values]) -> Mapping[Any, int]:
    masks: defaultdict[Any, int] = defaultdict(int)
    for number, values in wanted.items():
        for value in values:
            masks[value] |= 1 << number
    return dict(masks)


def _left_by_value(wanted: Mapping[int, Values], indifferent: int) -> Left:
    left = {value: mask | indifferent for value, mask in _by_value(wanted).items()}
    everything = indifferent | sum(1 << number for number in wanted)

    def left_by(value: object) -> int:
        if isinstance(value, ARRAYS):  # $in takes a list by any of its elements, wherever one turns up
            return everything
        try:
            return left.get(value, indifferent)
        except TypeError:  # not hashable: equal to nothing that is needed
            return indifferent

    return left_by


def _left_by_elements(wanted: Mapping[int, Values], indifferent: int) -> Left:
    masks = _by_value(wanted)
    everything = indifferent | sum(1 << number for number in wanted)

    def left_by(value: object) -> int:
        left = indifferent
        for element in value if isinstance(value, ARRAYS) else (value,):
            if isinstance(element, ARRAYS):
                return everything
            try:
                left |= masks.get(element, 0)
            except TypeError:  # not hashable: equal to nothing that is needed
                continue
        return left

    return left_by


def _left_by_number(wanted: Mapping[int, Bounds], indifferent: int) -> Left:
    lows = sorted((low, 1 << number) for number, (low, _) in wanted.items())
    highs = sorted((high, 1 << number) for number, (_, high) in wanted.items())
    starts, ends = [low for low, _ in lows], [high for high, _ in highs]
    begun: list[int] = [0, *accumulate((bit for _, bit in lows), or_)]  # by how many have begun at a number
    going: list[int] = [*accumulate((bit for _, bit in reversed(highs)), or_, initial=0)][
        ::-1
    ]  # by how many have ended before it

    def left_by(value: object) -> int:
        if not isinstance(value, NUMBERS):
            return indifferent
        return indifferent | begun[bisect_right(starts, value)] & going[bisect_left(ends, value)]

    return left_by

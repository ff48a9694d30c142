"""A history as compact plain values for MessagePack: columns per lane, each repeated name once.

Times are differences to the next newer record; a column in which every record has the default is left out (None).
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Final, TypeAlias, TypeVar

from vitrine.types import EventKind
from vitrine.visitors.history import DIGEST_BYTES, LANE_OF, LANES, NO_PRICE, History, Lane, Record, Records

KINDS: Final[tuple[EventKind, ...]] = tuple(LANE_OF)
"""An event kind is stored as its position here: append only."""

LANE_NAMES: Final[tuple[Lane, ...]] = tuple(LANES)
"""A lane is stored as its position here: append only."""

Packed: TypeAlias = tuple[Sequence[str], Sequence[Sequence[Any]]]
Value = TypeVar("Value")


def pack_history(history: History) -> Packed:
    """The names that occur, and per lane the columns of its records; equal histories give equal values."""
    names: dict[str, int] = {}
    kept = [(index, history[lane]) for index, lane in enumerate(LANE_NAMES) if history.get(lane)]
    lanes = [(index, *_columns(records, names)) for index, records in kept]
    return list(names), lanes


def unpack_history(packed: Packed) -> dict[Lane, Records]:
    """The history that was packed; ValueError, TypeError or IndexError when it is damaged."""
    names, lanes = packed
    return {LANE_NAMES[lane]: _records(names, columns) for lane, *columns in lanes}


def _columns(records: Records, names: dict[str, int]) -> tuple[Any, ...]:
    """Columns in the order of Record's fields. `names` is added to."""
    times, digests, kinds, whats, quantities, prices, placements, answers = zip(*records, strict=True)
    return (
        [times[0], *(older - newer for newer, older in pairwise(times))],
        b"".join(digests),
        bytes(map(KINDS.index, kinds)),
        [names.setdefault(what, len(names)) for what in whats],
        _unless_all(1, quantities),
        _unless_all(NO_PRICE, prices),
        [names.setdefault(placement, len(names)) for placement in placements] if any(placements) else None,
        _unless_all((), answers),
    )


def _records(names: Sequence[str], columns: Sequence[Any]) -> Records:
    steps, digests, kinds, whats, quantities, prices, placements, answers = columns
    n = len(kinds)
    if len(digests) != n * DIGEST_BYTES:
        raise ValueError("a digest is missing")
    rows = zip(
        accumulate(steps),
        [digests[at : at + DIGEST_BYTES] for at in range(0, len(digests), DIGEST_BYTES)],
        [KINDS[kind] for kind in kinds],
        [names[what] for what in whats],
        quantities or [1] * n,
        prices or [NO_PRICE] * n,
        [names[placement] for placement in placements] if placements else [""] * n,
        [tuple(map(tuple, pairs)) for pairs in answers] if answers else [()] * n,
        strict=True,
    )
    return tuple(map(Record._make, rows))


def _unless_all(default: Value, column: Sequence[Value]) -> Sequence[Value] | None:
    return None if all(value == default for value in column) else column

"""A history as compact plain values for MessagePack: columns per lane, each repeated name once.

Times are differences to the next newer record; a column in which every record has the default is left out (None).
Unpacked, a lane stays in columns until somebody asks for its records: a page view asks for few of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


def unpack_history(packed: Packed) -> "PackedHistory":
    """The history that was packed; ValueError, TypeError or IndexError when it is damaged."""
    names, lanes = packed
    return PackedHistory({LANE_NAMES[lane]: _PackedLane(names, *columns) for lane, *columns in lanes})


def instants(history: History, lane: Lane) -> Iterable[tuple[int, str]]:
    """When a lane's records were made and of what they are, newest first."""
    if isinstance(history, PackedHistory):
        return history.instants(lane)
    return [(record.at_ms, record.what) for record in history.get(lane, ())]


class PackedHistory(Mapping[Lane, Records]):
    """A history in columns."""

    __slots__ = ("_lanes", "_records")

    def __init__(self, lanes: "Mapping[Lane, _PackedLane]") -> None:
        self._lanes = lanes
        self._records: dict[Lane, Records] = {}

    def __getitem__(self, lane: Lane) -> Records:
        if lane not in self._records:
            self._records[lane] = self._lanes[lane].records()
        return self._records[lane]

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes)

    def __len__(self) -> int:
        return len(self._lanes)

    def instants(self, lane: Lane) -> Iterable[tuple[int, str]]:
        """See the function of this name."""
        packed = self._lanes.get(lane)
        return () if packed is None else zip(packed.times, packed.whats, strict=True)


class _PackedLane:
    """The columns of one lane, checked as far as records need it."""

    __slots__ = ("_answers", "_digests", "_kinds", "_placements", "_prices", "_quantities", "times", "whats")

    def __init__(
        self,
        names: Sequence[str],
        steps: Sequence[int],
        digests: bytes,
        kinds: bytes,
        whats: Sequence[int],
        quantities: Sequence[int] | None,
        prices: Sequence[int] | None,
        placements: Sequence[int] | None,
        answers: Sequence[Sequence[Sequence[str]]] | None,
    ) -> None:
        n = len(kinds)
        self.times = list(accumulate(steps))
        self.whats = [names[what] for what in whats]
        self._digests, self._kinds, self._quantities, self._prices = digests, kinds, quantities, prices
        self._placements = [names[placement] for placement in placements] if placements else []
        self._answers = [tuple(map(tuple, pairs)) for pairs in answers] if answers else []
        told = (self.times, self.whats, quantities, prices, self._placements, self._answers)
        if not (len(steps) == len(whats) == n) or any(len(column) != n for column in told if column):
            raise ValueError("a column has another length")
        if len(digests) != n * DIGEST_BYTES or max(kinds, default=0) >= len(KINDS):
            raise ValueError("a digest is missing, or a record is of no known kind")

    def __len__(self) -> int:
        return len(self._kinds)

    def records(self) -> Records:
        """The records, newest first."""
        n = len(self)
        columns = zip(
            self.times,
            [self._digests[at : at + DIGEST_BYTES] for at in range(0, len(self._digests), DIGEST_BYTES)],
            [KINDS[kind] for kind in self._kinds],
            self.whats,
            self._quantities or [1] * n,
            self._prices or [NO_PRICE] * n,
            self._placements or [""] * n,
            self._answers or [()] * n,
            strict=True,
        )
        return tuple(map(Record._make, columns))


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


def _unless_all(default: Value, column: Sequence[Value]) -> Sequence[Value] | None:
    return None if all(value == default for value in column) else column

"""The parts that a table of items is packed from, made so that the tables of a page are merged as bytes.

A part is a run of equal records, one per item. Parts of several tables joined are the parts of one long table, and one
numpy call decodes them all. What repeats within a table is told once: the codes of category paths, and brands with
the regions in stock. Scores are told only where there are any: most lists of a table name few of its items.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.columns import Column, Columns
from vitrine.errors import InvalidRelease
from vitrine.types import ItemId

RECORD: Final = np.dtype(
    [
        ("key", "<u8"),
        ("price", "<i4"),
        ("path", "<u2"),  # its place in the table's paths
        ("traits", "<u2"),  # its place in the table's traits
        ("age_days", "<u2"),
        ("discount", "<f2"),
        ("margin", "<f2"),
        ("popularity", "<f2"),
    ]
)
RECORD_BYTES: Final = RECORD.itemsize
PLAIN: Final = ("key", "price", "age_days", "discount", "margin", "popularity")
PATH: Final = ("department", "category", "leaf")
TRAITS: Final = ("brand", "regions")
CODE: Final = np.dtype("<u4")
PATH_BYTES: Final = CODE.itemsize * len(PATH)
TRAITS_BYTES: Final = CODE.itemsize * len(TRAITS)
HALF_BYTES: Final = 2
WHOLE_BYTES: Final = 4
MAX_PLACES: Final = 1 << 16
MAX_SCORES: Final = 8  # bits of a byte
SCORE_BITS: Final = tuple(bytes(range(1 << n)) for n in range(MAX_SCORES + 1))
"""The bytes that say which of n score columns name an item."""

FIRST_BYTES: Final = tuple(bytes(range(n)) for n in range(1 << 8))
PLACE_AT: Final = {"path": 12, "traits": 14}  # bytes of a record before it

TYPES: Final = (int, str, str, bytes, bytes, bytes, bytes, bool, bytes)
"""Of the parts, in order."""

SEPARATOR: Final = "\n"  # between ids, and between names

Floats = NDArray[np.float32]


class Parts(NamedTuple):
    """A table in bytes, little-endian. `known` has a byte per item: bit k says that the k-th score column names it.

    `scores` are those columns' numbers item by item, half floats if they hold them all exactly (`is_half`).
    """

    n: int
    ids: str
    names: str
    records: bytes
    paths: bytes
    traits: bytes
    known: bytes
    is_half: bool
    scores: bytes

    @property
    def score_names(self) -> list[str]:
        """Names of the score columns, in order."""
        return self.names.split(SEPARATOR) if self.names else []

    @property
    def n_scores(self) -> int:
        """How many scores there are."""
        return len(self.scores) // (HALF_BYTES if self.is_half else WHOLE_BYTES)

    def check(self) -> None:
        """Make sure that the parts are of one table.

        Raises:
            ValueError: their lengths differ, or a record names a path or traits that are not there.
        """
        n, ids, names, records, paths, traits, known, is_half, scores = self
        if tuple(map(type, self)) != TYPES:
            raise ValueError("a part is of another type")
        if (
            (ids.count(SEPARATOR) != n - 1 if n else ids)
            or len(records) != n * RECORD_BYTES
            or len(paths) % PATH_BYTES
            or len(traits) % TRAITS_BYTES
            or (n and not (paths and traits))
            or len(known) != n
            or known.translate(None, SCORE_BITS[names.count(SEPARATOR) + 1 if names else 0])
            or len(scores) != int.from_bytes(known).bit_count() * (HALF_BYTES if is_half else WHOLE_BYTES)
        ):
            raise ValueError("lengths differ")
        if _goes_beyond(records, "path", len(paths) // PATH_BYTES) or _goes_beyond(
            records, "traits", len(traits) // TRAITS_BYTES
        ):
            raise ValueError("a kind is missing")

    def columns(self) -> Columns:
        """The table's columns by name, decoded when first asked for."""
        names = self.score_names
        records = np.frombuffer(self.records, RECORD)
        scores: list[Floats] = []

        def made(name: str) -> Column:
            if name in names:
                if not scores:
                    scores.append(_matrix(self, len(names)))
                score: Column = scores[0][names.index(name)]
                return score
            return item_column(name, records, self.paths, self.traits)

        return Columns((*PLAIN, *PATH, *TRAITS, *names), made)


def _goes_beyond(records: bytes, name: str, n: int) -> bool:
    """Whether a record has a place of n or more. Nearly all tables have so few kinds that one byte tells their place;
    of those it is told without an array."""
    at = PLACE_AT[name]
    if n < len(FIRST_BYTES) and not records[at + 1 :: RECORD_BYTES].strip(b"\0"):
        return bool(records[at::RECORD_BYTES].translate(None, FIRST_BYTES[n]))
    return bool((np.frombuffer(records, RECORD)[name] >= n).any())


def item_column(name: str, records: Column, paths: bytes, traits: bytes) -> Column:
    """One of the item columns of records of a table with those paths and traits."""
    if name in PLAIN:
        plain: Column = records[name]
        return plain
    place, codes, names = ("path", paths, PATH) if name in PATH else ("traits", traits, TRAITS)
    column: Column = np.frombuffer(codes, CODE)[names.index(name) :: len(names)].take(records[place])
    return column


def known_cells(known: bytes) -> NDArray[np.intp]:
    """Where a table's scores belong, in their order: item * MAX_SCORES + column."""
    return np.unpackbits(np.frombuffer(known, np.uint8), bitorder="little").view(np.bool_).nonzero()[0]


def scores_of(parts: Sequence[Parts]) -> Floats:
    """The scores of several tables one after another."""
    if all(part.is_half for part in parts):
        return np.frombuffer(b"".join([part.scores for part in parts]), "<f2").astype(np.float32)
    found = [np.frombuffer(part.scores, "<f2" if part.is_half else "<f4") for part in parts]
    return np.concatenate(found, dtype=np.float32)


def _matrix(parts: Parts, n_columns: int) -> Floats:
    """The score columns [k, n], NaN where they do not name an item."""
    cells: Floats = np.full((parts.n, MAX_SCORES), np.nan, np.float32)
    cells.reshape(-1)[known_cells(parts.known)] = scores_of([parts])
    return cells.T[:n_columns]


def parts_of(ids: Sequence[ItemId], columns: Mapping[str, Column]) -> Parts:
    """The parts of a table. Every column that is none of an item is one of scores.

    Raises:
        InvalidRelease: there are more score columns than MAX_SCORES, or kinds of items than MAX_PLACES.
    """
    n = len(ids)
    names = [name for name in columns if name not in (*PLAIN, *PATH, *TRAITS)]
    if len(names) > MAX_SCORES:
        raise InvalidRelease(f"a table has {len(names)} score columns, at most {MAX_SCORES} are allowed")
    records = np.empty(n, RECORD)
    for name in PLAIN:
        records[name] = columns[name]
    records["path"], paths = _told_once([columns[name] for name in PATH])
    records["traits"], traits = _told_once([columns[name] for name in TRAITS])
    scores: Floats = np.array([columns[name] for name in names], np.float32).reshape(len(names), n).T  # [n, k]
    known = ~np.isnan(scores)
    numbers = scores[known]
    with np.errstate(over="ignore"):
        halves = numbers.astype("<f2")
    is_half = bool((halves == numbers).all())
    return Parts(
        n=n,
        ids=SEPARATOR.join(ids),
        names=SEPARATOR.join(names),
        records=records.tobytes(),
        paths=paths,
        traits=traits,
        known=np.packbits(known, axis=1, bitorder="little").tobytes() if names else bytes(n),
        is_half=is_half,
        scores=halves.tobytes() if is_half else numbers.astype("<f4").tobytes(),
    )


def _told_once(codes: Sequence[Column]) -> tuple[list[int], bytes]:
    """Of items in columns of codes: the place of each among the different ones, and those."""
    known: dict[tuple[int, ...], int] = {}  # a dictionary beats numpy's unique over rows for as few as a table has
    places = [known.setdefault(row, len(known)) for row in _rows(codes)]
    if len(known) > MAX_PLACES:
        raise InvalidRelease(f"a table has {len(known):,} kinds of items, at most {MAX_PLACES:,} are allowed")
    return places, np.array(list(known), CODE).tobytes()


def _rows(codes: Sequence[Column]) -> Iterable[tuple[int, ...]]:
    return zip(*(column.tolist() for column in codes), strict=True)

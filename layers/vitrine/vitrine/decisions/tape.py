"""What one decision read, kept so that it can be made again: rows, cards, and what became of its claims, in order.

Rows of a release never change, so of them only a digest is kept: they are read again, and whether they are still there
and still the same can be told. So it is with cards that the release itself brought along. Everything else changes by
the minute and is kept in full, including that it was missing or could not be read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias
from zlib import crc32

from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import NO_CARDS, PackedCards
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.packing import pack, unpack
from vitrine.decisions.plain import from_plain, to_plain
from vitrine.decisions.reads import ReadCards, ReadRows
from vitrine.decisions.tape_cards import TapedCard, cards_of, lines_of
from vitrine.errors import InvalidRecord
from vitrine.types import Absent, ItemId, Key, Row
from vitrine.values import dataclass, field

Claim: TypeAlias = Callable[[Claims], ClaimOutcome]
Digest: TypeAlias = bytes

TAPE_FORMAT: Final = 3
FULL_CARDS_FORMAT: Final = 2
"""Tapes of this format are read as well: all their cards are on them."""

DIGEST_BYTES: Final = 4
OF_A_RELEASE: Final = ("R#", "S#")
"""How sort keys of lists and of session rows begin; the release follows."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Remembers what the functions that it wraps answered. `rows` holds digests in place of a release's rows.

    `packed` are the cards of the release that is decided from.
    """

    rows: list[tuple[Key, Row | Absent | Digest]] = field(default_factory=list)
    cards: list[tuple[ItemId, TapedCard]] = field(default_factory=list)
    outcomes: list[ClaimOutcome] = field(default_factory=list)
    packed: PackedCards = NO_CARDS

    def reading(self, read: ReadRows) -> ReadRows:
        """`read`, remembered."""

        def remember(keys: Sequence[Key]) -> Mapping[Key, Row | Absent]:
            rows = read(keys)
            self.rows.extend(rows.items())
            return rows

        return remember

    def reading_cards(self, read_cards: ReadCards) -> ReadCards:
        """`read_cards`, remembered."""

        def remember(items: Sequence[ItemId]) -> Mapping[ItemId, Card | Absent]:
            cards = read_cards(items)
            self.cards.extend(cards.items())
            return cards

        return remember

    def claiming(self, claim: Claim) -> Claim:
        """`claim`, remembered."""

        def remember(claims: Claims) -> ClaimOutcome:
            outcome = claim(claims)
            self.outcomes.append(outcome)
            return outcome

        return remember

    def to_plain(self) -> dict[str, Any]:
        """The tape as plain values. Nothing is worked on before this is asked for."""
        return {
            "format": TAPE_FORMAT,
            "rows": [[*key, _kept(key, row)] for key, row in self.rows],
            "cards": lines_of(self.cards, self.packed),
            "claims": [to_plain(outcome) for outcome in self.outcomes],
        }

    @classmethod
    def from_plain(cls, plain: Any) -> "Tape":  # noqa: ANN401 - what was recorded, perhaps damaged
        """The tape that plain values tell of.

        Raises:
            InvalidRecord: they are damaged, or of another format.
        """
        try:
            if plain["format"] not in (TAPE_FORMAT, FULL_CARDS_FORMAT):
                raise InvalidRecord(f"the recorded inputs are not of format {TAPE_FORMAT}")
            return cls(
                rows=[_row(*entry) for entry in plain["rows"]],
                cards=cards_of(plain["cards"]),
                outcomes=[from_plain(ClaimOutcome, outcome) for outcome in plain["claims"]],
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise InvalidRecord(f"the recorded inputs are damaged: {error!r}") from error

    def to_bytes(self) -> bytes:
        """The tape in few bytes."""
        return pack(self.to_plain())

    @classmethod
    def from_bytes(cls, data: bytes) -> "Tape":
        """The tape in these bytes.

        Raises:
            InvalidRecord: they are damaged, or of another format.
        """
        return cls.from_plain(unpack(data))


def digest_of(row: Row) -> Digest:
    """A digest of a row's content, whatever the order of its attributes: CRC-32, which tells change, not forgery."""
    told = 0
    for name in sorted(row):
        value = row[name]
        data = value if isinstance(value, bytes) else repr(value).encode()
        told = crc32(data, crc32(f"{name}:{type(value).__name__}:{len(data)}:".encode(), told))
    return told.to_bytes(DIGEST_BYTES)


def is_of_a_release(key: Key) -> bool:
    """Whether the row under this key never changes while it is there."""
    return key.sk.startswith(OF_A_RELEASE)


def _kept(key: Key, row: Row | Absent | Digest) -> Any:  # noqa: ANN401 - a plain value
    if isinstance(row, Absent):
        return row.value
    if isinstance(row, bytes):
        return row
    return digest_of(row) if is_of_a_release(key) else dict(row)


def _row(pk: str, sk: str, kept: object) -> tuple[Key, Row | Absent | Digest]:
    key = Key(pk, sk)
    match kept:
        case str():
            return key, Absent(kept)
        case bytes() if is_of_a_release(key) and len(kept) == DIGEST_BYTES:
            return key, kept
        case dict() if not is_of_a_release(key):
            return key, from_plain(Row, kept)  # type: ignore[type-abstract]
    raise InvalidRecord(f"the recorded row {pk} {sk} is damaged")

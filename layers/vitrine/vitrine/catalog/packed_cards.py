"""Cards of the goods that are shown most, in one part of a release: a new environment need not read them one by one.

They are as good as the stamp they were read under (catalog.card_stamp), and for service.card_cache.PACKED_TTL: what
has changed since is read as ever. The part is compressed in blocks of goods that are alike, a card of the demo's in 15
bytes. Nothing is decoded at a start: an item is found by its code in a sorted array, and its block is unpacked when it
is asked for.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final
from weakref import WeakValueDictionary

import msgpack
import numpy as np
import orjson
from numpy.typing import NDArray

from vitrine.catalog.items import Card
from vitrine.catalog.packed import code
from vitrine.types import ItemId

CARDS: Final = "cards"
"""The part's name."""

FORMAT: Final = 2  # 1 did not tell when it was packed
PER_BLOCK: Final = 32
MAX_BLOCKS: Final = 1 << 16
MAX_BLOCK_BYTES: Final = 1 << 20
MAX_LINE_BYTES: Final = 8 << 10
"""A longer card, with a picture in its address, is read by itself: it would be unpacked with 31 others each time."""

HELD_BLOCKS: Final = 512  # of 7 KB unpacked
MARK: Final = b"\0"
"""Stands for an item's own id, which its addresses repeat. JSON never holds it as it is, nor a line feed."""

SEPARATOR: Final = b"\n"
COLUMNS: Final = " ".join(one.name for one in fields(Card))
CODE: Final = np.dtype("<u4")
PLACE: Final = np.dtype("<u2")

Block = Mapping[bytes, bytes]
"""Ids of a block's items, each with its card."""


class PackedCards:
    """Cards by item, as they were at `packed_ms`, when the run of changes `began_ms` had come to `n_changes`."""

    __slots__ = ("_blocks", "_codes", "_others", "_own", "_places", "_unpacked", "began_ms", "n_changes", "packed_ms")

    def __init__(
        self,
        began_ms: int = 0,
        n_changes: int = 0,
        packed_ms: int = 0,
        codes: NDArray[np.uint32] | None = None,
        places: NDArray[np.uint16] | None = None,
        blocks: list[bytes] | None = None,
    ) -> None:
        """`codes` [n] are the items' codes in ascending order, `places` [n] the blocks that they are in."""
        self.began_ms = began_ms
        self.n_changes = n_changes
        self.packed_ms = packed_ms
        self._codes = np.empty(0, CODE) if codes is None else codes
        self._places = np.empty(0, PLACE) if places is None else places
        self._blocks = blocks or []
        self._unpacked: dict[int, Block] = {}
        self._own: WeakValueDictionary[ItemId, Card] = WeakValueDictionary()
        self._others: WeakValueDictionary[ItemId, Card] = WeakValueDictionary()

    def find(self, item: ItemId) -> Card | None:
        """The item's card, None where it is not among these or cannot be read."""
        line = self.line(item)
        try:
            card = None if line is None else Card(*values_in(line, item))
        except (orjson.JSONDecodeError, TypeError):
            return None
        if card is not None:
            self._own[item] = card
        return card

    def holds(self, item: ItemId, card: Card) -> bool:
        """Whether the item's card among these is this one. Where it was found here and is still held, and for one that
        was asked for before, nothing is unpacked."""
        own = self._own.get(item)
        if own is not None:
            return own is card or own == card
        if self._others.get(item) is card:
            return False
        is_same = self.line(item) == line_of(item, card)
        (self._own if is_same else self._others)[item] = card
        return is_same

    def line(self, item: ItemId) -> bytes | None:
        """The same as a line, see `line_of`."""
        if not self._blocks:
            return None
        told = code(item)
        at = int(self._codes.searchsorted(np.uint32(told)))
        if at == len(self._codes) or self._codes[at] != told:
            return None
        return self._block(int(self._places[at])).get(item.encode())

    def _block(self, place: int) -> Block:
        block = self._unpacked.get(place)
        if block is None:
            if len(self._unpacked) == HELD_BLOCKS:
                del self._unpacked[next(iter(self._unpacked))]
            block = self._unpacked[place] = _unpacked(self._blocks[place])
        return block

    def __len__(self) -> int:
        return len(self._codes)


NO_CARDS: Final = PackedCards()


def line_of(item: ItemId, card: Card) -> bytes:
    """A card as a line of JSON, its item's own id replaced by a mark: so most lines are much like others."""
    return card.kept.replace(item.encode() or MARK, MARK)


def values_in(line: bytes, item: ItemId) -> Any:  # noqa: ANN401 - JSON
    """What a line says of an item: the values of a card. Raises orjson.JSONDecodeError."""
    return orjson.loads(line.replace(MARK, item.encode()))


def pack_cards(cards: Iterable[tuple[ItemId, Card]], began_ms: int, n_changes: int, packed_ms: int) -> bytes:
    """The part of these cards, read at that instant and at that place of that run of changes.

    Of two items that share a code, of a line feed in an id, of cards above MAX_LINE_BYTES, and of what is beyond
    MAX_BLOCKS, it has nothing.
    """
    lines = ((card.category, card.title, item.encode(), line_of(item, card)) for item, card in cards)
    alike = sorted(one for one in lines if SEPARATOR not in one[2] and len(one[2]) + len(one[3]) <= MAX_LINE_BYTES)
    places: dict[int, int] = {}
    kept: list[tuple[bytes, bytes]] = []
    for *_, item, line in alike[: MAX_BLOCKS * PER_BLOCK]:
        if places.setdefault(code(item.decode()), len(kept) // PER_BLOCK) == len(kept) // PER_BLOCK:
            kept.append((item, line))
    blocks = [_block_of(kept[at : at + PER_BLOCK]) for at in range(0, len(kept), PER_BLOCK)]
    codes = np.array(sorted(places), CODE)
    found = np.array([places[each] for each in codes.tolist()], PLACE)
    told = (FORMAT, COLUMNS, began_ms, n_changes, packed_ms, codes.tobytes(), found.tobytes(), blocks)
    packed: bytes = msgpack.packb(told)
    return packed


def unpack_cards(data: bytes) -> PackedCards:
    """The cards in a part; none when it is of another form: they are read one by one then."""
    try:
        match msgpack.unpackb(data):
            case [int(form), str(columns), *told, bytes(codes), bytes(places), list(blocks)]:
                found = np.frombuffer(codes, CODE), np.frombuffer(places, PLACE)
                if (form, columns) == (FORMAT, COLUMNS) and _is_whole(*found, blocks):
                    began_ms, n_changes, packed_ms = map(int, told)
                    return PackedCards(began_ms, n_changes, packed_ms, *found, blocks)
    except (ValueError, TypeError, msgpack.UnpackException):
        return NO_CARDS
    return NO_CARDS


def _is_whole(codes: NDArray[np.uint32], places: NDArray[np.uint16], blocks: list[Any]) -> bool:
    return (
        len(codes) == len(places)
        and all(isinstance(block, bytes) for block in blocks)
        and (not len(places) or int(places.max()) < len(blocks))
    )


def _block_of(cards: list[tuple[bytes, bytes]]) -> bytes:
    return zlib.compress(SEPARATOR.join([item for item, _ in cards] + [line for _, line in cards]))


def _unpacked(block: bytes) -> Block:
    """The cards in a block; none when it is damaged, or longer than any that was packed: cut, it would tell items the
    cards of others."""
    opened = zlib.decompressobj()
    try:
        told = opened.decompress(block, MAX_BLOCK_BYTES).split(SEPARATOR)
    except zlib.error:
        return {}
    if not opened.eof or len(told) % 2:
        return {}
    return dict(zip(told[: len(told) // 2], told[len(told) // 2 :], strict=True))

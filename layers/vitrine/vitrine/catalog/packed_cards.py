"""Cards of the goods that are shown most, in one part of a release: a new environment need not read them one by one.

They are as good as the stamp they were read under (catalog.card_stamp): what has changed since is read as ever. The
part is compressed in blocks of goods that are alike, a card of the demo's in 15 bytes. Nothing is decoded at a start:
an item is found by its code in a sorted array, and its block is unpacked when it is asked for.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

import msgpack
import numpy as np
import orjson
from numpy.typing import NDArray

from vitrine.catalog.items import Card
from vitrine.catalog.packed import code
from vitrine.types import ItemId

CARDS: Final = "cards"
"""The part's name."""

FORMAT: Final = 1
PER_BLOCK: Final = 32
MAX_BLOCKS: Final = 1 << 16
MAX_BLOCK_BYTES: Final = 1 << 20
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
    """Cards by item, as they were when the stamp's run of changes `began_ms` had come to `n_changes`."""

    __slots__ = ("_blocks", "_codes", "_places", "_unpacked", "began_ms", "n_changes")

    def __init__(
        self,
        began_ms: int = 0,
        n_changes: int = 0,
        codes: NDArray[np.uint32] | None = None,
        places: NDArray[np.uint16] | None = None,
        blocks: list[bytes] | None = None,
    ) -> None:
        """`codes` [n] are the items' codes in ascending order, `places` [n] the blocks that they are in."""
        self.began_ms = began_ms
        self.n_changes = n_changes
        self._codes = np.empty(0, CODE) if codes is None else codes
        self._places = np.empty(0, PLACE) if places is None else places
        self._blocks = blocks or []
        self._unpacked: dict[int, Block] = {}

    def find(self, item: ItemId) -> Card | None:
        """The item's card, None where it is not among these or cannot be read."""
        line = self.line(item)
        try:
            return None if line is None else Card(*values_in(line, item))
        except (orjson.JSONDecodeError, TypeError):
            return None

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


def pack_cards(cards: Iterable[tuple[ItemId, Card]], began_ms: int, n_changes: int) -> bytes:
    """The part of these cards, read at that place of that run of changes.

    Of two items that share a code, of a line feed in an id, and of what is beyond MAX_BLOCKS, it has nothing.
    """
    alike = sorted((card.category, card.title, item, card) for item, card in cards if "\n" not in item)
    places: dict[int, int] = {}
    kept: list[tuple[bytes, bytes]] = []
    for *_, item, card in alike[: MAX_BLOCKS * PER_BLOCK]:
        if places.setdefault(code(item), len(kept) // PER_BLOCK) == len(kept) // PER_BLOCK:
            kept.append((item.encode(), line_of(item, card)))
    blocks = [_block_of(kept[at : at + PER_BLOCK]) for at in range(0, len(kept), PER_BLOCK)]
    codes = np.array(sorted(places), CODE)
    found = np.array([places[each] for each in codes.tolist()], PLACE)
    packed: bytes = msgpack.packb((FORMAT, COLUMNS, began_ms, n_changes, codes.tobytes(), found.tobytes(), blocks))
    return packed


def unpack_cards(data: bytes) -> PackedCards:
    """The cards in a part; none when it is of another form: they are read one by one then."""
    try:
        match msgpack.unpackb(data):
            case [int(form), str(columns), int(began_ms), int(n_changes), bytes(codes), bytes(places), list(blocks)]:
                found = np.frombuffer(codes, CODE), np.frombuffer(places, PLACE)
                if (form, columns) == (FORMAT, COLUMNS) and _is_whole(*found, blocks):
                    return PackedCards(began_ms, n_changes, *found, blocks)
    except (ValueError, msgpack.UnpackException):
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
    try:
        told = zlib.decompressobj().decompress(block, MAX_BLOCK_BYTES).split(SEPARATOR)
    except zlib.error:
        return {}
    return dict(zip(told[: len(told) // 2], told[len(told) // 2 :], strict=False))

"""Cards on a tape as lines of JSON, much like one another, so that they take next to nothing compressed.

Of a card that is the very one that its release brings along, the line only says so: releases are kept.
"""

from collections.abc import Sequence
from dataclasses import fields
from enum import Enum
from typing import Any, Final, TypeAlias

import orjson

from vitrine.catalog.items import Card
from vitrine.catalog.packed_cards import PackedCards, line_of, values_in
from vitrine.decisions.plain import from_plain
from vitrine.types import Absent, ItemId

COLUMNS: Final = tuple(one.name for one in fields(Card))
SAME: Final = b"="  # no JSON


class Kept(Enum):
    """A card that is not on the tape."""

    IN_RELEASE = "in_release"


TapedCard: TypeAlias = Card | Absent | Kept


def lines_of(cards: Sequence[tuple[ItemId, TapedCard]], packed: PackedCards) -> dict[str, Any]:
    """The cards as plain values: their items, and a line for each, of its values or of why it is not there.

    `packed` are the cards of the release that the tape is of.
    """
    return {"items": [item for item, _ in cards], "lines": b"\n".join([_line(*each, packed) for each in cards])}


def _line(item: ItemId, card: TapedCard, packed: PackedCards) -> bytes:
    if isinstance(card, Kept):
        return SAME
    if isinstance(card, Absent):
        return orjson.dumps(card.value)
    return SAME if packed.holds(item, card) else line_of(item, card)


def cards_of(plain: dict[str, Any]) -> list[tuple[ItemId, TapedCard]]:
    """The cards in lines.

    Raises:
        InvalidRecord: a card is not of the declared form.
        LookupError, TypeError, ValueError, AttributeError: a line is missing, or there is one too many.
    """
    items, lines = plain["items"], plain["lines"].split(b"\n") if plain["lines"] else []
    return [(item, _card(item, line)) for item, line in zip(items, lines, strict=True)]


def _card(item: ItemId, line: bytes) -> TapedCard:
    if line == SAME:
        return Kept.IN_RELEASE
    values = values_in(line, item)
    if isinstance(values, str):
        return Absent(values)
    return from_plain(Card, dict(zip(COLUMNS, values, strict=True)))

"""Cards on a tape as lines of JSON. An item's own id, which its addresses repeat, is replaced by a mark, so that the
addresses of a page are mostly one and the same and take next to nothing compressed.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

import orjson

from vitrine.catalog.items import Card
from vitrine.decisions.plain import from_plain
from vitrine.types import Absent, ItemId

MARK: Final = b"\0"  # JSON never holds it as it is, nor a line feed
COLUMNS: Final = tuple(one.name for one in fields(Card))

Cards = Sequence[tuple[ItemId, Card | Absent]]


def lines_of(cards: Cards) -> dict[str, Any]:
    """The cards as plain values: their items, and a line for each, of its values or of why it is not there."""
    lines = [
        card.kept.replace(item.encode() or MARK, MARK) if isinstance(card, Card) else orjson.dumps(card.value)
        for item, card in cards
    ]
    return {"items": [item for item, _ in cards], "lines": b"\n".join(lines)}


def cards_of(plain: dict[str, Any]) -> list[tuple[ItemId, Card | Absent]]:
    """The cards in lines.

    Raises:
        InvalidRecord: a card is not of the declared form.
        LookupError, TypeError, ValueError, AttributeError: a line is missing, or there is one too many.
    """
    items, lines = plain["items"], plain["lines"].split(b"\n") if plain["lines"] else []
    return [(item, _card(item, line)) for item, line in zip(items, lines, strict=True)]


def _card(item: ItemId, line: bytes) -> Card | Absent:
    values = orjson.loads(line.replace(MARK, item.encode()))
    if isinstance(values, str):
        return Absent(values)
    return from_plain(Card, dict(zip(COLUMNS, values, strict=True)))

"""Cards on a tape as columns, because those of a page repeat each other: categories, currencies, addresses.

An item's own id inside its address is replaced by a mark, so that the addresses of a page are mostly one and the same.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from vitrine.catalog.items import Card
from vitrine.decisions.plain import from_plain
from vitrine.types import Absent, ItemId

MARK: Final = "\0"
AS_IT_IS: Final = MARK + MARK
ABSENT: Final = "absent"
ITEMS: Final = "items"
TEXTS: Final = tuple(one.name for one in fields(Card) if one.type is str)
COLUMNS: Final = tuple(one.name for one in fields(Card))

Cards = Sequence[tuple[ItemId, Card | Absent]]


def columns_of(cards: Cards) -> dict[str, Any]:
    """The cards as plain columns; a text column is (distinct texts, index per card)."""
    there = [(item, card) for item, card in cards if isinstance(card, Card)]
    columns: dict[str, Any] = {name: [getattr(card, name) for _, card in there] for name in COLUMNS}
    for name in TEXTS:
        columns[name] = _distinct([_marked(text, item) for text, (item, _) in zip(columns[name], there, strict=True)])
    states = [None if isinstance(card, Card) else card.value for _, card in cards]
    return {ITEMS: [item for item, _ in cards], ABSENT: states, **columns}


def cards_of(plain: dict[str, Any]) -> list[tuple[ItemId, Card | Absent]]:
    """The cards in columns.

    Raises:
        InvalidRecord: a card is not of the declared form.
        LookupError, TypeError, ValueError, AttributeError: a column is missing, too short or of the wrong type.
    """
    items, states = plain[ITEMS], plain[ABSENT]
    there = [item for item, state in zip(items, states, strict=True) if state is None]
    columns = {name: _texts(plain[name], there) if name in TEXTS else plain[name] for name in COLUMNS}
    cards = iter([dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)])
    return [
        (item, Absent(state) if state is not None else from_plain(Card, next(cards)))
        for item, state in zip(items, states, strict=True)
    ]


def _texts(column: Any, there: Sequence[ItemId]) -> list[str]:  # noqa: ANN401 - a plain value
    texts, at = column
    return [_unmarked(texts[index], item) for index, item in zip(at, there, strict=True)]


def _distinct(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    places: dict[str, int] = {}
    at = [places.setdefault(text, len(places)) for text in texts]
    return list(places), at


def _marked(text: str, item: ItemId) -> str:
    """The text with a mark in place of the item's id; as it is behind two marks, where that could not be undone."""
    marked = text.replace(item, MARK) if item else text
    return AS_IT_IS + text if MARK in text or marked.startswith(AS_IT_IS) else marked


def _unmarked(text: str, item: ItemId) -> str:
    return text.removeprefix(AS_IT_IS) if text.startswith(AS_IT_IS) else text.replace(MARK, item)

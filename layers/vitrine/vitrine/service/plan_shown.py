"""What a placement showed, as an example of a plan tells it to people."""

from collections.abc import Mapping
from typing import Any

from vitrine.decisions.answers import Answer, Slot
from vitrine.types import PlacementKind
from vitrine.values import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """What one placement showed, for people. `items` are titles, those of a listing put in order ids, each with its
    label in brackets; `rows` are the titles of the rows of a layout that has several; `live` is a countdown's end or a
    wheel's outcome."""

    kind: PlacementKind
    campaign: str | None
    variation: str | None
    control: bool
    content: Any
    items: tuple[str, ...]
    rows: tuple[str, ...] = ()
    live: Mapping[str, int | str] | None = None


def shown_by(answer: Answer | None) -> Shown | None:
    """What an answer shows; None where there is no placement."""
    if answer is None:
        return None
    slots = [*answer.items, *(slot for row in answer.rows for slot in row.items)]
    live = None if answer.live is None else answer.live.told()
    items, rows = tuple(map(_title, slots)), tuple(row.title for row in answer.rows)
    return Shown(answer.kind, answer.campaign, answer.variation, answer.control, answer.content, items, rows, live)


def _title(slot: Slot) -> str:
    title = slot.item if slot.card is None else slot.card.title
    return title if slot.label is None else f"{title} [{slot.label}]"

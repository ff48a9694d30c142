"""A small store and page views of it, for unit tests of decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.items import Card
from vitrine.decisions.actions import Action, Fixed, ProductRow, Strategy
from vitrine.decisions.answers import Slot
from vitrine.decisions.context import Context, DecisionRequest, resolve_context
from vitrine.decisions.filling import Filling, Picks, begin_page
from vitrine.decisions.placements import Placement, Store
from vitrine.decisions.ranking import Ranking
from vitrine.decisions.showing import show
from vitrine.decisions.slots import fill_row
from vitrine.decisions.visit import Visit
from vitrine.types import ItemId, Page

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
TITLE = {"en": "Title", "ru": "Заголовок"}
EMPTY = Visit(None, (), (), {})


class Even:
    """A ranker to which all candidates are equal."""

    id = "even"

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Zero for every row."""
        return np.zeros(len(features), np.float32)


BESTSELLERS = Strategy("anyone", ("popular",), "popular")


def row(*strategies: Strategy, **changes: Any) -> ProductRow:
    """A row of four items."""
    return replace(ProductRow(4, Fixed(TITLE), strategies or (BESTSELLERS,)), **changes)


def placement(name: str, *strategies: Strategy, **changes: Any) -> Placement:
    """A placement of four items on the home page; `changes` are those of its row."""
    return Placement(name, frozenset({"home"}), Action("products", row(*strategies, **changes)))


def store(*placements: Placement, **changes: Any) -> Store:
    """A store with two regions and these placements."""
    chosen = placements or (placement("home.recs"),)
    whole = Store("Test", "USD", ("en", "ru"), ("north", "south"), "north", {p.name: p for p in chosen})
    return replace(whole, **changes)


def context(request: DecisionRequest | None = None, of: Store | None = None, decision: str = "d1") -> Context:
    """The circumstances of a page view at NOW."""
    return resolve_context(decision, NOW, request or DecisionRequest(Page("home")), of or store())


def card(title: str, price: int = 100, regions: int = 0b11, **changes: Any) -> Card:
    """A card that is in stock in both regions."""
    whole = Card(title, f"/p/{title}", f"/i/{title}.svg", price, price, "USD", regions, "grocery/bread/rolls")
    return replace(whole, **changes)


def unknown(path: str) -> None:
    """A lookup that knows no attribute."""


def page_of(ranking: Ranking, visit: Visit = EMPTY, **more: Any) -> Filling:
    """A home page of these candidates, no row of which is filled."""
    return begin_page(ranking, context(), visit, **more)


def fill_page(rows: Sequence[tuple[str, ProductRow]], page: Filling) -> list[Picks]:
    """Rows of one page, from the top."""
    filled = []
    for name, one in rows:
        picks = fill_row(one, name, page)
        page = page.after(picks)
        filled.append(picks)
    return filled


def show_page(filled: Sequence[Picks], cards: Mapping[ItemId, Card], of: Context | None = None) -> list[list[Slot]]:
    """What the rows of one page show, from the top."""
    taken: set[ItemId] = set()
    shown = []
    for picks in filled:
        slots = show(picks, cards, of or context(), unknown, taken)
        taken.update(slot.item for slot in slots)
        shown.append(slots)
    return shown

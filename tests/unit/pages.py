"""A small store and page views of it, for unit tests of decisions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vitrine.catalog.items import Card
from vitrine.decisions.context import Context, DecisionRequest, resolve_context
from vitrine.decisions.placements import Placement, Store, Strategy
from vitrine.types import Page

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
TITLE = {"en": "Title", "ru": "Заголовок"}


class Even:
    """A ranker to which all candidates are equal."""

    id = "even"

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Zero for every row."""
        return np.zeros(len(features), np.float32)


BESTSELLERS = Strategy("anyone", ("popular",), "popular")


def placement(name: str, *strategies: Strategy, **changes: Any) -> Placement:
    """A placement of four items on the home page."""
    whole = Placement(name, frozenset({"home"}), 4, TITLE, strategies or (BESTSELLERS,), 2, 50)
    return replace(whole, **changes)


def store(*placements: Placement) -> Store:
    """A store with two regions and these placements."""
    chosen = placements or (placement("home.recs"),)
    return Store("Test", "USD", ("en", "ru"), ("north", "south"), "north", {p.name: p for p in chosen})


def context(request: DecisionRequest | None = None, of: Store | None = None) -> Context:
    """The circumstances of a page view at NOW."""
    return resolve_context("d1", NOW, request or DecisionRequest(Page("home")), of or store())


def card(title: str, price: int = 100, regions: int = 0b11, **changes: Any) -> Card:
    """A card that is in stock in both regions."""
    whole = Card(title, f"/p/{title}", f"/i/{title}.svg", price, price, "USD", regions, "grocery/bread/rolls")
    return replace(whole, **changes)

"""Rows by habit: a layout of several rows, one per category, those first that the visitor buys or looks at most."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from vitrine.catalog.items import Card
from vitrine.decisions.actions import Lookup, ProductRow
from vitrine.decisions.answers import Shelf
from vitrine.decisions.candidates import Candidates
from vitrine.decisions.context import Context
from vitrine.decisions.filling import Filling, Picks
from vitrine.decisions.likings import likings, shares
from vitrine.decisions.lines import listed
from vitrine.decisions.showing import show
from vitrine.decisions.slots import fill_row
from vitrine.types import ItemId

CATEGORY_NAME = "row.category"
"""What titles of such rows call their category by."""


def fill_shelves(row: ProductRow, placement: str, page: Filling) -> list[Picks]:
    """At most `row.rows` rows, each of one category (two levels) and not below the row's floor."""
    filled: list[Picks] = []
    for category in _by_habit(row, page):
        picks = fill_row(row, placement, page, page.ranking.candidates.item["category"] == category)
        if picks.reason is None:
            filled.append(replace(picks, part=str(category)))
            page = page.after(picks)
        if len(filled) == row.rows:
            break
    return filled


def show_shelves(
    filled: Sequence[Picks],
    cards: Mapping[ItemId, Card],
    context: Context,
    lookup: Lookup,
    taken: Collection[ItemId] = (),
) -> list[Shelf]:
    """The rows that have enough to show, under titles that name their categories. See showing.show."""
    shelves = []
    shown = set(taken)
    for picks in filled:
        slots = show(picks, cards, context, lookup, shown)
        if slots:
            shown.update(slot.item for slot in slots)
            named = _naming(lookup, category_name(cards[slots[0].item].category))
            shelves.append(Shelf(str(picks.row.title.render(context.locale, named)), slots))
    return shelves


def category_name(path: str) -> str:
    """A category as people read it, from the first two levels of its path: "Ice cream" of frozen/ice-cream/cones."""
    return path.split("/")[:2][-1].replace("-", " ").capitalize()


def _naming(lookup: Lookup, category: str) -> Lookup:
    return lambda path: category if path == CATEGORY_NAME else lookup(path)


def _by_habit(row: ProductRow, page: Filling) -> Iterator[int]:
    """Codes of categories that have enough for a row, the dearest to the visitor first."""
    candidates = page.ranking.candidates
    offered = page.unused & listed(row, candidates)
    known, counts = np.unique(candidates.item["category"][offered], return_counts=True)
    enough = set(known[counts >= max(1, row.floor.min_items)].tolist())
    liked = likings(candidates, ("category",)) or _popular(candidates)
    return iter(sorted(liked.keys() & enough, key=lambda category: (-liked[category], category)))


def _popular(candidates: Candidates) -> dict[int, float]:
    popular = candidates.lists.get("popular")
    return {} if popular is None else shares(candidates.item["category"], np.nan_to_num(popular))

"""Rows by habit: one per category."""

from typing import Any

import pytest

from tests.unit.pages import card, context, page_of, row, unknown
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.actions import Floor, Strategy
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.filling import Filling
from vitrine.decisions.merchandising import Rule
from vitrine.decisions.ranking import rank
from vitrine.decisions.rows import CATEGORY_NAME, category_name, fill_shelves, show_shelves
from vitrine.decisions.visit import Visit

AISLES = {"milk": "dairy/milk", "bread": "bakery/bread", "beer": "drinks/beer", "tea": "hot-drinks/green-tea"}
ITEMS = [f"{kind} {n}" for n in range(4) for kind in AISLES]  # popular: milk before bread before beer before tea


class Named:
    """A title that names its category."""

    def render(self, locale: str, lookup: Any) -> str:
        """Locale, category and an attribute of the page."""
        return f"{locale}: {lookup(CATEGORY_NAME)}, {lookup('else')}"


def columns(items: list[str]) -> dict[str, list[int]]:
    """Codes of the items' aisles."""
    return {"category": [code(AISLES[item.split()[0]]) for item in items]}


def page(own: list[str] | None = None, seeds: list[str] | None = None, **more: Any) -> Filling:
    """A page of all items, of which a visitor buys or looks at some."""
    looked = [Seed(item, "recent", 1.0, related(item, **columns([item]))) for item in seeds or []]
    table = personal(own, **columns(own)) if own else None
    lists = Lists(table, shelf(ITEMS, **columns(ITEMS)), seeds=looked)
    return page_of(rank(merge(lists), None, 0.0), Visit(None, tuple(seeds or ()), (), {}), **more)


def shelves(of: Filling, size: int = 2, rows: int = 2, **changes: Any) -> list[list[str]]:
    """Items per row."""
    one = row(Strategy("anyone", ("popular",), "popular"), size=size, rows=rows, **changes)
    return [[pick.item for pick in picks.planned()] for picks in fill_shelves(one, "p", of)]


def test_the_dearest_categories_come_first() -> None:
    """What is bought, else what is looked at, else what sells in the region."""
    assert shelves(page(own=["tea 0", "beer 1"])) == [["tea 0", "tea 1"], ["beer 0", "beer 1"]]
    assert shelves(page(seeds=["bread 3"])) == [["bread 0", "bread 1"]]
    assert shelves(page()) == [["milk 0", "milk 1"], ["bread 0", "bread 1"]]


def test_what_is_bought_once_in_a_while_is_no_habit_row() -> None:
    """Only as many rows as the visitor has categories: no stranger's row under their name."""
    assert shelves(page(own=["tea 0"]), rows=4) == [["tea 0", "tea 1"]]


def test_a_category_with_too_little_has_no_row() -> None:
    """The floor holds for each row; the next category moves up."""
    hidden = ["milk 0", "milk 1"]
    of = page(dismissed=hidden)
    assert shelves(of, size=3, floor=Floor(min_items=3)) == [
        ["bread 0", "bread 1", "bread 2"],
        ["beer 0", "beer 1", "beer 2"],
    ]


def test_pins_stay_within_their_category() -> None:
    """A jar among the teas helps nobody."""
    pin = Rule("pin", "pin", pinned=("bread 3", "unlisted"), slots=(0, 1))
    assert shelves(page(rules=[pin])) == [["milk 0", "milk 1"], ["bread 3", "bread 0"]]


def test_titles_name_the_category() -> None:
    """From the first card shown, beside all other attributes; a row that loses its cards goes."""
    one = row(Strategy("anyone", ("popular",), "popular"), title=Named(), size=2, rows=2, floor=Floor(2))
    filled = fill_shelves(one, "p", page(own=["tea 0", "beer 1"]))
    cards = {item: card(item, category=f"{AISLES[item.split()[0]]}/x") for picks in filled for item in picks.items}
    shown = show_shelves(filled, cards, context(), lambda path: path.upper())
    assert [shelf.title for shelf in shown] == ["en: Green tea, ELSE", "en: Beer, ELSE"]
    assert [slot.slot for slot in shown[0].items] == [0, 1]
    left = {item: c for item, c in cards.items() if not item.startswith("tea")}
    assert [shelf.title for shelf in show_shelves(filled, left, context(), unknown)] == ["en: Beer, None"]
    taken = show_shelves(filled, cards, context(), unknown, {"tea 0", "tea 1"})
    assert [slot.item for slot in taken[0].items] == ["tea 2", "tea 3"]


@pytest.mark.parametrize(
    ("path", "name"),
    [("frozen/ice-cream/cones", "Ice cream"), ("frozen/ice-cream", "Ice cream"), ("gifts", "Gifts"), ("", "")],
)
def test_categories_can_be_read(path: str, name: str) -> None:
    """The second level of the path."""
    assert category_name(path) == name


def test_no_list_no_rows() -> None:
    """An empty page has none."""
    assert fill_shelves(row(rows=3), "p", page_of(rank(merge(Lists()), None, 0.0))) == []

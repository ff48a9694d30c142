"""Rows under merchandising rules: pins, boosts, filters, held and sponsored slots, floors, blends."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.unit.pages import EMPTY, card, context, fill_page, page_of, row, show_page, unknown
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code, item_key
from vitrine.decisions.actions import Fixed, Floor, ProductRow, Strategy
from vitrine.decisions.answers import Slot
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.filling import Picks
from vitrine.decisions.merchandising import Emphasis, Rule
from vitrine.decisions.ranking import Ranking, rank
from vitrine.decisions.selection import Selector
from vitrine.decisions.showing import show, sponsored_shown, why_nothing
from vitrine.decisions.visit import Visit

LETTERS = "abcdefgh"
AD = Fixed({"en": "Advertisement", "ru": "Реклама"})


def these(*items: str) -> Selector:
    """A selector of named items."""
    return Selector(keys=np.array([item_key(item) for item in items], np.uint64))


def brand(name: str) -> Selector:
    """A selector of a brand."""
    return Selector(brands=np.array([code(name)], np.uint32))


def ranked(letters: str = LETTERS, **columns: Any) -> Ranking:
    """Bestsellers, the first of them best."""
    return rank(merge(Lists(shelf=shelf(list(letters), **columns))), None, 0.0)


def filled(one: ProductRow, ranking: Ranking | None = None, visit: Visit = EMPTY, **more: Any) -> Picks:
    """One row of a page."""
    return fill_page([("p", one)], page_of(ranking or ranked(), visit, **more))[0]


def shown(picks: Picks, missing: str = "", of: Sequence[str] = ()) -> list[Slot]:
    """What it shows when all cards but these are there."""
    cards = {item: card(item) for item in (*picks.items, *of) if item not in missing}
    return show_page([picks], cards)[0]


def letters(slots: Sequence[Slot]) -> str:
    """Items of one letter."""
    return "".join(slot.item for slot in slots)


def test_a_pin_stands_where_its_rule_says() -> None:
    """Also an item that no list names; the rest flows around."""
    rule = Rule("pin", "pin", pinned=("g", "new"), slots=(0, 2))
    slots = shown(filled(row(), rules=[rule]))
    assert [slot.item for slot in slots] == ["g", "a", "new", "b"]
    assert [(slot.reason.list, slot.rules) for slot in slots[:2]] == [("pinned", ("pin",)), ("popular", ())]


@pytest.mark.parametrize("missing", ["g", "new"])
def test_a_pin_without_a_card_frees_its_slot(missing: str) -> None:
    """What flows fills it; the other pin stays where it is."""
    rule = Rule("pin", "pin", pinned=("g", "new"), slots=(0, 2))
    slots = shown(filled(row(), rules=[rule]), missing=(missing,))  # type: ignore[arg-type]
    expected = {"g": ["a", "b", "new", "c"], "new": ["g", "a", "b", "c"]}
    assert [slot.item for slot in slots] == expected[missing]


def test_the_first_of_two_pins_on_a_slot_wins() -> None:
    """And an item is pinned once."""
    rules = [
        Rule("one", "pin", pinned=("g",), slots=(0,)),
        Rule("two", "pin", pinned=("h", "g"), slots=(0, 1)),
    ]
    assert letters(shown(filled(row(), rules=rules))) == "gabc"


@pytest.mark.parametrize("item", ["a", "new"])
@pytest.mark.parametrize("why", ["cart", "page", "bought", "hidden", "excluded", "used"])
def test_not_even_a_pin_shows_what_must_not_be_shown(item: str, why: str) -> None:
    """A candidate or not: at hand, bought, hidden, excluded, shown above."""
    visit = {
        "cart": Visit(None, (), (item,), {}),
        "page": Visit(item, (), (), {}),
        "bought": Visit(None, (), (), {item: int(context().now.timestamp() * 1000) - 1}),
    }.get(why, EMPTY)
    pin = Rule("pin", "pin", pinned=(item,), slots=(0,))
    rules = [pin, Rule("out", "exclude", items=these(item))] if why == "excluded" else [pin]
    page = page_of(ranked(), visit, rules=rules, dismissed=[item] if why == "hidden" else [])
    rows = [("above", row(size=1)), ("p", row())] if why == "used" else [("p", row())]
    picks = fill_page(rows, page)
    last = show_page(picks, {i: card(i) for one in picks for i in one.items})[-1]
    assert item not in [slot.item for slot in last]
    assert len(last) == 4


def test_exclusions_see_the_card_of_a_pin_that_no_list_names() -> None:
    """By category, price and discount; of its brand the card says nothing."""
    pin = Rule("pin", "pin", pinned=("new",), slots=(0,))
    cards = {i: card(i) for i in LETTERS} | {"new": card("new", price=900, category="spirits/wine/red")}
    for selector, is_out in (
        (Selector(departments=np.array([code("spirits")], np.uint32)), True),
        (Selector(ranges={"price": (500, 1000)}), True),
        (Selector(ranges={"discount": (0.1, 1.0)}), False),
        (brand("Any"), False),
    ):
        picks = filled(row(), rules=[pin, Rule("out", "exclude", items=selector)])
        assert ("new" not in [slot.item for slot in show_page([picks], cards)[0]]) == is_out


def test_boosts_and_burials_move_by_standard_deviations() -> None:
    """And are remembered by whom they touched."""
    rules = [
        Rule("up", "boost", items=these("h"), weight=9.0),
        Rule("down", "bury", items=these("a"), weight=9.0),
        Rule("bit", "boost", items=these("c"), weight=0.1),
    ]
    slots = shown(filled(row(size=8), rules=rules))
    assert letters(slots) == "hbcdefga"
    assert {slot.item: slot.rules for slot in slots if slot.rules} == {"h": ("up",), "a": ("down",), "c": ("bit",)}


def test_a_blend_trades_popularity_for_margin() -> None:
    """The larger its weight, the more; without one the list alone orders."""
    margins = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
    ranking = ranked(margin=margins)
    assert letters(shown(filled(row(), ranking))) == "abcd"
    assert letters(shown(filled(row(blend={"margin": 0.5}), ranking))) == "abcd"
    assert letters(shown(filled(row(blend={"margin": 2.0}), ranking))) == "hgfe"


def test_a_blend_draws_on_what_the_page_emphasises() -> None:
    """Goods of the season and stock that should move; without either the list alone orders."""
    ranking = ranked(regions=[0b01] * 6 + [0b11] * 2)
    blend = {"season": 2.0, "warehouse": 4.0}
    assert letters(shown(filled(row(blend=blend), ranking))) == "abcd"
    emphasis = Emphasis(these("f"), (0.1, 1.0))
    assert letters(shown(filled(row(blend=blend), ranking, emphasis=emphasis))) == "ghfa"


def test_only_and_exclude_have_their_own_reasons() -> None:
    """So that an empty row can be told from a broken one."""
    rules = [
        Rule("no a", "exclude", items=these("a")),
        Rule("b to d", "only", items=these("b", "c", "d", "a")),
        Rule("elsewhere", "exclude", items=these("b"), placements=frozenset({"other"})),
    ]
    picks = filled(row(items=Selector(but=these("c"))), rules=rules)
    assert picks.items == ["b", "d"]
    assert picks.dropped == {"rule:no a": 1, "not_of_row": 1, "rule:b to d": 4}


def test_a_strategy_narrows_its_own_candidates() -> None:
    """The next one may show the rest."""
    first = Strategy("anyone", ("popular",), "popular", items=these("g", "h"))
    second = Strategy("anyone", ("popular",), "popular")
    assert letters(shown(filled(row(first, second)))) == "ghab"


def test_strategies_can_be_bound_to_slots() -> None:
    """A mix per position: theirs first, the others around them, each with its own stand-in."""
    new = Strategy("anyone", ("new",), "new", slots=(1, 3))
    flow = Strategy("anyone", ("popular",), "popular")
    table = shelf(list(LETTERS))
    table.columns["new"][:] = [np.nan, np.nan, np.nan, 1.0, 2.0, 3.0, 4.0, np.nan]  # d e f g
    picks = filled(row(new, flow), rank(merge(Lists(shelf=table)), None, 0.0))
    assert letters(shown(picks)) == "agbf"
    assert letters(shown(picks, missing="g")) == "aebf"
    assert letters(shown(picks, missing="ge")) == "abcf"
    assert letters(shown(filled(row(new, flow)))) == "abcd"


def test_held_slots_get_the_first_of_their_items() -> None:
    """Within the row's lists; nothing qualifies: the slot goes back."""
    rules = [Rule("own brand", "slots", items=brand("B"), slots=(0, 3))]
    brands = [code("B") if i in "fgh" else code("A") for i in LETTERS]
    slots = shown(filled(row(), ranked(brand=brands), rules=rules))
    assert letters(slots) == "fabg"
    assert [slot.rules for slot in slots] == [("own brand",), (), (), ("own brand",)]
    assert letters(shown(filled(row(), rules=rules))) == "abcd"


def sponsored(**changes: Any) -> Rule:
    """A brewery that paid for the second and the last place."""
    return Rule("beer", "sponsored", **{"items": brand("B"), "slots": (1, 3), "label": AD, "sponsor": "b"} | changes)


BRANDS = [code("B") if i in "fgh" else code("A") for i in LETTERS]


def test_sponsored_places_are_few_and_labelled() -> None:
    """At most per_row, the best that the row could have shown, named as what they are in the visitor's language."""
    slots = shown(filled(row(), ranked(brand=BRANDS), rules=[sponsored()]))
    assert letters(slots) == "afbc"
    assert [(slot.sponsor, slot.label) for slot in slots] == [
        (None, None),
        ("b", "Advertisement"),
        (None, None),
        (None, None),
    ]
    assert sponsored_shown(slots, [sponsored()]) == {"beer": 1}
    assert letters(shown(filled(row(), ranked(brand=BRANDS), rules=[sponsored(per_row=2)]))) == "afbg"


def test_an_ad_never_lacks_a_label() -> None:
    """Where the rule has none, and no sponsor either, its own name stands there."""
    slots = shown(filled(row(), ranked(brand=BRANDS), rules=[sponsored(label=None, sponsor=None)]))
    assert (slots[1].sponsor, slots[1].label) == ("beer", "beer")


def test_an_ad_that_fits_nobody_is_not_shown() -> None:
    """It has to be a candidate of the row's lists; the place goes back to what flows."""
    seeds = [Seed("x", "recent", 1.0, related("x", ["ale"], brand=code("B")))]
    ranking = rank(merge(Lists(shelf=shelf(list(LETTERS)), seeds=seeds)), None, 0.0)
    assert letters(shown(filled(row(), ranking, rules=[sponsored()]))) == "abcd"


def test_an_ad_without_a_card_gives_its_place_back() -> None:
    """To what flows."""
    assert letters(shown(filled(row(), ranked(brand=BRANDS), rules=[sponsored()]), missing="f")) == "abcd"


def test_a_session_sees_an_ad_only_so_often() -> None:
    """Counted over the rows of a page and from what the session has seen before."""
    rule = sponsored(per_row=2, per_session=3)
    rows = [("one", row()), ("two", row())]
    for left, expected in (({}, [2, 1]), ({"beer": 1}, [1, 0]), ({"beer": 0}, [0, 0]), ({"beer": -1}, [0, 0])):
        page = page_of(ranked(brand=BRANDS), rules=[rule], sponsored_left=left)
        counts = [sum(pick.paid_by is not None for pick in picks.planned()) for picks in fill_page(rows, page)]
        assert counts == expected


def test_upsell_needs_the_price_of_the_pages_item() -> None:
    """Dearer goods of the same kind; where its price is unknown, the next strategy steps in."""
    dearer = Strategy("anyone", ("similar_page",), "similar_page", price="dearer")
    own = related("x", similar=["less", "more"], price=[200, 100, 300])
    ranking = rank(merge(Lists(seeds=[Seed("x", "page", 1.0, own)])), None, 0.0)
    assert filled(row(dearer), ranking, Visit("x", (), (), {})).items == ["more"]
    assert filled(row(dearer), ranking, Visit("unknown", (), (), {})).items == []


def test_aisles_and_brands_have_bounds_of_their_own() -> None:
    """The best of each, the next ones move up."""
    aisles = [code("dairy")] * 4 + [code("bread")] * 4
    assert letters(shown(filled(row(max_per_category=2), ranked(category=aisles)))) == "abef"
    brands = [code("A"), code("A"), code("B"), code("A"), code("B"), code("C"), code("C"), code("C")]
    assert letters(shown(filled(row(max_per_brand=1), ranked(brand=brands)))) == "acf"


def test_nothing_is_better_than_nonsense() -> None:
    """Below a list's score, and below the number of items; each time the reason says so."""
    assert filled(row(floor=Floor(min_score=6.0))).items == ["a", "b", "c"]
    low = filled(row(floor=Floor(min_score=100.0)))
    assert (low.items, low.reason, low.dropped) == ([], "below_floor", {"below_floor": 8})
    few = filled(row(floor=Floor(min_items=3, min_score=7.0)))
    assert (few.items, few.reason, few.dropped) == ([], "below_floor", {"below_floor": 6})
    by_model = Strategy("anyone", ("popular",), "model")
    assert letters(shown(filled(row(by_model, floor=Floor(min_score=100.0))))) == "abcd"


def test_the_floor_is_asked_again_when_the_cards_are_seen() -> None:
    """Two that can be sold are no row of three."""
    picks = filled(row(floor=Floor(min_items=3)), ranked("abc"))
    assert letters(shown(picks)) == "abc"
    assert shown(picks, missing="c") == []
    assert why_nothing(picks, {i: card(i) for i in "ab"}, context()) == "below_floor"


def test_an_empty_row_has_a_reason() -> None:
    """Nothing fits, the catalogue has no cards, or all is sold out."""
    assert why_nothing(filled(row(), ranked("")), {}, context()) == "no_candidates"
    assert why_nothing(filled(row(), ranked("a")), {}, context()) == "no_cards"
    sold_out = {"a": card("a", regions=0b10)}
    assert why_nothing(filled(row(), ranked("a")), sold_out, context()) == "sold_out"
    assert why_nothing(filled(row(), ranked("a")), {"a": card("a")}, context(), {"a"}) == "no_candidates"


def test_a_spare_of_one_row_is_no_second_showing_of_another() -> None:
    """The row above takes its spare because a card is gone; the row below had planned that item, and steps on."""
    picks = fill_page([("one", row(size=2)), ("two", row(size=2))], page_of(ranked()))
    cards = {i: card(i) for i in LETTERS if i != "a"}
    assert [letters(slots) for slots in show_page(picks, cards)] == ["bc", "de"]


def test_labels_and_rules_reach_the_answer_in_the_visitors_language() -> None:
    """Through show, which needs the context alone."""
    picks = filled(row(), ranked(brand=BRANDS), rules=[sponsored()])
    russian = context()
    russian = type(russian)(**{n: getattr(russian, n) for n in russian.__slots__} | {"locale": "ru"})
    slots = show(picks, {i: card(i) for i in LETTERS}, russian, unknown)
    assert slots[1].label == "Реклама"


def test_known_visitors_keep_their_order_under_no_rules() -> None:
    """A rule of another placement, and filters that hit nothing, leave scores and order alone."""
    own = Strategy("known", ("personal",), "personal")
    ranking = rank(merge(Lists(personal(list("abc")))), None, 0.0)
    rules = [
        Rule("else", "boost", items=these("c"), weight=9.0, placements=frozenset({"other"})),
        Rule("none", "exclude", items=these("z")),
    ]
    assert filled(row(own), ranking, rules=rules).flow == filled(row(own), ranking).flow

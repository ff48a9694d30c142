"""The lists of a release, built from small lakes whose right answers are plain."""

import numpy as np
import pytest

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from vitrine import keys
from vitrine.catalog.items import parse_card
from vitrine.catalog.packed import (
    ITEM_COLUMNS,
    PERSONAL_COLUMNS,
    RELATION_COLUMNS,
    SHELF_COLUMNS,
    code,
    item_key,
    unpack,
)
from vitrine.errors import InvalidRelease, InvalidSource
from vitrine.refresh.cards import card_rows
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.list_tables import item_keys
from vitrine.refresh.lists import Regions, build_lists

REGIONS = Regions(("north", "south"), "north")
PASTA, SAUCE, SOUP = "grocery/pasta/spaghetti", "grocery/sauce/pasta-sauce", "grocery/soup/condensed-soup"

GOODS = [
    Good("pasta", PASTA, regions=("north", "south")),
    Good("sauce", SAUCE, price=80, regular_price=100, regions=("north", "south")),
    Good("cheap", SAUCE, price=70, regular_price=70),
    Good("dear", SAUCE, price=900, regular_price=900),
    Good("soup", SOUP, regions=("south",)),
    Good("odd", SOUP),
    Good("even", SOUP),
    Good("fresh", SOUP, first_day=80),
    Good("gone", SOUP, regions=()),
]


def sales():
    """Ten visitors who buy pasta with sauce; one with a habit of odd with even; soup in the south; a newcomer."""
    found = []
    for n in range(10):
        found += [Sale(f"h{n}", f"p{n}", 60 + n, item) for item in ("pasta", "sauce")]
        found += [Sale(f"h{n}", f"q{n}", 70 + n, item) for item in ("pasta", "cheap")] if n < 3 else []
        found += [Sale("habit", f"r{n}", 62 + 2 * n, item) for item in ("odd", "even")]
        found += [Sale(f"s{n}", f"s{n}", 71 + n, "soup", "south", quantity=3)]
    found += [Sale(f"h{n}", f"t{n}", 81 + n, "fresh") for n in range(4)]
    found += [Sale("h0", "u0", 82, "dear"), Sale("h0", "v0", 84, "pasta"), Sale("h1", "w0", -30, "gone")]
    return found


def silent(stage, done, total):
    """Progress that nobody watches."""


def build(folder, goods, bought, day, homes=None):
    """The lists of a lake as of a day."""
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_lake(folder, goods, bought, homes))
        return build_lists(engine, REGIONS, at_ms(day), silent)


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    """The lists of the small shop, the day after its last purchase."""
    return build(tmp_path_factory.mktemp("lake"), GOODS, sales(), 86)


def listed(table, column):
    """Ids in a score column, best first."""
    scores = table.columns[column]
    known = np.flatnonzero(~np.isnan(scores))
    return [table.ids[at] for at in known[np.argsort(-scores[known], kind="stable")]]


def test_popular_counts_units_of_the_region(lists):
    """What sells in a region comes first there; what it does not have in stock is not on its shelf."""
    assert lists.bestsellers("north", 1) == ["pasta"]
    assert lists.bestsellers("south", 1) == ["soup"]
    assert "soup" not in listed(lists.shelf("north", None), "popular")


def test_shelves_stand_at_every_level(lists):
    """A department, an aisle and a whole path have a shelf of their own; an unknown one has none."""
    for category in ("grocery", "grocery/sauce", SAUCE):
        assert set(listed(lists.shelf("north", category), "popular")) >= {"sauce", "cheap", "dear"}
    assert listed(lists.shelf("north", "grocery/sauce"), "popular")[0] == "sauce"
    assert lists.shelf("north", "garden") is None
    assert lists.shelf("east", None) is None


def test_newcomers_are_young_and_bought(lists):
    """Only an item first seen lately and bought a few times counts as new."""
    assert listed(lists.shelf("north", None), "new") == ["fresh"]


def test_discounted_items_cost_less_than_usual(lists):
    """Only an item below its regular price counts as discounted."""
    assert listed(lists.shelf("north", None), "discounted") == ["sauce"]


def test_an_items_table_begins_with_itself(lists):
    """The first row is the item, in no list of its own, and every column is there in its declared type."""
    table = lists.related("pasta")
    assert table.ids[0] == "pasta"
    assert "pasta" not in table.ids[1:]
    assert all(np.isnan(table.columns[name][0]) for name in RELATION_COLUMNS)
    assert {name: table.columns[name].dtype.str for name in ITEM_COLUMNS} == dict(ITEM_COLUMNS)
    assert all(table.columns[name].dtype.str == "<f4" for name in RELATION_COLUMNS)


def test_columns_hold_the_items_facts(lists):
    """Key, price, discount, codes, stock mask and age are the item's own."""
    table = lists.related("sauce")
    first = {name: table.columns[name][0] for name in ITEM_COLUMNS}
    assert first["key"] == item_key("sauce")
    assert first["price"] == 80
    assert first["discount"] == pytest.approx(0.2, abs=0.001)
    assert (first["category"], first["leaf"], first["brand"]) == (code("grocery/sauce"), code(SAUCE), code("National"))
    assert first["regions"] == 0b11
    assert first["age_days"] == 86


def test_what_many_buy_together_is_related(lists):
    """Sauce goes with pasta, and pasta with sauce."""
    assert listed(lists.related("pasta"), "bought_together")[0] == "sauce"
    assert listed(lists.related("sauce"), "bought_together")[0] == "pasta"


def test_a_habit_of_one_visitor_is_no_rule(lists):
    """Two items that only one visitor buys together, however often, are not bought together."""
    assert "even" not in listed(lists.related("odd"), "bought_together")


def test_baskets_of_two_visitors_are_two_baskets(tmp_path):
    """Two visitors whose sessions happen to share an id have bought nothing together."""
    bought = [
        Sale(f"{who}{n}", f"shared{n}", 60 + n, item) for n in range(12) for who, item in (("a", "odd"), ("b", "soup"))
    ]
    bought += [Sale(f"{who}{n}", f"{who}{n}", 60 + n, "pasta") for n in range(12) for who in "ab"]
    lists = build(tmp_path, GOODS, bought, 86)
    assert listed(lists.related("odd"), "bought_together") == []


def test_only_baskets_that_could_hold_a_pair_count(tmp_path):
    """What happened before the window of pairs changes no score: chance is reckoned over the same baskets as pairs."""
    ancient = [Sale(f"x{n}", f"x{n}", -300 + n, "gone") for n in range(100)]
    without, with_ancient = (
        build(tmp_path / name, GOODS, bought, 86) for name, bought in (("a", sales()), ("b", sales() + ancient))
    )
    for item in ("pasta", "dear"):
        one, other = (lists.related(item) for lists in (without, with_ancient))
        assert listed(one, "bought_together")
        assert one.ids == other.ids
        np.testing.assert_array_equal(one.columns["bought_together"], other.columns["bought_together"])


@pytest.mark.parametrize("region", [None, "", "mars"])
def test_a_purchase_without_a_region_counts_at_home(tmp_path, region):
    """It stands on the shelf of the visitor's home, of the store's default region for visitors without one."""
    bought = [Sale("southerner", f"s{n}", 60 + n, "pasta", region) for n in range(3)]
    bought += [Sale("stranger", f"n{n}", 60 + n, "sauce", region) for n in range(3)]
    lists = build(
        tmp_path, GOODS, [*bought, Sale("h1", "z", 90, "odd")], 80, {"southerner": "south", "stranger": "mars"}
    )
    assert listed(lists.shelf("south", None), "popular") == ["pasta"]
    assert listed(lists.shelf("north", None), "popular") == ["sauce"]


def test_similar_items_are_of_the_same_type_and_price(lists):
    """The nearer price comes first among the same type."""
    similar = listed(lists.related("sauce"), "similar")
    assert similar.index("cheap") < similar.index("dear")


def test_an_item_without_support_falls_back_to_its_type(lists):
    """An item bought once is related to what its type is bought with, and to what is similar."""
    table = lists.related("dear")
    assert "pasta" in listed(table, "bought_together")
    assert "sauce" in listed(table, "similar")


def test_items_that_are_gone_have_no_lists(lists):
    """An item in stock nowhere and not sold for long is neither listed nor related."""
    assert lists.related("gone") is None
    assert "gone" not in lists.items()


def test_a_visitors_own_items(lists):
    """Score, times, days since and interval come from the visitor's baskets; one purchase has no interval."""
    table = lists.personal("h0")
    at = table.ids.index("pasta")
    own = {name: table.columns[name][at] for name in PERSONAL_COLUMNS}
    assert table.ids[0] == "pasta"
    assert own["n_bought"] == 3
    assert own["days_since"] == pytest.approx(2.0, abs=0.001)
    assert own["interval_days"] == pytest.approx(12.0, abs=0.001)
    assert np.isnan(table.columns["interval_days"][table.ids.index("dear")])
    assert lists.personal("nobody") is None
    assert "h0" in lists.visitors()


def test_every_row_is_packed_under_its_key(lists):
    """The rows are the tables, under keys of the release, as many as announced."""
    rows = dict(lists.rows("r1"))
    assert len(rows) == lists.row_count == len(list(lists.rows("r1")))
    for key, table, columns in (
        (keys.related("pasta", "r1"), lists.related("pasta"), RELATION_COLUMNS),
        (keys.shelf("south", None, "r1"), lists.shelf("south", None), SHELF_COLUMNS),
        (keys.shelf("north", SAUCE, "r1"), lists.shelf("north", SAUCE), SHELF_COLUMNS),
        (keys.personal("h0", "r1"), lists.personal("h0"), PERSONAL_COLUMNS),
    ):
        stored = unpack(rows[key]["table"])
        assert stored.ids == table.ids
        assert set(stored.columns) == {*ITEM_COLUMNS, *columns}
        for name, column in table.columns.items():
            np.testing.assert_array_equal(stored.columns[name], column)


def test_nothing_of_the_future_is_seen(tmp_path):
    """Lists as of a day are the same whatever happens later, to the last byte."""
    other = [Sale("h5", f"x{n}", 75 + n, "dear", "south", price=1) for n in range(9)]
    past = [sale for sale in sales() if sale.day < 73]
    one = build(tmp_path / "one", GOODS, sales(), 73)
    two = build(tmp_path / "two", GOODS, past + other, 73)
    assert dict(one.rows("r")) == dict(two.rows("r"))


def test_the_past_has_the_prices_and_stock_of_its_purchases(tmp_path):
    """As of an instant in the past, price and stock are what purchases told, not today's catalogue."""
    bought = [
        Sale("h1", "a", 0, "soup", "north", price=50, regular_price=60),
        Sale("h1", "b", 90, "soup", "south", price=500, regular_price=500),
    ]
    table = build(tmp_path, [Good("soup", SOUP, price=400, regions=("south",))], bought, 5).related("soup")
    assert table.columns["price"][0] == 50
    assert table.columns["discount"][0] == pytest.approx(1 / 6, abs=0.001)
    assert table.columns["regions"][0] == 0b01


def test_a_pause_does_not_empty_the_shelves(tmp_path):
    """Long after the last purchase the shelves stand as they stood, only ages grow."""
    soon, late = (build(tmp_path / str(day), GOODS, sales(), day) for day in (86, 386))
    assert late.bestsellers("north", 5) == soon.bestsellers("north", 5)
    assert late.related("pasta").columns["age_days"][0] == 386


def test_nothing_bought_is_an_error(tmp_path):
    """Without any purchase before the instant there is nothing to build from."""
    with pytest.raises(InvalidSource):
        build(tmp_path, GOODS, sales(), -100)


def test_items_that_share_a_key_are_refused():
    """Two ids with one key would be one candidate; the error names both."""
    with pytest.raises(InvalidRelease, match="a and a"):
        item_keys(["b", "a", "a"])


def test_cards_of_all_items(tmp_path):
    """Every item of the catalogue has a card, in stock or not."""
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_lake(tmp_path, GOODS, sales()))
        cards = dict(card_rows(engine, REGIONS, "USD", 7))
    assert len(cards) == len(GOODS)
    assert parse_card(cards["pasta"]).regions == 0b11
    assert parse_card(cards["gone"]).regions == 0
    assert cards["sauce"]["updated_ms"] == 7


def test_progress_counts_to_the_end(tmp_path):
    """The last call says that all steps are done."""
    calls = []
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_lake(tmp_path, GOODS, sales()))
        build_lists(engine, REGIONS, at_ms(86), lambda *call: calls.append(call))
    assert [done for _, done, _ in calls] == list(range(len(calls)))
    assert calls[-1][1] == calls[-1][2]

"""Page views simulated from baskets."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import ItemTable
from vitrine.decisions.candidates import recent_weight
from vitrine.decisions.features import FEATURES
from vitrine.refresh.examples import (
    Basket,
    page_views,
    reveal,
    sample_negatives,
    see,
    simulate,
    stack,
)
from vitrine.types import DAY_MS


@dataclass
class Past:
    """Lists of one visitor and one region as they once stood."""

    as_of_ms: int = 0

    def personal(self, visitor: str) -> ItemTable | None:
        """The lists of "known", who buys milk and tea."""
        return personal(["milk", "tea"]) if visitor == "known" else None

    def related(self, item: str) -> ItemTable | None:
        """Butter goes with bread; nothing is known of other items."""
        return related("bread", ["butter"], ["rolls"]) if item == "bread" else None

    def shelf(self, region: str, category: str | None) -> ItemTable | None:
        """What sells in the north, and in its dairy."""
        shelves = {None: ["apples", "bread", "milk"], "grocery/dairy": ["milk", "cheese", "cream"]}
        return shelf(shelves[category]) if region == "north" and category in shelves else None


def basket(*items: str, visitor: str = "known", at_ms: int = 3 * DAY_MS) -> Basket:
    """A basket in the north."""
    aisles = tuple("grocery/dairy" if item in ("milk", "cheese") else "grocery/bread" for item in items)
    return Basket(visitor, "north", at_ms, items, aisles)


def rng(seed: int = 1) -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(seed)


def test_home_ranks_own_and_popular_items_and_reveals_nothing():
    """Candidates are the visitor's and the region's; what was bought is marked, what is no candidate still counts."""
    view = simulate(Past(), basket("milk", "apples", "caviar"), "home", rng())
    assert view is not None
    assert set(view.candidates.ids) == {"milk", "tea", "apples", "bread"}
    assert {item for item, hit in zip(view.candidates.ids, view.bought, strict=True) if hit} == {"milk", "apples"}
    assert view.n_relevant == 3
    assert view.rows.shape == (4, len(FEATURES))


def test_recency_counts_to_the_basket():
    """Days since the last purchase grow by the days between snapshot and basket."""
    column = FEATURES.index("days_since")
    now, later = (simulate(Past(), basket("milk", at_ms=days * DAY_MS), "home", rng()) for days in (0, 5))
    assert now is not None
    assert later is not None
    at = list(now.candidates.ids).index("milk")
    assert np.expm1(later.rows[at, column]) - np.expm1(now.rows[at, column]) == pytest.approx(5, abs=1e-4)


def test_home_needs_a_known_visitor():
    """Of a visitor without lists there is no home page view to learn from."""
    assert simulate(Past(), basket("milk", visitor="stranger"), "home", rng()) is None


@pytest.mark.parametrize("situation", ["visit", "new_visitor"])
def test_a_visit_needs_something_to_reveal_and_something_to_find(situation):
    """A basket of one item makes no visit."""
    assert simulate(Past(), basket("milk"), situation, rng()) is None


def test_revealed_items_are_no_candidates_and_bring_their_neighbours():
    """What was revealed is neither ranked nor looked for; what goes with it is a candidate."""
    views = [simulate(Past(), basket("bread", "butter"), "visit", rng(seed)) for seed in range(20)]
    revealed_bread = [view for view in views if view is not None and "bread" not in view.candidates.ids]
    assert revealed_bread
    for view in revealed_bread:
        assert {"butter", "rolls"} <= set(view.candidates.ids)
        assert view.n_relevant == 1
        assert view.bought[list(view.candidates.ids).index("butter")]


def test_a_new_visitor_has_no_history():
    """The same visit with the visitor's own lists hidden has no own items among its features."""
    view = simulate(Past(), basket("milk", "bread"), "new_visitor", rng())
    assert view is not None
    assert not view.rows[:, FEATURES.index("in_personal")].any()
    assert not view.rows[:, FEATURES.index("history")].any()


def test_features_see_what_is_not_shown():
    """As in serving, features are of all candidates, also where revealed items are then left out."""
    left_out = 0
    for seed in range(20):
        view = simulate(Past(), basket("bread", "milk"), "visit", rng(seed))
        assert view is not None
        everything, rows = see(Past(), view.look, 3.0)
        at = [list(everything.ids).index(item) for item in view.candidates.ids]
        np.testing.assert_array_equal(view.rows, rows[at])
        left_out += len(everything) - len(at)
    assert left_out > 0


def test_a_category_page_ranks_its_shelf():
    """Candidates are those of the aisle's shelf, and only what was bought of the aisle counts."""
    view = simulate(Past(), basket("milk", "cheese"), "category", rng())
    assert view is not None
    assert set(view.candidates.ids) == {"milk", "cheese", "cream"}
    assert view.n_relevant == 2
    assert view.bought.tolist() == [item in ("milk", "cheese") for item in view.candidates.ids]
    assert view.look.category == "grocery/dairy"


@pytest.mark.parametrize("unfit", [basket("milk", visitor="stranger"), basket("bread")])
def test_a_category_page_needs_a_known_visitor_and_a_shelf(unfit):
    """A stranger's aisle is ordered without the ranker, and an aisle without a shelf has nothing to order."""
    assert simulate(Past(), unfit, "category", rng()) is None


@given(n_items=st.integers(2, 40), seed=st.integers(0, 2**32))
def test_reveal_keeps_something_hidden_and_weighs_as_serving_does(n_items, seed):
    """1 to 4 distinct items, never all of them; carts weigh 1, the last seen decay in order."""
    items = [str(number) for number in range(n_items)]
    revealed = reveal(items, np.random.default_rng(seed))
    assert 1 <= len(revealed) <= min(4, n_items - 1)
    assert len({item for item, _, _ in revealed}) == len(revealed)
    for index, (_, role, weight) in enumerate(revealed):
        assert weight == (1.0 if role == "cart" else recent_weight(index))


def test_negatives_are_sampled_and_positives_kept():
    """Every bought candidate stays; of the others at most the wanted number."""
    view = simulate(Past(), basket("milk", "apples"), "home", rng())
    assert view is not None
    rows, bought = sample_negatives(view, 1, rng())
    assert bought.tolist() == [True, True, False]
    assert rows.shape == (3, len(FEATURES))


def test_groups_without_a_purchase_are_left_out():
    """A page view that found nothing cannot teach an order."""
    rows = np.zeros((2, len(FEATURES)), np.float32)
    groups = stack([(rows, np.array([False, False])), (rows, np.array([True, False]))])
    assert (len(groups), groups.starts.tolist()) == (1, [0, 2])
    assert len(stack([])) == 0


def test_page_views_repeat_with_the_seed():
    """The same seed simulates the same page views."""
    baskets = [basket("milk", "bread", "apples"), basket("milk", "bread", visitor="stranger")]
    first, second = (
        [(view.situation, view.candidates.ids, view.bought.tolist()) for view in views]
        for views in (page_views(Past(), baskets, ("home", "visit", "new_visitor"), rng(9)) for _ in range(2))
    )
    assert first == second
    assert [situation for situation, *_ in first] == ["home", "visit", "new_visitor", "visit", "new_visitor"]

"""Which candidates may be shown, and in which order."""

from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.pages import EMPTY, NOW, NOW_MS, context
from tests.unit.tables import related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.candidates import Lists, Seed, fuse, merge
from vitrine.decisions.ranking import allowed, other_category, priced, rank
from vitrine.decisions.visit import Visit
from vitrine.errors import InvalidModel


class ReversedFusion:
    """A ranker that prefers what fusion puts last, so that its order is told apart."""

    id = "reversed"

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """The row number."""
        return np.arange(len(features), dtype=np.float32)


class Broken(ReversedFusion):
    """A ranker that fails its checks."""

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Never a score."""
        raise InvalidModel("not finite")


def test_the_ranker_scores_and_is_named() -> None:
    """The scores are the model's and the answer can say which model."""
    ranking = rank(merge(Lists(shelf=shelf(["a", "b"]))), ReversedFusion(), 0.0)
    assert ranking.model == "reversed"
    assert ranking.scores.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("ranker", [None, Broken()])
def test_fusion_stands_in_for_a_missing_or_failing_ranker(ranker: Broken | None) -> None:
    """The visitor gets an order anyway, and the answer does not claim a model."""
    candidates = merge(Lists(shelf=shelf(["a", "b"])))
    ranking = rank(candidates, ranker, 0.0)
    assert ranking.model is None
    np.testing.assert_array_equal(ranking.scores, fuse(candidates))


def test_what_cannot_be_delivered_to_the_region_is_dropped() -> None:
    """Stock is a mask per region; the default region is bit 0."""
    candidates = merge(Lists(shelf=shelf(["here", "there"], regions=[0b01, 0b10])))
    result = allowed(candidates, context(), EMPTY, 0)
    assert [item for item, ok in zip(candidates.ids, result.mask, strict=True) if ok] == ["here"]
    assert result.dropped == {"out_of_stock": 1}


def test_what_is_at_hand_or_just_bought_is_dropped() -> None:
    """The page's item, the cart and purchases of the last days are not offered; older purchases are."""
    days = {"today": 1, "old": 5}
    bought = {item: int((NOW - timedelta(days=n)).timestamp() * 1000) for item, n in days.items()}
    visit = Visit("page", (), ("cart",), bought)
    candidates = merge(Lists(shelf=shelf(["page", "cart", "today", "old"])))
    result = allowed(candidates, context(), visit, hide_bought_days=2)
    assert [item for item, ok in zip(candidates.ids, result.mask, strict=True) if ok] == ["old"]
    assert result.dropped == {"at_hand": 2, "bought_lately": 1}


def test_zero_days_hide_no_purchase() -> None:
    """A placement for refills may show what was bought this minute."""
    visit = Visit(None, (), (), {"milk": NOW_MS})
    assert allowed(merge(Lists(shelf=shelf(["milk"]))), context(), visit, hide_bought_days=0).mask.all()


def test_accompanying_goods_are_of_another_kind() -> None:
    """Everything of the page item's own kind is left out; an unknown item leaves all."""
    row = related("tea", ["tea 2", "milk"], leaf=[code("tea"), code("tea"), code("milk")])
    candidates = merge(Lists(seeds=[Seed("tea", "page", 1.0, row)]))
    of_other_kind = dict(zip(candidates.ids, other_category(candidates, "tea").tolist(), strict=True))
    assert of_other_kind == {"tea": False, "tea 2": False, "milk": True}
    assert other_category(candidates, "unknown").all()
    assert other_category(candidates, None).all()


def test_what_the_visitor_hid_is_dropped() -> None:
    """A dismissal has a reason of its own."""
    candidates = merge(Lists(shelf=shelf(["hidden", "fine"])))
    result = allowed(candidates, context(), EMPTY, 0, {"hidden", "elsewhere"})
    assert [item for item, ok in zip(candidates.ids, result.mask, strict=True) if ok] == ["fine"]
    assert result.dropped == {"dismissed": 1}


def test_an_item_falls_to_the_first_reason() -> None:
    """Reasons add up to what was dropped."""
    candidates = merge(Lists(shelf=shelf(["a", "b"], regions=[0b10, 0b11])))
    result = allowed(candidates, context(), EMPTY, 0, {"a", "b"})
    assert result.dropped == {"out_of_stock": 1, "dismissed": 1}
    assert result.without([("late", np.ones(2, np.bool_))]).dropped == result.dropped


def test_dearer_and_cheaper_are_seen_from_the_pages_item() -> None:
    """Equal is neither; of an item whose price is unknown nothing is dearer or cheaper."""
    row = related("tea", ["less", "same", "more"], price=[200, 100, 200, 300])
    candidates = merge(Lists(seeds=[Seed("tea", "page", 1.0, row)]))
    dearer = priced(candidates, "tea", "dearer")
    cheaper = priced(candidates, "tea", "cheaper")
    assert [item for item, fits in zip(candidates.ids, dearer, strict=True) if fits] == ["more"]
    assert [item for item, fits in zip(candidates.ids, cheaper, strict=True) if fits] == ["less"]
    assert not priced(candidates, "unknown", "dearer").any()
    assert not priced(candidates, None, "cheaper").any()


def test_the_pages_item_is_known_even_when_the_cap_cut_it() -> None:
    """No list recommends an item on its own page, so it is the first to fall to a cap; its own row still tells."""
    row = related("tea", ["tea 2", "milk"], leaf=[code("tea"), code("tea"), code("milk")])
    candidates = merge(Lists(seeds=[Seed("tea", "page", 1.0, row)]), cap=2)
    assert "tea" not in candidates.ids
    assert dict(zip(candidates.ids, other_category(candidates, "tea").tolist(), strict=True)) == {
        "tea 2": False,
        "milk": True,
    }

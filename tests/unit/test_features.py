"""What the ranker sees."""

import numpy as np
import pytest

from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.features import FEATURES, MAX_DUE, features


def values(lists: Lists, elapsed_days: float = 0.0) -> dict[str, dict[str, float]]:
    """Features by item and name."""
    candidates = merge(lists)
    matrix = features(candidates, elapsed_days)
    assert matrix.shape == (len(candidates), len(FEATURES))
    assert matrix.dtype == np.float32
    return {
        item: dict(zip(FEATURES, row.tolist(), strict=True)) for item, row in zip(candidates.ids, matrix, strict=True)
    }


def test_missing_is_not_zero() -> None:
    """An item never bought has no recency, rather than a recency of zero."""
    row = values(Lists(shelf=shelf(["new"])))["new"]
    assert np.isnan([row[name] for name in ("personal", "n_bought", "days_since", "due", "price_ratio")]).all()
    assert row["in_personal"] == 0.0
    assert row["in_popular"] == 1.0


def test_recency_grows_with_the_age_of_the_release() -> None:
    """A list built three days ago says "ten days since"; today that is thirteen."""
    today = values(Lists(personal=personal(["milk"])), elapsed_days=3.0)["milk"]
    assert today["days_since"] == pytest.approx(np.log1p(13.0))
    assert today["due"] == pytest.approx(13.0 / 7.0)
    late = values(Lists(personal=personal(["milk"])), elapsed_days=300.0)["milk"]
    assert late["due"] == MAX_DUE


def test_affinities_are_shares_of_the_visitors_own_score() -> None:
    """They follow the visitor's purchases, also for items never bought."""
    own = personal(["bread", "milk"], leaf=[code("bread"), code("milk")])
    rows = values(Lists(own, shelf(["other milk"], leaf=code("milk"))))
    assert rows["bread"]["leaf_affinity"] == pytest.approx(2 / 3)
    assert rows["other milk"]["leaf_affinity"] == pytest.approx(1 / 3)


def test_seeds_lend_their_category() -> None:
    """After one baby food, baby food carries all seed weight and bread none."""
    seed = Seed("puree", "recent", 1.0, related("puree", leaf=code("baby")))
    rows = values(Lists(shelf=shelf(["juice", "rolls"], leaf=[code("baby"), code("rolls")]), seeds=[seed]))
    assert rows["juice"]["seed_leaf"] == 1.0
    assert rows["rolls"]["seed_leaf"] == 0.0


def test_all_roles_of_a_relation_count() -> None:
    """The model sees one "bought together", whichever item led there."""
    seeds = [Seed("x", "cart", 1.0, related("x", ["a"])), Seed("y", "recent", 0.8, related("y", ["a"]))]
    row = values(Lists(seeds=seeds))["a"]
    assert row["bought_together"] == pytest.approx(np.log1p(1.8))
    assert row["n_lists"] == 2.0


def test_prices_are_seen_against_the_visitors_own() -> None:
    """The ratio is relative to what this visitor usually pays."""
    rows = values(Lists(personal(["cheap"], price=99), shelf(["dear"], price=199)))
    assert rows["dear"]["price_ratio"] == pytest.approx(np.log(2.0), rel=1e-5)


def test_no_candidates_give_an_empty_matrix() -> None:
    """An empty page has no rows but all columns."""
    assert features(merge(Lists()), 0.0).shape == (0, len(FEATURES))


def test_named_shelves_are_no_lists_that_the_ranker_counts() -> None:
    """It was trained without them; a campaign that names one must not change what the model sees."""
    plain = values(Lists(personal(["a"]), shelf(["a", "b"])))
    named = values(Lists(personal(["a"]), shelf(["a", "b"]), named_shelves={"x/y": shelf(["a", "c"])}))
    assert plain["a"]["n_lists"] == named["a"]["n_lists"] == 2.0
    np.testing.assert_equal({item: named[item] for item in plain}, plain)
    assert named["c"]["n_lists"] == 0.0

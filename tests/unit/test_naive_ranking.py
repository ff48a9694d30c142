"""The opponent of the bench ranks the same candidates by the same features as the product."""

from pathlib import Path

import numpy as np

from tests.bench import naive_ranking
from tests.bench.canned_data import RELEASE, VISITOR, make_canned
from vitrine import keys
from vitrine.catalog.packed import ItemTable, unpack
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.features import features

ROOT = Path(__file__).parents[2]


def test_it_sees_what_the_product_sees() -> None:
    """Same items in the same order, same features up to the last digits of a float32."""
    canned = make_canned(ROOT)

    def table(key: object) -> ItemTable:
        data = canned.rows[key]["table"]
        assert isinstance(data, bytes)
        return unpack(data)

    seeds = [
        *((line["item"], "cart", 1.0) for line in canned.request["cart"]),
        *((item, "recent", 0.8**n) for n, item in enumerate(canned.request["recent"])),
    ]
    personal, shelf = table(keys.personal(VISITOR, RELEASE)), table(keys.shelf("north", None, RELEASE))
    ours = merge(Lists(personal, shelf, None, [Seed(*seed, table(keys.related(seed[0], RELEASE))) for seed in seeds]))
    neighbours = [
        naive_ranking.Neighbours(role, weight, table(keys.related(item, RELEASE))) for item, role, weight in seeds
    ]
    naive = naive_ranking.merge(personal, shelf, neighbours)
    order = [list(ours.ids).index(item) for item in naive.ids]
    np.testing.assert_allclose(
        naive_ranking.features(naive, 1.5), features(ours, 1.5)[order], rtol=1e-5, equal_nan=True
    )

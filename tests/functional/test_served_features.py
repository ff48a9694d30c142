"""What the real decide handler scores is what training simulates: one visit, two ways, bit for bit."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.golden.world import NOW, NOW_MS, RELEASE, LinearRanker, World
from vitrine import keys
from vitrine.catalog.packed import ItemTable
from vitrine.refresh.examples import Basket, PageView, Situation, see, simulate
from vitrine.types import DAY_MS, Key

LATER = timedelta(days=3, hours=7)
ELAPSED_DAYS = LATER / timedelta(days=1)
BASKET = ("jar", "milk", "toast", "wipes")
AISLES = ("baby/food", "grocery/dairy", "grocery/bread", "baby/care")


class Spy(LinearRanker):
    """A ranker that keeps the matrices it is asked to score."""

    def __init__(self) -> None:
        self.seen: list[NDArray[np.float32]] = []

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """As the linear ranker."""
        self.seen.append(features)
        return super().score(features)


class Snapshot:
    """The world's rows as training sees lists."""

    as_of_ms = NOW_MS

    def __init__(self, world: World) -> None:
        self.world = world

    def personal(self, visitor: str) -> ItemTable | None:
        """See refresh.examples.Snapshot."""
        return self._table(keys.personal(visitor, RELEASE))

    def related(self, item: str) -> ItemTable | None:
        """See refresh.examples.Snapshot."""
        return self._table(keys.related(item, RELEASE))

    def shelf(self, region: str, category: str | None) -> ItemTable | None:
        """See refresh.examples.Snapshot."""
        return self._table(keys.shelf(region, category, RELEASE))

    def _table(self, key: Key) -> ItemTable | None:
        return self.world.list_of(key)


def serve(world: World, view: PageView) -> None:
    """Ask the handler for the page that was simulated."""
    seeds = view.look.seeds
    page = {"type": "home"} if view.look.category is None else {"type": "category", "category": view.look.category}
    body = {
        "page": page,
        "recent": [item for item, role, _ in seeds if role == "recent"],
        "cart": [{"item": item, "quantity": 1, "price": 100} for item, role, _ in seeds if role == "cart"],
        "consent": ["personalization"],
    }
    status, _ = world.post(body, view.look.visitor)
    assert status == 200


def views(situation: Situation, seeds: Sequence[int]) -> list[PageView]:
    """Simulated page views of h1's basket, each drawn anew."""
    basket = Basket("h1", "north", NOW_MS + round(ELAPSED_DAYS * DAY_MS), BASKET, AISLES)
    snapshot = Snapshot(World())
    drawn = [simulate(snapshot, basket, situation, np.random.default_rng(seed)) for seed in seeds]
    return [view for view in drawn if view is not None]


@pytest.mark.parametrize("situation", ["home", "visit", "new_visitor", "category"])
def test_the_handler_scores_what_training_simulates(situation: Situation) -> None:
    """Of every candidate that training ranks, the very row that serving scored; revealed items are served, too."""
    roles = set()
    simulated = views(situation, range(12))
    assert simulated
    for view in simulated:
        spy = Spy()
        world = World(ranker=spy, now=NOW + LATER)
        serve(world, view)
        candidates, rows = see(Snapshot(world), view.look, ELAPSED_DAYS)
        np.testing.assert_array_equal(spy.seen[0], rows)
        at = [list(candidates.ids).index(item) for item in view.candidates.ids]
        np.testing.assert_array_equal(view.rows, spy.seen[0][at])
        roles |= {role for _, role, _ in view.look.seeds}
        left_out = set(candidates.ids) - set(view.candidates.ids)
        if situation != "category":
            assert left_out == {item for item, _, _ in view.look.seeds} & set(candidates.ids)
    assert roles == ({"cart", "recent"} if "visit" in situation else set())

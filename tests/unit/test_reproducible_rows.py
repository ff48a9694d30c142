"""The same lake gives the same rows to the byte, which is what lets a killed publication go on where it ended."""

import numpy as np

from tests.fixtures.lake.builders import Good, Sale, at_ms, write_lake
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.lists import Regions, build_lists
from vitrine.refresh.release_rows import _digest as digest_of
from vitrine.refresh.release_rows import batches
from vitrine.types import DAY_MS

N_BASKETS = 12
VISITORS = [f"h{n}" for n in range(10)]
AS_OF_MS = at_ms(N_BASKETS * 7)
LEANING = {"half_life_ms": 90 * DAY_MS, "prior": 2.0}
REGIONS = Regions(("north", "south", "east", "west"), "north")
GOODS = [Good(f"i{n}", f"food/aisle-{n % 2}/type-{n % 4}", regions=("north", "south")) for n in range(12)]


def sales():
    """Visitors who buy the same six things together at odd intervals: of equal weight but for the order of adding."""
    return [
        Sale(visitor, f"{visitor}-{at}", at * 6.37 + n * 0.01, f"i{(n + step) % 12}")
        for n, visitor in enumerate(VISITORS)
        for at in range(N_BASKETS)
        for step in range(6)
    ]


def built(folder, lines):
    """Digests of all rows of a lake with these lines, and what its visitors lean to."""
    with Engine(Limits(threads=2), folder) as engine:
        engine.load_lake(write_lake(folder / "lake", GOODS, lines))
        engine.put("visitor_personas", {"visitor": VISITORS, "persona": ["hunter", "cook"] * (len(VISITORS) // 2)})
        lists = build_lists(engine, REGIONS, AS_OF_MS, lambda *_: None, has_personas=True)
        engine.materialise("visitor_lines")
        leaning = engine.columns("visitor_affinities", as_of_ms=AS_OF_MS, **LEANING)
    return [digest_of(batch) for batch in batches(lists.rows("r"), 1)], {
        name: values.tolist() for name, values in leaning.items()
    }


def test_the_order_of_the_lines_changes_no_row(tmp_path):
    """Threads read the lake in whatever order they come to it: sums may not depend on that."""
    lines, found = sales(), []
    for seed in range(2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        found.append(built(folder, [lines[at] for at in np.random.default_rng(seed).permutation(len(lines))]))
    assert len(found[0][0]) > len(VISITORS)
    assert found[0] == found[1]

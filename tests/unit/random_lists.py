"""Random lists of a page over a small catalogue: every kind of list, sparse and dense, with equal scores among them."""

from collections.abc import Sequence

import numpy as np

from tests.unit.tables import table
from vitrine.catalog.packed import (
    PERSONAL_COLUMNS,
    RELATION_COLUMNS,
    SHELF_COLUMNS,
    ItemTable,
    code,
    pack,
    unpack,
)
from vitrine.decisions.candidates import NEXT, ROLES, Lists, Role, Seed, recent_weight

N_ITEMS = (6, 40, 300)


def random_lists(rng: np.random.Generator) -> Lists:
    """The lists of one page view, each there or not."""
    catalogue = [f"i{number}" for number in range(int(rng.choice(N_ITEMS)))]

    def draw(names: Sequence[str], most: int, first: str | None = None) -> ItemTable:
        n = min(int(rng.integers(1, most)), len(catalogue))
        chosen = [catalogue[at] for at in rng.choice(len(catalogue), n, replace=False)]
        ids = chosen if first is None else [first, *(item for item in chosen if item != first)]
        return _table(ids, {name: _scores(len(ids), rng) for name in names}, rng)

    def drawn(share: float, names: Sequence[str], most: int) -> ItemTable | None:
        return draw(names, most) if rng.random() < share else None

    seeds: list[Seed] = []
    fresh = iter(rng.permutation(catalogue).tolist())
    for role in ROLES:
        wanted = 1 if role == "page" else int(rng.integers(0, 4))
        for index, item in zip(range(wanted), fresh, strict=False):
            seeds.append(Seed(item, role, _weight(role, index), draw(RELATION_COLUMNS, 40, item)))
    return Lists(
        personal=drawn(0.7, PERSONAL_COLUMNS, 100),
        shelf=drawn(0.8, SHELF_COLUMNS, 120),
        category_shelf=drawn(0.3, SHELF_COLUMNS, 60),
        seeds=seeds,
        named_shelves={f"c/{number}": draw(SHELF_COLUMNS, 90) for number in range(int(rng.choice([0, 0, 2])))},
        persona_shelf=drawn(0.3, SHELF_COLUMNS, 60),
        next_items=drawn(0.2, (NEXT,), 40),
    )


def _weight(role: Role, index: int) -> float:
    return recent_weight(index) if role == "recent" else 1.0


def _scores(n: int, rng: np.random.Generator) -> list[float]:
    scores = rng.gamma(2.0, 3.0, n) + 0.01
    scores = np.round(scores) + 1.0 if rng.random() < 0.5 else scores  # whole numbers: halves hold them, some are equal
    scores[rng.random(n) < rng.choice([0.0, 0.5, 0.9, 1.0])] = np.nan
    found: list[float] = scores.astype(np.float32).tolist()
    return found


def _table(ids: Sequence[str], scores: dict[str, list[float]], rng: np.random.Generator) -> ItemTable:
    """Items have the same columns in every table, but for the price: of two, the first table's has to be told."""
    number = [int(item[1:]) for item in ids]
    made = table(
        ids,
        scores,
        price=rng.integers(1, 3000, len(ids)),
        discount=[n % 7 / 20 for n in number],
        department=[code(f"d{n % 2}") for n in number],
        category=[code(f"c{n % 6}") for n in number],
        leaf=[code(f"l{n % 18}") for n in number],
        brand=[code(f"b{n % 4}") for n in number],
        regions=[n % 16 for n in number],
        age_days=[n * 3 for n in number],
        popularity=[n % 50 / 9 for n in number],
    )
    return unpack(pack(made)) if rng.random() < 0.7 else made

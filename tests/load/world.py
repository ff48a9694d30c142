"""The data of tests.bench enlarged to a shop: thousands of visitors and items, lists for all, one published release.

Rows are of realistic size. A few hundred different profiles and lists are shared among the visitors, because what a
request costs depends on how large rows are and on how many are there, not on whether two visitors' are alike.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from tests.bench.canned_data import (
    N_CART,
    N_RECENT,
    REGION,
    RELEASE,
    Canned,
    Sizes,
    list_row,
    make_item,
    make_release,
    profile_row,
    to_ms,
)
from tests.load.traffic import Population
from vitrine import keys
from vitrine.catalog.items import Item, card_row
from vitrine.catalog.packed import PERSONAL_COLUMNS, RELATION_COLUMNS, SHELF_COLUMNS
from vitrine.ports import Progress
from vitrine.types import Key, Row
from vitrine.visitors.exposures import Exposures, row_of

VISITORS: Final = 5_000
ITEMS: Final = 5_000
DIFFERENT: Final = 300
"""Profiles and personal lists that differ."""

N_BOUGHT: Final = 40
USUAL: Final = Sizes()
SEED: Final = 11


def make_world(
    bundle: Path, progress: Progress, visitors: int = VISITORS, items: int = ITEMS
) -> tuple[Canned, Population]:
    """What the canned server holds, and who may ask for what; `bundle` is a folder with store/ and models/ranker/."""
    rng, now = np.random.default_rng(SEED), datetime.now(UTC)
    goods = [make_item(number, rng, now) for number in range(items)]
    rows: dict[Key, Row] = {keys.card(one.item): card_row(one, {REGION: 0}, "USD", to_ms(now)) for one in goods}
    rows |= _shelves(goods, rng)
    rows |= _related(goods, rng, progress)
    rows |= _visitors(visitors, goods, rng, now, progress)
    objects, rows[keys.RELEASE_POINTER] = make_release(bundle, goods, now)
    people = [f"h{number}" for number in range(visitors)]
    population = Population(people, [one.item for one in goods], sorted({_aisle(one) for one in goods}))
    return Canned(rows, objects, [], {}), population


def _aisle(item: Item) -> str:
    return item.category.rpartition("/")[0]


def _shelves(goods: list[Item], rng: np.random.Generator) -> dict[Key, Row]:
    """One of the region and one per aisle."""
    aisles: dict[str | None, list[Item]] = {None: _some(goods, USUAL.shelf, rng)}
    for item in goods:
        aisles.setdefault(_aisle(item), []).append(item)
    return {
        keys.shelf(REGION, aisle, RELEASE): list_row(of[: USUAL.shelf], SHELF_COLUMNS, rng)
        for aisle, of in aisles.items()
    }


def _related(goods: list[Item], rng: np.random.Generator, progress: Progress) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    for number, item in enumerate(goods, 1):
        table = [item, *(other for other in _some(goods, USUAL.related, rng) if other is not item)][: USUAL.related]
        rows[keys.related(item.item, RELEASE)] = list_row(table, RELATION_COLUMNS, rng)
        progress("make items", number, len(goods))
    return rows


def _visitors(n: int, goods: list[Item], rng: np.random.Generator, now: datetime, progress: Progress) -> dict[Key, Row]:
    rows: dict[Key, Row] = {}
    kinds: list[tuple[Row, Row]] = []
    shown = row_of(Exposures(), None, now)
    for number in range(n):
        if number < DIFFERENT:
            taken = _some(goods, N_CART + N_RECENT + max(N_BOUGHT, USUAL.personal), rng)
            seen, bought = taken[: N_CART + N_RECENT], taken[N_CART + N_RECENT :]
            kinds.append((profile_row(seen, bought, now), list_row(bought[: USUAL.personal], PERSONAL_COLUMNS, rng)))
        visitor = f"h{number}"
        rows[keys.profile(visitor)], rows[keys.personal(visitor, RELEASE)] = kinds[number % DIFFERENT]
        rows[keys.shown(visitor)] = shown
        progress("make visitors", number + 1, n)
    return rows


def _some(goods: list[Item], n: int, rng: np.random.Generator) -> list[Item]:
    return [goods[at] for at in rng.choice(len(goods), min(n, len(goods)), replace=False)]

"""What a visitor leans to: categories, brands, prices and discounts, from the lists that were read for the page.

Two kinds of evidence count, each by its own shares: what the visitor buys (their own list and its scores) and what
this visit is about (the seeds and their weights). A lean is the larger of the two, so that a first visit to the pet
aisle speaks as loudly as a year of bread.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

from vitrine.catalog.packed import ItemTable
from vitrine.catalog.parts import PATH, TRAITS
from vitrine.decisions.candidates import Floats, Lists
from vitrine.decisions.likings import codes_of, known_weights, seed_weights, shares_of

PriceBand = Literal["low", "mid", "high"]
BANDS: Final[tuple[PriceBand, ...]] = ("low", "mid", "high")
PRICE_CUTS: Final = (0.60, 0.68)
"""Price ranks from which a band begins: thirds of the 2,463 households of the demo's data. A visitor's items lie far
from each other, so their mean stays near the middle; a store of another kind cuts `affinity.price_rank` itself."""
DEPTHS: Final = PATH
MIN_SHARE: Final = 0.1
"""From this share of the evidence on, a category or brand is one that the visitor leans to."""

Shares = Mapping[int, float]
"""Share of the evidence, 0..1, by code of a category or brand."""


def category_shares(lists: Lists) -> Shares | None:
    """How much of the evidence lies on each category, by the codes of all three depths; None without evidence."""
    return _shares(lists, DEPTHS)


def brand_shares(lists: Lists) -> Shares | None:
    """How much of the evidence lies on each brand; None without evidence."""
    return _shares(lists, ("brand",))


def leanings(shares: Shares | None, at_least: float = MIN_SHARE) -> tuple[int, ...] | None:
    """The codes with at least that share, the strongest first; None where there is no evidence."""
    if shares is None:
        return None
    enough = [(-share, code) for code, share in shares.items() if share >= at_least]
    return tuple([code for _, code in sorted(enough)])


def price_rank(lists: Lists) -> float | None:
    """Where the visitor's prices lie among the prices of the region's shelf: 0 with the cheapest, 1 with the dearest.

    Each own item has its mid-rank percentile among the shelf's prices; this is their mean weighted by the own score.
    None without own items or without a shelf.
    """
    own, weights = _own(lists)
    if own is None or lists.shelf is None or not len(lists.shelf):
        return None
    shelf = np.sort(lists.shelf.columns["price"])
    prices = own.columns["price"]
    rank = (np.searchsorted(shelf, prices, "left") + np.searchsorted(shelf, prices, "right")) / (2 * len(shelf))
    return float(np.average(rank, weights=weights))


def price_band(lists: Lists) -> PriceBand | None:
    """The band of the price rank, by PRICE_CUTS; None without it."""
    rank = price_rank(lists)
    return None if rank is None else BANDS[bisect_right(PRICE_CUTS, rank)]


def discount_share(lists: Lists) -> float | None:
    """Share of the visitor's own score that lies on items that are discounted now; None without own items."""
    own, weights = _own(lists)
    if own is None:
        return None
    return float(weights[own.columns["discount"] > 0].sum() / weights.sum())


def _own(lists: Lists) -> tuple[ItemTable | None, Floats]:
    """The visitor's own items and their scores (missing counts nothing), None when all weigh nothing."""
    nothing: Floats = np.empty(0, np.float32)
    if lists.personal is None:
        return None, nothing
    weights = known_weights(lists.personal.columns["personal"])
    return (lists.personal, weights) if float(weights.sum()) > 0.0 else (None, nothing)


def _shares(lists: Lists, columns: Sequence[str]) -> Shares | None:
    own, scores = _own(lists)
    seeds = [seed for seed in lists.seeds if len(seed.table) and seed.weight > 0]
    if own is None and not seeds:
        return None
    kinds = PATH if columns is DEPTHS else TRAITS
    own_codes, own_weights = codes_of(own, kinds) if own is not None else [], scores.tolist()
    visit_codes, visit_weights = [codes_of(seed.table, kinds, 1)[0] for seed in seeds], seed_weights(seeds)
    largest: dict[int, float] = {}
    for at in [kinds.index(column) for column in columns]:
        largest |= shares_of([codes[at] for codes in own_codes], own_weights)
        for code, share in shares_of([codes[at] for codes in visit_codes], visit_weights).items():
            if share > largest.get(code, 0.0):
                largest[code] = share
    return largest

"""What a visitor leans to, from lists as they are read."""

import numpy as np
import pytest

from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import ItemTable, code
from vitrine.decisions.affinities import (
    brand_shares,
    category_shares,
    discount_share,
    leanings,
    price_band,
    price_rank,
)
from vitrine.decisions.candidates import Lists, Seed

DAIRY = {"department": code("dairy"), "category": code("dairy/milk"), "leaf": code("dairy/milk/whole")}
BREAD = (code("grocery"), code("grocery/bread"), code("grocery/bread/rolls"))
MILK = tuple(DAIRY.values())


def seed(item: str, weight: float = 1.0, **columns: object) -> Seed:
    """A recent item with its row."""
    return Seed(item, "recent", weight, related(item, **columns))


def own(scores: list[float], **columns: object) -> ItemTable:
    """A visitor's own items with these scores."""
    table = personal([f"own{n}" for n in range(len(scores))], **columns)
    return ItemTable(table.ids, {**table.columns, "personal": np.array(scores, "<f4")})


def test_shares_are_of_the_visitors_own_score() -> None:
    """Each depth has shares of its own, the largest first."""
    lists = Lists(personal=own([3.0, 1.0], leaf=[code("grocery/bread/rolls"), code("grocery/bread/rye")]))
    assert category_shares(lists) == {
        code("grocery"): 1.0,
        code("grocery/bread"): 1.0,
        code("grocery/bread/rolls"): 0.75,
        code("grocery/bread/rye"): 0.25,
    }


def test_the_visit_speaks_as_loudly_as_the_past() -> None:
    """Of own items and seeds the larger share counts: one look at milk is all of this visit."""
    lists = Lists(personal=own([3.0, 1.0]), seeds=[seed("m", **DAIRY)])
    shares = category_shares(lists)
    assert shares is not None
    assert {shares[one] for one in (*BREAD, *MILK)} == {1.0}
    assert brand_shares(lists) == {code("National"): 1.0}


def test_seeds_count_by_their_weight() -> None:
    """What was seen earlier weighs less."""
    shares = category_shares(Lists(seeds=[seed("m", 1.0, **DAIRY), seed("b", 0.25)]))
    assert shares is not None
    assert (shares[code("dairy")], shares[code("grocery")]) == (0.8, 0.2)
    assert leanings(shares) == (*sorted(MILK), *sorted(BREAD))
    assert leanings(shares, 0.5) == tuple(sorted(MILK))


def test_a_tenth_is_a_leaning() -> None:
    """Exactly the smallest share counts, less does not; no evidence is no leaning at all, not none."""
    assert leanings({1: 0.9, 2: 0.1, 3: 0.099}) == (1, 2)
    assert leanings({}) == ()
    assert leanings(None) is None


@pytest.mark.parametrize(
    ("price", "rank", "band"),
    [(10, 0.0, "low"), (100, 0.1, "low"), (300, 0.5, "low"), (350, 0.6, "mid"), (400, 0.7, "high"), (900, 1.0, "high")],
)
def test_the_price_rank_is_among_the_prices_of_the_shelf(price: int, rank: float, band: str) -> None:
    """Half of the goods of equal price count as cheaper; the band begins at its cut."""
    lists = Lists(personal=own([1.0], price=price), shelf=shelf(list("abcde"), price=[100, 200, 300, 400, 500]))
    assert price_rank(lists) == pytest.approx(rank)
    assert price_band(lists) == band


def test_the_price_rank_follows_what_they_buy_most() -> None:
    """Each item counts by its score."""
    prices = shelf(["a", "b"], price=[100, 300])
    assert price_rank(Lists(personal=own([3.0, 1.0], price=[100, 300]), shelf=prices)) == 0.375
    assert price_rank(Lists(personal=own([1.0, 3.0], price=[100, 300]), shelf=prices)) == 0.625


def test_the_discount_share_is_of_what_they_buy() -> None:
    """The part of the score that lies on items below their regular price."""
    assert discount_share(Lists(personal=own([3.0, 1.0], discount=[0.0, 0.25]))) == 0.25


@pytest.mark.parametrize(
    "lists", [Lists(), Lists(shelf=shelf(["a"])), Lists(personal=own([0.0])), Lists(personal=own([np.nan]))]
)
def test_without_evidence_nothing_is_said(lists: Lists) -> None:
    """Lists that are missing or weigh nothing leave every leaning unknown."""
    assert category_shares(lists) is None
    assert brand_shares(lists) is None
    assert price_band(lists) is None
    assert price_rank(lists) is None
    assert discount_share(lists) is None


def test_without_a_shelf_prices_compare_with_nothing() -> None:
    """The other leanings stay."""
    lists = Lists(personal=own([1.0]))
    assert price_band(lists) is None
    assert discount_share(lists) == 0.0

"""Sets of two: their price comes from live cards and an offer that is the same for everybody."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vitrine.api.store_offers import BundleFile
from vitrine.catalog.items import Card
from vitrine.catalog.packed import code
from vitrine.decisions.answers import Reason
from vitrine.decisions.bundles import BundleOffer, bundle_of, partners
from vitrine.decisions.selection import Selector

TENTH = BundleOffer("tenth", 0.1)
FRESH = BundleOffer("fresh", 0.2, Selector(departments=np.array([code("produce")], np.uint32)))
LED = Reason("bundle_page", "soup")


def card(price: int, category: str = "grocery/soup", currency: str = "USD") -> Card:
    return Card(
        title="",
        url="",
        image="",
        price=price,
        regular_price=price,
        currency=currency,
        category=category,
        regions=1,
    )


CARDS = {"soup": card(300), "bread": card(200, "grocery/bread"), "apple": card(100, "produce/apples")}


def test_a_set_costs_both_prices_less_the_offer() -> None:
    """Live prices of both, rounded to a minor unit."""
    found = bundle_of("bread", LED, CARDS, [TENTH])
    assert found is not None
    assert (found.item, found.offer, found.price, found.apart, found.currency) == ("soup", "tenth", 450, 500, "USD")


def test_the_first_offer_that_is_for_the_item_counts() -> None:
    """In the order of the file."""
    offers = [FRESH, TENTH]
    assert [getattr(bundle_of(item, LED, CARDS, offers), "offer", None) for item in ("apple", "bread")] == [
        "fresh",
        "tenth",
    ]
    assert bundle_of("bread", LED, CARDS, [FRESH]) is None


@pytest.mark.parametrize("reason", [Reason("similar_page", "soup"), Reason("bundle_page", None), Reason("popular")])
def test_only_a_list_of_bundles_makes_a_set(reason: Reason) -> None:
    """Nothing else is priced as one."""
    assert bundle_of("bread", reason, CARDS, [TENTH]) is None


@pytest.mark.parametrize("other", [None, card(0), card(300, currency="EUR")])
def test_no_set_without_a_price_to_add(other: Card | None) -> None:
    """A partner that is unknown, free or sold in another currency makes no price."""
    cards = {"bread": CARDS["bread"]} | ({"soup": other} if other else {})
    assert bundle_of("bread", LED, cards, [TENTH]) is None


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.floats(0.001, 0.5))
def test_a_set_is_never_dearer_and_never_free(a: int, b: int, share: float) -> None:
    """Whatever the prices and the share."""
    cards = {"soup": replace(card(1), price=a), "bread": replace(card(1), price=b)}
    found = bundle_of("bread", LED, cards, [BundleOffer("x", share)])
    assert found is not None
    assert 0 < found.price <= found.apart == a + b


def test_partners_are_what_led_to_bundles() -> None:
    """Their cards have to be read along."""
    assert partners([LED, Reason("popular"), Reason("bundle_cart", "milk"), Reason("similar_page", "x")]) == [
        "soup",
        "milk",
    ]


def test_an_offer_cannot_select_by_what_cards_do_not_tell() -> None:
    """It would silently never hold."""
    with pytest.raises(ValidationError, match="do not tell brand, margin"):
        BundleFile.model_validate({"discount": 0.1, "items": {"brand": ["x"], "but": {"margin": {"gte": 0.1}}}})

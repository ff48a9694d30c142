"""What an operator supposes instead of what is known."""

from dataclasses import replace
from typing import Any

import pytest

from tests.unit.circumstances import (
    LISTS,
    PRODUCT,
    PROFILE,
    facts_of,
)
from vitrine.catalog.packed import code
from vitrine.decisions.context import Preview
from vitrine.decisions.facts import Facts, fault_of


def test_preview_of_a_region_forgets_the_operators_network() -> None:
    """Country and city are those of the supposed place."""
    facts = facts_of(replace(PRODUCT, preview=Preview(region="south")), PROFILE)
    assert (facts("place.country"), facts("place.city"), facts("place.region_source")) == ("AU", None, "preview")
    assert (facts("place.shop"), facts("place.distance_km")) == (None, None)


def previewed(**attributes: Any) -> Facts:
    """Facts under supposed attributes; `__` stands for the dot."""
    said = {path.replace("__", "."): value for path, value in attributes.items()}
    return facts_of(replace(PRODUCT, preview=Preview(attributes=said)), PROFILE, LISTS)


def test_what_was_asked_for_is_known() -> None:
    """For explanations: what nobody looked at is not in it, what is unknown is."""
    facts = previewed(device__kind="mobile", time__hour=3)
    assert facts.known == {}
    assert (facts("device.kind"), facts("cart.items"), facts("nonsense")) == ("mobile", 3, None)
    assert facts.known == {"device.kind": "mobile", "cart.items": 3, "nonsense": None}


def test_what_an_operator_supposes_stands_above_all() -> None:
    """In the form that the attribute has: lists of names become codes, null is unknown."""
    facts = previewed(
        weather__temperature_c=33,
        device__kind="mobile",
        affinity__categories=["frozen/ice-cream"],
        cart__products=["x"],
        visitor__new=None,
        crm__income="250K+",
        persona="planner",
    )
    assert facts("weather.temperature_c") == 33
    assert facts("device.kind") == "mobile"
    assert facts("affinity.categories") == (code("frozen/ice-cream"),)
    assert facts("cart.products") == ("x",)
    assert facts("visitor.new") is None
    assert (facts("crm.income"), facts("crm.kids"), facts("persona")) == ("250K+", 2, "planner")
    assert facts("page.type") == "product"


def test_what_does_not_fit_is_not_supposed() -> None:
    """A record of an older version may hold such; the real value stands."""
    facts = previewed(device__kind="fridge", device__app="yes", session__views=True, visitor__id=["a"], nonsense=1)
    assert (facts("device.kind"), facts("device.app"), facts("session.views")) == ("app", True, 3)
    assert (facts("visitor.id"), facts("nonsense")) == ("h1", None)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("nonsense", None, "no attribute"),
        ("time.hour", "7", "a number"),
        ("time.hour", True, "a number"),
        ("time.weekend", 0, "a boolean"),
        ("page.query", 7, "a string"),
        ("cart.products", "a", "a list of strings"),
        ("cart.products", ["a", 1], "a list of strings"),
        ("time.weekday", "someday", "one of mon, tue"),
        ("crm.x", ["a"], "a single value"),
    ],
)
def test_a_value_that_nobody_can_suppose_is_told(path: str, value: Any, said: str) -> None:
    """In words that say what would fit."""
    assert said in str(fault_of(path, value))

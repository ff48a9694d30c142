"""Facts of whatever is asked of whatever was read: never an error, never of another kind than declared."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.circumstances import (
    LISTS,
    NOW,
    WEATHER,
    facts_of,
)
from tests.unit.tables import personal, related, shelf
from vitrine.decisions.candidates import Lists, Seed
from vitrine.decisions.context import DecisionRequest, Preview
from vitrine.decisions.facts import ATTRIBUTES, Declared, attributes_of
from vitrine.places.weather import Weather
from vitrine.types import (
    CartLine,
    Event,
    Geo,
    Page,
    PageType,
    Session,
    Signals,
    Traffic,
    Viewer,
)
from vitrine.visitors.profile import Profile

WORDS = st.text(max_size=12) | st.sampled_from(
    ["m1", "b1", "dairy/milk", "/", "//", "https://[", "google", "cpc", "\x00"]
)
MAYBE = st.none() | WORDS
GEOS = st.none() | st.builds(Geo, st.floats(-90, 90), st.floats(-180, 180))
REQUESTS = st.builds(
    DecisionRequest,
    page=st.builds(Page, st.sampled_from(get_args(PageType)), MAYBE, MAYBE, MAYBE, MAYBE, MAYBE),
    visitor=st.none() | st.just("h1"),
    is_first=st.booleans(),
    device_visitor=st.none() | st.just("d1"),
    visit=st.builds(Session, st.integers(0, 10**5), st.floats(0, 7 * 86_400)),
    traffic=st.builds(Traffic, MAYBE, MAYBE, MAYBE),
    device=st.sampled_from(["desktop", "mobile", "app"]),
    recent=st.lists(WORDS, max_size=10).map(tuple),
    cart=st.lists(st.builds(CartLine, WORDS, st.integers(1, 9_999), st.none() | st.integers(0, 10**9)), max_size=5).map(
        tuple
    ),
    signals=st.builds(Signals, st.booleans(), st.floats(0, 86_400), st.floats(0, 1), st.booleans(), MAYBE),
    viewer=st.builds(Viewer, MAYBE, MAYBE, MAYBE, GEOS),
    geo=GEOS,
    consent=st.frozensets(st.sampled_from(["personalization", "geo", "messages"])),
    preview=st.none()
    | st.builds(
        Preview,
        st.none() | st.datetimes(datetime(2000, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
        st.sampled_from([None, "north", "south", "mars"]),
        st.dictionaries(
            st.sampled_from(sorted(ATTRIBUTES)) | WORDS,
            st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.lists(WORDS, max_size=3),
            max_size=4,
        ),
    ),
)
PROFILES = st.none() | st.builds(
    lambda events, crm: Profile().apply(events).with_attributes("north", crm),
    st.lists(
        st.builds(
            Event,
            id=st.integers(0, 99).map(str),
            kind=st.sampled_from(
                ["view", "add_to_cart", "remove_from_cart", "favourite", "purchase", "dismiss", "search"]
            ),
            at_ms=st.integers(0, 2**53 - 1),
            item=MAYBE,
            quantity=st.integers(0, 9_999),
            price=st.none() | st.integers(0, 10**9),
        ),
        max_size=30,
    ),
    st.dictionaries(WORDS, st.booleans() | st.integers() | st.floats() | WORDS, max_size=3),
)
SOME_LISTS = st.sampled_from(
    [
        Lists(),
        LISTS,
        Lists(personal=LISTS.personal),
        Lists(personal=personal([]), shelf=shelf([]), seeds=[Seed("m1", "recent", 0.0, related("m1"))]),
        Lists(personal=personal(["a"], price=0, popularity=np.nan), shelf=shelf(["a"], price=0)),
    ]
)
KINDS: dict[str, Any] = {"string": str, "number": (int, float), "boolean": bool, "strings": tuple}


@settings(max_examples=150, deadline=None)
@given(REQUESTS, PROFILES, SOME_LISTS, st.sampled_from([None, WEATHER]), st.integers(-400, 400))
def test_no_fact_is_an_error_or_of_another_kind(
    request: DecisionRequest, profile: Profile | None, lists: Lists, weather: Weather | None, days: int
) -> None:
    """Whatever is asked of whatever was read: the declared kind and values, or unknown."""
    facts = facts_of(request, profile, lists, weather=weather, now=NOW + timedelta(days=days))
    for path, attribute in {**attributes_of({"a": Declared("string", "any")}, ())}.items():
        value = facts(path)
        assert facts(path) is value
        if value is not None and path in ATTRIBUTES:
            assert isinstance(value, KINDS[attribute.kind]), path
            assert (attribute.kind == "boolean") == isinstance(value, bool), path
            assert not attribute.values or value in attribute.values, path

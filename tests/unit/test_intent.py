"""What a visit is about, and what a refresh predicted of the visitor, as conditions see both."""

import pytest

from tests.unit.circumstances import facts_of
from tests.unit.tables import related
from vitrine.decisions.candidates import Lists, Seed
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.predicted import read_predicted
from vitrine.types import Absent, CartLine, Event, Page, Signals
from vitrine.visitors.profile import Profile

KNOWN = frozenset({"personalization"})


def intent_of(page="home", item=None, profile=None, kinds=(), **changes):
    """The intent of a page view; `kinds` are the leaf categories of the items seen, as lists tell them."""
    recent = tuple(f"r{n}" for n in range(len(kinds)))
    seeds = [Seed(name, "recent", 1.0, related(name, leaf=kind)) for name, kind in zip(recent, kinds, strict=True)]
    request = DecisionRequest(Page(page, item=item), **{"recent": recent, "visitor": "h1", "consent": KNOWN, **changes})
    return facts_of(request, profile, Lists(seeds=seeds))("visit.intent")


@pytest.mark.parametrize(
    ("changes", "intent"),
    [
        ({}, "looking"),
        ({"page": "cart"}, "buying"),
        ({"page": "checkout"}, "buying"),
        ({"cart": (CartLine("m1", 1, 100),)}, "buying"),
        ({"signals": Signals(added_to_cart="m1")}, "buying"),
        ({"kinds": (7, 7)}, "looking"),
        ({"kinds": (7, 8, 9)}, "looking"),
        ({"kinds": (7, 8, 7, 7)}, "comparing"),
    ],
)
def test_intent_follows_from_the_visit(changes, intent):
    """The cart and its pages say buying, three goods of one kind comparing, everything else looking."""
    assert intent_of(profile=Profile(), **changes) == intent


def test_a_remembered_cart_counts():
    """What was put in on another page is still in the cart."""
    profile = Profile().apply([Event("e", "add_to_cart", 1, "m1")])
    assert intent_of(profile=profile) == "buying"


def test_intent_is_unknown_when_nothing_could_be_read():
    """A profile that was not read, and a page that names nothing seen, say nothing."""
    assert intent_of(profile=None) is None
    assert intent_of(profile=None, kinds=(7, 7, 7)) == "comparing"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ('{"p_churn":0.5,"segment":"loyal","n":2}', {"p_churn": 0.5, "segment": "loyal", "n": 2.0}),
        ('{"p_churn":null,"a":[1],"b":true}', {}),
        ("[]", {}),
        ("{", {}),
        (7, {}),
    ],
)
def test_only_numbers_and_texts_are_read(said, read):
    """Whatever else a row may hold is not a prediction, and damage is no error."""
    assert read_predicted({"predicted": said}) == read


def test_no_row_predicts_nothing():
    """Neither a missing row nor one that was not read."""
    assert read_predicted(Absent.MISSING) == read_predicted(Absent.NOT_READ) == {}


def test_a_segment_that_nobody_declared_is_unknown():
    """A release of another version may name segments that conditions do not know."""
    for said, known in (("loyal", "loyal"), ("cosmonauts", None)):
        facts = facts_of(DecisionRequest(Page("home")), Profile(), predicted={"segment": said, "p_churn": "high"})
        assert facts("predicted.segment") == known
        assert facts("predicted.p_churn") is None

"""Why a decision is as it is, told from what it used."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest

from tests.unit.tables import personal, related, shelf
from vitrine.cli.why_command import story
from vitrine.decisions.answers import Answer, Considered, Drawn, Ends, Reason, Shelf, Slot
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.candidates import Candidates, Lists, Seed, merge
from vitrine.decisions.context import Context, DecisionRequest
from vitrine.decisions.explain import explanation
from vitrine.decisions.features import FEATURES, features
from vitrine.rules.conditions import Condition
from vitrine.service.replay import Replayed
from vitrine.types import Page

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HEAT = Campaign("heat", frozenset({"home"}), (), condition=Condition(bool, paths=frozenset({"weather.code", "x"})))


@dataclass(frozen=True)
class Facts:
    """Attributes that were looked at."""

    known: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranked:
    """Scores of candidates."""

    candidates: Candidates
    scores: Any
    model: str | None = "linear"


def candidates() -> Candidates:
    """Five items: two of the visitor's own, a shelf, neighbours of a jar."""
    seed = Seed("jar", "page", 1.0, related("jar", ["wipes"], ["pouch"]))
    return merge(Lists(personal=personal(["milk"]), shelf=shelf(["milk", "beer"]), seeds=[seed]))


def explained(answers: list[Answer], known: dict[str, Any] | None = None, seen: Candidates | None = None) -> Any:
    """The explanation of these answers, after it went through JSON as it will."""
    seen = candidates() if seen is None else seen
    ranked = Ranked(seen, np.arange(len(seen), dtype=np.float32))
    context = Context("d1", NOW, DecisionRequest(Page("home")), "north", 0, "default", "en")
    told = explanation(context, Facts(known or {}), [HEAT], ranked, answers, [("jar", "page", 1.0)], 0.5)
    return orjson.loads(orjson.dumps(told))


def test_an_item_is_told_with_everything_that_moved_it() -> None:
    """Its lists with scores, its features as the ranker saw them, its scores, the rules, the chance it had."""
    slot = Slot("milk", 0, None, Reason("personal"), 2.5, ("boost-dairy",), "Dairy Inc", "Ad", 0.25)
    (told,) = explained([Answer("home.recs", "products", items=[slot])])["placements"]["home.recs"]["items"]
    seen = candidates()
    at = list(seen.ids).index("milk")
    assert told["lists"] == {"personal": 1.0, "popular": 2.0}
    assert list(told["features"]) == list(FEATURES)
    row = features(seen, 0.5)[at]
    assert told["features"]["due"] == pytest.approx(float(row[FEATURES.index("due")]), rel=1e-5)
    assert told["features"]["personal"] == pytest.approx(np.log(2.0), rel=1e-5)
    assert (told["score"], told["model_score"], told["propensity"]) == (2.5, float(at), 0.25)
    assert (told["rules"], told["sponsor"]) == (["boost-dairy"], "Dairy Inc")
    assert told["reason"] == {"list": "personal", "item": None}


def test_what_stands_out_is_what_the_others_are_not() -> None:
    """The only item with a history differs by it; a feature that all share says nothing."""
    items = [Slot(item, n, None, Reason("popular")) for n, item in enumerate(["milk", "beer"])]
    milk, _ = explained([Answer("home.recs", "products", items=items)])["placements"]["home.recs"]["items"]
    assert milk["stands_out"]["in_personal"] > 1
    assert not {"n_seeds", "history", "age"} & milk["stands_out"].keys()


def test_an_item_that_was_no_candidate_has_no_features() -> None:
    """A bestseller that stood in, or a listing's own item."""
    stranger = Slot("stranger", 0, None, Reason("bestsellers"))
    for seen in (candidates(), merge(Lists())):
        told = explained([Answer("p", "products", items=[stranger])], seen=seen)["placements"]["p"]["items"][0]
        assert (told["model_score"], told["lists"], told["features"], told["stands_out"]) == (None, {}, {}, {})


def test_a_campaign_is_told_with_the_attributes_that_it_lost_by() -> None:
    """Only what was looked at: null is unknown, absent was never asked; other outcomes tell no attributes."""
    considered = [
        Considered("heat", "condition"),
        Considered("rain", "shown", "b", 0.123456789),
        Considered("x", "page"),
    ]
    answer = Answer("home.recs", "content", campaign="rain", variation="b", considered=considered)
    told = explained([answer], {"weather.code": None, "page.type": "home"})
    assert told["placements"]["home.recs"]["considered"] == [
        {"campaign": "heat", "outcome": "condition", "attributes": {"weather.code": None}},
        {"campaign": "rain", "outcome": "shown", "variation": "b", "bucket": 0.123457},
        {"campaign": "x", "outcome": "page"},
    ]
    assert told["attributes"] == {"page.type": "home", "weather.code": None}


def test_any_value_of_an_attribute_has_a_form() -> None:
    """Sets in order, no NaN, numbers of numpy and instants as text."""
    odd = {"a": frozenset({"y", "x"}), "b": float("nan"), "c": (1, 2.0), "d": {"k": True}, "e": NOW}
    told = explained([], odd)["attributes"]
    assert told == {"a": ["x", "y"], "b": None, "c": [1, 2.0], "d": {"k": True}, "e": str(NOW)}


def test_seeds_and_circumstances_are_told() -> None:
    """What the candidates come from."""
    told = explained([])
    assert told["seeds"] == [{"item": "jar", "role": "page", "weight": 1.0}]
    assert (told["decision"], told["region"], told["region_source"]) == ("d1", "north", "default")
    assert (told["model"], told["n_candidates"]) == ("linear", len(candidates()))


def record(**changes: Any) -> dict[str, Any]:
    """The readable part of a record."""
    request = {"page": {"type": "product", "item": "jar", "category": None, "query": None}}
    return {
        "at_ms": 1_795_348_800_000,
        "visitor": "h1",
        "returning": True,
        "region": "north",
        "region_source": "profile",
        "release": "r1",
        "model": None,
        "skipped": [],
        "request": request,
    } | changes


def test_a_person_reads_the_story() -> None:
    """Who, when, where; per placement the campaigns with their fates, the items with their reasons."""
    slot = Slot("milk", 0, None, Reason("similar_page", "jar"), 2.5, ("boost-dairy",), None, None, 0.25)
    answer = Answer(
        "home.recs",
        "products",
        items=[slot],
        rows=[Shelf("Dairy", [slot])],
        campaign="rain",
        variation="b",
        considered=[Considered("heat", "condition"), Considered("rain", "shown", "b", 0.5)],
        dropped={"out_of_stock": 3},
    )
    told = explained([answer], {"weather.code": 61, "visit.is_new": False, "geo.km": None})
    text = "\n".join(story(Replayed("d1", b"{}", True, (), (), record(), told)))
    for wanted in (
        "Decision d1, 2026-11-22 12:00:00 UTC",
        "  page     product jar",
        "  visitor  h1 (returning)",
        "  region   north (from profile)",
        "  model    none: rank fusion",
        "  replay   identical",
        "  geo.km        unknown",
        "  visit.is_new  no",
        "home.recs: products, campaign rain / b",
        "    heat  condition: weather.code = 61",
        "    rain  shown [b], bucket 0.5",
        "similar_page of jar, score 2.5",
        "rules: boost-dairy",
        "propensity 0.25",
        "lists: personal 1, popular 2",
        "stands out by: ",
        "  row Dairy:",
        "  dropped: 3 out_of_stock",
    ):
        assert wanted in text, text


def test_ends_and_outcomes_are_told() -> None:
    """Of what is shown, and of a campaign that is over."""
    ends = Ends(1_795_348_800_000, is_own=True)
    sale = Answer("top", "overlay", campaign="sale", live=ends, considered=[Considered("sale", "shown", live=ends)])
    wheel = Answer(
        "side", "overlay", campaign="wheel", live=Drawn("soup"), considered=[Considered("sale", "over", live=ends)]
    )
    told = explained([sale, wheel])
    assert told["placements"]["top"]["live"] == {"ends_at_ms": 1_795_348_800_000}
    assert told["placements"]["side"]["live"] == {"outcome": "soup"}
    text = "\n".join(story(Replayed("d1", b"{}", True, (), (), record(), told)))
    for wanted in (
        "top: overlay, campaign sale, ends 2026-11-22 12:00:00 UTC",
        "side: overlay, campaign wheel, the wheel stops at soup",
        "    sale  shown, ends 2026-11-22 12:00:00 UTC",
        "    sale  over, ends 2026-11-22 12:00:00 UTC",
    ):
        assert wanted in text, text


def test_a_decision_that_cannot_be_made_again_says_what_is_gone() -> None:
    """No invented story."""
    lines = list(story(Replayed("d1", b"", False, ("release r1: not there",), (), record(visitor=None))))
    assert "  visitor  not recognised (returning)" in lines
    assert "  gone: release r1: not there" in lines
    assert lines[-1].startswith("It cannot be made again")

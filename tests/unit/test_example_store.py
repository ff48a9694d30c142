"""The example store: every mechanic is in it, everybody is reached, and what it says of itself is true."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.golden.example_goods import BY_ID
from tests.golden.example_world import HABITS, QUIET, REGIONS, example_store, rows
from tests.golden.world import RELEASE
from vitrine import keys
from vitrine.decisions.actions import Action, Mechanic
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.merchandising import RuleKind
from vitrine.rules.bucketing import hash_value
from vitrine.rules.experiments import assign
from vitrine.types import PageType, PlacementKind

STORE = example_store()
CAMPAIGNS = {campaign.name: campaign for campaign in STORE.campaigns}
TEMPERATURES = st.floats(-60, 55)
CRM = st.fixed_dictionaries(
    {},
    optional={
        "crm.discount_share": st.floats(0, 1),
        "crm.basket_value": st.integers(0, 20_000),
        "crm.visits_per_month": st.floats(0, 60),
    },
)


def actions(campaign: Campaign) -> list[Action]:
    """What a campaign can show."""
    return [variation.action for variation in campaign.variations]


def pages(campaign: Campaign) -> set[PageType]:
    """Types of the pages on which a campaign can show something."""
    of_placements = {page for name in campaign.placements for page in STORE.placements[name].pages}
    return of_placements if campaign.pages is None else of_placements & campaign.pages


def files() -> list[Path]:
    """The store's YAML files."""
    return sorted(Path("store").rglob("*.yaml"))


def test_there_are_campaigns_for_every_page_and_of_every_kind() -> None:
    """At least 25; content, rows, overlays, sorted listings and nothing; all kinds of merchandising rules."""
    shown = [action for campaign in CAMPAIGNS.values() for action in actions(campaign)]
    assert len(CAMPAIGNS) >= 25
    assert {page for campaign in CAMPAIGNS.values() for page in pages(campaign)} == set(get_args(PageType))
    assert {action.kind for action in shown} == set(get_args(PlacementKind))
    assert {rule.kind for rule in STORE.rules} == set(get_args(RuleKind))
    used = {action.mechanic for action in shown if action.mechanic is not None}
    assert used == set(get_args(Mechanic))


def test_every_mechanic_of_rows_and_campaigns_is_in_use() -> None:
    """Blend, floor, exploration, diversity, slots, rows by habit; schedule, caps, group, budget, control, consents."""
    row = [action.row for campaign in CAMPAIGNS.values() for action in actions(campaign) if action.row is not None]
    for is_used in (
        lambda one: one.blend,
        lambda one: one.floor.min_score is not None,
        lambda one: one.explore,
        lambda one: one.rows,
        lambda one: one.max_per_brand < one.size,
        lambda one: any(way.slots for way in one.strategies),
        lambda one: any(way.price == "dearer" for way in one.strategies),
        lambda one: any(way.price == "cheaper" for way in one.strategies),
        lambda one: any(way.other_category for way in one.strategies),
    ):
        assert any(map(is_used, row))
    for name in ("starts_ms", "ends_ms", "group", "caps", "budget", "control", "needs", "offer", "condition"):
        assert any(getattr(campaign, name) for campaign in CAMPAIGNS.values()), name
    assert any(
        len(content.covers) > 5 for one in CAMPAIGNS.values() for each in actions(one) if (content := each.content)
    )
    assert STORE.holdout is not None
    assert STORE.holdout.share == 0.05


@given(facts=CRM)
def test_everybody_has_a_persona_and_every_persona_its_row(facts: dict[str, Any]) -> None:
    """Whatever is known of their habits, one campaign of home.persona is for them and no other is."""
    persona = next(one.name for one in STORE.personas if one.condition is None or one.condition.matches(facts.get))
    known = {"persona": persona, **facts}
    found = [one for one in CAMPAIGNS.values() if "home.persona" in one.placements]
    assert len([one for one in found if one.condition is not None and one.condition.matches(known.get)]) == 1


def test_each_persona_is_somebody() -> None:
    """The first that fits decides, and none is hidden behind those before it."""
    habits: list[dict[str, float]] = [
        {},
        {"basket_value": 5000, "visits_per_month": 2},
        {"visits_per_month": 12},
        {"discount_share": 0.6},
    ]
    told = [{f"crm.{name}": value for name, value in {**HABITS, **each}.items()} for each in habits]
    found = {
        next(one.name for one in STORE.personas if one.condition is None or one.condition.matches(each.get))
        for each in told
    }
    assert found == {one.name for one in STORE.personas}


@given(temperature_c=TEMPERATURES, anomaly_c=st.none() | st.floats(-40, 40))
def test_it_is_never_hot_and_cold(temperature_c: float, anomaly_c: float | None) -> None:
    """Ice cream and soup cannot want the page at once, so they need no group that would outlast the weather."""
    facts = {"weather.temperature_c": temperature_c, "weather.anomaly_c": anomaly_c}
    assert not all(STORE.audiences[name].matches(facts.get) for name in ("hot", "cold"))


@pytest.mark.parametrize("placement", STORE.placements)
def test_who_takes_all_comes_last(placement: str) -> None:
    """A campaign without any restriction would make those behind it dead."""
    wanting = [one for one in STORE.campaigns if placement in one.placements]
    for at, one in enumerate(wanting):
        always = one.condition is None and one.starts_ms is None and not one.caps and one.budget is None
        hidden = [other.name for other in wanting[at + 1 :] if pages(other) <= pages(one)]
        assert not (always and not one.needs and hidden), (one.name, hidden)


def test_the_unknown_is_taken_for_an_exception_only_where_it_is_meant() -> None:
    """A negation matches what is unknown: meant of the hours of alcohol, not of the months of school."""
    (alcohol,) = (rule.condition for rule in STORE.rules if rule.name == "alcohol-hours")
    lunchbox = CAMPAIGNS["family-lunchbox"].condition
    assert alcohol is not None
    assert lunchbox is not None
    assert alcohol.matches({}.get)
    known = {"crm.kids_count": "2", "time.weekend": False, "time.month": 10}
    assert lunchbox.matches(known.get)
    assert not lunchbox.matches({**known, "time.month": None}.get)
    assert not lunchbox.matches({**known, "crm.kids_count": None}.get)


def test_a_group_has_members() -> None:
    """A group of one keeps nothing apart."""
    groups = [one.group for one in CAMPAIGNS.values() if one.group is not None]
    assert {group: groups.count(group) for group in groups} == {"brands": 2, "price-direction": 2, "interruption": 9}


def test_nobody_is_in_both_tests_of_texts() -> None:
    """They share a namespace; each has about half of the visitors, and somebody in every variation."""
    arms: dict[str, list[str]] = {"strip-test": [], "aisle-banner-test": []}
    for n in range(2_000):
        taking = []
        for name, found in arms.items():
            campaign = CAMPAIGNS[name]
            assert campaign.experiment is not None
            names = tuple(variation.name for variation in campaign.variations)
            assignment = assign(campaign.experiment, {"visitor.id": f"v{n}"}.get, {}, names)
            if assignment.in_experiment:
                taking.append(name)
                found.append(names[assignment.arm])
        assert len(taking) <= 1
    assert {name: set(found) for name, found in arms.items()} == {
        "strip-test": {"plain", "question", "benefit"},
        "aisle-banner-test": {"picture", "nothing"},
    }
    assert all(700 < len(found) < 1_200 for found in arms.values())


def test_the_paid_widget_shows_nothing_unlabelled() -> None:
    """Its rule has a place for every item of the row, and as many in a session as the campaign's cap allows."""
    campaign = CAMPAIGNS["paid-widget"]
    row = campaign.variations[0].action.row
    rule = next(rule for rule in STORE.rules if rule.name == "frozen-pizza-widget")
    [cap] = campaign.caps
    assert row is not None
    assert (len(rule.slots), rule.per_row) == (row.size, row.size)
    assert (cap.per, rule.per_session) == ("session", row.size * cap.views)


def test_households_of_the_guide_are_not_held_out() -> None:
    """Who tries the demo with them sees campaigns."""
    assert STORE.holdout is not None
    assert all(hash_value(STORE.holdout.seed, visitor) >= STORE.holdout.share for visitor in ("h1", "h2", "h718"))


def test_shelves_that_campaigns_name_have_goods_in_every_region() -> None:
    """In the world of the golden decisions; a slip in a path would leave a row empty without a word."""
    table = rows(QUIET, None)
    named = {
        path
        for actions_of in (*map(actions, CAMPAIGNS.values()), [one.action for one in STORE.placements.values()])
        for action in actions_of
        if action.row is not None
        for path in action.row.shelves
    }
    assert named
    for path in named:
        for region in REGIONS:
            assert keys.shelf(region, path, RELEASE) in table, (region, path)


def test_pinned_goods_are_in_the_world() -> None:
    """Ids in the files are those of the data."""
    pinned = {item for rule in STORE.rules for item in rule.pinned}
    assert pinned
    assert pinned <= BY_ID.keys()


@pytest.mark.parametrize("path", files(), ids=str)
def test_every_file_names_its_schema_for_the_editor(path: Path) -> None:
    """Relative to itself, and there."""
    first = path.read_text("utf-8").partition("\n")[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert (path.parent / found[1]).is_file()


def test_every_campaign_and_rule_says_what_it_is_for() -> None:
    """A marketer who finds it in a year has to know why it is there."""
    for path in (*Path("store/campaigns").glob("*.yaml"), Path("store/merchandising.yaml")):
        text = path.read_text("utf-8")
        entries = re.findall(r"^  ([a-z][a-z0-9-]*):\n    (\w+)", text, re.MULTILINE)
        assert entries
        assert [name for name, first in entries if first != "about"] == []

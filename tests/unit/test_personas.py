"""Personas of all visitors by the conditions code of pages, and whether they are worth having."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.unit.shoppers import Line, instant, open_shop, silent, simulate
from vitrine.api.regex import compile_regex
from vitrine.decisions.campaigns import Persona
from vitrine.decisions.facts import Declared, attributes_of
from vitrine.decisions.placements import Store
from vitrine.errors import TooLittleData
from vitrine.refresh.differences import difference
from vitrine.refresh.persona_report import PersonaReport, persona_section, report_personas
from vitrine.refresh.personas import assign_personas, put_personas, unknowable
from vitrine.refresh.snapshots import Past
from vitrine.refresh.visitor_scores import score_visitors
from vitrine.rules.conditions import compile_condition

NOW = datetime(2017, 6, 1, tzinfo=UTC)
ATTRIBUTES = attributes_of({"diet": Declared("string", "what they eat")})
BARE = Store("Test", "USD", ("en",), ("north", "south"), "north", {})
BOUGHT = [Line("ann", 1.0), Line("ann", 3.0), Line("bob", 2.0), Line("cy", 2.0, kind="view")]
CRM = {"ann": ("south", '{"diet": "vegan"}'), "dee": ("north", '{"diet": "meat"}')}


def persona(name, when=None):
    """A persona; without a condition it takes everybody."""
    if when is None:
        return Persona(name, None)
    return Persona(name, compile_condition(when, ATTRIBUTES, compile_regex, lambda path: None))


def store(*personas):
    """A store with these personas."""
    return replace(BARE, personas=personas)


def assigned(*personas, predicted=None):
    """Who has which persona in a shop of four, of whom two are in the extracts and one only looked."""
    with open_shop(BOUGHT, CRM) as engine:
        Past(engine, instant(10.0))
        told = predicted or {}
        found = assign_personas(
            engine, store(*personas), lambda visitor: told.get(visitor, {}), instant(10.0), NOW, silent
        )
        table = dict(engine.execute("select visitor, persona from visitor_personas"))
    assert table == (found or {"": ""})
    return found


def test_everybody_has_a_persona():
    """From extracts or events, or both; the last persona takes who fits no other, the first that fits counts."""
    eater = persona("eater", {"crm.diet": {"$in": ["meat", "vegan"]}})
    found = assigned(persona("vegan", {"crm.diet": "vegan"}), eater, persona("all"))
    assert found == {"ann": "vegan", "bob": "all", "cy": "all", "dee": "eater"}


def test_personas_can_ask_for_history_home_and_predictions():
    """What visitors bought, where they live and what is predicted of them is known without a page."""
    assert assigned(persona("buyer", {"visitor.purchases": {"$gte": 2}}), persona("all"))["ann"] == "buyer"
    assert assigned(persona("south", {"place.region": "south"}), persona("all"))["ann"] == "south"
    found = assigned(
        persona("lost", {"predicted.p_churn": {"$gt": 0.5}}), persona("all"), predicted={"bob": {"p_churn": 0.9}}
    )
    assert found == {"ann": "all", "bob": "lost", "cy": "all", "dee": "all"}


def test_what_only_a_visit_tells_does_not_hold():
    """A persona that asks for the weather reaches nobody here, and the report names the attribute."""
    warm = persona("warm", {"weather.temperature_c": {"$gt": 20}})
    assert set(assigned(warm, persona("all")).values()) == {"all"}
    assert unknowable(store(warm, persona("vegan", {"crm.diet": "vegan"}))) == ["weather.temperature_c"]


def test_a_store_without_personas_assigns_none():
    """The table is there all the same, with a row that is nobody's."""
    assert assigned() == {}


def test_groups_that_differ_are_told_from_groups_that_do_not():
    """Shifted values explain ranks beyond chance; labels dealt at random do not."""
    rng = np.random.default_rng(1)
    values = rng.lognormal(size=400)
    groups = [str(n % 4) for n in range(400)]
    assert not difference(values, groups, seed=1).matters
    shifted = difference(values * np.where(np.arange(400) % 4 == 0, 2.0, 1.0), groups, seed=1)
    assert shifted.matters
    assert shifted.p == pytest.approx(1 / 500)


def test_one_group_or_one_value_does_not_differ():
    """Nothing to compare is no difference; missing values are left out."""
    assert difference(np.arange(5.0), ["a"] * 5, seed=1).eta2 == 0.0
    assert difference(np.ones(6), ["a", "b"] * 3, seed=1).p == 1.0
    assert difference(np.full(4, np.nan), ["a", "b"] * 2, seed=1).p == 1.0


@pytest.fixture(scope="module")
def shop():
    """A shop of 80: its visitors as of day 100, and their scores."""
    with open_shop(simulate(80, 100)) as engine:
        everybody = Past(engine, instant(100.0)).everybody()
        return everybody, score_visitors(engine, store(persona("all")), instant(100.0), NOW, silent)


def judged(shop, found) -> PersonaReport:
    """The report on personas `even` and `odd`, given to the shop's visitors by number."""
    everybody, scores = shop
    members = {visitor: found(n, everybody) for n, visitor in enumerate(everybody.visitors)}
    return report_personas(["even", "odd"], members, list(members), everybody, scores.segments, [])


def test_personas_at_random_should_be_redefined(shop):
    """Labels that say nothing of behaviour are told to be redefined."""
    report = judged(shop, lambda n, _: "even" if n % 2 == 0 else "odd")
    assert [one.verdict for one in report.personas] == ["does not differ: redefine"] * 2
    section = persona_section(report)
    assert section.tone == "warning"
    assert "Redefine even, odd" in section.verdict


def test_personas_that_shop_differently_are_worth_having(shop):
    """Frequent and seldom visitors differ, and everybody is covered."""
    report = judged(shop, lambda n, known: "even" if known.columns["gap_mean"][n] < 10 else "odd")
    assert {one.verdict for one in report.personas} == {"differs"}
    assert report.coverage == 1.0
    assert persona_section(report).tone == "good"


def test_a_persona_of_nobody_should_be_redefined(shop):
    """It costs campaigns and reaches none."""
    report = judged(shop, lambda n, _: "even")
    assert report.personas[1].verdict == "nobody to speak of: redefine"
    assert report.personas[1].means == [None] * 4


def test_scores_leave_the_table_even_without_purchases():
    """A shop where nothing was bought yet: too little data, personas all the same."""
    with open_shop([Line("cy", 2.0, kind="view")], CRM) as engine:
        with pytest.raises(TooLittleData):
            score_visitors(engine, store(persona("all")), instant(10.0), NOW, silent)
        assert engine.count("visitor_personas") == 3


def test_scores_say_everything_of_a_visitor(shop):
    """Segment, sensitivity and predictions in one small JSON text; nothing of a stranger."""
    _, scores = shop
    told = scores.of(scores.known[-1])
    assert "segment" in told
    assert scores.packed("stranger") is None
    assert len(scores.packed(scores.known[-1])) < 250
    assert {"Segments", "Personas"} <= {section.title for section in scores.sections}
    assert scores.facts["persona_coverage"] == 1.0


def test_a_table_of_personas_holds_text():
    """Empty or not, lists can join it."""
    with open_shop(BOUGHT) as engine:
        put_personas(engine, {})
        assert engine.execute("select count(*) from visitor_personas join events using (visitor)") == [(0,)]

"""What a refresh says of its lists."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.lake.builders import at_ms, write_lake
from tests.unit.test_list_kinds import GOODS, LAST, REGIONS, sales, views, write_views
from tests.unit.test_lists import silent
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.list_facts import KINDS, list_facts
from vitrine.refresh.list_quality import first_of_each, gini
from vitrine.refresh.list_rules import RULES, TABLES
from vitrine.refresh.lists import build_lists
from vitrine.refresh.sql_engine import query


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The lists of the lamp shop with personas, and what is said of them by title of the section."""
    folder = tmp_path_factory.mktemp("lake")
    with Engine(Limits(threads=1)) as engine:
        engine.load_lake(write_views(write_lake(folder, GOODS, sales()), views()))
        engine.put("visitor_personas", {"visitor": ["x0", "x1"], "persona": ["camper", "camper"]})
        lists = build_lists(engine, REGIONS, at_ms(LAST), silent, has_personas=True)
        previous = {"north": [*lists.bestsellers("north", 3), "gone"]}
        sections = list_facts(engine, lists, previous)
    return lists, {section.title: section for section in sections}


def row(section, name):
    """The row of a section's first table that begins so, by head."""
    table = section.figures[0]
    [found] = [cells for cells in table.rows if cells[0] == name]
    return dict(zip(table.heads, found, strict=True))


def test_every_list_says_whom_it_reaches(told):
    """Each list has a row with its share, its support, and how old its newest event is."""
    lists, sections = told
    cover = sections["Lists: coverage"]
    assert [cells[0] for cells in cover.figures[0].rows] == list(KINDS)
    bundle = row(cover, "bundle")
    assert bundle["have it"] == sum(not np.isnan(lists.related(item).columns["bundle"]).all() for item in lists.items())
    assert bundle["support p50"] >= 5
    assert row(cover, "personal")["share"] == round(61 / 62, 3)  # one visitor only looked
    assert row(cover, "similar")["newest event, days"] < row(cover, "viewed_together")["newest event, days"]


def test_fallbacks_are_counted(told):
    """Of what is viewed together here, some is only bought together; nothing of the bundles is a fallback."""
    cover = told[1]["Lists: coverage"]
    assert 0.0 < row(cover, "viewed_together")["fallback"] < 1.0
    assert row(cover, "bundle")["fallback"] == 0.0


def test_drift_is_the_share_that_stayed(told):
    """Three of four earlier bestsellers are still among the first four."""
    [figure] = told[1]["Lists: popularity drift"].figures
    assert figure.series["stayed"] == [75.0]


def test_all_sections_have_a_verdict(told):
    """Who reads nothing else reads a sentence."""
    assert all(section.verdict.endswith(".") for section in told[1].values())
    assert {"Lists: diversity", "Lists: sizes", "Lists: shelves of personas"} <= set(told[1])


def test_every_rule_is_used_and_every_list_is_described():
    """No number is left over in the rules, and the page of lists has a section on each of them."""
    named = set().union(*(used_names(name) for name in (*TABLES, "related", "shelves", "personal")))
    assert set(RULES) <= named
    heads = re.findall(r"^#+ (.+)$", Path("store/LISTS.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(KINDS) <= set(re.findall(r"\w+", " ".join(heads)))


def used_names(name):
    """Parameters that a file names."""
    return set(re.findall(r"\$(\w+)", query(name)))


@given(st.lists(st.integers(0, 50), max_size=40))
def test_gini_is_a_share(counts):
    """It lies in 0..1, and is 0 where all are alike."""
    assert 0.0 <= gini(np.array(counts, np.int64)) <= 1.0
    assert gini(np.full(7, 3)) == pytest.approx(0.0)


def test_gini_of_one_that_has_all():
    """One of ten that has everything makes 0.9."""
    assert gini(np.array([5] + [0] * 9)) == pytest.approx(0.9)


def test_the_first_of_each_owner():
    """The largest scores of each, earlier rows first among equals."""
    owner, score = np.array([0, 0, 0, 2, 2]), np.array([1.0, 3.0, 3.0, 5.0, 4.0])
    assert first_of_each(owner, score, 2).tolist() == [1, 2, 3, 4]

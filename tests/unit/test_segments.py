"""Segments by recency, frequency and money, what visitors lean to, and how much discounts draw them."""

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.shoppers import Line, instant, open_shop, simulate
from vitrine.decisions.facts import ATTRIBUTES
from vitrine.decisions.predicted import SEGMENTS
from vitrine.refresh.discounts import (
    Habits,
    build_sensitivity,
    estimate,
    read_habits,
    sensitivity_section,
    verify_sensitivity,
)
from vitrine.refresh.segments import (
    PROSPECT,
    RULES,
    Standing,
    build_segments,
    fifths,
    name_segment,
    name_segments,
    read_affinities,
)
from vitrine.refresh.snapshots import Past

DAY = 100.0


def segments_of(lines, known=()):
    """The segments of a shop as of day 100."""
    with open_shop(lines) as engine:
        past = Past(engine, instant(DAY))
        sensitivity = build_sensitivity(engine, past.first_ms, past.as_of_ms)
        return build_segments(engine, past.everybody(), sensitivity, list(known))


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_fifths_keep_the_order_and_treat_equals_equally(values):
    """Scores of 1 to 5 that never turn the order round; equal values have equal scores."""
    scores = fifths(np.array(values, np.float64))
    assert set(scores.tolist()) <= {1, 2, 3, 4, 5}
    for a, b in pairwise(values):
        of_a, of_b = scores[values.index(a)], scores[values.index(b)]
        assert (of_a == of_b) if a == b else (of_a <= of_b) == (a <= b) or of_a == of_b


def test_fifths_of_many_are_fifths():
    """A hundred different values: twenty of each score, the largest have 5."""
    scores = fifths(np.arange(100.0))
    assert np.bincount(scores).tolist() == [0, 20, 20, 20, 20, 20]
    assert scores[-1] == 5


def test_every_standing_has_a_segment_that_conditions_know():
    """All 250 combinations are named, each name by at least one of them, and conditions may ask for all."""
    names = {
        name_segment(Standing(r, f, m, new)) for r, f, m in product(range(1, 6), repeat=3) for new in (True, False)
    }
    assert names == {name for name, _, _ in RULES}
    assert names | {PROSPECT} == set(SEGMENTS) == set(ATTRIBUTES["predicted.segment"].values)


@pytest.mark.parametrize(
    ("standing", "name"),
    [
        (Standing(5, 5, 5, is_new=True), "new"),
        (Standing(5, 5, 5, is_new=False), "champions"),
        (Standing(3, 4, 2, is_new=False), "loyal"),
        (Standing(1, 5, 5, is_new=False), "at_risk"),
        (Standing(5, 2, 1, is_new=False), "promising"),
        (Standing(1, 1, 3, is_new=False), "lost"),
        (Standing(2, 3, 1, is_new=False), "hibernating"),
        (Standing(3, 3, 3, is_new=False), "regular"),
    ],
)
def test_segments_mean_what_their_names_say(standing, name):
    """One plain case of each rule."""
    assert name_segment(standing) == name


def test_visitors_who_only_look_are_prospects():
    """Known by a look and no purchase; who is in the extracts alone has no segment."""
    lines = [*simulate(40, 90), Line("looker", 95.0, kind="view")]
    found = segments_of(lines, known=["looker", "silent", "v0000"])
    assert found.of("looker") == {"segment": PROSPECT}
    assert found.of("silent") == {}
    assert found.name("v0000") in SEGMENTS
    assert found.sizes()[PROSPECT] == 1
    assert len(found.scores("v0000")) == 3


def test_a_handful_of_people_has_no_fifths():
    """Nobody is named in a shop of ten."""
    found = segments_of(simulate(10, 90))
    assert not found.names
    assert found.name(found.visitors[0]) is None
    assert found.scores(found.visitors[0]) == ""


def test_segments_are_told_as_of_an_instant():
    """Later baskets change nothing."""
    lines = simulate(60, 120)
    with open_shop(lines) as engine, open_shop([line for line in lines if line.day < 60]) as before:
        seen = name_segments(Past(engine, instant(120.0)).sample(60))
        then = name_segments(Past(before, instant(60.0)).everybody())
    assert seen[3] == then[3]


def test_affinities_are_drawn_to_the_store():
    """A visitor of one category leans to it, one line of it is hardly a leaning, and shares stay shares."""
    lines = [Line(f"v{n}", float(day), f"i{(n + day) % 3}") for n in range(30) for day in range(0, 90, 10)]
    lines += [Line("milk", float(day), "i0") for day in range(0, 99, 3)] + [Line("once", 90.0, "i0")]
    with open_shop(lines) as engine:
        Past(engine, instant(DAY))
        found = read_affinities(engine, instant(DAY))
    assert found["milk"]["category"].name == found["milk"]["own"].name == "dairy/milk"
    assert found["milk"]["category"].share > 0.7
    assert found["once"]["category"].share < 0.5
    assert all(0.0 < one.share <= 1.0 for kinds in found.values() for one in kinds.values())


def bargains(seed=1):
    """Items 0 to 2 are discounted mostly, 3 to 5 seldom; hunters turn to whatever is, the calm do not."""
    rng = np.random.default_rng(seed)
    lines = []
    for n in range(120):
        hunts, cheap_goods = n % 2 == 0, n % 4 < 2
        for day in range(0, 99, 3):
            item = int(rng.integers(3)) + (0 if cheap_goods else 3)
            chance = 0.8 if item < 3 else 0.2
            odds = np.log(chance / (1 - chance)) + (0.8 if hunts else -0.8)
            cut = rng.random() < 1 / (1 + np.exp(-odds))
            name = f"{'hunter' if hunts else 'calm'}{'-cheap' if cheap_goods else ''}{n}"
            lines.append(Line(name, float(day), f"i{item}", 80 if cut else 100, 100))
    return lines


def test_sensitivity_is_not_what_is_bought():
    """Who buys goods that are always on offer is not sensitive for it; who turns to offers is."""
    found = segments_of(bargains()).sensitivity
    mean = {
        kind: np.mean([found.of(v) for v in found.theta if v.rstrip("0123456789") == kind])
        for kind in ("hunter", "hunter-cheap", "calm", "calm-cheap")
    }
    assert min(mean["hunter"], mean["hunter-cheap"]) > 0.55
    assert max(mean["calm"], mean["calm-cheap"]) < 0.45
    assert abs(mean["calm"] - mean["calm-cheap"]) < 0.1
    assert found.facts == {}  # 99 days are too few to hold 90 back and learn from
    assert found.of("nobody") is None


def test_sensitivity_lasts_and_beats_the_plain_share():
    """Told from the first half of the days, tested on the second: better than who bought most discounted."""
    lines = bargains()
    with open_shop(lines) as engine:
        Past(engine, instant(DAY))
        before = read_habits(engine, instant(0.0), instant(50.0))
        after = read_habits(engine, instant(50.0), instant(DAY))
    facts = verify_sensitivity(before, after)
    assert facts["auc"] > facts["plain_auc"] > 0.5
    assert 0.5 < facts["slope"] < 1.6


def test_chance_alone_makes_nobody_sensitive():
    """Visitors who do not differ have no value, and the report says so."""
    rng = np.random.default_rng(2)
    spread = np.full(200, 5.0)
    even, odd = rng.normal(0, 2.2, 200), rng.normal(0, 2.2, 200)
    odd -= even * float((even * odd).sum() / (even * even).sum())  # no agreement of the halves at all
    visitors = [f"v{n}" for n in range(200)]
    habits = Habits(visitors, spread * 8, spread * 4, even + odd, spread * 2, (even, odd, spread, spread))
    found = estimate(habits)
    assert found.theta == {}
    assert sensitivity_section(found).tone == "warning"


def test_little_support_is_drawn_to_nothing():
    """The same share beyond the expected counts the less the fewer lines it is seen in."""
    n = 100
    sign = np.where(np.arange(n) % 2 == 0, 1.0, -1.0)
    spread = np.where(np.arange(n) < 50, 1.0, 40.0)
    half = sign * spread * 0.5
    found = estimate(
        Habits([str(k) for k in range(n)], spread * 8, spread * 4, 2 * half, 2 * spread, (half, half, spread, spread))
    )
    assert 0.0 < found.theta["0"] < found.theta["50"] < 0.51

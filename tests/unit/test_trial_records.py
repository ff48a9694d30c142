"""Records and events as the watch reads them: typed, as a stream, and of very many a sample."""

import tracemalloc
import zlib
from base64 import b64encode
from dataclasses import asdict, replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.decisions.rollout import Rollout, Trial
from vitrine.refresh.guard import Policy
from vitrine.refresh.trial_lines import View
from vitrine.refresh.trial_records import REWARD_MS, observe
from vitrine.refresh.trial_sample import MOST_OF_ONE, Sample

ROLLOUT = Rollout("ranker-2", "f" * 64, "canary", 0.05, 0)
TRIAL = asdict(Trial("ranker-2", "canary", 30, 0.1, 0.2, None, 0.9))
RECORD = {
    "decision": "d1",
    "at_ms": 1_000,
    "visitor": "v1",
    "model": "ranker-1",
    "placements": {"home": {"items": [{"item": "i1"}], "rows": [{"items": [{"item": "i2"}]}]}},
    "trial": TRIAL,
}
CLICK = {"kind": "click", "visitor": "v1", "item": "i2", "at_ms": 1_500}


def seen(records, events=(), policy=None, from_ms=0, to_ms=10_000):
    """What is observed of records and events, told as values."""
    lines = [[one if isinstance(one, bytes) else orjson.dumps(one) for one in told] for told in (records, events)]
    return observe(*lines, ROLLOUT, policy or Policy(), from_ms, to_ms)


def test_a_record_and_its_click_are_counted():
    """Items of placements and of their rows; an event counts for the last decision that showed its visitor its item."""
    told = seen([RECORD], [CLICK])
    assert (told.window.decisions, told.window.trials, told.window.damaged) == (1, 1, 0)
    assert told.canary.n + told.control.n == 1
    assert sum(told.canary.rewarded) + sum(told.control.rewarded) == 1


@pytest.mark.parametrize(
    ("change", "rewarded"),
    [
        ({}, 1),
        ({"item": "i3"}, 0),
        ({"visitor": "v2"}, 0),
        ({"at_ms": 999}, 0),
        ({"at_ms": 1_000 + REWARD_MS}, 1),
        ({"at_ms": 1_001 + REWARD_MS}, 0),
        ({"item": None, "decision": "d1"}, 1),
        ({"decision": "of another time"}, 1),
        ({"kind": "view", "decision": "d1"}, 0),
    ],
)
def test_which_events_are_rewards(change, rewarded):
    """Who names the decision, or takes what was shown within ten minutes."""
    told = seen([RECORD], [CLICK | change])
    assert sum(told.canary.rewarded) + sum(told.control.rewarded) == rewarded
    assert told.window.damaged == 0


BAD_RECORDS = [
    b"",
    b"{",
    b"[]",
    RECORD | {"decision": {"a": 1}},
    RECORD | {"at_ms": "soon"},
    RECORD | {"visitor": ["v1"]},
    RECORD | {"model": 7},
    RECORD | {"placements": [1]},
    RECORD | {"placements": {"home": [1]}},
    RECORD | {"placements": {"home": {"items": 7}}},
    RECORD | {"placements": {"home": {"items": ["i1"]}}},
    RECORD | {"placements": {"home": {"rows": [3]}}},
    RECORD | {"placements": {"home": {"items": [{"item": ["i1"]}]}}},
    RECORD | {"trial": [1]},
    RECORD | {"trial": TRIAL | {"ms": "x"}},
    RECORD | {"trial": TRIAL | {"champion_ms": None}},
    RECORD | {"trial": TRIAL | {"failure": {}}},
]


@pytest.mark.parametrize("bad", BAD_RECORDS)
def test_a_bad_record_is_left_out_and_counted(bad):
    """The others are judged as if it were not there."""
    good = seen([RECORD | {"decision": "d2"}], [CLICK])
    told = seen([bad, RECORD | {"decision": "d2"}], [CLICK])
    assert told.window.damaged == 1
    assert replace(told.window, damaged=0) == good.window
    assert (told.canary, told.control) == (good.canary, good.control)


@pytest.mark.parametrize(
    "change", [{"kind": ["click"]}, {"decision": {"a": 1}}, {"item": [1]}, {"at_ms": "x"}, {"visitor": 1}]
)
def test_a_bad_event_is_left_out_and_counted(change):
    """It rewards nothing, and the next one does."""
    told = seen([RECORD], [CLICK | change])
    assert (told.window.damaged, sum(told.canary.rewarded) + sum(told.control.rewarded)) == (1, 0)
    told = seen([RECORD], [CLICK | change, CLICK])
    assert (told.window.damaged, sum(told.canary.rewarded) + sum(told.control.rewarded)) == (1, 1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*RECORD, *TRIAL, *CLICK]), JSON)
def test_no_line_stops_the_watch(name, value):
    """Whatever stands in whichever field, of the record, of its trial, of the event."""
    trial = TRIAL | {name: value} if name in TRIAL else TRIAL
    told = seen([RECORD | {"trial": trial} | {name: value}, {name: value}], [CLICK | {name: value}, {name: value}])
    assert told.window.decisions <= 1


def test_records_of_no_concern_are_not_damaged():
    """Of another time, or without a ranker; one told twice counts once."""
    told = seen([RECORD | {"at_ms": 10_000}, RECORD | {"model": None}, RECORD, RECORD])
    assert (told.window.decisions, told.window.damaged) == (1, 0)
    unseen = seen([RECORD | {"visitor": None}])
    assert (unseen.window.decisions, unseen.canary.n + unseen.control.n) == (1, 0)


def test_of_another_time_nothing_is_unpacked():
    """Whatever is in it: a record packed for its length is told from those of the window by its instant alone."""
    spoilt = {"at_ms": 10_000, "decision": "d9", "packed": "not what it should be"}
    assert seen([spoilt]).window.damaged == 0
    assert seen([spoilt | {"at_ms": 1_000}]).window.damaged == 1
    rest = {name: value for name, value in RECORD.items() if name not in ("decision", "at_ms")}
    packed = {"decision": "d1", "at_ms": 1_000, "packed": b64encode(zlib.compress(orjson.dumps(rest))).decode()}
    assert seen([packed], [CLICK]) == seen([RECORD], [CLICK])


def test_a_window_is_read_as_a_stream():
    """Records of 20 KB each: of their inputs nothing is held."""
    inputs = "x" * 20_000

    def lines():
        for n in range(1_500):
            yield orjson.dumps(RECORD | {"decision": f"d{n}", "visitor": f"v{n}", "inputs": inputs})

    tracemalloc.start()
    told = observe(lines(), [], ROLLOUT, Policy(), 0, 10_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told.window.decisions == 1_500
    assert peak < 1_500 * 20_000 / 5


def views(n: int, per_visitor: int = 4) -> list[View]:
    """Page views of n visitors."""
    return [View(f"d{v}-{k}", f"v{v}", k, ("i1",), None) for v in range(n) for k in range(per_visitor)]


def test_of_too_many_page_views_a_fixed_part_of_the_visitors_is_held():
    """Whole visitors, the same ones in whichever order; a quarter of 1,000 within four standard errors."""
    told = views(1_000)
    sample, turned = Sample(told, 1_500, "w"), Sample(told[::-1], 1_500, "w")
    assert sample.share == turned.share == 0.25
    held = {view.visitor for view in sample}
    assert held == {view.visitor for view in turned}
    assert len(sample) == 4 * len(held) <= 1_500
    assert abs(len(held) - 250) < 4 * (1_000 * 0.25 * 0.75) ** 0.5
    assert held != {view.visitor for view in Sample(told, 1_500, "another window")}
    assert sample.holds(f"{next(iter(sample)).decision}")
    assert sum(sample.holds(view.decision) for view in told) == len(sample)


def test_a_machine_does_not_crowd_out_visitors():
    """Of one visitor with thousands of page views so many are held, and all of the others."""
    sample = Sample([*views(1, 5_000), *[replace(one, decision=f"x{one.decision}") for one in views(50)]], 1_000, "w")
    assert (len(sample), sample.share) == (MOST_OF_ONE + 49 * 4, 1.0)


def test_a_window_says_of_which_part_of_the_visitors_it_is():
    """Every count is thinned alike, so that shares stay what they are."""
    records = [RECORD | {"decision": f"d{n}", "visitor": f"v{n}"} for n in range(2_000)]
    told = seen(records, policy=Policy(max_decisions=600))
    assert told.window.share == 0.25
    assert told.window.decisions == told.window.trials == told.canary.n + told.control.n <= 600
    assert 0 < told.canary.n < 60

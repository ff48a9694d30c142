"""From past visits to rows and a ranker of the next item."""

import numpy as np
import pytest

from tests.unit.walks import item, quiet, some_sessions, walks
from vitrine.adapters.onnx_ranker import OnnxRanker
from vitrine.catalog.session_rows import COLUMNS, MAX_ROW_BYTES, VALUES, pack_session_row
from vitrine.decisions.next_item import next_items
from vitrine.decisions.session_features import SESSION_FEATURES
from vitrine.errors import InvalidModel, InvalidSource, TooLittleData
from vitrine.refresh.engine import Engine
from vitrine.refresh.network import Groups, Training
from vitrine.refresh.session_builder import build_rows
from vitrine.refresh.session_examples import Examples, Shelf, ranks, steps
from vitrine.refresh.session_pairs import count_pairs, measure_items
from vitrine.refresh.session_training import train_next_item
from vitrine.refresh.sessions import MAX_SESSION_VIEWS, from_columns, from_lists


def value(row, column: str, name: str) -> float:
    """What a row says of an item."""
    return float(VALUES[row.codes[COLUMNS.index(column), row.ids.index(name)]])


def test_visits_of_one_view_are_left_out_and_long_ones_cut():
    """They teach nothing, and a crawler's must not teach everything."""
    sessions = from_lists([["a"], ["a", "b"], ["c"] * 1_000])
    assert np.diff(sessions.starts).tolist() == [2, MAX_SESSION_VIEWS]


def test_only_whole_visits_are_the_newest():
    """A visit that does not fit whole is left out with all older ones."""
    sessions = from_lists([["a", "b"], ["c", "d", "e"], ["f", "g"]])
    assert [len(sessions.newest(n)) for n in (0, 2, 4, 5, 7, 100)] == [0, 1, 1, 2, 3, 3]


def test_lists_and_columns_give_the_same_visits():
    """Both sources of visits meet in one form."""
    visits = walks(20)
    columns = {
        "visit": np.repeat(np.arange(20), [len(visit) for visit in visits]),
        "item": np.array([name for visit in visits for name in visit]),
    }
    given, expected = from_columns(columns), from_lists(visits)
    assert given.ids == expected.ids
    assert np.array_equal(given.items, expected.items)
    assert np.array_equal(given.starts, expected.starts)


def test_views_out_of_order_are_refused():
    """Visits must lie one after the other."""
    with pytest.raises(InvalidSource):
        from_columns({"visit": np.array([2, 1]), "item": np.array(["a", "b"])})


def test_the_lake_gives_visits_in_the_order_of_time():
    """Views of the catalogue's items alone, the visit that began first first, whatever order the lake holds them in."""
    with Engine() as engine:
        engine.put("items", {"item": ["a", "b", "c", "d", "z"]})
        views = [("v2", "s", 50, "d"), ("v1", "s", 20, "b"), ("v1", "s", 10, "a"), ("v2", "s", 40, "c")]
        others = [("v1", "s", 30, "z", "purchase"), ("v1", "s", 15, "made up", "view"), ("v1", "s", 16, None, "view")]
        rows = [(*view, "view") for view in views] + others
        names = ("visitor", "session", "at_ms", "item", "kind")
        engine.put("events", dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        sessions = from_columns(engine.columns("session_items"))
    assert [sessions.ids[index] for index in sessions.items] == ["a", "b", "c", "d"]
    assert sessions.starts.tolist() == [0, 2, 4]


def test_a_lake_without_views_gives_no_visits_and_no_rows():
    """A new shop has an empty table, not a fault."""
    sessions = from_columns({"visit": np.array([], np.int64), "item": np.array([], np.object_)})
    assert len(sessions) == 0
    assert len(build_rows(sessions, quiet).known()) == 0
    with pytest.raises(TooLittleData):
        train_next_item(sessions, quiet)


def test_pairs_count_by_distance_and_direction():
    """a, b, c: b is next after a; c comes after a at distance 2; a comes before c."""
    sessions = from_lists([["a", "b", "c"]])
    pairs = count_pairs(sessions)
    counts = dict(zip(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True), pairs.counts.T, strict=True))
    assert counts[0, 1][[0, 2, 5]].tolist() == [1.0, 1.0, 0.0]
    assert counts[0, 2][[0, 2, 5]].tolist() == [0.0, 0.5, 0.0]
    assert counts[2, 0][[0, 2, 5]].tolist() == [0.0, 0.0, 0.5]
    assert counts[1, 1].tolist() == [0.0] * 8


def test_item_facts_age_from_the_newest_visit():
    """Ages count in spans of five per cent of the visits."""
    sessions = from_lists([["a", "b"], *[["c", "d"]] * 39, ["b", "b"]])
    facts = measure_items(sessions).columns
    assert facts[0].tolist() == [1.0, 2.0, 39.0, 39.0]
    assert facts[3] * sessions.span == pytest.approx([40, 40, 39, 39])
    assert facts[4] * sessions.span == pytest.approx([40, 0, 1, 1])


def test_the_same_visits_give_the_same_rows():
    """Nothing but the visits and the seed decides."""
    first, second = (build_rows(some_sessions(), quiet) for _ in range(2))
    assert np.array_equal(first.codes, second.codes)
    assert np.array_equal(first.right, second.right)


def test_a_row_begins_with_its_item_and_holds_no_item_twice():
    """Whatever the visits are, every row can be packed and names its own item first."""
    long_names = [[name + "-" * 60 for name in visit] for visit in walks(300)]
    for visits in (walks(300), long_names):
        table = build_rows(from_lists(visits), quiet)
        for at in table.known():
            row = table.row(int(at))
            assert row.ids[0] == table.ids[at]
            assert len(set(row.ids)) == len(row)
            assert len(pack_session_row(row)) <= MAX_ROW_BYTES


def test_rows_also_name_items_never_seen_together():
    """Two items that the same third one goes with are kin: a row has no counts of them, and says how close they are."""
    table = build_rows(from_lists([["a", "b"], ["b", "c"], ["x", "y"]]), quiet)
    row = table.row(table.ids.tolist().index("a"))
    assert row.ids == ["a", "b", "c"]
    assert value(row, "after", "c") == value(row, "before", "c") == 0.0 < value(row, "kin", "c")
    assert value(row, "next", "b") == pytest.approx(1.0, rel=0.04)
    assert value(row, "kin", "b") == 0.0


def test_one_visit_is_enough_for_rows():
    """Two items know each other after one visit."""
    table = build_rows(from_lists([["a", "b"]]), quiet)
    assert table.row(0).ids == ["a", "b"]


def test_steps_are_told_newest_first():
    """A step is what was looked at so far and what came next."""
    told = steps(from_lists([["a", "b", "c"]]), 10, np.random.default_rng(0))
    assert [(list(step.visit), step.following) for step in told] == [(["a"], "b"), (["b", "a"], "c")]


def test_ranks_count_what_is_not_below_the_wanted_item():
    """The best is 1; a tie counts against it."""
    groups = Groups(
        rows=np.zeros((5, 1), np.float32),
        bought=np.array([True, False, False, False, True]),
        starts=np.array([0, 4, 5]),
    )
    assert ranks(np.array([1.0, 2.0, 1.0, 0.0, 3.0], np.float32), groups).tolist() == [3, 1]


def test_sampled_candidates_stand_for_all_others():
    """The next item and the visit's are always kept; the others count as many times as they are fewer."""
    table = build_rows(some_sessions(), quiet)
    some = steps(some_sessions(20, seed=3), 10, np.random.default_rng(0))
    sampled, whole = (Examples(np.random.default_rng(0), negatives) for negatives in (5, None))
    for examples in (sampled, whole):
        examples.add(Shelf(table), some, quiet)
    few, every = sampled.groups(), whole.groups()
    assert few.bought.sum() == every.bought.sum() == len(few) == len(every)
    assert np.add.reduceat(np.exp(few.stands_for), few.starts[:-1]) == pytest.approx(np.diff(every.starts), rel=1e-4)
    assert not every.stands_for.any()


def test_too_few_visits_train_no_model():
    """The caller is told, and ranks by summed transitions."""
    for n in (1, 10, 200):
        with pytest.raises(TooLittleData):
            train_next_item(some_sessions(n), quiet)


def test_a_trained_model_serves_and_is_bound_to_its_features():
    """It loads as any model does, for these features alone, and its figures stand in its manifest."""
    sessions = some_sessions(1_600)
    trained = train_next_item(sessions, quiet, Training(hidden=(16, 8), epochs=2))
    data = trained.manifest.to_bytes()
    ranker = OnnxRanker(trained.model, data, SESSION_FEATURES)
    table = build_rows(sessions, quiet)
    rows = {table.ids[at]: table.row(int(at)) for at in table.known()}
    assert item(3, 3) in next_items([item(3, 2), item(3, 1)], rows, ranker, 2)[0]
    assert trained.manifest.metrics["model"]["hr20"] > 0.8
    with pytest.raises(InvalidModel, match="other features"):
        OnnxRanker(trained.model, data)

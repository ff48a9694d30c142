"""The next item of a visit: candidates, features, scores."""

import numpy as np
import pytest

from tests.unit.walks import item, quiet, some_sessions
from vitrine.catalog.packed import code
from vitrine.catalog.session_rows import pack_session_row, unpack_session_row
from vitrine.decisions.next_item import next_items
from vitrine.decisions.session import MAX_ROWS, MAX_VIEWS, items_to_read, merge
from vitrine.decisions.session_features import SESSION_FEATURES, SummedTransitions, session_features
from vitrine.refresh.session_builder import build_rows
from vitrine.refresh.session_examples import Shelf


@pytest.fixture(scope="module")
def table():
    return build_rows(some_sessions(), quiet)


@pytest.fixture(scope="module")
def rows(table):
    return {table.ids[at]: unpack_session_row(pack_session_row(table.row(int(at)))) for at in table.known()}


def seen(visit, rows):
    """Candidates and features by name: [n] each."""
    read = [(place, rows[name]) for place, name in enumerate(items_to_read(visit)) if name in rows]
    candidates = merge(visit, read)
    return candidates, dict(zip(SESSION_FEATURES, session_features(candidates).T, strict=True))


def test_a_visit_reads_the_rows_of_its_last_eight_different_items():
    """Repeats cost no read, and what is older is not read."""
    visit = ["a", "b", "a", *(f"x{n}" for n in range(20))]
    assert items_to_read(visit) == ("a", "b", *(f"x{n}" for n in range(6)))
    assert len(items_to_read(visit)) == MAX_ROWS


def test_the_step_that_visits_take_is_foreseen(rows):
    """After an item of a circle comes the next one of it."""
    best, scores = next_items([item(3, 2), item(3, 1)], rows, SummedTransitions(), 3)
    assert best[0] == item(3, 3)
    assert (np.diff(scores) <= 0).all()


def test_the_order_of_the_visit_matters(rows):
    """The same two items the other way round lead elsewhere."""
    forward = next_items([item(3, 3), item(3, 2)], rows, SummedTransitions(), 4)
    backward = next_items([item(3, 2), item(3, 3)], rows, SummedTransitions(), 4)
    assert forward[0] != backward[0]


def test_an_empty_visit_has_no_next_item(rows):
    """There is nothing to go by."""
    best, scores = next_items([], rows, SummedTransitions(), 20)
    assert (best, scores.shape, scores.dtype) == ([], (0,), np.float32)


def test_unknown_items_are_candidates_without_neighbours(rows):
    """One may go back to an item that no release knows; it takes nothing from the others."""
    best, _ = next_items(["new", item(3, 1)], rows, SummedTransitions(), 200)
    assert {"new", item(3, 2)} <= set(best)
    assert next_items(["new", "newer", "new"], {}, SummedTransitions(), 20)[0] == ["new", "newer"]


def test_no_item_is_answered_twice(rows):
    """Items that several rows and the visit name are one candidate."""
    best, _ = next_items([item(1, 1), item(1, 2), item(1, 1), item(2, 2)], rows, SummedTransitions(), 1_000)
    assert len(best) == len(set(best))


def test_at_most_k_are_answered(rows):
    """The best k, in the same order as of a longer answer."""
    visit = [item(1, 1), item(1, 2)]
    assert next_items(visit, rows, SummedTransitions(), 5)[0] == next_items(visit, rows, SummedTransitions(), 9)[0][:5]


def test_features_say_where_in_the_visit_an_item_stands(rows):
    """Newest first: recency from the end, primacy from the start, and how often."""
    a, b = item(1, 1), item(5, 1)
    candidates, features = seen([a, a, b], rows)
    at = candidates.keys.tolist().index(code(a))
    assert [features[name][at] for name in ("in_visit", "recency", "n_views")] == [1.0, 1.0, 2.0]
    assert features["primacy"][at] == pytest.approx(1 / 2)
    assert features["reloaded"][at] == 1.0
    at = candidates.keys.tolist().index(code(b))
    assert features["recency"][at] == pytest.approx(1 / 3)
    assert features["primacy"][at] == 1.0
    assert features["in_visit"].sum() == 2


def test_features_say_how_the_visit_goes_to_and_fro(rows):
    """From a to b, to a, to b: each came after the other, and the last view was a return."""
    a, b = item(1, 1), item(1, 2)
    candidates, features = seen([b, a, b, a], rows)
    at = candidates.keys.tolist().index(code(a))
    assert [features[name][at] for name in ("is_last", "is_second", "is_third")] == [0.0, 1.0, 0.0]
    assert [features[name][at] for name in ("followed", "preceded")] == [1.0, 2.0]
    shared = ("alternates", "returns_far", "stayed", "alternated", "is_new")
    assert [features[name][at] for name in shared] == [1.0, 0.0, 0.0, 1.0, 0.0]
    assert seen([a], rows)[1]["is_new"].all()


def test_rows_stand_in_the_place_of_their_item(rows):
    """A row that could not be read leaves its own columns empty and moves no other row."""
    visit = [item(1, 1), item(1, 2)]
    _, whole = seen(visit, rows)
    _, without = seen(visit, {visit[1]: rows[visit[1]]})
    empty = pytest.approx(np.log(0.01))
    assert np.unique(without["last_after"]).tolist() == [empty]
    assert without["second_after"].max() == whole["second_after"].max() > np.log(0.01)
    assert np.unique(without["third_after"]).tolist() == [empty]


def test_only_features_of_unknown_items_are_missing(rows):
    """Every feature of an item that a row names is a finite number."""
    candidates, features = seen([item(1, 1), "new"], rows)
    unknown = candidates.keys == code("new")
    matrix = np.array(list(features.values()))
    known = matrix[:, ~unknown]
    context = SESSION_FEATURES.index("second_visits")
    assert np.isfinite(np.delete(known, context, axis=0)).all()
    assert np.isnan(features["n_visits"][unknown]).all()


def test_long_visits_are_cut(rows):
    """Only the newest views count."""
    visit = [item(n % 3, n) for n in range(MAX_VIEWS + 30)]
    assert (
        next_items(visit, rows, SummedTransitions(), 9)[0]
        == (next_items(visit[:MAX_VIEWS], rows, SummedTransitions(), 9)[0])
    )


def test_training_sees_what_serving_sees(table, rows):
    """Features from the builder's table are those from packed rows, bit for bit."""
    visit = [item(3, 2), item(3, 1), item(4, 1), "new"]
    _, learnt = Shelf(table).see(visit)
    _, served = seen(visit, rows)
    assert np.array_equal(learnt, np.array(list(served.values())).T, equal_nan=True)

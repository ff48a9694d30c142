"""Reading logs for re-ranking: lines of three kinds, fields of any name."""

import gzip
import json

import numpy as np
import pytest

from tests.unit.reranked import event_lines, some_log
from vitrine.errors import InvalidSource
from vitrine.refresh.rerank_events import open_lines, read_log
from vitrine.refresh.rerank_fields import describe


def line(event: str, **fields: object) -> bytes:
    """One line of a log."""
    return json.dumps({"event": event, **fields}).encode()


def shown(number: str, at_ms: int, *items: str, user: str = "v") -> bytes:
    """A ranking."""
    return line("ranking", id=number, user=user, timestamp=at_ms, items=[{"id": item} for item in items])


def test_lists_are_columns_in_order_of_time():
    """Rankings are sorted by their time, with places and clicks beside their items, however the lines lie."""
    log = read_log(
        [
            line("interaction", ranking="b", item="y", timestamp=250),
            shown("b", 200, "x", "y", "z"),
            shown("a", 100, "y", "w"),
            line("interaction", ranking="a", item="w", timestamp="130"),
        ]
    )
    rankings = log.rankings
    assert [log.goods.ids[item] for item in rankings.items] == ["y", "w", "x", "y", "z"]
    assert rankings.clicked.tolist() == [False, True, False, True, False]
    assert rankings.positions().tolist() == [0, 1, 0, 1, 2]
    assert rankings.known_ms.tolist() == [130, 250]
    assert rankings.clicks().tolist() == [1, 1]
    assert rankings.rows(np.array([1, 0])).tolist() == [2, 3, 4, 0, 1]
    assert log.n_refused == 0


def test_garbage_is_counted_and_left_out():
    """Broken lines, unknown kinds, empty lists and clicks on what was not shown; the rest is read."""
    log = read_log(
        [
            b"{",
            b"[]",
            b'{"event": "purchase"}',
            line("ranking", id="e", user="v", timestamp=1, items=[]),
            b"  ",
            shown("a", 100, "x", "y"),
            line("interaction", ranking="a", item="other", timestamp=110),
            line("interaction", ranking="gone", item="x", timestamp=110),
            line("interaction", ranking="a", item="y", timestamp=120),
        ]
    )
    assert log.n_refused == 6
    assert log.rankings.clicked.tolist() == [False, True]
    assert log.rankings.known_ms.tolist() == [120]


def test_nan_is_missing():
    """A number that is none counts as not given, for items and for lists alike."""
    log = read_log(
        [
            b'{"event": "item", "item": "x", "fields": [{"name": "price", "value": NaN}]}',
            b'{"event": "ranking", "id": "a", "user": "v", "timestamp": 1, "items": [{"id": "x", "fields": '
            b'[{"name": "score", "value": Infinity}]}]}',
        ]
    )
    assert log.n_refused == 0
    assert not log.goods.numbers
    assert not log.rankings.scores


def test_first_word_about_an_item_counts():
    """What is said of an item later may come from after it was shown."""
    log = read_log(
        [
            line("item", item="x", fields=[{"name": "votes", "value": 1}]),
            line("item", item="x", fields=[{"name": "votes", "value": 900}]),
        ]
    )
    assert log.goods.numbers["votes"].tolist() == [1.0]


def test_numbers_of_lists_are_kept():
    """A number that came with the list, such as a search engine's score, stands beside each row; NaN where missing."""
    items = [{"id": "x", "fields": [{"name": "bm25", "value": 2.5}]}, {"id": "y"}]
    log = read_log([line("ranking", id="a", user="v", timestamp=1, items=items)])
    assert np.array_equal(log.rankings.scores["bm25"], np.array([2.5, np.nan], np.float32), equal_nan=True)


def test_an_empty_log_is_an_empty_log():
    """No line, no list."""
    log = read_log([])
    assert len(log.rankings) == 0
    assert len(log.goods) == 0


def test_fields_are_what_their_values_are():
    """Numbers, names, label lists and prose are told apart; what is neither is left out; missing stays missing."""
    goods = describe(
        {
            "a": {
                "votes": 5,
                "maker": "Ann Lee",
                "tags": ["Old", "Odd"],
                "about": "A very old red hat",
                "vector": [1.0],
            },
            "b": {"votes": None, "maker": "Bob Ray", "tags": [], "about": "The hat of a friend", "vector": [2.0]},
            "c": {"votes": "many", "extra": {"deep": 1}},
            "d": {"votes": 7},
        }
    )
    assert list(goods.numbers) == ["votes"]
    assert np.array_equal(goods.numbers["votes"], np.array([5, np.nan, np.nan, 7], np.float32), equal_nan=True)
    assert goods.labels["maker"][:3] == [("ann lee",), ("bob ray",), ()]
    assert goods.labels["tags"][0] == ("odd", "old")
    assert "hat" in goods.labels["about"][0]
    assert set(goods.labels) == {"maker", "tags", "about"}


def test_columns_that_lean_are_taken_by_their_logarithm():
    """Budgets from nothing to millions, but not years."""
    goods = describe({str(number): {"budget": 10.0**number, "year": 1990 + number} for number in range(6)})
    assert goods.numbers["budget"].max() < 20.0
    assert goods.numbers["year"].tolist() == [1990.0 + number for number in range(6)]


def test_files_may_be_compressed(tmp_path):
    """The same log comes out of both."""
    lines = b"\n".join(event_lines(10))
    plain, packed = tmp_path / "events.jsonl", tmp_path / "events.jsonl.gz"
    plain.write_bytes(lines)
    packed.write_bytes(gzip.compress(lines))
    for path in (plain, packed):
        with open_lines(path) as opened:
            assert np.array_equal(read_log(opened).rankings.items, some_log(10).rankings.items)


@pytest.mark.parametrize("content", [None, b"not packed"])
def test_unreadable_files_are_refused(tmp_path, content):
    """A file that is missing, or not what its name says, is a clear error."""
    path = tmp_path / "events.jsonl.gz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidSource, match="cannot be read"), open_lines(path) as lines:
        read_log(lines)

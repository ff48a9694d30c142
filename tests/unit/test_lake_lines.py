"""Lines of the stream: what counts, what does not and why."""

import gzip

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.lake.raw_lines import NOW, NOW_MS, event, lines, object_name
from vitrine.refresh.event_files import SCHEMA
from vitrine.refresh.event_lines import arrival_ms, read_line, read_lines, unpack
from vitrine.service.collect import raw_event
from vitrine.types import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def test_what_collect_writes_is_read():
    """Every field of a collected event comes back, answers as JSON text."""
    told = Event("e1", "survey", NOW_MS, "milk", 2, 199, "q", "s1", "d1", "home.recs", 3, {"size": "grand"})
    line = read_line(raw_event("v1", "north", told))
    assert line.event == {
        "id": "e1",
        "visitor": "v1",
        "kind": "survey",
        "at_ms": NOW_MS,
        "item": "milk",
        "quantity": 2,
        "price": 199,
        "session": "s1",
        "region": "north",
        "query": "q",
        "decision": "d1",
        "placement": "home.recs",
        "slot": 3,
        "answers": '{"size":"grand"}',
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"garbage", "not a JSON object"),
        (b'{"id": "\xff"}', "not a JSON object"),
        (b"[1, 2]", "not a JSON object"),
        (b"NaN", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (lines(event(id=None)), "a field is missing or of the wrong type"),
        (lines(event(id="")), "a field is missing or of the wrong type"),
        (lines(event(visitor=7)), "a field is missing or of the wrong type"),
        (lines(event(visitor="a\0b")), "a field is missing or of the wrong type"),
        (lines(event(at_ms="soon")), "a field is missing or of the wrong type"),
        (lines(event(at_ms=True)), "a field is missing or of the wrong type"),
        (lines(event(at_ms=1e12)), "a field is missing or of the wrong type"),
        (
            b'{"id":"e","visitor":"v","kind":"view","at_ms":99999999999999999999}',
            "a field is missing or of the wrong type",
        ),
        (lines(event(kind=None)), "a field is missing or of the wrong type"),
        (lines(event(kind="dance")), "unknown kind"),
        (lines(event(at_ms=-1)), "before 1970"),
    ],
)
def test_a_line_that_says_too_little_is_refused(line, reason):
    """It has to say who did what and when; the reason says what it lacks."""
    assert read_line(line.rstrip(b"\n")).reason == reason


@pytest.mark.parametrize("wrong", [{}, [], "many", -1, 2**31, 1.5, True])
def test_a_lesser_field_that_is_wrong_is_unknown(wrong):
    """Quantity, price and slot are counts; an event without them counts all the same."""
    found = read_line(orjson.dumps(event(quantity=wrong, price=wrong, slot=wrong))).event
    assert (found["quantity"], found["price"], found["slot"]) == (None, None, None)


@given(st.dictionaries(st.sampled_from([*SCHEMA, "more"]), JSON) | JSON)
def test_any_json_is_an_event_or_a_reason(value):
    """Nothing raises, and an event has exactly the columns of the files in types that fit into them."""
    try:
        line = orjson.dumps(value)
    except TypeError:
        return  # integers beyond 64 bits
    found = read_line(line)
    assert (found.event is None) == bool(found.reason)
    if found.event is not None:
        assert list(found.event) == list(SCHEMA)
        for name, kind in SCHEMA.items():
            fits = {"varchar": str, "bigint": int, "integer": int}[kind]
            assert found.event[name] is None or type(found.event[name]) is fits


def test_a_packed_object_gives_its_lines():
    """Packed or not, by its first bytes; blank lines are none."""
    whole = lines(event(), b"", b"  ", event(id="e2"))
    assert unpack(gzip.compress(whole)) == unpack(whole) == (whole, False)
    assert [line.event["id"] for _, line in read_lines(whole)] == ["e1", "e2"]


def test_a_truncated_object_gives_what_came_before():
    """What was lost on the way is said; the lines before it are there."""
    whole = lines(*(event(id=f"e{n}") for n in range(20_000)))
    found, is_damaged = unpack(gzip.compress(whole)[:-100])
    assert is_damaged
    assert whole.startswith(found)
    assert len(found) > len(whole) // 2
    assert unpack(b"\x1f\x8b\x08 not a gzip") == (b"", True)


def test_an_object_says_when_it_arrived():
    """Firehose writes it into the name; a name of somebody else says nothing."""
    assert arrival_ms(object_name()) == int(NOW.timestamp() * 1000)
    assert arrival_ms("events/raw/2026/11/22/mine.jsonl") is None
    assert arrival_ms("events/raw/x-2026-99-22-03-00-00-uuid") is None

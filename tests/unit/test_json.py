"""Strict JSON: what is refused, and that what passes is what JSON says."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.api.strict_json import MAX_BODY_BYTES, parse_object, shorten
from vitrine.errors import BodyTooLarge, InvalidField, InvalidRequest, MalformedJson

MALFORMED = {
    "empty": b"",
    "not json": b"hello",
    "form data": b"a=1&b=2",
    "two documents": b"{}{}",
    "trailing comma": b'{"a":1,}',
    "single quotes": b"{'a':1}",
    "comment": b'{"a":1 /* no */}',
    "truncated": b'{"a":[1,2',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":Infinity}',
    "-Infinity": b'{"a":-Infinity}',
    "beyond a double": b'{"a":1e999}',
    "negative beyond a double": b'{"a":-1e999}',
    "thousands of digits": b'{"a":' + b"9" * 5000 + b"}",
    "duplicate key": b'{"a":1,"a":2}',
    "duplicate key by escape": b'{"a":1,"\\u0061":2}',
    "duplicate key deep inside": b'{"x":[{"b":{"a":1,"a":1}}]}',
    "duplicate key with a gap": b'{"a":1,"a" :2}',
    "duplicate key behind a line": b'{"a":1,"a"\n:2}',
    "duplicate key beside a text like one": b'{"b":"\\":","a":1,"a":2}',
    "gap and text like a key make up for a duplicate": b'{"b":"\\":","a" :1,"a":2}',
    "deep and closed": b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",
    "broken UTF-8": b'{"a":"\xff"}',
    "truncated UTF-8": b'{"a":"\xe2\x82"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "encoded surrogate": b'{"a":"\xed\xa0\x80"}',
    "lone high surrogate": b'{"a":"\\ud800"}',
    "lone low surrogate": b'{"a":"\\udc00"}',
    "lone surrogate as key": b'{"\\ud800":1}',
    "control character": b'{"a":"\x01"}',
    "null byte": b"\x00",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "deep array": b'{"a":' + b"[" * 8000 + b"]" * 8000 + b"}",
    "deep object": b'{"a":' * 2600 + b"1" + b"}" * 2600,
    "deep and open": b"[" * MAX_BODY_BYTES,
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_strict_json_is_refused(body: bytes) -> None:
    """Each of these would pass json.loads, break it, or mean two things to two readers."""
    with pytest.raises(MalformedJson):
        parse_object(body)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"text"', b"true"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """JSON, but not a request."""
    with pytest.raises(InvalidField, match="JSON object"):
        parse_object(body)


def test_a_large_body_is_refused_before_it_is_parsed() -> None:
    """Size comes first: this body is no JSON at all, and still it is its size that is named."""
    with pytest.raises(BodyTooLarge):
        parse_object(b"\xff" * (MAX_BODY_BYTES + 1))
    assert parse_object(b'{"a":"' + b"x" * (MAX_BODY_BYTES - 8) + b'"}')


def test_a_repeated_key_is_named_in_short() -> None:
    """The error repeats no long text of the caller's."""
    key = "k" * 1000
    with pytest.raises(MalformedJson) as caught:
        parse_object(f'{{"{key}":1,"{key}":2}}'.encode())
    assert "k" * 40 + "..." in caught.value.message
    assert len(caught.value.message) < 100


def test_shortened_text_is_printable() -> None:
    """Nothing that moves a cursor or turns the direction of text."""
    assert shorten("a\x1b[2J\u202e\nb") == "a?[2J??b"


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_every_json_object_comes_through_unchanged(value: dict[str, object]) -> None:
    """Strictness refuses nothing that RFC 8259 allows."""
    assert parse_object(json.dumps(value, ensure_ascii=False).encode()) == value
    assert parse_object(json.dumps(value).encode()) == value
    assert parse_object(json.dumps(value, separators=(",", ":")).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_a_clear_refusal(body: bytes) -> None:
    """No other exception, whatever comes."""
    with suppress(InvalidRequest):
        assert isinstance(parse_object(body), dict)

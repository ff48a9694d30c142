"""Foreign bytes for a parser: pure noise, and good samples with some damage, which get further into it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import orjson
from hypothesis import strategies as st

from tests.abuse.bombs import BACKTRACKING, TEXTS
from tests.abuse.good import places

Edit: TypeAlias = tuple[str, int, int, bytes]

WORDS: Final = (
    *(b"", b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x80" * 9, b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80"),
    *(b"NaN", b"1e999", b"-1", b"9" * 400, b"0.1", b"null", b"true", b"[]", b"{}", b'"', b"\\", b'"a":1,', b"'", b"`"),
    *(b"[" * 300, b'{"a":' * 300, b"<a>" * 300, b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"]]>", b"<!--"),
    *(
        b"\r\n",
        b"\n\n",
        b"\t",
        b"  ",
        b"---\n",
        b"*a",
        b"&a ",
        b"!!python/object:a ",
        b"? ",
        b"- ",
        b": ",
        b"{{",
        b"{%",
    ),
    *(
        b"\xc1",
        b"\xc4\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00",
        b"\x91" * 300,
        b"\xd4\x00",
    ),
    *(text.encode(errors="surrogatepass")[:200] for text in (*TEXTS, *BACKTRACKING)),
)
"""What some parser or other has stumbled over: JSON, XML, YAML, MessagePack, templates."""

EDITS: Final = st.tuples(
    st.sampled_from(("flip", "cut", "put", "over", "twice", "end")),
    st.integers(0, 1 << 20),
    st.integers(1, 64),
    st.sampled_from(WORDS) | st.binary(max_size=8),
)
ODD: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((0, -1, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400)),
    st.floats(),
    st.sampled_from((*TEXTS, *BACKTRACKING)),
    st.text(max_size=40),
)
PLAIN: Final = st.recursive(
    ODD,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
"""Any value that JSON or MessagePack has, and some that JSON has not."""

HARMLESS: Final = (None, 0, 1, 5, 0.5, True, False, "a", "home", [], ["a"], {})
"""What fits many a place, so that what lies behind the types is reached, too."""


def damaged(samples: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Noise, or a sample after up to eight edits."""
    edited = st.builds(_edited, st.sampled_from(list(samples)), st.lists(EDITS, max_size=8))
    return edited | st.binary(max_size=400)


def damaged_text(samples: Sequence[str]) -> st.SearchStrategy[str]:
    """The same of texts; what is no UTF-8 after the edits becomes lone surrogates."""
    bytes_ = damaged([sample.encode(errors="surrogatepass") for sample in samples])
    return bytes_.map(lambda data: data.decode(errors="surrogateescape")) | st.text(max_size=60)


def spoilt(samples: Sequence[Any]) -> st.SearchStrategy[Any]:
    """A plain value with odd ones in up to three of its places, of its members, or in its stead."""
    at = st.sampled_from([(sample, place) for sample in samples for place in [(), *places(sample)]])
    once = st.builds(lambda where, value: put(where[0], where[1], value), at, st.sampled_from(HARMLESS) | PLAIN)
    more = st.lists(st.tuples(st.integers(0, 1 << 16), PLAIN), max_size=2)
    return st.builds(_more, once, more)


def spoilt_json(samples: Sequence[Any]) -> st.SearchStrategy[bytes]:
    """The same as JSON, damaged after that, too."""
    encoded = spoilt(samples).map(_json)
    return encoded | st.builds(_edited, encoded, st.lists(EDITS, max_size=3)) | damaged([_json(one) for one in samples])


def spoilt_row(rows: Sequence[Mapping[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A row of the table with odd attributes, missing ones, and damage in its binaries."""
    attribute = (
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=20) | st.binary(max_size=200)
    )

    def one(row: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
        kept = {name: _like(value) | attribute for name, value in row.items()}
        return st.fixed_dictionaries({}, optional=kept) | st.fixed_dictionaries(
            {name: _like(value) for name, value in row.items()}
        )

    return st.one_of([one(row) for row in rows])


def _like(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, bytes):
        return damaged([value])
    return damaged_text([value]) | st.just(value) if isinstance(value, str) else st.just(value)


def put(plain: Any, place: tuple[Any, ...], value: Any) -> Any:
    """A copy with a value in a place."""
    if not place:
        return value
    copy = dict(plain) if isinstance(plain, dict) else list(plain)
    copy[place[0]] = put(plain[place[0]], place[1:], value)
    return copy


def _more(plain: Any, more: list[tuple[int, Any]]) -> Any:
    for seed, value in more:
        found = [(), *places(plain)]
        plain = put(plain, found[seed % len(found)], value)
    return plain


def _json(plain: Any) -> bytes:
    """JSON of it, with the integers and texts that orjson refuses written out."""
    try:
        return orjson.dumps(plain)
    except TypeError:
        import json

        return json.dumps(plain).encode()


def _edited(data: bytes, edits: list[Edit]) -> bytes:
    found = bytearray(data)
    for kind, where, n, word in edits:
        at = where % (len(found) + 1)
        match kind:
            case "flip" if at < len(found):
                found[at] ^= 1 << n % 8
            case "cut":
                del found[at : at + n]
            case "put":
                found[at:at] = word
            case "over":
                found[at : at + len(word)] = word
            case "twice":
                found[at:at] = found[at : at + n]
            case "end":
                del found[at:]
    return bytes(found)

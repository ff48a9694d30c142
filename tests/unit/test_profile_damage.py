"""Profiles that were damaged on their way: our error, or some profile, and no other exception."""

from contextlib import suppress
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.errors import DependencyFailed
from vitrine.types import Event
from vitrine.visitors.history import LANE_OF
from vitrine.visitors.profile import Profile

GOOD = Profile().apply([Event("v1", "view", 1, "a")]).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        GOOD[:-1],
        GOOD + b"\x00",
        msgpack.packb((2, None, None, None, None)),
        msgpack.packb((1, (0, []), None, {}, ([], [(99,)]))),
        msgpack.packb((1, (0, []), None, {}, (["a"], [(0, [1], b"short", b"\x00", [0], None, None, None, None)]))),
        msgpack.packb((1, (0, []), None, {}, (["a"], [(0, [1], b"12345678", b"\x00", [5], None, None, None, None)]))),
    ],
)
def test_damaged_bytes_are_a_failed_dependency(data: bytes) -> None:
    """Nothing is guessed from them."""
    with pytest.raises(DependencyFailed):
        Profile.decode(data)


LANE: tuple[list[str], list[list[Any]]] = (
    ["a"],
    [[0, [5, 1], b"1234567812345678", b"\x00\x00", [0, 0], [2, 3], [4, 5], [0, 0], [[], []]]],
)


@pytest.mark.parametrize("column", range(1, 9))
def test_a_column_of_another_length_is_damage(column: int) -> None:
    """A lane is decoded when it is asked for, but whether it can be is known at once."""
    names, [lane] = LANE
    whole = msgpack.packb((1, (0, []), None, {}, LANE))
    assert [len(records) for records in Profile.decode(whole).history.values()] == [2]
    short = [*lane[:column], lane[column][:1], *lane[column + 1 :]]
    with pytest.raises(DependencyFailed, match="damaged"):
        Profile.decode(msgpack.packb((1, (0, []), None, {}, (names, [short]))))


def test_a_record_of_an_unknown_kind_is_damage() -> None:
    """A kind is kept as its number."""
    names, [lane] = LANE
    unknown = [*lane[:3], bytes([0, len(LANE_OF)]), *lane[4:]]
    with pytest.raises(DependencyFailed, match="damaged"):
        Profile.decode(msgpack.packb((1, (0, []), None, {}, (names, [unknown]))))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_no_flipped_byte_breaks_more_than_the_profile(at: int, flip: int) -> None:
    """A damaged profile decodes to some profile or to our error, never to another exception."""
    data = bytearray(GOOD)
    data[at] ^= flip
    with suppress(DependencyFailed):
        profile = Profile.decode(bytes(data))
        assert [lane for lane, records in profile.history.items() if records] == list(profile.history)

"""Crossings of fences: what is believed, what is not and why, and what is remembered of them."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import DamagedRow, DependencyFailed
from vitrine.outreach.geofence import EXIT_REACH_M, Crossing, doubt_alone, judge, wants
from vitrine.outreach.messages import Message, Trigger
from vitrine.outreach.track import MAX_DEVICES, Track, Tracks, parse_tracks
from vitrine.places.fences import DEGREE_M, Fence, Fences
from vitrine.types import DAY_MS, Absent

NOW_MS = 1_795_348_800_000
SHOP = Fence("shop", 50.0, 10.0, 200.0, dwell_s=300)
FAR = Fence("far", 50.9, 10.0, 200.0)  # 100 km to the north
FENCES = Fences({"shop": SHOP, "far": FAR})
NEVER_SEEN = Track(b"d")


def crossing(north_m: float = 0.0, **changes: Any) -> Crossing:
    """An entry of the shop's fence, so many metres north of its centre."""
    base = {"id": "c1", "action": "enter", "at_ms": NOW_MS, "lat": 50.0 + north_m / DEGREE_M, "lon": 10.0}
    return Crossing(**{**base, "accuracy_m": 20.0, "fence": "shop", **changes})


def doubt_of(one: Crossing, track: Track = NEVER_SEEN, now_ms: int = NOW_MS) -> str | None:
    """Why it is not believed."""
    return judge(one, FENCES, track, now_ms).doubt


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({}, None),
        ({"mocked": True}, "mocked"),
        ({"lat": float("nan")}, "bad_position"),
        ({"lon": float("inf")}, "bad_position"),
        ({"lat": 90.5}, "bad_position"),
        ({"lon": -181.0}, "bad_position"),
        ({"lat": 0.0, "lon": 0.0}, "bad_position"),
        ({"accuracy_m": 0.0}, "inaccurate"),
        ({"accuracy_m": float("nan")}, "inaccurate"),
        ({"accuracy_m": 200.0}, None),
        ({"accuracy_m": 200.5}, "inaccurate"),
        ({"at_ms": NOW_MS + 60_000}, None),
        ({"at_ms": NOW_MS + 60_001}, "future"),
        ({"at_ms": NOW_MS - 600_000}, None),
        ({"at_ms": NOW_MS - 600_001}, "stale"),
        ({"speed_mps": 300.0}, None),
        ({"speed_mps": 301.0}, "teleport"),
        ({"speed_mps": float("nan")}, "teleport"),
        ({"fence": "nowhere"}, "unknown_fence"),
        ({"fence": "far"}, "not_at_fence"),
        ({"fence": None}, None),
        ({"fence": None, "lat": 40.0}, "not_at_fence"),
    ],
)
def test_what_is_believed(changes: dict[str, Any], doubt: str | None) -> None:
    """Each check at its edge; the first one that fails gives the reason."""
    assert doubt_of(crossing(**changes)) == doubt


@pytest.mark.parametrize(
    ("action", "north_m", "doubt"),
    [
        ("enter", 219.0, None),  # the border is at 200 m and the accuracy 20 m
        ("enter", 221.0, "not_at_fence"),
        ("exit", 181.0, None),
        ("exit", 179.0, "not_at_fence"),
        ("exit", 199.0 + EXIT_REACH_M, None),
        ("exit", 201.0 + EXIT_REACH_M, "not_at_fence"),
    ],
)
def test_the_border_is_as_wide_as_the_accuracy(action: Any, north_m: float, doubt: str | None) -> None:
    """Who enters may be measured outside, who leaves inside, by the accuracy that the device states."""
    assert doubt_of(crossing(north_m, action=action)) == doubt


def test_a_track_refuses_what_was_before() -> None:
    """The same instant, an earlier one, and an id that came before."""
    track = judge(crossing(), FENCES, NEVER_SEEN, NOW_MS).track
    assert track is not None
    assert doubt_of(crossing(id="c2"), track) == "replayed"
    assert doubt_of(crossing(id="c2", at_ms=NOW_MS - 1), track) == "replayed"
    assert doubt_of(crossing(at_ms=NOW_MS + 1), track) == "replayed"
    assert doubt_of(crossing(id="c2", at_ms=NOW_MS + 1), track) is None


def test_a_jump_is_refused_and_a_flight_is_not() -> None:
    """100 km at 250 m/s take 400 s, at 1,000 m/s 100 s."""
    track = Track(b"d", "shop", "enter", NOW_MS - 400_000, (b"x",))
    there = crossing(lat=50.9, fence="far")
    assert doubt_of(there, track) is None
    assert doubt_of(there, replace(track, at_ms=NOW_MS - 100_000)) == "teleport"
    gone = Track(b"d", "closed long ago", "enter", NOW_MS - 1_000, (b"x",))
    assert doubt_of(there, gone) is None  # where that was nobody knows any more


def test_a_dwell_needs_an_entry_as_long_ago_as_the_fence_asks() -> None:
    """300 s, less the seconds that a clock may be set by; an exit ends it, a second entry begins it anew."""
    entered = judge(crossing(at_ms=NOW_MS - 300_000), FENCES, NEVER_SEEN, NOW_MS).track
    assert entered is not None
    dwell = crossing(id="c2", action="dwell")
    assert doubt_of(dwell) == "too_short"
    assert doubt_of(dwell, entered) is None
    assert doubt_of(replace(dwell, at_ms=NOW_MS - 10_000), entered) == "too_short"
    left = judge(crossing(200.0, id="c3", action="exit", at_ms=NOW_MS - 200_000), FENCES, entered, NOW_MS).track
    assert left is not None
    assert left.since_ms("shop") is None
    assert doubt_of(dwell, left) == "too_short"
    back = judge(crossing(id="c4", at_ms=NOW_MS - 100_000), FENCES, left, NOW_MS).track
    assert back is not None
    assert doubt_of(dwell, back) == "too_short"


def test_who_leaves_without_a_word_of_which_fence_left_the_last_one() -> None:
    """The track knows it; without a track nobody does."""
    leaves = crossing(230.0, action="exit", fence=None)
    assert doubt_of(leaves) == "not_at_fence"
    verdict = judge(leaves, FENCES, Track(b"d", "shop", "enter", NOW_MS - 60_000), NOW_MS)
    assert (verdict.doubt, verdict.fence) == (None, SHOP)


@given(
    st.builds(
        Crossing,
        id=st.text(),
        action=st.sampled_from(("enter", "exit", "dwell")),
        at_ms=st.integers(),
        lat=st.floats(),
        lon=st.floats(),
        accuracy_m=st.floats(),
        fence=st.none() | st.sampled_from(("shop", "far", "")) | st.text(),
        speed_mps=st.none() | st.floats(),
    )
)
def test_any_crossing_is_judged(one: Crossing) -> None:
    """Whatever numbers: a reason or a track, never an exception."""
    verdict = judge(one, FENCES, NEVER_SEEN, NOW_MS)
    assert (verdict.doubt is None) == (verdict.track is not None)
    if doubt_alone(one, NOW_MS) is not None:
        assert verdict.doubt == doubt_alone(one, NOW_MS)


def test_messages_say_which_crossings_they_want() -> None:
    """By action, and by fence if they name any; a message that is switched off wants none."""
    named = Message("m", Trigger("geofence", fences=frozenset(("shop",)), actions=frozenset(("dwell",))), ())
    assert wants([named], "shop", "dwell")
    assert not wants([named], "shop", "enter")
    assert not wants([named], "far", "dwell")
    assert not wants([replace(named, enabled=False)], "shop", "dwell")
    assert wants([Message("any", Trigger("geofence"), ())], "far", "enter")
    assert not wants([Message("cart", Trigger("abandoned_cart"), ())], "shop", "enter")


INSTANTS = st.integers(0, 2**53)
TRACKS = st.builds(
    Tracks,
    st.lists(
        st.builds(
            Track,
            st.binary(min_size=8, max_size=8),
            st.text(max_size=9),
            st.sampled_from(("enter", "exit", "dwell")),
            INSTANTS,
            st.lists(st.binary(max_size=8), max_size=16).map(tuple),
            st.lists(st.tuples(st.text(max_size=9), INSTANTS), max_size=8).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
)


@given(TRACKS, st.integers(0, 5))
def test_tracks_are_stored_and_found(tracks: Tracks, n: int) -> None:
    """Packed and unpacked they are the same; equal tracks give equal bytes."""
    for at in range(n):
        tracks = tracks.telling(f"f{at}", NOW_MS + at)
    assert Tracks.decode(tracks.encode()) == tracks


@given(TRACKS, st.data())
def test_damaged_tracks_raise_one_error(tracks: Tracks, data: st.DataObject) -> None:
    """Any byte altered, any cut: DamagedRow or other tracks, nothing else."""
    packed = bytearray(tracks.telling("f", NOW_MS).encode())
    at = data.draw(st.integers(0, len(packed) - 1))
    packed[at] = data.draw(st.integers(0, 255))
    for damaged in (bytes(packed), bytes(packed[:at])):
        with suppress(DamagedRow):
            assert isinstance(Tracks.decode(damaged), Tracks)


def test_a_row_is_of_a_day_and_bounded() -> None:
    """One whose time is over is empty though it is still there; devices, ids and fences are bounded."""
    tracks = Tracks()
    for device in range(30):
        track = Track(bytes([device]) * 8)
        for n in range(40):
            track = replace(track.with_id(bytes([n]) * 8), fence="f" * 64, at_ms=NOW_MS).within(f"{n:064}", NOW_MS)
        tracks = tracks.with_track(track).telling(f"{device:064}", NOW_MS + device)
    stored = parse_tracks(Absent.MISSING, NOW_MS)
    row = stored.successor(tracks, NOW_MS)
    assert len(tracks.devices) == MAX_DEVICES
    assert len(bytes(row["tracks"])) < 20_000
    assert row["ttl"] == NOW_MS // 1000 + 86_400
    assert parse_tracks(row, NOW_MS).tracks == tracks
    assert parse_tracks(row, NOW_MS + DAY_MS).tracks == Tracks()
    assert parse_tracks(row, NOW_MS + DAY_MS).rev == 1
    with pytest.raises(DependencyFailed, match="not read"):
        parse_tracks(Absent.NOT_READ, NOW_MS)
    with pytest.raises(DamagedRow):
        parse_tracks({"tracks": b"", "rev": "1"}, NOW_MS)


def test_caps_slide_over_a_day() -> None:
    """What a fence called for more than a day ago leaves room again."""
    tracks = Tracks().telling("shop", NOW_MS)
    assert not tracks.may_tell("shop", 1, NOW_MS + DAY_MS - 1)
    assert tracks.may_tell("shop", 1, NOW_MS + DAY_MS)
    assert tracks.may_tell("shop", 2, NOW_MS + 1)
    assert tracks.may_tell("far", 1, NOW_MS + 1)

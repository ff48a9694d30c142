"""What a visitor was shown: exact counts, bounded bytes, and never a cap that is forgotten too early."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrine.errors import DependencyFailed
from vitrine.types import DAY_MS, Absent
from vitrine.visitors.exposures import (
    EVER_MS,
    HOLD_MS,
    KEPT_FOR,
    MAX_ARMS,
    MAX_CAMPAIGNS,
    MAX_FOLDED,
    MAX_GROUPS,
    MAX_RULES,
    Exposures,
    Showing,
    parse_exposures,
    row_of,
)
from vitrine.visitors.trails import GAP_MS, MANY, MAX_MARKS, Mark, Trail, session_digest

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
T = int(NOW.timestamp() * 1000)
HOUR = 3_600_000
WEEK = 7 * DAY_MS

FRAME = 64  # format version, headers of the five parts
NAME = 64 + 2  # names are of up to 64 ASCII letters
MARK = 9 + 10 + 1 + 5  # time, digest of the session, no name, number
TRAIL = 1 + NAME + 5 + 9 + 9 + 3  # header, name, total, two times, header of the marks
ARM = 1 + (64 + 12 + 2) + NAME  # an experiment's key with its bucket version, and the variation
BOUND = (
    FRAME
    + MAX_CAMPAIGNS * (TRAIL + MAX_MARKS * MARK)
    + MAX_GROUPS * (TRAIL + MAX_MARKS * (MARK + NAME))
    + MAX_RULES * (TRAIL + MAX_MARKS * MARK)
    + MAX_ARMS * ARM
    + MAX_FOLDED * 8
)
WORST = 224 * 1024
"""DynamoDB takes rows of 400 KB. A row that large has met 128 capped campaigns 32 times each; usual ones have 1 KB."""


def shown(*at: tuple[int, str | None], campaign: str = "sale", **fields: Any) -> Exposures:
    """Exposures after showings of one campaign at these times in these sessions."""
    exposures = Exposures()
    for at_ms, session in at:
        exposures = exposures.after([Showing(campaign, **{"lasts_ms": WEEK, **fields})], {}, at_ms, session)
    return exposures


def test_views_are_counted_per_session_and_per_period() -> None:
    """The period is the time up to now, its far end left out."""
    seen = shown((T - 3 * HOUR, "s1"), (T - HOUR, "s2"), (T, "s2"))
    assert seen.views("sale", "session", None, T, "s2") == 2
    assert seen.views("sale", "session", None, T, "s3") == 0
    assert seen.views("sale", "period", HOUR, T, "s2") == 1
    assert seen.views("sale", "period", HOUR + 1, T, "s2") == 2
    assert seen.views("sale", "period", None, T, "s2") == 3
    assert seen.views("other", "period", None, T, "s2") == 0


def test_without_a_session_id_the_last_half_hour_is_the_session() -> None:
    """On either side: the showing may lack the id, or the present."""
    seen = shown((T - GAP_MS, "s1"), (T - GAP_MS + 1, "s2"), (T - 1, None))
    assert seen.views("sale", "session", None, T, None) == 2
    assert seen.views("sale", "session", None, T, "s3") == 1
    assert seen.views("sale", "session", None, T, "s1") == 2
    assert seen.views("sale", "session", None, T + GAP_MS, "s1") == 1


def test_a_showing_that_a_faster_clock_made_counts() -> None:
    """Times may lie ahead of us."""
    seen = shown((T + HOUR, "s1"))
    assert seen.views("sale", "period", HOUR, T, "s1") == 1
    assert seen.views("sale", "session", None, T, None) == 1


def test_a_cap_for_ever_counts_without_bound() -> None:
    """Only a number is kept, not when it was."""
    seen = shown(*((T + n, "s1") for n in range(100)), in_detail=False, lasts_ms=EVER_MS)
    assert seen.views("sale", "period", None, T, "s1") == 100
    assert seen.campaigns["sale"].marks == ()


def test_what_was_dropped_counts_as_many() -> None:
    """A session in which one of the dropped showings could have been is full, and so is such a period."""
    seen = shown(*((T + n, f"s{n}") for n in range(MAX_MARKS + 1)))
    assert seen.views("sale", "session", None, T + HOUR, "s0") == MANY
    assert seen.views("sale", "session", None, T + HOUR, "new") == MANY
    assert seen.views("sale", "session", None, T + DAY_MS, "new") == 0
    assert seen.views("sale", "period", DAY_MS, T + HOUR, "new") == MANY
    assert seen.views("sale", "period", HOUR, T + HOUR, "new") == MAX_MARKS


def test_a_group_is_held_by_whom_the_session_met() -> None:
    """Sessions that overlap keep their own holders."""
    seen = shown((T, "s1"), campaign="sale", group="promo")
    seen = seen.after([Showing("gift", group="promo")], {}, T + 1, "s2")
    assert seen.holders("promo", T + 2, "s1") == {"sale"}
    assert seen.holders("promo", T + 2, "s2") == {"gift"}
    assert seen.holders("promo", T + 2, None) == {"sale", "gift"}
    assert seen.holders("promo", T + DAY_MS, "s1") == {"sale"}
    assert seen.holders("promo", T + DAY_MS, None) == frozenset()
    assert seen.holders("other", T + 2, "s1") == frozenset()


def test_nobody_knows_who_held_a_group_that_too_many_sessions_met() -> None:
    """For a day after the last one that was dropped."""
    seen = Exposures()
    for n in range(MAX_MARKS + 1):
        seen = seen.after([Showing("sale", group="promo")], {}, T + n, f"s{n}")
    assert seen.holders("promo", T + HOUR, "s0") is None
    assert seen.holders("promo", T + HOUR, f"s{MAX_MARKS}") is None
    assert seen.holders("promo", T + DAY_MS, f"s{MAX_MARKS}") == {"sale"}


def test_holding_a_group_on_is_no_write_each_time() -> None:
    """Within five minutes nothing changes, and the time without an id is longer by as much."""
    first = shown((T, "s1"), lasts_ms=0, group="promo")
    assert first.after([Showing("sale", group="promo")], {}, T + HOUR, "s1") != first
    again = first.after([Showing("sale", group="promo")], {}, T + HOLD_MS - 1, "s1")
    assert again == first
    assert again.holders("promo", T + HOLD_MS - 1 + GAP_MS, None) == {"sale"}


def test_what_needs_no_counting_changes_nothing() -> None:
    """A campaign without cap, group or arm leaves no trace."""
    assert Exposures().after([Showing("sale")], {"ads": 0}, T, "s1") == Exposures()


def test_sponsored_places_add_up_in_a_session() -> None:
    """Another session begins anew; without an id, after half an hour."""
    seen = Exposures().after([], {"ads": 2}, T, "s1").after([], {"ads": 1}, T + HOUR, "s1")
    assert seen.sponsored("ads", "s1", T + HOUR) == 3
    assert seen.sponsored("ads", "s2", T + HOUR) == 0
    assert seen.sponsored("more", "s1", T + HOUR) == 0
    nameless = Exposures().after([], {"ads": 2}, T, None).after([], {"ads": 1}, T + HOUR, None)
    assert nameless.sponsored("ads", None, T + HOUR) == 1


def test_a_full_row_has_no_place_for_another_sponsor() -> None:
    """Until the sessions are over."""
    seen = Exposures().after([], {f"r{n}": 1 for n in range(MAX_RULES)}, T, "s1")
    assert seen.sponsored("r1", "s1", T) == 1
    assert seen.sponsored("new", "s1", T) == MANY
    assert seen.sponsored("new", "s1", T + DAY_MS) == 0


def test_room_is_made_by_what_has_lapsed() -> None:
    """What still counts is never dropped for something new."""
    seen = Exposures()
    for n in range(MAX_CAMPAIGNS):
        seen = seen.after([Showing(f"c{n}", HOUR if n == 5 else WEEK)], {}, T + n, "s1")
    assert not seen.has_room({"new"}, (), T + HOUR)
    assert seen.has_room({"c3"}, (), T + HOUR)
    assert seen.has_room({"new"}, (), T + HOUR + 5)
    assert not seen.has_room({"new", "newer"}, (), T + HOUR + 5)
    fuller = seen.after([Showing("new", WEEK)], {}, T + HOUR + 5, "s1")
    assert len(fuller.campaigns) == MAX_CAMPAIGNS
    assert fuller.campaigns.keys() == seen.campaigns.keys() - {"c5"} | {"new"}


def test_there_is_room_for_some_groups_in_a_day() -> None:
    """As for campaigns."""
    seen = Exposures().after([Showing(f"c{n}", group=f"g{n}") for n in range(MAX_GROUPS)], {}, T, "s1")
    assert not seen.has_room((), {"new"}, T + HOUR)
    assert seen.has_room((), {"g1"}, T + HOUR)
    assert seen.has_room((), {"new"}, T + DAY_MS)


def test_arms_are_remembered_the_oldest_forgotten_first() -> None:
    """A new arm of an experiment takes the place of its old one."""
    seen = Exposures()
    for n in range(MAX_ARMS + 1):
        seen = seen.after([Showing("c", arm=(f"e{n}", "a"))], {}, T, "s1")
    seen = seen.after([Showing("c", arm=("e9", "b"))], {}, T, "s1")
    assert "e0" not in seen.arms
    assert seen.arms["e9"] == "b"
    assert len(seen.arms) == MAX_ARMS


def test_an_arm_in_use_is_not_the_oldest() -> None:
    """Or it would be forgotten for those that nobody needs any more; among the newer half its place is no matter."""
    seen = Exposures()
    for n in range(MAX_ARMS):
        seen = seen.after([Showing("c", arm=(f"e{n}", "a"))], {}, T, "s1")
    assert seen.after([Showing("c", arm=(f"e{MAX_ARMS // 2}", "a"))], {}, T, "s1") == seen
    for n in range(MAX_ARMS):
        seen = seen.after([Showing("c", arm=("e0", "a")), Showing("c", arm=(f"new{n}", "a"))], {}, T, "s1")
    assert seen.arms["e0"] == "a"
    assert "e1" not in seen.arms


def device_and_login() -> tuple[Exposures, Exposures]:
    """What a device was shown, with everything there is to count, and what its login was shown."""
    device = shown((T, "s1"), (T, "s1"), group="promo", arm=("e1", "a"))
    device = device.after([Showing("x", arm=("e2", "a"))], {"ads": 1}, T, "s1")
    return device, shown((T + 1, "s1"), arm=("e2", "b")).after([], {"ads": 2}, T + 1, "s1")


def test_a_login_keeps_what_its_device_was_shown() -> None:
    """With the first page view that names both, whatever it shows; then it binds the login without the device."""
    device, login = device_and_login()
    stored = Exposures.decode(login.merged_under(device, "d1").after([], {}, T + 2, "s1").encode())
    assert stored.views("sale", "session", None, T + 2, "s1") == 3
    assert stored.views("sale", "period", DAY_MS, T + 2, "s1") == 3
    assert stored.views("sale", "period", None, T + 2, "s1") == 3
    assert stored.holders("promo", T + 2, "s1") == {"sale"}
    assert stored.sponsored("ads", "s1", T + 2) == 3
    assert stored.arms == {"e1": "a", "e2": "b"}


def test_a_device_is_counted_once() -> None:
    """However often both are named; what it was shown without the login counts where it is more."""
    device, login = device_and_login()
    for n in range(3):
        login = Exposures.decode(login.merged_under(device, "d1").after([], {}, T + 2 + n, "s1").encode())
    both = login.merged_under(device, "d1")
    assert both.after([], {}, T + 9, "s1") == both
    assert (both.views("sale", "session", None, T + 9, "s1"), both.sponsored("ads", "s1", T + 9)) == (3, 3)
    for n in range(3):
        device = device.after([Showing("sale", WEEK), Showing("gift", group="more")], {"ads": 1}, T + 3 + n, "s1")
    both = login.merged_under(device, "d1")
    assert (both.views("sale", "session", None, T + 9, "s1"), both.sponsored("ads", "s1", T + 9)) == (5, 4)
    assert both.holders("more", T + 9, "s1") == {"gift"}


EVENTS = st.lists(
    st.tuples(st.integers(0, 3 * HOUR), st.sampled_from([None, "s1", "s2"]), st.booleans(), st.booleans()), max_size=25
)


@settings(max_examples=200, deadline=None)
@given(EVENTS, EVENTS)
def test_a_login_counts_its_own_and_its_device_s_showings(first: list[Any], then: list[Any]) -> None:
    """Exactly, whether or not the device is named along, from the first page view on that names both."""
    device = login = Exposures()
    for at_ms, session, in_detail, _ in first:
        device = device.after([Showing("sale", WEEK, in_detail)], {"ads": 1}, at_ms, session)
    login = login.merged_under(device, "d1").after([], {}, 0, None)
    for at_ms, session, in_detail, is_named in then:
        stored = Exposures.decode(login.encode())
        login = stored.merged_under(device, "d1") if is_named else stored
        login = login.after([Showing("sale", WEEK, in_detail)], {"ads": 1}, at_ms, session)
    dated = sum(in_detail and at_ms > 0 for at_ms, _, in_detail, _ in first + then)
    for seen in (Exposures.decode(login.encode()), login.merged_under(device, "d1")):
        assert seen.views("sale", "period", None, HOUR, "s1") == len(first) + len(then)
        counted = seen.views("sale", "period", HOUR, HOUR, "s1")
        assert counted == dated or (counted == MANY and dated > MAX_MARKS)


def test_other_devices_are_folded_each_once() -> None:
    """So many are remembered; one that was forgotten counts twice, which is too high and not too low."""
    device, login = shown((T, "s1")), Exposures()
    for n in range(MAX_FOLDED + 1):
        login = login.merged_under(device, f"d{n}").after([], {}, T + 1, "s1")
    assert login.views("sale", "session", None, T + 1, "s1") == MAX_FOLDED + 1
    assert len(login.folded) == MAX_FOLDED
    again = login.merged_under(device, "d8").after([], {}, T + 1, "s1")
    assert again.campaigns == login.campaigns
    again = login.merged_under(device, "d0").after([], {}, T + 1, "s1")
    assert again.views("sale", "session", None, T + 1, "s1") == MAX_FOLDED + 2


def test_a_device_that_binds_nothing_is_no_write() -> None:
    """New ones, and ones whose caps have lapsed."""
    for device in (Exposures(), shown((T - 2 * WEEK, "s1"))):
        both = Exposures().merged_under(device, "d1")
        assert both.after([], {}, T, "s1") == both


def test_a_device_for_which_there_is_no_room_counts_along_unstored() -> None:
    """Nothing that binds is dropped for it."""
    login, device = Exposures(), shown((T, "s1"))
    for n in range(MAX_CAMPAIGNS):
        login = login.after([Showing(f"c{n}", WEEK)], {}, T, "s1")
    both = login.merged_under(device, "d1")
    for seen in (both, both.after([], {}, T + 1, "s1"), both.after([Showing("c0", WEEK)], {}, T + 1, "s1")):
        assert seen.views("sale", "session", None, T + 1, "s1") == 1
        assert seen.campaigns.keys() == login.campaigns.keys()


def test_a_row_is_due_when_half_of_its_life_is_left() -> None:
    """What was never stored is not."""
    stored = parse_exposures(row_of(Exposures(), 1, NOW), NOW).exposures
    assert not stored.is_due(NOW + KEPT_FOR / 2)
    assert stored.is_due(NOW + KEPT_FOR / 2 + timedelta(seconds=1))
    assert not Exposures().is_due(NOW + 2 * KEPT_FOR)


def test_what_the_device_saw_before_a_login_counts_along() -> None:
    """Its arms hold where the login has none; nothing of it is stored with the login's own."""
    device = shown((T, "s1"), group="promo", arm=("e1", "a")).after(
        [Showing("x", arm=("e2", "a"))], {"ads": 1}, T, "s1"
    )
    own = shown((T + 1, "s1"), arm=("e2", "b"))
    both = own.merged_under(device)
    assert both.views("sale", "session", None, T + 2, "s1") == 2
    assert both.views("sale", "period", None, T + 2, "s1") == 2
    assert both.holders("promo", T + 2, "s1") == {"sale"}
    assert both.sponsored("ads", "s1", T + 2) == 1
    assert both.arms == {"e1": "a", "e2": "b"}
    assert both.encode() == own.encode()
    assert Exposures().merged_under(device).views("sale", "session", None, T, "s1") == 1


def test_a_row_lives_as_long_as_a_cap_may_bind() -> None:
    """At least 120 days."""
    assert row_of(Exposures(), None, NOW) == {
        "shown": Exposures().encode(),
        "rev": 1,
        "ttl": int((NOW + KEPT_FOR).timestamp()),
    }
    row = row_of(shown((T, "s1"), lasts_ms=EVER_MS), 7, NOW)
    assert row["rev"] == 8
    assert row["ttl"] == int((NOW + timedelta(days=400)).timestamp()) + 1


def test_a_row_comes_back_as_it_was_written() -> None:
    """Missing is empty; a row whose time is over is empty, too, and keeps its revision."""
    seen = shown((T, "s1"), (T + 5, None), group="promo", arm=("e1", "b")).after([], {"ads": 2}, T, "s1")
    row = row_of(seen, 3, NOW)
    stored = parse_exposures(row, NOW)
    assert (stored.exposures, stored.rev) == (seen, 4)
    assert stored.exposures.encode() == seen.encode()
    over = parse_exposures({**row, "ttl": int(NOW.timestamp())}, NOW)
    assert (over.exposures, over.rev) == (Exposures(), 4)
    missing = parse_exposures(Absent.MISSING, NOW)
    assert (missing.exposures, missing.rev) == (Exposures(), None)


GOOD = row_of(shown((T, "s1"), group="promo"), 1, NOW)


def packed(*parts: Any) -> bytes:
    """Any values as MessagePack."""
    data: bytes = msgpack.packb(parts)
    return data


@pytest.mark.parametrize(
    "row",
    [
        Absent.NOT_READ,
        {},
        {**GOOD, "shown": "text"},
        {**GOOD, "shown": b""},
        {**GOOD, "shown": b"\xc1"},
        {**GOOD, "shown": packed(2, [], [], [], [])},
        {**GOOD, "shown": packed(1, [], [], [])},
        {**GOOD, "shown": packed(1, [], [], [], [["key"]])},
        {**GOOD, "shown": packed(1, [["sale", 1, 1, -1, [T]]], [], [], [])},
        {**GOOD, "shown": packed(1, [["sale", 1, 1, -1, [T, "s", "", 1]]], [], [], [])},
        {**GOOD, "shown": packed(1, [["sale", 1, 1]], [], [], [])},
        {**GOOD, "shown": packed(1, 5, [], [], [])},
        {**GOOD, "shown": packed(1, [], [], [], [], b"seven b")},
        {**GOOD, "shown": packed(1, [], [], [], [], "eight by")},
        {**GOOD, "shown": packed(1, [], [], [], [], b"", b"")},
        {"shown": GOOD["shown"], "rev": 1},
    ],
)
def test_a_row_not_read_or_damaged_is_a_failed_dependency(row: Any) -> None:
    """Nobody may take it for an empty one."""
    with pytest.raises(DependencyFailed):
        parse_exposures(row, NOW)


def test_equal_exposures_are_equal_bytes() -> None:
    """The order in which names came first does not show."""
    one = Exposures().after([Showing("a", WEEK), Showing("b", WEEK)], {}, T, "s1")
    other = Exposures().after([Showing("b", WEEK), Showing("a", WEEK)], {}, T, "s1")
    assert one == other
    assert one.encode() == other.encode()


def test_the_largest_row_is_bounded() -> None:
    """Everything full, with the longest names and the largest numbers."""
    long = [f"{n:064}" for n in range(200)]
    seen = Exposures()
    for n in range(MAX_MARKS + 1):
        showings = [Showing(name, EVER_MS) for name in long[: MAX_CAMPAIGNS - 10]]
        showings += [
            Showing(long[100 + n], EVER_MS, group=long[g], arm=(f"{g * 40 + n:064}__2147483647", long[0]))
            for g in range(MAX_GROUPS)
        ]
        rules = dict.fromkeys(long[:MAX_RULES], 2**31 - 1)
        seen = seen.after(showings, rules, 2**43 + n * HOUR, f"s{n}")
    seen = replace(seen, folded=(b"\xff" * 8,) * MAX_FOLDED)
    assert (len(seen.campaigns), len(seen.groups)) == (MAX_CAMPAIGNS, MAX_GROUPS)
    assert (len(seen.rules), len(seen.own_arms)) == (MAX_RULES, MAX_ARMS)
    assert BOUND * 0.7 < len(seen.encode()) <= BOUND <= WORST


def test_a_session_id_may_be_any_text() -> None:
    """Also one that is no UTF-8; none is as good as an empty one."""
    assert len(session_digest("\ud800" + "x" * 10_000)) == 8
    assert session_digest(None) == session_digest("") == b""


MARKS = st.builds(
    Mark,
    st.integers(0, 10 * HOUR),
    st.sampled_from([b"", b"1" * 8, b"2" * 8]),
    st.sampled_from(["", "x"]),
    st.integers(1, 5),
)


@settings(max_examples=100, deadline=None)
@given(st.lists(MARKS, max_size=80), st.integers(0, 10 * HOUR), st.randoms(use_true_random=False))
def test_a_trail_never_counts_too_few(marks: list[Mark], since_ms: int, random: Random) -> None:
    """In whatever order marks come, every count is exact or too high, and the order does not matter."""
    trail = other = Trail()
    for mark in marks:
        trail = trail.added(mark, 0)
    for mark in random.sample(marks, len(marks)):
        other = other.added(mark, 0)
    assert trail == other
    true = sum(mark.n for mark in marks if mark.at_ms > since_ms)
    assert trail.since(since_ms) == (true if trail.forgot_ms <= since_ms else MANY) >= true
    in_session = trail.in_session(since_ms, b"1" * 8)
    if in_session is not None and len(marks) <= MAX_MARKS:
        named = [mark for mark in marks if mark.session == b"1" * 8]
        nameless = [mark for mark in marks if not mark.session and mark.at_ms > since_ms - GAP_MS]
        assert sorted(in_session) == sorted(named + nameless)


@settings(max_examples=100, deadline=None)
@given(st.lists(MARKS, max_size=50), st.lists(MARKS, max_size=50), st.integers(0, 10 * HOUR))
def test_united_trails_are_those_of_one_visitor(ours: list[Mark], theirs: list[Mark], until_ms: int) -> None:
    """The same, whoever met what."""
    own = other = both = Trail()
    for mark in ours:
        own, both = own.added(mark, until_ms), both.added(mark, until_ms)
    for mark in theirs:
        other, both = other.added(mark, 0), both.added(mark, 0)
    assert own.united(other) == other.united(own) == both


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10 * HOUR), st.sampled_from([None, "s1", "s2"]), st.integers(1, 5))))
def test_sponsored_places_are_never_too_few(placed: list[tuple[int, str | None, int]]) -> None:
    """Joined marks count at least what the present session has had."""
    seen = Exposures()
    for at_ms, session, n in placed:
        seen = seen.after([], {"ads": n}, at_ms, session)
    for now_ms in (0, 5 * HOUR, 10 * HOUR):
        true = sum(n for at_ms, session, n in placed if session == "s1" or (not session and at_ms > now_ms - GAP_MS))
        assert seen.sponsored("ads", "s1", now_ms) >= true
        assert Exposures.decode(seen.encode()) == seen

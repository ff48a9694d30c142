"""Made-up crossings are refused, true ones believed, caps hold, and nobody learns where anybody was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgpack
import pytest

from tests.outreach import spoofs
from tests.outreach.spoofs import EVERYTHING, Rig, believed_spoofs, refused_fixes
from vitrine import keys
from vitrine.errors import ProfileConflict
from vitrine.outreach import geofence
from vitrine.outreach.geofence import NEEDED, Crossing
from vitrine.outreach.state import parse_state
from vitrine.places.fences import Fences
from vitrine.types import Row

NOW_MS = 1_795_348_800_000
NOW = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=NOW_MS)
DIGITS = "1098123"


def enter(**changes: Any) -> Crossing:
    """A believable entry of the fence in Cincinnati."""
    here = {"lat": float(f"39.{DIGITS}"), "lon": float(f"-84.5{DIGITS}"), "accuracy_m": 12.0, "fence": "cincinnati"}
    return Crossing(**{"id": "e1", "action": "enter", "at_ms": NOW_MS - 1_000, **here, **changes})


def test_no_spoof_is_believed_and_true_fixes_are() -> None:
    """Fourteen kinds of spoofs after true tracks: none is accepted, none calls for a message. At most 1 % of the fixes
    of true tracks are refused."""
    told, believed, triggers = believed_spoofs(30)
    assert told.keys() == spoofs.SPOOFS.keys()
    assert min(told.values()) >= 20
    assert (believed.total(), triggers) == (0, 0)
    fixes, refused = refused_fixes(200)
    assert fixes > 1_200
    assert refused.total() <= 0.01 * fixes


@pytest.mark.parametrize(
    ("constant", "value", "kind"),
    [
        ("MAX_SPEED_MPS", float("inf"), "teleport"),
        ("MAX_AGE_MS", 2**60, "stale"),
        ("MAX_AHEAD_MS", 2**60, "future"),
        ("EXIT_REACH_M", float("inf"), "teleport"),
    ],
)
def test_a_check_taken_away_lets_spoofs_in(
    monkeypatch: pytest.MonkeyPatch, constant: str, value: Any, kind: str
) -> None:
    """Negative control: without one of its checks the corpus gets through."""
    monkeypatch.setattr(geofence, constant, value)
    _, believed, triggers = believed_spoofs(15)
    assert believed[kind] > 2
    assert triggers > 0


def test_a_thousand_entries_a_minute_call_for_one_message() -> None:
    """Of one person at one fence: every fix is newer than the last and believed, and one of them is noted."""
    rig = Rig()
    outcomes = [rig.tell(enter(id=f"e{n}", at_ms=NOW_MS + n * 60), "v1", NOW_MS + n * 60) for n in range(1_000)]
    assert all(outcome.accepted for outcome in outcomes)
    assert [outcome.reason for outcome in outcomes].count("capped") == 999
    assert rig.nudged == ["v:v1"]
    assert rig.table.rows[keys.fence_day("cincinnati", NOW_MS // 86_400_000)]["used"] == 1


@pytest.mark.parametrize("cap", [1, 7, 40])
def test_the_cap_of_a_fence_holds_under_32_threads(cap: int) -> None:
    """Of 200 persons at once exactly as many call for a message as the fence may in a day."""
    rig = Rig()
    fence = replace(rig.fences.by_id["cincinnati"], per_day=cap)
    rig.fences = Fences({fence.id: fence})
    with ThreadPoolExecutor(32) as threads:
        outcomes = list(threads.map(lambda n: rig.tell(enter(), f"v{n}", NOW_MS), range(200)))
    assert all(outcome.accepted for outcome in outcomes)
    assert sum(outcome.reason is None for outcome in outcomes) == len(rig.nudged) == cap
    assert sum(key.sk == "OUTREACH" for key in rig.table.rows) == cap


@pytest.mark.parametrize("per_person", [1, 3])
def test_the_cap_of_a_person_holds_under_32_threads(per_person: int) -> None:
    """Twenty devices of one person enter at the same moment, each ten times."""
    rig = Rig()
    fence = replace(rig.fences.by_id["cincinnati"], per_person=per_person)
    rig.fences = Fences({fence.id: fence})
    for device in range(20):
        rig.table.rows[keys.link(f"v{device}")] = {"person": "anna"}
    service = rig.service(back_off=lambda _: None)

    def tell(n: int) -> str | None:
        crossing = enter(id=f"e{n}", at_ms=NOW_MS - 5_000 + n)
        while True:
            try:
                return service.cross(crossing, f"v{n % 20}", NEEDED, False, NOW).reason
            except ProfileConflict:
                continue  # as an app does that was answered 503

    with ThreadPoolExecutor(32) as threads:
        reasons = list(threads.map(tell, range(200)))
    assert len(rig.nudged) == per_person
    assert set(reasons) <= {None, "capped", "replayed"}
    assert rig.table.rows[keys.fence_day("cincinnati", NOW_MS // 86_400_000)]["used"] == per_person


def test_ten_fences_a_day_are_enough_for_anybody() -> None:
    """A courier passes all twelve shops; the person is told of ten at most."""
    rig = Rig()
    for n, fence in enumerate(rig.fences.by_id.values()):
        at_ms = NOW_MS + n * 3_600_000
        crossing = enter(id=f"e{n}", at_ms=at_ms, lat=fence.lat, lon=fence.lon, fence=fence.id)
        assert rig.tell(crossing, "v1", at_ms).accepted
    assert len(rig.nudged) == 10


def test_only_what_a_message_wants_calls() -> None:
    """An exit from a fence whose messages wait for entries is believed and remembered, and no more."""
    rig = Rig(messages=(replace(EVERYTHING, trigger=replace(EVERYTHING.trigger, actions=frozenset(("enter",)))),))
    exit_ = enter(action="exit", lat=39.1145)
    outcome = rig.tell(exit_, "v1", NOW_MS)
    assert (outcome.accepted, outcome.reason, rig.nudged) == (True, None, [])
    assert keys.outreach("v:v1") not in rig.table.rows


def test_no_coordinate_is_in_any_row(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    """The digits of the position are in no key and in no row, as text or as number; nor is a cell of it."""
    rig = Rig()
    assert rig.tell(enter(), "v1", NOW_MS).accepted
    assert rig.tell(enter(id="e2", at_ms=NOW_MS, action="exit", lat=float(f"39.114{DIGITS}")), "v1", NOW_MS).accepted
    assert {key.sk.partition("#")[0] for key in rig.table.rows} == {"FIX", "OUTREACH", "DAY"}
    for key, row in rig.table.rows.items():
        assert not _tells_of_the_place(f"{key} {row}")
        assert not any(_tells_of_the_place(str(value)) for value in _numbers(row))
    assert not _tells_of_the_place(capsys.readouterr().out + caplog.text)


def _tells_of_the_place(text: str) -> bool:
    return any(place in text for place in (DIGITS, DIGITS[:5], "39.1", "84.5"))


def _numbers(row: Row) -> list[object]:
    """Whatever is in a row's packed values, flat."""
    found: list[object] = []
    todo: list[object] = [msgpack.unpackb(value) for value in row.values() if isinstance(value, bytes)]
    while todo:
        one = todo.pop()
        todo += one if isinstance(one, list) else []
        found += [] if isinstance(one, list) else [one]
    assert not any(isinstance(one, float) for one in found)
    return found


def test_a_note_carries_the_fence_and_its_alarm_is_now() -> None:
    """What outreach finds: kind, fence, instant, action; due at once, so that the push goes out within the minute even
    if the queue loses it."""
    rig = Rig()
    rig.tell(enter(), "v1", NOW_MS)
    state = parse_state(rig.table.rows[keys.outreach("v:v1")]).state
    (note,) = state.notes
    assert (note.kind, note.subject, note.at_ms, note.value) == ("geofence", "cincinnati", NOW_MS - 1_000, 0)
    assert state.due_ms == NOW_MS

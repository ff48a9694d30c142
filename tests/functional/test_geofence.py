"""POST /v1/geofence and Amazon Location's events through the real handler."""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import combinations
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.functional.collect_rig import FIRST, FIRST_TOKEN, KEYS, NOW, NOW_MS
from tests.functional.handlers import CONTEXT, call, load_handler, recorded_event, with_body
from tests.outreach.geo_tracks import demo_fences
from tests.outreach.spoofs import EVERYTHING
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.api.geofence import Located, read_location_event
from vitrine.errors import DependencyFailed, InvalidField
from vitrine.outreach.state import parse_state
from vitrine.service.geofence import GeofenceService, Rules, Shown
from vitrine.types import Purpose
from vitrine.visitors.identity import TokenKeys, mint
from vitrine.visitors.profile import Consent, Profile
from vitrine.visitors.stored import Stored

ALONE = f"v:{FIRST}"
NOTICE = Shown("5e4d1", "Come in", "Milk for $2.99", "https://shop.example/p/1")
ALL = frozenset[Purpose](("personalization", "geo", "messages"))


@dataclass
class Rig:
    """The handler over memory. `nudged` and `notified` are persons, in order; an outage makes both fail."""

    module: ModuleType = field(default_factory=lambda: load_handler("geofence"))
    table: MemoryTable = field(default_factory=MemoryTable)
    nudged: list[str] = field(default_factory=list)
    notified: list[str] = field(default_factory=list)
    shown: Shown | None = NOTICE
    outage: DependencyFailed | None = None
    keys: TokenKeys | None = KEYS
    now: datetime = NOW

    def use(self) -> None:
        """Wire the handler."""
        rules = Rules(demo_fences(), (EVERYTHING,))
        service = GeofenceService(
            table=self.table,
            rules=lambda _: rules,
            notify=self.notify,
            nudge=self.nudge,
            token_keys=lambda _: self.keys,
            clock=lambda: self.now,
            back_off=lambda _: None,
        )
        self.module.service = lambda: service

    def notify(self, person: str) -> Shown | None:
        """Work a person off."""
        if self.outage:
            raise self.outage
        self.notified.append(person)
        return self.shown

    def nudge(self, person: str) -> None:
        """Ask for it."""
        if self.outage:
            raise self.outage
        self.nudged.append(person)

    def post(self, **changes: object) -> tuple[int, Any]:
        """Status and body of the answer to the recorded request with changes."""
        return call(self.module, with_body(recorded_event("geofence"), body(**changes)))[:2]

    def notes(self, person: str = ALONE) -> list[Any]:
        """What was noted of a person."""
        row = self.table.rows.get(keys.outreach(person))
        return [] if row is None else list(parse_state(row).state.notes)


def body(**changes: object) -> dict[str, Any]:
    """The recorded request's body with changes; None takes a field away."""
    told = {**json.loads(recorded_event("geofence")["body"]), **changes}
    return {name: value for name, value in told.items() if value is not None}


@pytest.fixture
def rig() -> Iterator[Rig]:
    """A wired one."""
    made, before = Rig(), load_handler("geofence").service
    made.use()
    yield made
    made.module.service = before


def test_a_recorded_entry_is_answered_with_what_to_show(rig: Rig, capsys: pytest.CaptureFixture[str]) -> None:
    """events/geofence.json to the last field; nobody else is asked to send it. One line of metrics."""
    status, answer, headers = call(rig.module, recorded_event("geofence"))
    assert (status, headers["Cache-Control"]) == (200, "no-store")
    assert answer == {
        "accepted": True,
        "reason": None,
        "fence": "cincinnati",
        "message": {
            "id": "5e4d1",
            "title": "Come in",
            "text": "Milk for $2.99",
            "url": "https://shop.example/p/1",
            "image": None,
        },
    }
    assert (rig.notified, rig.nudged) == ([ALONE], [])
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert {name: told[name] for name in ("service", "Accepted", "Shown")} == {
        "service": "geofence",
        "Accepted": 1,
        "Shown": 1,
    }


def test_an_app_that_cannot_show_has_it_pushed(rig: Rig) -> None:
    """The note is there before the queue hears of it, with the alarm at once; the app gets no words."""
    status, answer = rig.post(notifies=False)
    assert (status, answer["accepted"], answer["message"]) == (200, True, None)
    assert (rig.notified, rig.nudged) == ([], [ALONE])
    assert parse_state(rig.table.rows[keys.outreach(ALONE)]).state.due_ms == NOW_MS


def test_the_alarm_gives_the_app_a_minute(rig: Rig) -> None:
    """So that nobody pushes what the app is about to show; if the app's answer dies, somebody looks."""
    rig.outage = DependencyFailed("table", "down")
    status, answer = rig.post()
    assert (status, answer["accepted"], answer["message"]) == (200, True, None)
    assert parse_state(rig.table.rows[keys.outreach(ALONE)]).state.due_ms == NOW_MS + 60_000


def test_a_queue_that_is_down_loses_nothing(rig: Rig) -> None:
    """The alarm stands."""
    rig.outage = DependencyFailed("queue", "down")
    assert rig.post(notifies=False)[1]["accepted"]
    assert len(rig.notes()) == 1


def test_a_linked_visitor_is_their_person(rig: Rig) -> None:
    """Caps and notes are the person's; each device has a track of its own."""
    other = "ffeeddccbbaa99887766554433221100"
    for visitor in (FIRST, other):
        rig.table.rows[keys.link(visitor)] = {"person": "anna"}
    assert rig.post(notifies=False)[1] == {"accepted": True, "reason": None, "fence": "cincinnati", "message": None}
    second = rig.post(visitor=mint(other, KEYS))[1]
    assert second == {"accepted": True, "reason": "capped", "fence": "cincinnati", "message": None}
    assert (rig.nudged, rig.notified) == (["anna"], [])
    assert len(rig.notes("anna")) == 1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_without_all_consent_nothing_is_read_or_kept(rig: Rig, n: int) -> None:
    """Each purpose is needed: to remember, to locate, to tell. Not even a table that is down is noticed."""
    rig.table.outage = DependencyFailed("table", "down")
    for consent in combinations(sorted(ALL), n):
        expected = {"accepted": False, "reason": "no_consent", "fence": None, "message": None}
        assert rig.post(consent=list(consent)) == (200, expected)
    assert rig.table.reads == 0
    assert not rig.table.rows


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mocked": True}, "mocked"),
        ({"lat": 0, "lon": 0}, "bad_position"),
        ({"accuracy_m": 0}, "inaccurate"),
        ({"accuracy_m": 320}, "inaccurate"),
        ({"at_ms": NOW_MS + 61_000}, "future"),
        ({"at_ms": NOW_MS - 601_000}, "stale"),
        ({"speed": 400}, "teleport"),
        ({"fence": "nowhere"}, "unknown_fence"),
        ({"fence": "columbus"}, "not_at_fence"),
        ({"action": "dwell"}, "too_short"),
    ],
)
def test_a_made_up_crossing_is_refused_with_its_reason(rig: Rig, changes: dict[str, object], reason: str) -> None:
    """A valid request that is not believed: 200, nothing written, nobody told."""
    status, answer = rig.post(**changes)
    assert (status, answer["accepted"], answer["reason"], answer["message"]) == (200, False, reason, None)
    assert not rig.table.rows
    assert not rig.notified


def test_a_crossing_sent_again_is_a_replay(rig: Rig) -> None:
    """Nothing is shown twice."""
    assert rig.post()[1]["message"]
    status, answer = rig.post()
    assert (status, answer) == (
        200,
        {"accepted": False, "reason": "replayed", "fence": "cincinnati", "message": None},
    )
    assert rig.notified == [ALONE]


def test_a_crossing_that_was_not_finished_may_be_sent_again(rig: Rig) -> None:
    """The table fails between the track and the note: 503. The same request then finishes what was begun."""

    class Failing(MemoryTable):
        def count(self, *arguments: Any, **named: Any) -> bool:
            raise DependencyFailed("table", "throttled")

    whole = rig.table
    rig.table = Failing(rows=whole.rows)
    rig.use()
    status, answer = rig.post()
    assert (status, answer["error"]["code"]) == (503, "unavailable")
    assert not rig.notes()
    rig.table = whole
    rig.use()
    assert rig.post(id="another", at_ms=NOW_MS - 5_000)[1]["reason"] == "replayed"  # another one is another one
    assert rig.post()[1]["message"]
    assert len(rig.notes()) == 1
    assert rig.post()[1]["reason"] == "replayed"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lat": 90.1}, "lat"),
        ({"lon": -180.1}, "lon"),
        ({"lat": "39"}, "lat"),
        ({"accuracy_m": -1}, "accuracy_m"),
        ({"action": "hover"}, "action"),
        ({"at_ms": 1.5}, "at_ms"),
        ({"id": ""}, "id"),
        ({"fence": "f" * 65}, "fence"),
        ({"visitor": None}, "visitor"),
        ({"surprise": 1}, "surprise"),
        ({"mocked": "no"}, "mocked"),
    ],
)
def test_a_malformed_request_is_told_its_field(rig: Rig, changes: dict[str, object], field: str) -> None:
    """400, naming the field and never a value."""
    status, answer = rig.post(**changes)
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (400, "invalid_field", field)
    assert not rig.table.rows


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_no_number_is_no_json(rig: Rig, number: str) -> None:
    """What JSON does not know is refused before anything is looked at."""
    text = json.dumps(body()).replace("39.1098123", number)
    status, answer, _ = call(rig.module, with_body(recorded_event("geofence"), text))
    assert (status, answer["error"]["code"]) in ((400, "malformed_json"), (400, "invalid_field"))


def test_a_forged_token_is_refused(rig: Rig) -> None:
    """401, whatever it consents to."""
    for consent in ([], sorted(ALL)):
        assert rig.post(visitor=FIRST_TOKEN[:-1] + "!", consent=consent)[0] == 401


def test_no_digit_of_the_position_leaves_the_function(
    rig: Rig, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Not in answers, metrics, logs or rows; whether it is believed, refused, malformed or met by an outage."""
    caplog.set_level(logging.DEBUG)
    told = [rig.post(), rig.post(), rig.post(fence="columbus"), rig.post(lat=91.098123), rig.post(accuracy_m=900)]
    rig.table.outage = DependencyFailed("table", "down")
    told.append(rig.post())
    event = location_event()
    event["detail"]["Position"] = ["84.5107654", "39.1098123"]
    with pytest.raises(InvalidField) as refusal:
        rig.module.handler(event, CONTEXT)
    said = f"{told} {capsys.readouterr().out} {caplog.text} {refusal.value.message} {rig.table.rows}"
    assert [status for status, _ in told] == [200, 200, 200, 400, 200, 503]
    assert not [digits for digits in ("098123", "107654", "39.1", "84.5") if digits in said]


def location_event(**detail: object) -> dict[str, Any]:
    """The recorded event of Amazon Location with changes."""
    event = recorded_event("geofence_location")
    return {**event, "detail": {**event["detail"], **detail}}


def consenting(rig: Rig, purposes: frozenset[Purpose] = ALL) -> None:
    """The visitor's profile says so."""
    profile = Profile().with_consent(Consent(NOW_MS - 1, purposes))
    rig.table.rows[keys.profile(FIRST)] = Stored(profile, None).successor(profile, NOW)


def test_an_event_of_amazon_location_is_judged_alike(rig: Rig) -> None:
    """The recorded one calls for a push; delivered again, as EventBridge may, it is a replay."""
    consenting(rig)
    assert rig.module.handler(location_event(), CONTEXT) is None
    assert rig.module.handler(location_event(), CONTEXT) is None
    assert rig.nudged == [ALONE]
    (note,) = rig.notes()
    assert (note.subject, note.at_ms, note.value) == ("cincinnati", NOW_MS - 5_000, 0)


@pytest.mark.parametrize(
    "detail",
    [
        {"Position": [-84.0, 39.0]},
        {"Accuracy": None},
        {"Accuracy": {"Horizontal": 5_000}},
        {"SampleTime": "2026-11-02T11:00:00Z"},
        {"PositionProperties": {"mocked": "true"}},
        {"GeofenceId": "nowhere"},
        {"Position": [float("nan"), 39.0]},
    ],
)
def test_an_event_that_is_not_believed_changes_nothing(rig: Rig, detail: dict[str, object]) -> None:
    """No error either: it is judged, not broken."""
    consenting(rig)
    before = dict(rig.table.rows)
    assert rig.module.handler(location_event(**detail), CONTEXT) is None
    assert rig.table.rows == before
    assert not rig.nudged


def test_an_event_of_who_did_not_agree_changes_nothing(rig: Rig) -> None:
    """The consent is what the profile says; without a profile there is none."""
    for purposes in (None, frozenset[Purpose](), ALL - {"geo"}, ALL - {"messages"}):
        if purposes is not None:
            consenting(rig, purposes)
        before = dict(rig.table.rows)
        rig.module.handler(location_event(), CONTEXT)
        assert rig.table.rows == before


@pytest.mark.parametrize(
    "event",
    [
        {**location_event(), "source": "aws.ec2"},
        {**location_event(), "detail": None},
        location_event(EventType="DWELL"),
        location_event(Position=[1.0]),
        location_event(Position=[True, 39.0]),
        location_event(Position=[10**400, 39.0]),
        location_event(SampleTime="2026-11-02T11:59:55"),
        location_event(SampleTime=None),
        location_event(DeviceId="../etc"),
        location_event(GeofenceId=3),
        {**location_event(), "id": None},
    ],
)
def test_a_broken_event_becomes_a_dead_letter(rig: Rig, event: dict[str, Any]) -> None:
    """It is raised, so that Lambda gives it up into the queue of failures."""
    with pytest.raises(InvalidField):
        rig.module.handler(event, CONTEXT)
    assert not rig.table.rows


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
NAMES = ("EventType", "GeofenceId", "DeviceId", "SampleTime", "Position", "Accuracy", "PositionProperties")


@given(st.dictionaries(st.sampled_from(NAMES), ANY | st.datetimes().map(lambda at: f"{at.isoformat()}Z"), max_size=3))
def test_any_event_is_read_or_refused(detail: dict[str, object]) -> None:
    """Whatever stands where: a crossing, or the one error for such."""
    with suppress(InvalidField):
        assert isinstance(read_location_event(location_event(**detail)), Located)

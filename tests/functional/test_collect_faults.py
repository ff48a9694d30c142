"""POST /v1/events when something is down, slow, contested or broken."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.functional.collect_rig import FIRST, FIRST_TOKEN, KEYS, NOW, NOW_MS, Rig, batch, event
from tests.functional.handlers import ROOT, call, recorded_event
from vitrine import keys
from vitrine.adapters.clock import MAX_PAUSE_S
from vitrine.adapters.memory import MemoryTable
from vitrine.adapters.rotating_keys import READ_TIMEOUT_S
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.service.collect import ATTEMPTS, BUDGET_S, CollectService
from vitrine.types import Event, Key, Row
from vitrine.visitors.stored import parse_profile


def test_lost_races_are_merged(rig: Rig) -> None:
    """A writer who was overtaken keeps the other's events and adds its own."""
    rig.post(batch(event()))
    real_read = rig.table.read

    def overtaken(wanted: list[Key], timeout_s: float, *, latest: bool = False) -> Any:
        rows = real_read(wanted, timeout_s, latest=latest)
        if not latest:
            stored = parse_profile(rows[wanted[0]], NOW)
            other = stored.profile.apply(_event_of_the_other())
            rig.table.replace(wanted[0], stored.successor(other, NOW), stored.rev)
        return rows

    rig.use(table=_Table(rig.table, overtaken))
    status, answer = rig.post(batch(event(id="mine", item="mine"), visitor=FIRST_TOKEN))
    assert (status, answer["accepted"]) == (200, 1)
    assert set(rig.profile().recent_items(9)) == {"1029743", "mine", "theirs"}
    assert rig.table.rows[keys.profile(FIRST)]["rev"] == 3


def test_a_race_that_is_never_won_is_a_clear_503(rig: Rig) -> None:
    """The caller may try again; the lake has the events already."""
    rig.use(table=_Table(rig.table, rig.table.read, wins=False))
    status, answer, headers = rig.send(batch(event()))
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "busy", "1")
    assert [line["id"] for line in rig.lake()] == ["e1"]


def test_a_table_that_is_down_loses_no_event(rig: Rig) -> None:
    """The lake gets the events, the caller learns that the profile does not have them yet."""
    rig.table.outage = DependencyFailed("table", "down")
    status, answer = rig.post(batch(event()))
    assert status == 503
    assert answer == {"error": {"code": "unavailable", "message": "the table did not answer; try again", "field": ""}}
    assert [line["id"] for line in rig.lake()] == ["e1"]


def test_a_stream_that_is_down_leaves_the_profile_as_it_was(rig: Rig) -> None:
    """The same batch sent again later is taken whole, not seen as duplicates."""
    rig.stream.outage = DependencyFailed("stream", "down")
    assert rig.post(batch(event()))[0] == 503
    assert rig.table.rows == {}
    rig.stream.outage = None
    assert rig.post(batch(event()))[1]["accepted"] == 1


def test_a_stream_that_takes_a_part_is_a_failure(rig: Rig) -> None:
    """An event that the stream refused is not counted as accepted."""
    rig.stream.refuse = 1
    assert rig.post(batch(event(), event(id="e2")))[0] == 503
    assert rig.table.rows == {}


def test_an_unexpected_fault_is_a_500_without_details(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the answer nor the log repeats what the exception said."""

    def broken() -> CollectService:
        raise RuntimeError("canary-4711")

    monkeypatch.setattr(rig.module, "service", broken)
    status, answer = rig.post(batch(event()))
    assert status == 500
    assert answer == {"error": {"code": "internal_error", "message": "something went wrong on our side", "field": ""}}
    assert "RuntimeError" in caplog.text
    assert "canary-4711" not in caplog.text


def test_an_unknown_route_is_a_404_in_our_form(rig: Rig) -> None:
    """Also what the router answers has the shape of our errors."""
    elsewhere = recorded_event("collect")
    elsewhere["rawPath"] = elsewhere["requestContext"]["http"]["path"] = "/v1/nothing"
    status, answer, _ = call(rig.module, elsewhere)
    assert (status, answer["error"]["code"]) == (404, "not_found")


def test_without_token_keys_nothing_is_taken(rig: Rig) -> None:
    """Whoever gets no token back would be a stranger at the next event: a clear 503, and well again with the keys."""
    rig.keys = None
    for token in (None, FIRST_TOKEN):
        status, answer, headers = rig.send(batch(event(), visitor=token))
        assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "unavailable", "1")
    assert (rig.table.rows, rig.stream.records) == ({}, [])
    rig.keys = KEYS
    assert rig.post(batch(event(), visitor=FIRST_TOKEN))[0] == 200


class _Slow:
    """A table and a stream that use up all the time they are given, and a clock that shows it."""

    def __init__(self, rig: Rig, *slow: str) -> None:
        self.rig = rig
        self.slow = slow
        self.passed_s = 0.0

    def read(self, wanted: Any, timeout_s: float, *, latest: bool = False) -> Any:
        self._pass("read", timeout_s)
        return self.rig.table.read(wanted, timeout_s, latest=latest)

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        self._pass("replace", timeout_s)
        return self.rig.table.replace(key, row, expected_rev, timeout_s)

    def put(self, records: Any, timeout_s: float = 60.0) -> int:
        self._pass("put", timeout_s)
        return self.rig.stream.put(records, timeout_s)

    def _pass(self, call: str, timeout_s: float | None) -> None:
        if call in self.slow:
            self.passed_s += 60.0 if timeout_s is None else timeout_s
            raise DeadlineExceeded("table", "slow")


@pytest.mark.parametrize(
    "slow", [("read",), ("put",), ("replace",), ("read", "put"), ("read", "put", "replace")], ids="+".join
)
def test_whatever_hangs_the_answer_comes_before_the_function_is_killed(rig: Rig, slow: tuple[str, ...]) -> None:
    """A 503 that says when to come again, within the budget; the lake has the events if it could be reached."""
    world = _Slow(rig, *slow)
    rig.use(table=world, events=world, monotonic=lambda: world.passed_s)
    status, answer, headers = rig.send(batch(event()))
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "unavailable", "1")
    assert 0 < world.passed_s <= BUDGET_S
    assert [line["id"] for line in rig.lake()] == ([] if "put" in slow else ["e1"])


def test_races_end_with_the_budget(rig: Rig) -> None:
    """A writer who loses again and again stops when the time is up, though attempts are left."""
    clock, table = iter(range(1000)), _Table(rig.table, rig.table.read, wins=False)
    rig.use(table=table, monotonic=lambda: float(next(clock)))
    assert rig.post(batch(event()))[0] == 503
    assert rig.table.reads < ATTEMPTS


def test_the_budget_is_below_the_timeout_of_the_function() -> None:
    """With a pause between attempts and a look at the token keys on top."""
    resources = yaml.load((ROOT / "template.yaml").read_text(), _Template)["Resources"]
    assert resources["CollectFunction"]["Properties"]["Timeout"] > BUDGET_S + MAX_PAUSE_S + READ_TIMEOUT_S


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's tags, whose values do not matter here."""


_Template.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def _event_of_the_other() -> list[Any]:
    return [Event(id="theirs", kind="view", at_ms=NOW_MS - 500, item="theirs")]


@dataclass
class _Table:
    """A table in memory whose reads or races are steered by a test."""

    inner: MemoryTable
    read: Callable[..., Any]
    wins: bool = True

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        return self.wins and self.inner.replace(key, row, expected_rev, timeout_s)

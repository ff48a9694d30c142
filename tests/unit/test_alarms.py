"""Alarms of people: set before the profile is written, for who is linked, at the cost of one key for all others."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.functional.collect_rig import FIRST, FIRST_TOKEN, NOW, NOW_MS, Rig, batch, event
from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import DamagedRow, DeadlineExceeded, DependencyFailed, ProfileConflict
from vitrine.outreach.state import LOOK_AFTER_MS, SETTLED_MS, Sending, State, StoredState, parse_state
from vitrine.service.alarms import ATTEMPTS, arm, link_of
from vitrine.types import Absent, Key, Row, Rows

ANN = "ann"
LINK = keys.link(FIRST)
ALARM = keys.outreach(ANN)
PROFILE = keys.profile(FIRST)
LEASE = Sending("s1", "cart", 0, "", 1, "mail", NOW_MS, "intended")


@dataclass
class CountedTable(MemoryTable):
    """A table that writes down what it is asked for; `fails` are keys that cannot be replaced."""

    calls: list[tuple[str, tuple[Key, ...]]] = field(default_factory=list)
    fails: set[Key] = field(default_factory=set)
    others: set[Key] = field(default_factory=set)

    def read(self, keys: Sequence[Key], timeout_s: float, *, latest: bool = False) -> Rows:
        """See ports.Table."""
        self.calls.append(("read", tuple(keys)))
        return super().read(keys, timeout_s, latest=latest)

    def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
        """See ports.Table."""
        self.calls.append(("replace", (key,)))
        if key in self.fails:
            raise DependencyFailed("table", "cut off")
        return key not in self.others and super().replace(key, row, expected_rev, timeout_s)


def put(table: MemoryTable, state: State) -> None:
    """Ann's state."""
    table.rows[ALARM] = StoredState().successor(state, ANN, NOW_MS)


def state(table: MemoryTable) -> State:
    """Ann's state as stored."""
    return parse_state(table.rows.get(ALARM, Absent.MISSING)).state


def armed(table: MemoryTable, within_ms: int = LOOK_AFTER_MS) -> None:
    """Arm Ann's alarm now, with time enough."""
    arm(table, ANN, NOW_MS, lambda _: 1.0, lambda _: None, within_ms)


def linked(**rows: State) -> tuple[Rig, CountedTable]:
    """Collect with Ann's first visitor, and her state if there is one."""
    table = CountedTable({LINK: {"person": ANN, "rev": 1}})
    if rows:
        put(table, rows["state"])
    rig = Rig(table=table)
    rig.use()
    return rig, table


def send(rig: Rig, id_: str = "e1") -> int:
    """Status of the answer to a view by Ann's visitor."""
    status, _ = rig.post(batch(event(id=id_), visitor=FIRST_TOKEN))
    return status


def test_an_alarm_is_due_ten_minutes_after_the_deed() -> None:
    """The row is in the index, and says that it was touched."""
    table = MemoryTable()
    armed(table)
    assert table.rows[ALARM]["due"] == NOW_MS + LOOK_AFTER_MS
    assert str(table.rows[ALARM]["shard"]).startswith("DUE#")
    assert state(table).touched_ms == NOW_MS


@pytest.mark.parametrize("due_ms", [NOW_MS + SETTLED_MS, NOW_MS + LOOK_AFTER_MS])
def test_an_alarm_that_is_soon_enough_costs_no_write(due_ms: int) -> None:
    """If a deed of a moment ago asks for it: one read, nothing else."""
    table = CountedTable()
    put(table, State(due_ms=due_ms, touched_ms=NOW_MS + SETTLED_MS - LOOK_AFTER_MS))
    armed(table)
    assert table.calls == [("read", (ALARM,))]


@pytest.mark.parametrize(
    "before",
    [
        State(),
        State(due_ms=NOW_MS + LOOK_AFTER_MS + 1),
        State(due_ms=NOW_MS + SETTLED_MS, touched_ms=NOW_MS + SETTLED_MS - LOOK_AFTER_MS - 1),
        State(due_ms=NOW_MS - 5),
        State(due_ms=NOW_MS + SETTLED_MS - 1),
        State((LEASE,), due_ms=NOW_MS + 5 * 60_000),
    ],
)
def test_one_that_is_late_or_being_looked_at_is_touched(before: State) -> None:
    """None, a later one, one that no deed asks for, one due before the deed can be read, a lease's."""
    table = CountedTable()
    put(table, before)
    armed(table)
    assert [call for call, _ in table.calls] == ["read", "replace"]
    after = state(table)
    assert after.touched_ms == NOW_MS
    assert after.due_ms is not None
    assert after.due_ms <= NOW_MS + LOOK_AFTER_MS
    assert after.resting(None, after.due_ms).due_ms in (None, NOW_MS + LOOK_AFTER_MS)
    assert after.sendings == before.sendings


def test_at_once_means_now() -> None:
    """For a login: the cart from before it counts."""
    table = MemoryTable()
    put(table, State(due_ms=NOW_MS + SETTLED_MS))
    armed(table, 0)
    assert state(table).due_ms == NOW_MS


def test_a_lost_race_is_read_again_and_given_up_in_the_end() -> None:
    """Whoever always loses says so."""
    table = CountedTable(others={ALARM})
    with pytest.raises(ProfileConflict):
        armed(table)
    assert len(table.calls) == 2 * ATTEMPTS


def test_no_time_left_is_said_before_the_table_is_asked() -> None:
    """The batch's budget holds here, too."""

    def none_left(dependency: str) -> float:
        raise DeadlineExceeded(dependency, "no time is left for it")

    table = CountedTable()
    with pytest.raises(DeadlineExceeded):
        arm(table, ANN, NOW_MS, none_left, lambda _: None)
    assert table.calls == []


def test_links_are_read_strictly() -> None:
    """No row is nobody's visitor; what is damaged or was not read is not taken for that."""
    assert link_of(Absent.MISSING) is None
    assert link_of({"person": ANN, "rev": 3}) == ANN
    with pytest.raises(DependencyFailed):
        link_of(Absent.NOT_READ)
    with pytest.raises(DamagedRow):
        link_of({"person": 1})


def test_collecting_of_an_unlinked_visitor_costs_one_key_more() -> None:
    """The same batched read, the same write, nothing else, also for a repeated batch."""
    table = CountedTable()
    rig = Rig(table=table)
    rig.use()
    send(rig)
    assert table.calls == [("read", (PROFILE, LINK)), ("replace", (PROFILE,))]
    table.calls.clear()
    send(rig)
    assert table.calls == [("read", (PROFILE, LINK))]


def test_collecting_arms_before_the_profile_is_written() -> None:
    """Read both, look at the alarm, set it, then the profile; while it is near, it is only looked at."""
    rig, table = linked()
    assert send(rig) == 200
    assert table.calls == [
        ("read", (PROFILE, LINK)),
        ("read", (ALARM,)),
        ("replace", (ALARM,)),
        ("replace", (PROFILE,)),
    ]
    assert state(table).due_ms == NOW_MS + LOOK_AFTER_MS
    table.calls.clear()
    send(rig, "e2")
    assert table.calls == [("read", (PROFILE, LINK)), ("read", (ALARM,)), ("replace", (PROFILE,))]
    table.calls.clear()
    send(rig, "e2")
    assert table.calls == [("read", (PROFILE, LINK))]


def test_a_lost_race_for_the_profile_arms_once() -> None:
    """Each new attempt merges the profile alone."""
    rig, table = linked()
    table.others.add(PROFILE)
    assert send(rig) == 503
    assert table.calls.count(("replace", (ALARM,))) == 1


def test_who_cannot_arm_has_not_collected() -> None:
    """The lake has the events, the profile is untouched, and the caller comes again; then all is there."""
    rig, table = linked()
    table.fails.add(ALARM)
    assert send(rig) == 503
    assert PROFILE not in table.rows
    assert len(rig.stream.records) == 1
    table.fails.clear()
    assert send(rig) == 200
    assert state(table).due_ms == NOW_MS + LOOK_AFTER_MS
    assert rig.profile().recent_items(1) == ("1029743",)


@pytest.mark.parametrize("row", [{"person": 5}, {}])
def test_a_damaged_link_fails_the_batch(row: Row) -> None:
    """Like a damaged profile; the lake at least has the events."""
    rig, table = linked()
    table.rows[LINK] = row
    assert send(rig) == 503
    assert len(rig.stream.records) == 1


def test_an_unread_link_fails_the_batch() -> None:
    """Not-read is not missing."""
    rig, table = linked()
    table.unread.add(LINK)
    assert send(rig) == 503


def test_without_consent_nobody_looks_whose_visitor_it_is() -> None:
    """Nothing is read at all."""
    rig, table = linked()
    rig.post({"consent": [], "events": [event()], "visitor": FIRST_TOKEN})
    assert table.calls == []
    assert rig.now == NOW

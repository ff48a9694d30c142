"""Visitors of the lake loaded into profiles."""

from datetime import UTC, datetime

import pytest

from vitrine import keys
from vitrine.adapters.memory import MemoryTable
from vitrine.errors import ProfileConflict
from vitrine.refresh.engine import Engine
from vitrine.refresh.profiles import Known, known_visitors, load_profiles
from vitrine.types import Event, Key, Row
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored, parse_profile

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
BOUGHT = Event("p1", "purchase", NOW_MS - 1000, "milk", 2, 150, session="b1")
H1 = Known("h1", "north", {"household_size": 2}, [BOUGHT])


def silent(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


def test_known_visitors_come_with_their_last_purchases() -> None:
    """The newest purchases first in number, and visitors without any, too."""
    with Engine() as engine:
        engine.put("visitors", {"visitor": ["h1", "h2"], "region": ["north", "south"], "crm": ['{"age": "65+"}', "{}"]})
        n = 150
        engine.put(
            "events_import",
            {
                "id": [f"e{i:03}" for i in range(n)],
                "visitor": ["h1"] * n,
                "kind": ["purchase"] * n,
                "at_ms": [NOW_MS - i for i in range(n)],
                "item": [f"i{i}" for i in range(n)],
                "quantity": [1] * n,
                "price": [100] * n,
                "session": ["b"] * n,
            },
        )
        first, second = known_visitors(engine)
    assert (first.visitor, first.region, first.attributes) == ("h1", "north", {"age": "65+"})
    assert {event.item for event in first.purchases} == {f"i{i}" for i in range(100)}
    assert (second.visitor, second.purchases) == ("h2", [])


def test_what_is_loaded_is_in_the_profile_once() -> None:
    """Loading the same extract twice changes nothing but the revision."""
    table = MemoryTable()
    assert load_profiles([H1], table, NOW, silent) == 1
    once = parse_profile(table.rows[keys.profile("h1")], NOW)
    load_profiles([H1], table, NOW, silent)
    twice = parse_profile(table.rows[keys.profile("h1")], NOW)
    assert once.profile == twice.profile
    assert once.profile.bought_since(0) == {"milk": BOUGHT.at_ms}
    assert (once.profile.region, once.profile.attributes) == ("north", {"household_size": 2})


def test_what_was_collected_meanwhile_is_kept() -> None:
    """A view of the running shop survives the import."""
    view = Event("v1", "view", NOW_MS, "jar")
    table = MemoryTable({keys.profile("h1"): Stored(Profile(), None).successor(Profile().apply([view]), NOW)})
    load_profiles([H1], table, NOW, silent)
    assert parse_profile(table.rows[keys.profile("h1")], NOW).profile.recent_items(5) == ("jar",)


class Contested(MemoryTable):
    """A table in which somebody else writes first, `losses` times."""

    def __init__(self, losses: int) -> None:
        super().__init__()
        self.losses = losses

    def replace(self, key: Key, row: Row, expected_rev: int | None) -> bool:
        """Lose while there are losses left."""
        if self.losses:
            self.losses -= 1
            return False
        return super().replace(key, row, expected_rev)


def test_a_lost_race_is_run_again_and_not_for_ever() -> None:
    """A conflict is retried on the fresh profile; a profile that never stands still is an error, without names."""
    table = Contested(losses=2)
    load_profiles([H1], table, NOW, silent)
    assert keys.profile("h1") in table.rows
    with pytest.raises(ProfileConflict, match="5 times") as lost:
        load_profiles([H1], Contested(losses=99), NOW, silent)
    assert "h1" not in str(lost.value)

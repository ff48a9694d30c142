"""RELIABILITY's test 4 in short, and sabotages that it has to notice; `python -m tests.outreach.deliveries` is all."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from tests.outreach.deliveries import Run, compare, faults
from tests.outreach.reaper import Kills
from vitrine.adapters.memory import MemoryTable
from vitrine.service import outreach
from vitrine.service.outreach import OutreachService
from vitrine.types import Key, Row

N_PERSONS = 160
SEED = 4


def _unheard(stage: str, done: int, total: int) -> None:
    pass


def _runs(n_persons: int = N_PERSONS, quota: int = 3) -> tuple[Run, Run]:
    return compare(n_persons, Kills(quota), SEED, _unheard)


def test_everybody_gets_what_a_calm_run_brings_once() -> None:
    """Duplicates, delays, wrong clocks, deaths and moody providers: no message too many, none lost without a word."""
    wild, calm = _runs()
    assert not list(faults(calm))
    assert not list(faults(wild))
    assert wild.reaper is not None
    assert wild.reaper.kills.total > 150
    assert len(calm.world.inbox) > 120
    assert len(wild.world.inbox) > 100


def _careless(self: MemoryTable, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
    return self.write([(key, row)]) == 1


def _unclaimed(self: OutreachService, known: Any, sending: Any) -> bool:
    return True


def _again(self: OutreachService, known: Any, sending: Any, reason: str) -> Any:
    return self._later(known, sending, reason, ())


SABOTAGES: Sequence[tuple[str, object, str, Callable[..., Any] | int, str]] = (
    ("whoever writes last is right", MemoryTable, "replace", _careless, "twice"),
    ("the claim is written after the handover", OutreachService, "_claim", _unclaimed, "twice"),
    ("a lease is over at once", outreach, "LEASE_MS", 0, "nothing happened"),
    ("what is in doubt is sent again", OutreachService, "_doubt", _again, "twice"),
)


@pytest.mark.parametrize(("said", "owner", "name", "sabotage", "fault"), SABOTAGES, ids=lambda one: str(one)[:40])
def test_a_sabotage_is_noticed(
    said: str, owner: object, name: str, sabotage: object, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative controls: each takes one line of the order away."""
    monkeypatch.setattr(owner, name, sabotage)
    wild, _ = _runs(quota=0)
    found = list(faults(wild))
    assert any(fault in one for one in found), found[:5]

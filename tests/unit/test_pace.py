"""How fast the table may be written, and what a write is thought to cost."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.stubs import stubbed
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.dynamodb_items import to_item, write_units
from vitrine.adapters.dynamodb_writes import WRITE_ATTEMPTS
from vitrine.adapters.pace import BURST_S, Pace
from vitrine.errors import DependencyFailed
from vitrine.types import Key, Row

ROW: Row = {"table": bytes(2_500)}
KEY = Key("I#1", "R#r1")


class Hours:
    """A clock that pauses move on."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.pauses.append(seconds)


def paced(rate: float) -> tuple[Pace, Hours]:
    """A pace over a clock of its own."""
    hours = Hours()
    return Pace(rate, lambda: hours.now, hours.pause), hours


@given(st.floats(1.0, 1e5), st.lists(st.floats(0.1, 5e4), min_size=1, max_size=60))
def test_no_more_than_the_rate_beyond_one_burst(rate: float, takes: list[float]) -> None:
    """Whatever the sizes: what was let through by an instant is at most the rate's worth, a burst and the last one."""
    pace, hours = paced(rate)
    began, taken = hours.now, 0.0
    for units in takes:
        pace.take(units)
        assert taken <= (rate * (hours.now - began + BURST_S)) * (1 + 1e-6) + 1e-6
        taken += units


def test_a_batch_larger_than_the_bucket_passes_and_the_next_one_waits() -> None:
    """A bucket that insisted on having all units first would never let it through."""
    pace, hours = paced(100.0)
    pace.take(1_000.0)
    assert hours.pauses == []
    pace.take(1.0)
    assert hours.pauses == [pytest.approx(9.0)]


def test_what_was_estimated_wrongly_is_settled() -> None:
    """Deletions take what the removed rows weighed; the difference is paid by the next batch."""
    pace, hours = paced(100.0)
    pace.take(100.0)
    pace.settle(100.0, 400.0)
    pace.take(1.0)
    pace.settle(1.0, 0.0)
    assert hours.pauses == [pytest.approx(3.0)]


def test_threads_share_one_pace() -> None:
    """Four threads together write no faster than one."""
    pace = Pace(2_000.0)
    began = time.monotonic()
    threads = [threading.Thread(target=lambda: [pace.take(50.0) for _ in range(16)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= (4 * 16 * 50 - 2_000 * BURST_S - 4 * 50) / 2_000


@pytest.mark.parametrize(
    ("row", "units"),
    [({}, 1), ({"table": bytes(1_000)}, 1), ({"table": bytes(1_024)}, 2), ({"text": "ж" * 600}, 2), ({"n": 7}, 1)],
)
def test_a_write_takes_one_unit_per_begun_kilobyte(row: Row, units: int) -> None:
    """Names and values count, text in UTF-8."""
    assert write_units(to_item(KEY, row)) == units


def writes(answers: Sequence[Mapping[str, Any] | str], rate: float | None) -> tuple[DynamoTable, list[float]]:
    """A table with these answers to batches, and the pauses it made."""
    client, pauses = stubbed("dynamodb", "batch_write_item", answers), list[float]()
    return (
        DynamoTable(
            "t", make_reader=lambda: client, make_writer=lambda: client, pause=pauses.append, write_units_per_s=rate
        ),
        pauses,
    )


def consumed(units: float) -> dict[str, Any]:
    """An answer that tells what it took."""
    return {"UnprocessedItems": {}, "ConsumedCapacity": [{"TableName": "t", "CapacityUnits": units}]}


def test_consumed_capacity_sets_the_pace() -> None:
    """A batch that took 50 units at 10 a second is paid off by the next one, whatever its weight said."""
    table, pauses = writes([consumed(50.0), consumed(3.0)], 10.0)
    table.write([(KEY, ROW)])
    assert pauses == []
    table.write([(KEY, ROW)])
    assert pauses == [pytest.approx(4.0, abs=0.2)]


def test_without_consumed_capacity_the_weight_sets_the_pace() -> None:
    """An emulator that does not tell must not make the limit void."""
    table, pauses = writes([{}, {}], 1.0)
    table.write([(KEY, ROW)])
    table.write([(KEY, ROW)])
    assert pauses == [pytest.approx(2.0, abs=0.2)]


def test_without_a_limit_nothing_waits() -> None:
    """Functions that write a row now and then have none."""
    table, pauses = writes([{}, {}], None)
    table.write([(KEY, ROW)])
    table.write([(KEY, ROW)])
    assert pauses == []


def test_a_throttled_batch_is_sent_again_with_pauses() -> None:
    """Throttling that outlasts the client's own attempts delays a publication and does not end it."""
    table, pauses = writes(["ProvisionedThroughputExceededException", "ThrottlingException", {}], None)
    assert table.write([(KEY, ROW)]) == 1
    assert len(pauses) == 2


def test_throttling_without_end_is_a_failure() -> None:
    """As are refusals that no waiting mends, at once."""
    table, pauses = writes(["ThrottlingException"] * WRITE_ATTEMPTS, None)
    with pytest.raises(DependencyFailed, match="unprocessed"):
        table.write([(KEY, ROW)])
    assert len(pauses) == WRITE_ATTEMPTS - 1
    table, pauses = writes(["AccessDeniedException"], None)
    with pytest.raises(DependencyFailed, match="AccessDenied"):
        table.write([(KEY, ROW)])
    assert pauses == []

"""The deadline outside botocore: a server that hangs, drips or refuses, and the way back."""

from threading import Event

import pytest

from tests.contract.local_stack import free_port
from tests.contract.slow_server import Server
from vitrine.adapters.aws import ONE_ATTEMPT, client_maker, local_stack
from vitrine.adapters.deadline import WORKERS, DeadlineCaller
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key

KEY = Key("I#a", "CARD")


def table_at(address: str) -> DynamoTable:
    """A table whose reads go to an address."""
    return DynamoTable("t", make_reader=client_maker("dynamodb", ONE_ATTEMPT, local_stack(address)))


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_a_server_that_keeps_us_waiting_is_given_up(slow_server: Server, manner: str) -> None:
    """A drip would hold botocore's own read timeout open for twenty seconds."""
    table = table_at(slow_server.address)
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}
    slow_server.manner = manner
    with pytest.raises(DeadlineExceeded):
        table.read([KEY], 0.05)


def test_reads_work_at_once_when_the_server_is_well_again(slow_server: Server) -> None:
    """More misses than there are threads, and still the next read finds a free one: the lane was replaced."""
    table = table_at(slow_server.address)
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}
    slow_server.manner = "drip"
    for _ in range(WORKERS + 1):
        with pytest.raises(DeadlineExceeded):
            table.read([KEY], 0.03)
    slow_server.manner = "good"
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}


def test_a_port_where_nobody_listens_is_a_failed_dependency() -> None:
    """Refused connections do not wait for the deadline."""
    with pytest.raises(DependencyFailed, match="nobody answers"):
        table_at(f"http://127.0.0.1:{free_port()}").read([KEY], 30.0)


def test_an_unresolvable_name_is_a_failed_dependency() -> None:
    """DNS trouble looks like any other outage."""
    with pytest.raises(DependencyFailed):
        table_at("http://nowhere.invalid").read([KEY], 5.0)


def test_a_call_in_the_queue_of_a_dropped_lane_is_a_missed_deadline() -> None:
    """Whoever waits for it while another drops the lane gets our error, not the thread pool's."""
    stuck = Event()
    caller = DeadlineCaller("table", lambda: None)
    blockers = [caller.start(lambda _: stuck.wait()) for _ in range(WORKERS)]
    queued = caller.start(lambda _: "never run")
    caller.reset()
    with pytest.raises(DeadlineExceeded):
        caller.finish(queued, 5.0)
    stuck.set()
    assert all(caller.finish(blocker, 5.0) for blocker in blockers)

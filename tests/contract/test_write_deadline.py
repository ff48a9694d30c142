"""The deadline of what a request writes: a server that hangs or drips costs a request its share and no more."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contract.local_stack import account
from tests.contract.slow_server import Server
from vitrine import keys
from vitrine.adapters.aws import REQUEST, MakeClient, client_maker, local_stack
from vitrine.adapters.clock import back_off
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.firehose import FirehoseStream
from vitrine.adapters.memory import MemoryStream
from vitrine.errors import DeadlineExceeded
from vitrine.service.collect import Batch, CollectService
from vitrine.types import Event, Key
from vitrine.visitors.identity import TokenKeys

KEY = Key("V#h1", "PROFILE")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
TAKEN = b'{"FailedPutCount":0,"RequestResponses":[{"RecordId":"r"}]}'


def maker(service: str, server: Server) -> MakeClient:
    """Clients of the server, made as a request's are."""
    return client_maker(service, REQUEST, local_stack(server.address))


def table(server: Server) -> DynamoTable:
    """A table on the server, as collect has it."""
    return DynamoTable("t", make_reader=maker("dynamodb", server), make_writer=maker("dynamodb", server))


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_a_replacement_is_given_up_in_time(slow_server: Server, manner: str) -> None:
    """A drip takes thirteen seconds to be over; nobody waits for its end."""
    writes = table(slow_server)
    assert writes.replace(KEY, {"rev": 1}, None, 5.0)
    slow_server.manner, slow_server.answered = manner, 0
    with pytest.raises(DeadlineExceeded):
        writes.replace(KEY, {"rev": 2}, 1, 0.05)
    assert slow_server.answered == 0


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_a_hand_over_is_given_up_in_time(slow_server: Server, manner: str) -> None:
    """Firehose gets the same deadline from outside."""
    slow_server.answer = TAKEN
    stream = FirehoseStream("s", account(slow_server.address))
    assert stream.put([b"{}"], 5.0) == 0
    slow_server.manner, slow_server.answered = manner, 0
    with pytest.raises(DeadlineExceeded):
        stream.put([b"{}"], 0.05)
    assert slow_server.answered == 0


def test_writes_work_at_once_when_the_server_is_well_again(slow_server: Server) -> None:
    """Stuck threads and their connections are left behind."""
    writes = table(slow_server)
    assert writes.replace(KEY, {"rev": 1}, None, 5.0)
    slow_server.manner = "drip"
    for _ in range(10):
        with pytest.raises(DeadlineExceeded):
            writes.replace(KEY, {"rev": 2}, 1, 0.03)
    slow_server.manner = "good"
    assert writes.replace(KEY, {"rev": 2}, 1, 5.0)


def test_a_batch_meets_a_hung_table_with_its_events_in_the_lake(slow_server: Server) -> None:
    """The whole of collect on a table that drips: our error in time, and nothing lost."""
    stream, token_keys = MemoryStream(), TokenKeys("k1", {"k1": b"0" * 32})
    service = CollectService(
        table(slow_server), stream, lambda _: token_keys, lambda: "h1", lambda: NOW, back_off, _hurried()
    )
    slow_server.manner = "drip"
    event = Event("e1", "view", int(NOW.timestamp() * 1000), "milk")
    with pytest.raises(DeadlineExceeded):
        service.collect(Batch("h1", frozenset({"personalization"}), [(0, event)]), NOW)
    assert (len(stream.records), slow_server.answered) == (1, 0)


def _hurried() -> Any:
    """A clock by which nearly all of the budget has passed when the first call is made."""
    ticks = iter([0.0] + [3.4] * 9)
    return lambda: next(ticks)


def test_a_reset_leaves_no_connection_behind(slow_server: Server) -> None:
    """After a restore each adapter speaks through sockets of its own."""
    reads = table(slow_server)
    slow_server.answer = b'{"Responses":{"t":[]},"UnprocessedKeys":{}}'
    reads.read([keys.profile("h1")], 5.0)
    reads.read([keys.profile("h1")], 5.0)
    assert len(slow_server.callers) == 1
    reads.reset()
    reads.read([keys.profile("h1")], 5.0)
    assert len(slow_server.callers) == 2

"""What lean calls make of servers that behave badly: an error of ours, in time, and the next call works."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import orjson
import pytest

from tests.contract.local_stack import account, free_port
from tests.contract.rough_server import (
    Manner,
    RoughServer,
    cuts,
    drips,
    hang,
    http,
    reset,
    says,
    sends,
    throttles,
)
from vitrine.adapters import http_connection
from vitrine.adapters.dynamodb_page import DynamoPageTable
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key

KEY = Key("I#a", "CARD")
NOTHING = {"Responses": {"t": []}, "UnprocessedKeys": {}}
GOOD = says(NOTHING)
WHOLE = http(orjson.dumps(NOTHING))
SLACK_S = 2.0
"""A busy machine's; alone the deadlines hold within 20 ms. Without one the servers here take six seconds, or no end."""

Serve = Callable[..., RoughServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers with the given manners."""
    with ExitStack() as stack:
        yield lambda *manners: stack.enter_context(RoughServer(*manners))


def table(server: RoughServer) -> DynamoPageTable:
    """A table there."""
    return DynamoPageTable("t", account(server.address))


def overrun_s(call: Callable[[], object], timeout_s: float) -> float:
    """By how much a call missed its deadline, which it must not keep."""
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        call()
    return time.monotonic() - started - timeout_s


@pytest.mark.parametrize("manner", [hang, drips(WHOLE), sends(WHOLE[:60]), sends(b"HTTP/1.1 200 OK\r\n")])
def test_no_call_outlives_its_deadline(serve: Serve, manner: Manner) -> None:
    """Whether the server is silent from the start, drips, or stops in the middle of body or head."""
    reads = table(serve(GOOD, manner))
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}
    assert overrun_s(lambda: reads.read([KEY], 0.1), 0.1) < SLACK_S


def test_a_drip_is_not_given_up_without_the_deadline(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with a timeout for each wait instead, the dripping server is heard to the end."""
    monkeypatch.setattr(http_connection, "left_s", lambda ends_s: 0.1)
    reads = table(serve(drips(WHOLE, 0.005)))
    started = time.monotonic()
    assert reads.read([KEY], 0.1) == {KEY: Absent.MISSING}
    assert time.monotonic() - started > 0.3


BROKEN = {
    "a reset": reset,
    "no answer": cuts(b""),
    "half a head": cuts(WHOLE[:20]),
    "half a body": cuts(WHOLE[:-5]),
    "another protocol": cuts(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "no length": cuts(b"HTTP/1.1 200 OK\r\n\r\n{}"),
    "an endless head": cuts(b"HTTP/1.1 200 OK\r\nx: " + b"x" * 200_000),
    "an answer that is too long": cuts(b"HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n"),
    "a chunk without a size": cuts(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n"),
    "a wrong checksum": sends(http(orjson.dumps(NOTHING), x_amz_crc32=1)),
    "no JSON": sends(http(b'{"Responses":')),
    "other JSON": says([1, 2]),
    "no responses": says({}),
    "a row that is none": says({"Responses": {"t": [{"pk": {"S": "I#a"}, "sk": "CARD"}]}}),
    "a throttle": throttles(),
    "a full table": throttles("ProvisionedThroughputExceededException"),
    "trouble": says({"__type": "InternalServerError"}, 500),
    "a gateway's page": sends(http(b"<html>bad gateway</html>", 502)),
    "a refusal": throttles("ValidationException"),
    "nothing but a status": sends(http(b"", 403)),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_answer_is_a_failed_dependency(serve: Serve, fault: str) -> None:
    """At once, with a reason; and the next read is whole again, on a connection that is."""
    reads = table(serve(BROKEN[fault], GOOD))
    started = time.monotonic()
    with pytest.raises(DependencyFailed):
        reads.read([KEY], 5.0)
    assert time.monotonic() - started < 2.0
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}


def test_a_right_checksum_and_chunks_are_read(serve: Serve) -> None:
    """Negative control of the broken ones."""
    body = orjson.dumps(NOTHING)
    chunks = b"".join(b"%x;x=y\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\ntrailer: x\r\n\r\n"
    server = serve(sends(http(body, x_amz_crc32=zlib.crc32(body))), sends(chunked), GOOD)
    reads = table(server)
    assert [reads.read([KEY], 5.0) for _ in range(3)] == [{KEY: Absent.MISSING}] * 3
    assert server.accepted == 1


def test_a_reason_says_what_aws_called_it(serve: Serve) -> None:
    """Operators read AWS's own words."""
    reads = table(serve(throttles("ProvisionedThroughputExceededException"), sends(http(b"x", 503))))
    with pytest.raises(DependencyFailed, match="table: ProvisionedThroughputExceededException"):
        reads.read([KEY], 5.0)
    with pytest.raises(DependencyFailed, match="HTTP 503"):
        reads.read([KEY], 5.0)


def test_a_port_where_nobody_listens_is_a_failed_dependency() -> None:
    """Refused connections do not wait for the deadline."""
    with pytest.raises(DependencyFailed, match="nobody answers"):
        DynamoPageTable("t", account(f"http://127.0.0.1:{free_port()}")).read([KEY], 30.0)


def test_an_unresolvable_name_is_a_failed_dependency() -> None:
    """DNS trouble looks like any other outage."""
    with pytest.raises(DependencyFailed):
        DynamoPageTable("t", account("http://nowhere.invalid")).read([KEY], 5.0)


def test_a_connection_is_kept(serve: Serve) -> None:
    """Many calls, one connection."""
    server = serve(GOOD)
    reads = table(server)
    for _ in range(5):
        reads.read([KEY], 5.0)
    assert server.accepted == 1


def test_a_connection_closed_while_idle_is_replaced(serve: Serve) -> None:
    """Nobody notices: not a read, and not a count, which may be sent only once."""
    closes = cuts(WHOLE)
    server = serve(closes, closes, says({}), GOOD)
    reads = table(server)
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}
    time.sleep(0.05)
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}
    time.sleep(0.05)
    assert reads.count(KEY, 1, None, 5.0)
    assert (server.accepted, len(server.requests)) == (3, 3)


def test_a_read_is_sent_again_when_a_kept_connection_dies_under_it(serve: Serve) -> None:
    """The server closed it at the very moment; a count is not sent again, for it may have counted."""
    server = serve(GOOD, reset, GOOD, reset, GOOD)
    reads = table(server)
    reads.read([KEY], 5.0)
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}
    assert len(server.requests) == 3
    with pytest.raises(DependencyFailed):
        reads.count(KEY, 1, None, 5.0)
    assert len(server.requests) == 4


def test_a_late_connection_is_never_used_again(serve: Serve) -> None:
    """Its answer would be taken for that of the next call."""
    late = drips(http(orjson.dumps({"Responses": {"t": [{"pk": {"S": "I#a"}, "sk": {"S": "CARD"}}]}})), 0.002)
    server = serve(late, GOOD)
    reads = table(server)
    with pytest.raises(DeadlineExceeded):
        reads.read([KEY], 0.05)
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}
    assert server.accepted == 2


def test_an_outage_is_asked_about_now_and_then_only(serve: Serve) -> None:
    """After five failures in a row calls end at once and unasked; what the service refuses is no outage."""
    server = serve(*[throttles("ValidationException")] * 20, throttles())
    reads = table(server)
    for _ in range(120):
        with pytest.raises(DependencyFailed):
            reads.read([KEY], 5.0)
    assert len(server.requests) == 25


def test_hurried_callers_do_not_make_a_healthy_table_an_outage(serve: Serve) -> None:
    """Whoever asks chooses the deadline; misses of very short ones are nobody's failure but theirs."""
    server = serve(hang)
    reads = table(server)
    for _ in range(10):
        with pytest.raises(DeadlineExceeded):
            reads.read([KEY], 0.01)
    server.manners = [GOOD]  # not the eleventh request: on a busy machine some of the ten were not even sent
    assert reads.read([KEY], 5.0) == {KEY: Absent.MISSING}


def test_a_reset_leaves_no_connection_behind(serve: Serve) -> None:
    """After a restore each adapter speaks through sockets of its own."""
    server = serve(GOOD)
    aws = account(server.address)
    reads = DynamoPageTable("t", aws)
    reads.read([KEY], 5.0)
    aws.reset()
    reads.read([KEY], 5.0)
    assert server.accepted == 2


def test_keys_left_unprocessed_are_asked_again_and_then_not_read(serve: Serve) -> None:
    """The three states are kept apart: a row, missing, not read."""
    others = [Key(f"I#{letter}", "CARD") for letter in "bc"]
    row = {"pk": {"S": "I#a"}, "sk": {"S": "CARD"}, "n": {"N": "1"}}
    left = {"t": {"Keys": [{"pk": {"S": "I#b"}, "sk": {"S": "CARD"}}]}}
    server = serve(says({"Responses": {"t": [row]}, "UnprocessedKeys": left}), throttles())
    reads = DynamoPageTable("t", account(server.address), pause=lambda _: None)
    assert reads.read([KEY, *others], 5.0) == {KEY: {"n": 1}, others[0]: Absent.NOT_READ, others[1]: Absent.MISSING}
    assert server.bodies()[1]["RequestItems"]["t"]["Keys"] == left["t"]["Keys"]


def test_a_failed_batch_leaves_the_others_read(serve: Serve) -> None:
    """More keys than one call takes."""
    keys = [Key(f"I#{n}", "CARD") for n in range(150)]
    rows = table(serve(GOOD, throttles())).read(keys, 5.0)
    assert list(rows.values()) == [Absent.MISSING] * 100 + [Absent.NOT_READ] * 50

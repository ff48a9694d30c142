"""What the table does when DynamoDB throttles, leaves keys unprocessed, or talks nonsense."""

import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.contract.stubs import stubbed
from vitrine.adapters.aws import REQUEST, client_maker, local_stack
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.dynamodb_writes import WRITE_ATTEMPTS
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key

A, B, C = (Key(f"I#{letter}", "CARD") for letter in "abc")


def item(key: Key, **attributes: Any) -> dict[str, Any]:
    """A stored item or, without attributes, a key as DynamoDB spells it."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}, **attributes}


def found(items: Sequence[Mapping[str, Any]], *unprocessed: Key) -> dict[str, Any]:
    """An answer of BatchGetItem."""
    left = {"t": {"Keys": [item(key) for key in unprocessed]}} if unprocessed else {}
    return {"Responses": {"t": list(items)}, "UnprocessedKeys": left}


def table(operation: str, answers: Sequence[Mapping[str, Any] | str]) -> tuple[DynamoTable, list[float]]:
    """A table on a client with these answers, and the pauses it makes instead of sleeping."""
    client, pauses = stubbed("dynamodb", operation, answers), list[float]()
    return DynamoTable("t", make_reader=lambda: client, make_writer=lambda: client, pause=pauses.append), pauses


def test_unprocessed_keys_are_asked_again() -> None:
    """What DynamoDB leaves out of an answer is neither missing nor given up while time is left."""
    reads, pauses = table("batch_get_item", [found([item(A, n={"N": "1"})], B), found([item(B, n={"N": "2"})])])
    assert reads.read([A, B, C], 5.0) == {A: {"n": 1}, B: {"n": 2}, C: Absent.MISSING}
    assert len(pauses) == 1


def test_keys_left_unprocessed_to_the_end_are_not_read() -> None:
    """When no time is left the three states are kept apart: a row, missing, not read."""
    reads, _ = table("batch_get_item", [found([item(A, n={"N": "1"})], B), "ProvisionedThroughputExceededException"])
    assert reads.read([A, B, C], 5.0) == {A: {"n": 1}, B: Absent.NOT_READ, C: Absent.MISSING}


def test_a_throttled_read_is_a_failure_and_not_tried_again() -> None:
    """One attempt on the hot path: the second answer is never asked for."""
    reads, pauses = table("batch_get_item", ["ThrottlingException", found([])])
    with pytest.raises(DependencyFailed, match="ThrottlingException"):
        reads.read([A], 5.0)
    assert pauses == []


def test_nothing_but_unprocessed_keys_is_a_missed_deadline() -> None:
    """When the time is over and nothing at all was read, that is an error and not a table full of NOT_READ."""
    client = stubbed("dynamodb", "batch_get_item", [found([], A)])
    reads = DynamoTable("t", make_reader=lambda: client, pause=lambda _: time.sleep(0.6))
    with pytest.raises(DeadlineExceeded, match="left unprocessed"):
        reads.read([A], 0.5)


@pytest.mark.parametrize(
    "stored", [{"n": {"N": "1.5"}}, {"n": {"NULL": True}}, {"n": {"M": {}}}, {"n": {"L": []}}, {"n": {"N": "x"}}]
)
def test_a_type_that_we_never_write_is_nonsense(stored: dict[str, Any]) -> None:
    """A row that somebody else wrote with other types is refused, not guessed at."""
    reads, _ = table("batch_get_item", [found([item(A, **stored)])])
    with pytest.raises(DependencyFailed, match="cannot be read"):
        reads.read([A], 5.0)


def test_an_answer_without_responses_is_nonsense() -> None:
    """An empty answer does not make every key missing."""
    reads, _ = table("batch_get_item", [{}])
    with pytest.raises(DependencyFailed, match="cannot be read"):
        reads.read([A], 5.0)


def test_unprocessed_writes_are_sent_again() -> None:
    """Growing pauses lie between the attempts."""
    left = {"UnprocessedItems": {"t": [{"PutRequest": {"Item": item(A)}}]}}
    writes, pauses = table("batch_write_item", [left, left, {}])
    assert writes.write([(A, {})]) == 1
    assert len(pauses) == 2


def test_writes_left_unprocessed_again_and_again_are_a_failure() -> None:
    """The number written is never told as if it were true."""
    left = {"UnprocessedItems": {"t": [{"PutRequest": {"Item": item(A)}}]}}
    writes, pauses = table("batch_write_item", [left] * WRITE_ATTEMPTS)
    with pytest.raises(DependencyFailed, match="1 writes were left unprocessed"):
        writes.write([(A, {})])
    assert len(pauses) == WRITE_ATTEMPTS - 1


def test_a_failed_replacement_is_not_a_lost_race() -> None:
    """Only a failed condition answers False."""
    writes, _ = table("put_item", ["InternalServerError"])
    with pytest.raises(DependencyFailed, match="InternalServerError"):
        writes.replace(A, {"rev": 1}, None)


@pytest.mark.parametrize("checksum", ["27326138x1", ""])
def test_a_write_whose_answer_bears_an_altered_checksum_has_failed(checksum: str) -> None:
    """botocore takes whatever is there for a number, and raises what is not its own."""

    class Altered(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("x-amz-crc32", checksum)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Altered) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        make = client_maker("dynamodb", REQUEST, local_stack(f"http://127.0.0.1:{server.server_port}"))
        try:
            with pytest.raises(DependencyFailed, match="cannot be read"):
                DynamoTable("t", make_writer=make).replace(A, {"n": 1}, None, 2.0)
        finally:
            server.shutdown()

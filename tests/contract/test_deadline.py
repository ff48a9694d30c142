"""The deadline outside botocore: a server that hangs, drips or refuses, and the way back."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from tests.contract.local_stack import free_port
from vitrine.adapters.aws import ONE_ATTEMPT, client_maker, local_stack
from vitrine.adapters.deadline import WORKERS
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.errors import DeadlineExceeded, DependencyFailed
from vitrine.types import Absent, Key

KEY = Key("I#a", "CARD")
ANSWER = b'{"Responses":{"t":[]},"UnprocessedKeys":{}}'


class Server(ThreadingHTTPServer):
    """A DynamoDB that answers every request with no row, in the given manner: good, hang or drip."""

    daemon_threads = True
    manner = "good"

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.closing = Event()
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers in the server's manner of the moment."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Any call of DynamoDB."""
        manner = self.server.manner
        self.rfile.read(int(self.headers["Content-Length"]))
        if manner == "hang":
            self.server.closing.wait()
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        if manner == "drip":
            self._drip()
        else:
            self.wfile.write(ANSWER)

    def _drip(self) -> None:
        """Each byte resets a timeout that counts from one to the next."""
        for byte in ANSWER:
            if self.server.closing.wait(0.5):
                self.close_connection = True
                return
            self.wfile.write(bytes([byte]))

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for one test."""
    with Server() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


def table_at(address: str) -> DynamoTable:
    """A table whose reads go to an address."""
    return DynamoTable("t", make_reader=client_maker("dynamodb", ONE_ATTEMPT, local_stack(address)))


@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_a_server_that_keeps_us_waiting_is_given_up(server: Server, manner: str) -> None:
    """A drip would hold botocore's own read timeout open for twenty seconds."""
    table = table_at(server.address)
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}
    server.manner = manner
    with pytest.raises(DeadlineExceeded):
        table.read([KEY], 0.05)


def test_reads_work_at_once_when_the_server_is_well_again(server: Server) -> None:
    """More misses than there are threads, and still the next read finds a free one: the lane was replaced."""
    table = table_at(server.address)
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}
    server.manner = "drip"
    for _ in range(WORKERS + 1):
        with pytest.raises(DeadlineExceeded):
            table.read([KEY], 0.03)
    server.manner = "good"
    assert table.read([KEY], 5.0) == {KEY: Absent.MISSING}


def test_a_port_where_nobody_listens_is_a_failed_dependency() -> None:
    """Refused connections do not wait for the deadline."""
    with pytest.raises(DependencyFailed, match="nobody answers"):
        table_at(f"http://127.0.0.1:{free_port()}").read([KEY], 30.0)


def test_an_unresolvable_name_is_a_failed_dependency() -> None:
    """DNS trouble looks like any other outage."""
    with pytest.raises(DependencyFailed):
        table_at("http://nowhere.invalid").read([KEY], 5.0)

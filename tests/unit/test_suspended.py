"""Lambda stops a process between page views: what came meanwhile is taken, and nobody is blamed for the time."""

import socket
import time

import pytest

from vitrine.adapters.http_connection import Connection

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
MAX_BYTES = 1_000


def test_an_answer_that_came_while_we_were_stopped_is_taken() -> None:
    """The deadline is long over when the process goes on; the bytes are there already."""
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection(ours)
        connection.begin(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.finish(time.monotonic() + 0.01, MAX_BYTES)
        theirs.sendall(ANSWER)
        assert connection.finish(time.monotonic() - 60.0, MAX_BYTES).body == b"ok"
        connection.close()


def test_what_did_not_come_is_still_late() -> None:
    """Negative control: after the deadline nobody waits."""
    ours, theirs = socket.socketpair()
    with theirs:
        connection = Connection(ours)
        connection.begin(b"GET / HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.finish(time.monotonic() + 0.01, MAX_BYTES)
        theirs.sendall(ANSWER[:-1])
        with pytest.raises(TimeoutError):
            connection.finish(time.monotonic() - 60.0, MAX_BYTES)
        connection.close()

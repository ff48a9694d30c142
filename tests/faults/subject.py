"""The decide function in a process of its own: `python -m tests.faults.subject [SABOTAGE ...]`.

As Lambda does, it builds the service at the start (INIT) and takes one event at a time, here over HTTP on loopback: one
connection after the other, one request after the other. Prints one line of JSON when it is ready and ends when its
input does. GET /connects tells where it tried to connect to since the last time, which a proxy that refuses cannot say.
"""

import base64
import json
import os
import socket
import sys
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final

from tests.faults import sabotage

CONNECTS: Final = "/connects"
NAME: Final = "FAULTS_NAME"
"""Variable with the path of a file: while it is there, names of the domain `invalid` are this machine's."""

WAITED: Final = "X-Waited-Ms"
"""Milliseconds for which the handler could have run and other processes had the cores: the machine's, not its own."""


class Context:
    """What Lambda tells a handler of its invocation."""

    function_name = "decide"
    function_version = "1"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:decide"
    aws_request_id = "faults"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """The function's timeout."""
        return 3000


class Front(BaseHTTPRequestHandler):
    """An HTTP API's side of the function."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    connects: Counter[str]
    handler: Any

    def do_POST(self) -> None:
        """A page view."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event, waited_ms = event_of(self.path, dict(self.headers), body), waited_for_a_core_ms()
        result = type(self).handler(event, Context)
        text = result["body"]
        data = base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()
        self._answer(result["statusCode"], data, waited_for_a_core_ms() - waited_ms)

    def do_GET(self) -> None:
        """What was connected to, by host and port."""
        told = dict(self.connects)
        self.connects.clear()
        self._answer(200, json.dumps(told).encode(), 0.0)

    def _answer(self, status: int, data: bytes, waited_ms: float) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header(WAITED, f"{waited_ms:.3f}")
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """No log."""


def event_of(path: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    """The event of a request, payload version 2.0."""
    http = {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "faults"}
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {name.lower(): value for name, value in headers.items()},
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "http": http,
            "requestId": "faults",
            "routeKey": f"POST {path}",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def waited_for_a_core_ms() -> float:
    """For how long this thread has been on a run queue, says the kernel: the second figure of its schedstat."""
    with open("/proc/thread-self/schedstat", "rb") as told:  # noqa: PTH123 - short, it is read twice per request
        return int(told.read().split()[1]) / 1e6


def watch_connects() -> Counter[str]:
    """A counter of where this process connects to from now on; names that do not resolve count, too."""
    connects: Counter[str] = Counter()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            connects[str(arguments[1][1])] += 1
        elif event == "socket.getaddrinfo":
            connects[_text(arguments[0])] += 1

    sys.addaudithook(hook)
    return connects


def follow_name(path: Path) -> None:
    """Let names come and go with a file, as they do when a resolver fails."""
    real = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **more: Any) -> Any:
        if _text(host).endswith(".invalid") and path.exists():
            host = "127.0.0.1"
        return real(host, *arguments, **more)

    socket.getaddrinfo = look_up


def _text(host: str | bytes) -> str:
    return host.decode() if isinstance(host, bytes) else host


def main() -> None:
    """Start as an execution environment does, then serve until the input ends."""
    told = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the handler prints its metrics
    Front.connects = watch_connects()
    follow_name(Path(os.environ[NAME]))
    for name in sys.argv[1:]:
        sabotage.commit(name)
    started = time.perf_counter()
    from tests.bench.ours import handler  # its import is INIT, which is timed here

    init_ms = (time.perf_counter() - started) * 1000
    Front.handler = staticmethod(handler)
    server = HTTPServer(("127.0.0.1", 0), Front)
    print(json.dumps({"port": server.server_port, "init_ms": init_ms}), file=told, flush=True)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()

"""What the tests of the local runner share: its fixture template, requests, patience."""

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vitrine.local.stack import LocalStack

TEMPLATE = Path(__file__).parents[2] / "fixtures" / "runner" / "template.yaml"
ORIGIN = "http://shop.example"
PATIENCE_S = 15.0


class Lines(list[tuple[str, str]]):
    """What the children said, as (name, line)."""

    def of(self, name: str) -> list[str]:
        """The lines of one child."""
        return [line for who, line in self if who == name]


def is_alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting for its parent to take note of its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def call(
    stack: LocalStack, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of a request to the stack's API."""
    connection = http.client.HTTPConnection(stack.url.removeprefix("http://"), timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, [(name.lower(), value) for name, value in response.getheaders()], response.read()
    finally:
        connection.close()


def get(stack: LocalStack, path: str) -> tuple[int, Any]:
    """Status and JSON of a GET."""
    status, _, body = call(stack, "GET", path)
    return status, json.loads(body)


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true before our patience ends."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def bucket_of(stack: LocalStack) -> str:
    """The name of the one bucket."""
    (bucket,) = stack.client("s3").list_buckets()["Buckets"]
    name: str = bucket["Name"]
    return name

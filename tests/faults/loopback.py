"""DynamoDB and S3 on loopback over a table and a bucket in memory, as far as publishing speaks to them.

The store outlives whoever talks to it, so a publisher may be killed for real; and because it lies in the test's own
process, readers look into it without a call, some hundred thousand times.
"""

import base64
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

import orjson

from vitrine.adapters.dynamodb_items import Item, from_item, key_of, to_item
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.types import Absent

TABLE: Final = "table"
BUCKET: Final = "releases"
LISTED: Final = "<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>"

Body = Mapping[str, Any]


class Loopback(ThreadingHTTPServer):
    """The server. `table` and `objects` may be exchanged between two publishers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.table, self.objects = MemoryTable(), MemoryObjects()
        self.writes = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A publisher that was killed leaves a broken connection, which is what the test wants."""

    def call(self, operation: str, body: Body) -> tuple[int, Body]:
        """Status and answer of one of DynamoDB's operations."""
        calls: Mapping[str, Callable[[Body], tuple[int, Body]]] = {
            "BatchGetItem": self._get,
            "BatchWriteItem": self._write,
            "PutItem": self._replace,
        }
        return calls[operation](body)

    def _get(self, body: Body) -> tuple[int, Body]:
        keys = [key_of(item) for item in body["RequestItems"][TABLE]["Keys"]]
        found = self.table.read(keys, 1.0)
        rows = [to_json(to_item(key, row)) for key, row in found.items() if not isinstance(row, Absent)]
        return 200, {"Responses": {TABLE: rows}, "UnprocessedKeys": {}}

    def _write(self, body: Body) -> tuple[int, Body]:
        for request in body["RequestItems"][TABLE]:
            if "PutRequest" in request:
                self.writes += 1
                self.table.write([from_item(from_json(request["PutRequest"]["Item"]))])
            else:
                self.table.delete([key_of(request["DeleteRequest"]["Key"])])
        return 200, {"UnprocessedItems": {}}

    def _replace(self, body: Body) -> tuple[int, Body]:
        key, row = from_item(from_json(body["Item"]))
        values = body.get("ExpressionAttributeValues", {})
        if self.table.replace(key, row, int(values[":rev"]["N"]) if values else None):
            return 200, {}
        return 400, {"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"}


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: Nagle's algorithm would hold the second one back for 40 ms
    server: Loopback

    def log_message(self, format: str, *args: object) -> None:
        """No log."""

    def handle_expect_100(self) -> bool:
        """Let the client go on at once: botocore waits a second for this before it sends an object."""
        answered = super().handle_expect_100()
        self.wfile.flush()
        return answered

    def do_POST(self) -> None:
        """A call of DynamoDB, or S3's deletion of many objects."""
        body = self._body()
        if target := self.headers.get("X-Amz-Target"):
            status, answer = self.server.call(target.rpartition(".")[2], orjson.loads(body))
            self._answer(status, orjson.dumps(answer))
            return
        names = [key.text or "" for key in ElementTree.fromstring(body).iter() if key.tag.endswith("Key")]
        self.server.objects.delete(names)
        self._answer(200, b"<DeleteResult/>")

    def do_PUT(self) -> None:
        """S3's PutObject."""
        self.server.objects.put(self._name(), self._body())
        self._answer(200, b"")

    def do_GET(self) -> None:
        """S3's GetObject and ListObjectsV2."""
        if "list-type" in (query := parse_qs(urlsplit(self.path).query)):
            names = self.server.objects.names(query.get("prefix", [""])[0])
            listed = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in names)
            self._answer(200, LISTED.format(listed).encode())
        elif (data := self.server.objects.get(self._name())) is not None:
            self._answer(200, data)
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path.removeprefix(f"/{BUCKET}/"))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _answer(self, status: int, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def to_json(item: Item) -> Item:
    """An item with its binaries as the protocol has them."""
    return {name: _encoded(value) for name, value in item.items()}


def from_json(item: Item) -> Item:
    """The opposite of `to_json`."""
    return {name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in item.items()}


def _encoded(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64encode(value["B"]).decode()} if "B" in value else dict(value)

"""A loopback server that answers as DynamoDB, S3, Secrets Manager and Firehose would, from memory, in its own process.

It speaks just enough of each for a decision, answers in tens of microseconds, and counts what it was asked, so that a
bench can prove that two handlers asked for the same.

    python -m tests.bench.canned_dynamodb FOLDER     prints its port; ends when its standard input does
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgpack
import orjson

from tests.bench.canned_data import SECRET, Canned, encode_row

TABLE: Final = "bench-table"
BUCKET: Final = "bench-releases"
STREAM: Final = "bench-decisions"
FILE: Final = "canned.msgpack"
SEEN: Final = "/_seen"


def save(canned: Canned, folder: Path) -> None:
    """Write what the server needs into a folder."""
    rows = [[key.pk, key.sk, encode_row(key, row)] for key, row in canned.rows.items()]
    (folder / FILE).write_bytes(msgpack.packb({"rows": rows, "objects": canned.objects}))


class Answers:
    """The stores' contents and what was asked of them."""

    def __init__(self, folder: Path) -> None:
        stored = msgpack.unpackb((folder / FILE).read_bytes())
        self.rows = {(pk, sk): row for pk, sk, row in stored["rows"]}
        self.objects: dict[str, bytes] = stored["objects"]
        self.calls: Counter[str] = Counter()
        self.last_keys: list[list[str]] = []

    def answer(self, method: str, path: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of one request."""
        operation = target.rpartition(".")[2] or f"{method} object"
        if path == SEEN:
            seen = {"calls": dict(self.calls), "last_keys": self.last_keys}
            self.calls.clear()
            return 200, json.dumps(seen).encode()
        self.calls[operation] += 1
        match operation:
            case "BatchGetItem":
                return 200, self.batch_get(orjson.loads(body)["RequestItems"])
            case "GetSecretValue":
                return 200, json.dumps({"Name": "secret", "SecretString": SECRET}).encode()
            case "PutRecordBatch":
                records = orjson.loads(body)["Records"]
                taken = [{"RecordId": str(index)} for index in range(len(records))]
                return 200, orjson.dumps({"FailedPutCount": 0, "RequestResponses": taken})
            case "GET object":
                found = self.objects.get(path.partition("?")[0].removeprefix(f"/{BUCKET}/"))
                return (404, b"<Error><Code>NoSuchKey</Code></Error>") if found is None else (200, found)
        return 400, b'{"__type":"UnknownOperationException"}'

    def batch_get(self, wanted: dict[str, Any]) -> bytes:
        """The answer of BatchGetItem, put together from encoded rows."""
        ((table, request),) = wanted.items()
        asked = [(key["pk"]["S"], key["sk"]["S"]) for key in request["Keys"]]
        self.last_keys = [list(key) for key in asked]
        rows = b",".join(self.rows[key] for key in asked if key in self.rows)
        return b'{"Responses":{"%s":[%s]},"UnprocessedKeys":{}}' % (table.encode(), rows)


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.buffer += data
        for method, path, target, body in self.requests():
            status, answer = self.answers.answer(method, path, target, body)
            head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(answer)}"
            self.transport.write(head.encode() + b"\r\nx-amzn-RequestId: bench\r\n\r\n" + answer)

    def requests(self) -> Iterator[tuple[str, str, str, bytes]]:
        """Method, path, target and body of the requests that have arrived whole."""
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self.buffer) < whole:
                return
            body, self.buffer = self.buffer[end + 4 : whole], self.buffer[whole:]
            method, path, _ = first.split(" ")
            yield method, path, headers.get("x-amz-target", ""), body


async def serve(folder: Path) -> None:
    """Serve on a free port, print it, and end with the standard input."""
    loop = asyncio.get_running_loop()
    answers = Answers(folder)
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))

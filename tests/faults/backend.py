"""The healthy side behind the fault proxy: the bench's canned AWS, which here also takes writes and tells checksums.

python -m tests.faults.backend FOLDER     prints its port; each line read is a folder whose rows and objects are
                                          laid over what is there, and answered; ends when its input does
"""

import asyncio
import os
import sys
from pathlib import Path
from zlib import crc32

import msgpack

from tests.bench.canned_dynamodb import FILE, Answers, Connection
from tests.bench.harness import Process


class Backend(Process):
    """The server as a test sees it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("tests.faults.backend", [str(folder)], dict(os.environ))
        self.port = int(self.hear())

    def lay_over(self, folder: Path) -> None:
        """Replace and add rows and objects, as `canned_dynamodb.save` wrote them."""
        self.tell(str(folder))
        self.hear()


class Taking(Answers):
    """Answers that take a write and forget it, so that every page view finds the same."""

    def answer(self, method: str, path: str, target: str, body: bytes) -> tuple[int, bytes]:
        """See Answers."""
        if target.endswith((".PutItem", ".UpdateItem")):
            self.calls[target.rpartition(".")[2]] += 1
            return 200, b"{}"
        return super().answer(method, path, target, body)

    def lay_over(self, folder: Path) -> None:
        """Read another folder's contents over what is there."""
        stored = msgpack.unpackb((folder / FILE).read_bytes())
        self.objects |= stored["objects"]
        self.rows |= {(pk, sk): row for pk, sk, row in stored["rows"]}


class Summed(Connection):
    """A connection whose answers carry DynamoDB's checksum."""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.buffer += data
        for method, path, target, body in self.requests():
            status, answer = self.answers.answer(method, path, target, body)
            head = f"HTTP/1.1 {status} OK\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(answer)}"
            sums = f"\r\nx-amz-crc32: {crc32(answer)}\r\nx-amzn-RequestId: faults\r\n\r\n"
            self.transport.write((head + sums).encode() + answer)


async def serve(folder: Path) -> None:
    """Serve on a free port, print it, and end with the standard input."""
    answers = Taking(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Summed(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        answers.lay_over(Path(line.strip()))
        print("{}", flush=True)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))

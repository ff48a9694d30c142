"""A thin HTTP API in front of execution environments: `python -m tests.load.front FOLDER`.

Serves the routes of FOLDER/front.json on a free port, which it prints, and ends with its standard input. An event of
payload version 2.0 goes to the environment that was busy last, as Lambda prefers warm ones; while all are busy requests
wait in the order in which they came. An environment that ends is answered for with 500 and replaced.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import orjson

from tests.bench.canned_data import event_of
from tests.bench.canned_dynamodb import Connection
from tests.load.environment import LENGTH, framed
from vitrine.local.http_payload import INTERNAL_ERROR, HttpAnswer, MalformedResult, read_answer

FILE: Final = "front.json"
LOG: Final = "environments.log"
STATES: Final = "/_environments"
BODY: Final = "@body"
TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Function:
    """A route and what serves it. `cores` are those that its environments may run on."""

    path: str
    folder: str
    environments: int
    variables: Mapping[str, str]
    cores: Sequence[int]

    def event(self) -> tuple[bytes, bytes]:
        """What stands before and after the body's JSON string in an event."""
        plain = event_of({})
        plain["requestContext"]["http"]["path"] = self.path
        named = {"routeKey": f"POST {self.path}", "rawPath": self.path, "body": BODY}
        before, after = orjson.dumps(plain | named).split(json.dumps(BODY).encode())
        return before, after


class Environment:
    """A child that runs one event at a time."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self.served = process, 0
        self._in, self._out = process.stdin, process.stdout

    async def receive(self) -> bytes:
        """Its next message; IncompleteReadError when it has ended."""
        (length,) = LENGTH.unpack(await self._out.readexactly(LENGTH.size))
        return await self._out.readexactly(length)

    async def run(self, event: bytes) -> bytes:
        """The result of an event."""
        self._in.write(framed(event))
        result = await self.receive()
        self.served += 1
        return result

    def state(self) -> dict[str, float]:
        """Requests served, resident bytes, and seconds of CPU so far."""
        proc = Path(f"/proc/{self.process.pid}")
        fields = (proc / "stat").read_text("ascii").rpartition(")")[2].split()
        pages = int((proc / "statm").read_text("ascii").split()[1])
        cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        return {"pid": self.process.pid, "served": self.served, "rss": pages * PAGE_BYTES, "cpu_s": cpu_s}


class Pool:
    """The environments of a function."""

    def __init__(self, function: Function, log: IO[bytes]) -> None:
        self._function = function
        self._log = log
        self._before, self._after = function.event()
        self._idle: asyncio.LifoQueue[Environment] = asyncio.LifoQueue()
        self.alive: list[Environment] = []

    async def start(self) -> None:
        """Start one more environment.

        Raises:
            asyncio.IncompleteReadError: its handler does not load; the log says why.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.load.environment", self._function.folder),
            env=dict(self._function.variables),
            stdin=PIPE,
            stdout=PIPE,
            stderr=self._log,
        )
        os.sched_setaffinity(process.pid, self._function.cores)
        environment = Environment(process)
        await environment.receive()
        self.alive.append(environment)
        self._idle.put_nowait(environment)

    async def answer(self, body: bytes) -> HttpAnswer:
        """The function's answer to a request."""
        environment = await self._idle.get()
        try:
            result = await environment.run(self._before + orjson.dumps(body.decode()) + self._after)
        except asyncio.IncompleteReadError:
            self._log.write(b"unexpected end of an environment\n")
            self._log.flush()
            self.alive.remove(environment)
            await self.start()
            return INTERNAL_ERROR
        self._idle.put_nowait(environment)
        try:
            return read_answer(result)
        except MalformedResult:
            return INTERNAL_ERROR


class Door(Connection):
    """One keep-alive connection of a caller who waits for the answer before the next request."""

    def __init__(self, pools: Mapping[str, Pool]) -> None:
        self.pools = pools
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.buffer += data
        for _, path, _, body in self.requests():
            self.task = asyncio.ensure_future(self.respond(path, body))

    async def respond(self, path: str, body: bytes) -> None:
        """Answer one request."""
        if path == STATES:
            states = {route: [one.state() for one in pool.alive] for route, pool in self.pools.items()}
            answer = HttpAnswer(200, (), orjson.dumps(states))
        else:
            answer = await self.pools[path].answer(body)
        head = f"HTTP/1.1 {answer.status} -\r\ncontent-length: {len(answer.body)}\r\n\r\n"
        if not self.transport.is_closing():
            self.transport.write(head.encode() + answer.body)


async def serve(folder: Path) -> None:
    """Start all environments, serve, and end with the standard input."""
    loop = asyncio.get_running_loop()
    plain: list[dict[str, Any]] = orjson.loads((folder / FILE).read_bytes())
    with (folder / LOG).open("ab") as log:
        pools = {one["path"]: Pool(Function(**one), log) for one in plain}
        starts = [
            pool.start() for one, pool in zip(plain, pools.values(), strict=True) for _ in range(one["environments"])
        ]
        try:
            await asyncio.gather(*starts)
        except asyncio.IncompleteReadError:
            sys.exit("an environment ended at its start")
        server = await loop.create_server(lambda: Door(pools), "127.0.0.1", 0, backlog=1024)
        print(server.sockets[0].getsockname()[1], flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        server.close()
        for pool in pools.values():
            for environment in pool.alive:
                environment.process.kill()
                await environment.process.wait()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
